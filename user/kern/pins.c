// SPDX-License-Identifier: Apache-2.0
/* The pin directory: bpffs is writable for everybody, so nothing in it is believed before its owner is known.
 */
#include "kern/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fw_maps.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

int fw_pin_path(char *path, size_t size, const char *dir, const char *sub, const char *name)
{
	int used = snprintf(path, size, "%s/%s%s%s", dir, sub, name ? "/" : "", name ? name : "");

	return used < 0 || (size_t)used >= size ? -ENAMETOOLONG : 0;
}

void fw_pin_name_of(const char *interface, char name[FW_PIN_NAME_MAX])
{
	size_t used = 0;

	for (; *interface && used + 4 < FW_PIN_NAME_MAX; interface++) {
		if (*interface == '.' || *interface == '%')
			used += (size_t)snprintf(name + used, FW_PIN_NAME_MAX - used, "%%%02x",
						 (unsigned char)*interface);
		else
			name[used++] = *interface;
	}
	name[used] = '\0';
}

bool fw_pin_name_to(const char *name, char interface[IF_NAMESIZE])
{
	size_t used = 0;

	while (*name) {
		if (used + 1 >= IF_NAMESIZE)
			return false;
		if (*name != '%') {
			interface[used++] = *name++;
			continue;
		}
		if (strncmp(name, "%2e", 3) && strncmp(name, "%25", 3))
			return false;
		interface[used++] = name[2] == 'e' ? '.' : '%';
		name += 3;
	}
	interface[used] = '\0';
	return used > 0;
}

static bool is_bpffs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Only root and we can rename or plant entries there, or the sticky bit keeps others from touching ours. */
static int check_parent(int fd, const char *path, struct fw_err *err)
{
	struct stat status;

	if (fstat(fd, &status))
		return fw_err_set(err, -errno, "cannot examine %s: %s", path, strerror(errno));
	if (!is_bpffs(fd))
		return fw_err_set(
			err, -EOPNOTSUPP,
			"%s is not on a bpf file system, so a filter pinned there would not outlive the "
			"agent; mount one (mount -t bpf bpf /sys/fs/bpf) or name another with --bpffs",
			path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return fw_err_set(err, -EPERM,
				  "%s belongs to uid %u, who could swap the pins in it; expected root or "
				  "uid %u: remove it (rm -r %s)",
				  path, status.st_uid, geteuid(), path);
	if (status.st_mode & (S_IWGRP | S_IWOTH) && !(status.st_mode & S_ISVTX))
		return fw_err_set(err, -EPERM,
				  "others may write to %s (mode %04o) and swap the pins in it: chmod 0700 %s",
				  path, status.st_mode & 07777, path);
	return 0;
}

static int check_own(const char *path, struct fw_err *err)
{
	FW_CLOSE int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return fw_err_set(err, -EPERM,
				  "%s is not a directory of its own (a symbolic link or file); pins in it "
				  "cannot be trusted: remove it",
				  path);
	if (fd < 0 || fstat(fd, &status))
		return fw_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	if (!is_bpffs(fd))
		return fw_err_set(err, -EOPNOTSUPP,
				  "%s is not on a bpf file system: mount -t bpf bpf /sys/fs/bpf", path);
	if (status.st_uid != geteuid())
		return fw_err_set(
			err, -EPERM,
			"%s belongs to uid %u, expected uid %u; what is pinned in it may be planted: "
			"remove it (rm -r %s)",
			path, status.st_uid, geteuid(), path);
	if (status.st_mode & 077)
		return fw_err_set(
			err, -EPERM,
			"%s has mode %04o, expected 0700; others may have planted pins in it: check "
			"it, then chmod 0700 %s",
			path, status.st_mode & 07777, path);
	return 0;
}

int fw_pins_check(const char *dir, struct fw_err *err)
{
	return check_own(dir, err);
}

static int make_own(const char *path, struct fw_err *err)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return fw_err_set(
			err, -errno, "cannot create %s: %s%s", path, strerror(errno),
			errno == EROFS ? "; under systemd ProtectKernelTunables= makes bpffs read-only" : "");
	return check_own(path, err);
}

