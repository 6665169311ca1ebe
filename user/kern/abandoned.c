// SPDX-License-Identifier: Apache-2.0
/* Pinned links without an agent, opened only where nobody else could have planted them. */
#include "kern/abandoned.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fw_maps.h"
#include "kern/pins.h"
#include "lib/cleanup.h"
#include "lib/units.h"

#define AGENT_NAME "floodwalld"

char **fw_abandoned_list(const char *bpffs)
{
	struct fw_err err = {};
	char dir[PATH_MAX];

	return fw_pins_dir(bpffs, dir, sizeof(dir), &err) ? NULL : fw_pins_interfaces(dir);
}

static int check_link(int fd, const char *path, const char *interface, struct fw_err *err)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return fw_err_set(err, -errno, "cannot examine the link %s: %s", path, strerror(errno));
	/* 0: its device is gone, and the pin with it is all there is left. */
	if (info.type != BPF_LINK_TYPE_XDP ||
	    (info.xdp.ifindex && info.xdp.ifindex != if_nametoindex(interface)))
		return fw_err_set(
			err, -ESTALE,
			"%s is no link of %s: the device was renamed since, or somebody else put it "
			"there; nothing was changed. See what it is: bpftool link show pinned %s",
			path, interface, path);
	return 0;
}

/* Unpinning alone frees the hook some time later, and never while somebody else holds the link. */
static int take_off(const char *path, const char *interface, struct fw_err *err)
{
	FW_CLOSE int fd = bpf_obj_get(path);
	int r;

	if (fd < 0)
		return fw_err_set(err, -errno, "cannot open the pinned link %s: %s", path, strerror(errno));
	r = check_link(fd, path, interface, err);
	if (r)
		return r;
	if (bpf_link_detach(fd) && errno != ENOLINK)
		return fw_err_set(err, -errno, "cannot detach the link %s from %s: %s", path, interface,
				  strerror(errno));
	if (unlink(path) && errno != ENOENT)
		return fw_err_set(err, -errno, "%s is no longer filtered, but its pin %s stays: %s",
				  interface, path, strerror(errno));
	return 0;
}

int fw_abandoned_detach(const char *bpffs, const char *interface, size_t *ret_left, struct fw_err *err)
{
	char dir[PATH_MAX], links[PATH_MAX], path[PATH_MAX], name[FW_PIN_NAME_MAX];
	int r = fw_pins_dir(bpffs, dir, sizeof(dir), err);

	if (r)
		return r;
	fw_pin_name_of(interface, name);
	if (fw_pin_path(links, sizeof(links), dir, FW_PIN_LINKS, NULL) ||
	    fw_pin_path(path, sizeof(path), dir, FW_PIN_LINKS, name))
		return fw_err_set(err, -ENAMETOOLONG, "pin path is too long: %.80s…", dir);
	if (access(path, F_OK) && errno == ENOENT)
		return fw_err_set(err, -ENOENT, "no agent has left a filter on '%s': there is no %s",
				  interface, path);
	r = fw_pins_check(dir, err);
	if (!r)
		r = fw_pins_check(links, err);
	if (!r)
		r = take_off(path, interface, err);
	if (!r)
		*ret_left = fw_pins_count(dir, FW_PIN_LINKS);
	return r;
}

static bool is_agent(const char *pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	FW_FCLOSE FILE *file = fopen(path, "re");
	if (!file || !fgets(name, sizeof(name), file))
		return false;
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, AGENT_NAME);
}

pid_t fw_agent_pid(void)
{
	DIR *processes = opendir("/proc");
	struct stat own, other;
	struct dirent *entry;
	uint64_t found = 0, pid;

	if (!processes)
		return 0;
	while (!found && !stat("/proc/self/ns/net", &own) && (entry = readdir(processes))) {
		char path[64];

		if (!isdigit((unsigned char)entry->d_name[0]) || !is_agent(entry->d_name) ||
		    fw_amount_parse(entry->d_name, &pid, NULL))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/ns/net", entry->d_name);
		if (!stat(path, &other) && other.st_ino == own.st_ino && other.st_dev == own.st_dev)
			found = pid;
	}
	closedir(processes);
	return (pid_t)found;
}
