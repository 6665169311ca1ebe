// SPDX-License-Identifier: Apache-2.0
/* An operator who finds no agent in the middle of an attack wants to know first whether anything still
 * filters.
 */
#include "cli/orphan.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fw_maps.h"
#include "kern/pins.h"

#define GOES_ON                                                                                              \
	"; its filter goes on in the kernel: limits and bans hold and end in time, but what ends by --for, " \
	"under-attack auto, feeds and logs wait for the agent"
#define CANNOT_TELL "; whether its filter goes on cannot be told "
#define LOOK                                                                                                 \
	"look for its filter from its network namespace: sudo nsenter --net=/run/netns/NAME floodwall "      \
	"status\n"                                                                                           \
	"or, where it has no name: sudo nsenter -t PID -n floodwall status, with a PID of lsns -t net"

static bool has_links(const char *dir)
{
	char **links = fw_pins_list(dir, FW_PIN_LINKS);
	bool any = links && *links;

	fw_pins_list_free(links);
	return any;
}

/* All of them, but for the one of this namespace, which has none. */
static bool has_links_elsewhere(const char *bpffs)
{
	char **namespaces = fw_pins_list(bpffs, FW_PIN_ROOT), dir[PATH_MAX];
	bool any = false;

	for (char **name = namespaces; name && *name && !any; name++)
		any = !fw_pin_path(dir, sizeof(dir), bpffs, FW_PIN_ROOT, *name) && has_links(dir);
	fw_pins_list_free(namespaces);
	return any;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

const char *fw_cli_orphan(const char *bpffs, const char **ret_look)
{
	struct fw_err err = {};
	char path[PATH_MAX];

	*ret_look = NULL;
	if (!fw_pins_dir(bpffs, path, sizeof(path), &err) && has_links(path))
		return GOES_ON;
	*ret_look = LOOK;
	/* As under `ip netns exec`, which puts another /sys in its place. */
	if (!is_bpffs(bpffs))
		return CANNOT_TELL "from here, where no bpf file system is mounted";
	if (fw_pin_path(path, sizeof(path), bpffs, FW_PIN_ROOT, NULL))
		return "";
	if (access(path, R_OK | X_OK) && errno == EACCES) {
		*ret_look = "look for its filter as root: sudo floodwall status";
		return CANNOT_TELL "without being root";
	}
	if (has_links_elsewhere(bpffs))
		return CANNOT_TELL "from this network namespace: there are filters, of others";
	*ret_look = NULL;
	return "";
}