static int parent_of(const char *path, char *parent, size_t size, struct fw_err *err)
{
	char copy[PATH_MAX];
	int used = snprintf(copy, sizeof(copy), "%s", path);

	if (used < 0 || (size_t)used >= sizeof(copy))
		return fw_err_set(err, -ENAMETOOLONG, "pin directory path is too long: %.80s…", path);
	used = snprintf(parent, size, "%s", dirname(copy));
	return used < 0 || (size_t)used >= size ? -ENAMETOOLONG : 0;
}

/* The last two components are ours to make ("floodwall/NETNS_INODE"); what is above must exist. */
int fw_pins_prepare(const char *dir, struct fw_err *err)
{
	char parent[PATH_MAX], above[PATH_MAX];
	struct stat status;
	int r = parent_of(dir, parent, sizeof(parent), err);

	if (!r)
		r = parent_of(parent, above, sizeof(above), err);
	if (r)
		return r;
	if (lstat(parent, &status) && errno == ENOENT) {
		FW_CLOSE int above_fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (above_fd < 0)
			return fw_err_set(err, -EOPNOTSUPP,
					  "cannot open %s: %s; a bpf file system is expected there: "
					  "mount -t bpf bpf /sys/fs/bpf",
					  above, strerror(errno));
		r = check_parent(above_fd, above, err);
		if (!r)
			r = make_own(parent, err);
		if (r)
			return r;
	}
	FW_CLOSE int parent_fd = open(parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent_fd < 0)
		return fw_err_set(err, -errno,
				  "cannot open %s: %s; a directory on a bpf file system is expected", parent,
				  strerror(errno));
	r = check_parent(parent_fd, parent, err);
	return r ? r : make_own(dir, err);
}

int fw_pins_make(const char *dir, const char *sub, struct fw_err *err)
{
	char path[PATH_MAX];

	if (fw_pin_path(path, sizeof(path), dir, sub, NULL))
		return fw_err_set(err, -ENAMETOOLONG, "pin path is too long: %.80s…", dir);
	return make_own(path, err);
}

int fw_pins_dir(const char *bpffs, char *path, size_t size, struct fw_err *err)
{
	struct stat netns;

	if (stat("/proc/self/ns/net", &netns))
		return fw_err_set(err, -errno, "cannot tell this network namespace: %s", strerror(errno));
	if ((size_t)snprintf(path, size, "%s/" FW_PIN_ROOT "/%lu", bpffs, (unsigned long)netns.st_ino) >=
	    size)
		return fw_err_set(err, -ENAMETOOLONG, "--bpffs %.60s… is too long", bpffs);
	return 0;
}

char **fw_pins_list(const char *dir, const char *sub)
{
	char path[PATH_MAX], **names = NULL;
	size_t count = 0;
	DIR *stream = fw_pin_path(path, sizeof(path), dir, sub, NULL) ? NULL : opendir(path);
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		char *name = entry->d_name[0] == '.' ? NULL : strdup(entry->d_name);

		if (name && FW_APPEND(names, count, name))
			free(name);
	}
	if (stream)
		closedir(stream);
	if (FW_APPEND(names, count, NULL)) {
		for (size_t i = 0; i < count; i++)
			free(names[i]);
		free(names);
		return NULL;
	}
	return names;
}

void fw_pins_list_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

size_t fw_pins_count(const char *dir, const char *sub)
{
	char **names = fw_pins_list(dir, sub);
	size_t count = 0;

	while (names && names[count])
		count++;
	fw_pins_list_free(names);
	return count;
}

char **fw_pins_interfaces(const char *dir)
{
	char **names = fw_pins_list(dir, FW_PIN_LINKS);
	size_t kept = 0;

	for (char **name = names; name && *name; name++) {
		char interface[IF_NAMESIZE];
		char *text = fw_pin_name_to(*name, interface) ? strdup(interface) : NULL;

		free(*name);
		*name = NULL;
		if (text)
			names[kept++] = text;
	}
	return names;
}

int fw_pins_remove(const char *dir, const char *sub)
{
	char path[PATH_MAX], **names = fw_pins_list(dir, sub);
	int r = 0;

	for (char **name = names; name && *name; name++) {
		if (fw_pin_path(path, sizeof(path), dir, sub, *name))
			r = -ENAMETOOLONG;
		else if (unlink(path) && errno != ENOENT)
			r = -errno;
	}
	fw_pins_list_free(names);
	if (fw_pin_path(path, sizeof(path), dir, sub, NULL))
		return -ENAMETOOLONG;
	if (rmdir(path) && errno != ENOENT)
		r = -errno;
	return r;
}
