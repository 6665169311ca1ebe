// SPDX-License-Identifier: Apache-2.0
/* Last good copies in a directory, one file a feed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "feeds/copy.h"
#include "lib/cleanup.h"

#define SUFFIX ".feed"

/* A name that cannot leave the directory. */
static int file_name(const char *name, const char *suffix, char *ret, size_t size, struct fw_err *err)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	if (!length || name[length] || length >= FW_FEED_NAME_MAX || *name == '.')
		return fw_err_set(err, -EINVAL,
				  "'%.80s' is no name for a feed: expects letters, digits, '_', '-' and '.'",
				  name);
	snprintf(ret, size, "%s%s", name, suffix);
	return 0;
}

static int open_dir(const char *dir, struct fw_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return fw_err_set(err, -errno, "cannot open '%.200s' for the copies of feeds: %s", dir,
			  strerror(errno));
}

static int write_aside(int dir, const char *aside, const struct fw_feed_copy *copy, struct fw_err *err)
{
	FW_CLOSE int fd = openat(dir, aside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t)copy->checked}};
	int r;

	if (fd < 0)
		return fw_err_set(err, -errno, "cannot create '%s': %s", aside, strerror(errno));
	r = fw_feed_copy_write(fd, copy, err);
	if (r)
		return r;
	if (futimens(fd, times) || fsync(fd))
		return fw_err_set(err, -errno, "cannot write '%s': %s", aside, strerror(errno));
	return 0;
}

int fw_feed_store_save(const char *dir, const char *name, const struct fw_feed_copy *copy, struct fw_err *err)
{
	char final[FW_FEED_NAME_MAX + 16], aside[FW_FEED_NAME_MAX + 16];
	FW_CLOSE int at = -1;
	int r = file_name(name, SUFFIX, final, sizeof(final), err);

	if (!r)
		r = file_name(name, SUFFIX ".new", aside, sizeof(aside), err);
	if (r)
		return r;
	at = open_dir(dir, err);
	if (at < 0)
		return at;
	r = write_aside(at, aside, copy, err);
	if (!r && (renameat(at, aside, at, final) || fsync(at)))
		r = fw_err_set(err, -errno, "cannot replace '%s/%s': %s", dir, final, strerror(errno));
	if (r)
		(void)unlinkat(at, aside, 0);
	return r;
}

int fw_feed_store_load(const char *dir, const char *name, uint64_t origin, size_t max_entries, uint64_t now,
		       struct fw_feed_copy *ret, struct fw_err *err)
{
	char file[FW_FEED_NAME_MAX + 16];
	FW_CLOSE int at = -1;
	FW_CLOSE int fd = -1;
	int r = file_name(name, SUFFIX, file, sizeof(file), err);

	if (r)
		return r;
	at = open_dir(dir, err);
	if (at < 0)
		return at;
	fd = openat(at, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return fw_err_set(err, -errno, "cannot open '%s/%s': %s", dir, file, strerror(errno));
	r = fw_feed_copy_read(fd, max_entries, ret, err);
	if (r) {
		fw_err_prefix(err, "'%s/%s'", dir, file);
		return r;
	}
	if (ret->origin != origin) {
		fw_feed_copy_done(ret);
		return fw_err_set(err, -ESTALE,
				  "'%s/%s' was made by another definition of this feed and is not used", dir,
				  file);
	}
	(void)fw_feed_list_expire(&ret->entries, now);
	return 0;
}

int fw_feed_store_touch(const char *dir, const char *name, uint64_t now, struct fw_err *err)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)now}};
	char file[FW_FEED_NAME_MAX + 16];
	FW_CLOSE int at = -1;
	int r = file_name(name, SUFFIX, file, sizeof(file), err);

	if (r)
		return r;
	at = open_dir(dir, err);
	if (at < 0)
		return at;
	if (utimensat(at, file, times, AT_SYMLINK_NOFOLLOW))
		return fw_err_set(err, -errno, "cannot touch '%s/%s': %s", dir, file, strerror(errno));
	return 0;
}

int fw_feed_store_remove(const char *dir, const char *name, struct fw_err *err)
{
	char file[FW_FEED_NAME_MAX + 16];
	FW_CLOSE int at = -1;
	int r = file_name(name, SUFFIX, file, sizeof(file), err);

	if (r)
		return r;
	at = open_dir(dir, err);
	if (at < 0)
		return at;
	if (unlinkat(at, file, 0) && errno != ENOENT)
		return fw_err_set(err, -errno, "cannot remove '%s/%s': %s", dir, file, strerror(errno));
	return 0;
}
