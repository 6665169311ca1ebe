// SPDX-License-Identifier: Apache-2.0
/* Indices of interfaces as symbolic links in bpffs (DIR/ifaces/3 → eth0): they live exactly as long as the
 * counters. */
#include "kern/iface_index.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kern/pins.h"
#include "kern/stats.h"

static int index_path(const struct fw_datapath *datapath, uint32_t iface, char path[PATH_MAX])
{
	char number[16];

	snprintf(number, sizeof(number), "%u", iface);
	return fw_pin_path(path, PATH_MAX, datapath->pin_dir, FW_PIN_IFACES, number);
}

/* "" when the index belongs to nobody. */
static void owner_of(const struct fw_datapath *datapath, uint32_t iface, char name[IF_NAMESIZE])
{
	char path[PATH_MAX];
	ssize_t length = -1;

	if (datapath->pin_dir[0] && !index_path(datapath, iface, path))
		length = readlink(path, name, IF_NAMESIZE - 1);
	name[length < 0 ? 0 : length] = '\0';
}

void fw_iface_index_set(struct fw_datapath *datapath, uint32_t iface, const char *name)
{
	char path[PATH_MAX];

	if (!datapath->pin_dir[0] || index_path(datapath, iface, path))
		return;
	/* Losing this costs an adopting agent the counters of one interface, nothing else. */
	unlink(path);
	if (name && !fw_pins_make(datapath->pin_dir, FW_PIN_IFACES, NULL) && symlink(name, path))
		return;
}

int fw_iface_index_take(struct fw_datapath *datapath, const char *name, uint32_t taken, uint32_t *ret)
{
	char owner[IF_NAMESIZE];
	int unowned = -1, unused = -1;

	for (int i = FW_IFACES_MAX - 1; i >= 0; i--) {
		if (taken >> i & 1)
			continue;
		unused = i;
		owner_of(datapath, (uint32_t)i, owner);
		if (!strcmp(owner, name)) {
			*ret = (uint32_t)i;
			return 0;
		}
		if (!owner[0])
			unowned = i;
	}
	if (unused < 0)
		return -ENOSPC;
	*ret = (uint32_t)(unowned >= 0 ? unowned
				       : unused); /* the latter: its interface has been gone for long */
	fw_iface_index_set(datapath, *ret, name);
	return fw_stats_iface_reset(datapath, *ret);
}

void fw_iface_index_rename(struct fw_datapath *datapath, const char *from, const char *to)
{
	char owner[IF_NAMESIZE];

	for (uint32_t i = 0; i < FW_IFACES_MAX; i++) {
		owner_of(datapath, i, owner);
		if (!strcmp(owner, from))
			fw_iface_index_set(datapath, i, to);
	}
}
