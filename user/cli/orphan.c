// SPDX-License-Identifier: Apache-2.0
/* An operator who finds no agent in the middle of an attack wants to know first whether anything still
 * filters.
 */
#include "cli/orphan.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fw_maps.h"
#include "ctl/api.h"
#include "kern/abandoned.h"
#include "kern/pins.h"
#include "lib/text.h"

#define CANNOT_TELL "; whether its filter goes on cannot be told "
#define LOOK                                                                                                 \
	"look for its filter from its network namespace: sudo nsenter --net=/run/netns/NAME floodwall "      \
	"status\n"                                                                                           \
	"or, where it has no name: sudo nsenter -t PID -n floodwall status, with a PID of lsns -t net"

/* All of them, but for the one of this namespace, which has none. */
static bool has_links_elsewhere(const char *bpffs)
{
	char **namespaces = fw_pins_list(bpffs, FW_PIN_ROOT), dir[PATH_MAX];
	bool any = false;

	for (char **name = namespaces; name && *name && !any; name++)
		any = !fw_pin_path(dir, sizeof(dir), bpffs, FW_PIN_ROOT, *name) &&
		      fw_pins_count(dir, FW_PIN_LINKS);
	fw_pins_list_free(namespaces);
	return any;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

void fw_cli_orphan_way_out(const char *socket, const char *interface, char *text, size_t size)
{
	bool usual = !strcmp(socket, FW_SOCKET_DEFAULT);

	snprintf(text, size, "sudo floodwall %s%s%sdetach %s", usual ? "" : "--socket ", usual ? "" : socket,
		 usual ? "" : " ", interface);
}

static void say_it_goes_on(char *const *interfaces, const char *socket, struct fw_orphan *ret)
{
	struct fw_text filter = {.buffer = ret->filter, .size = sizeof(ret->filter)};
	struct fw_text hint = {.buffer = ret->hint, .size = sizeof(ret->hint)};
	pid_t agent = fw_agent_pid();

	if (agent) {
		fw_text_add(&filter, "; but a floodwalld runs here, pid %d, and filters", (int)agent);
		fw_text_add(
			&hint,
			"ask it with the --socket that it was started with: tr '\\0' ' ' </proc/%d/cmdline",
			(int)agent);
		return;
	}
	fw_text_add(&filter, "; its filter goes on in the kernel, on ");
	for (char *const *name = interfaces; *name; name++) {
		char command[256];

		fw_cli_orphan_way_out(socket, *name, command, sizeof(command));
		fw_text_add(&filter, "%s%s", name == interfaces ? "" : ", ", *name);
		fw_text_add(&hint, "%sto stop filtering without an agent: %s", name == interfaces ? "" : "\n",
			    command);
	}
	fw_text_add(&filter, ": limits and bans hold and end in time, but what ends by --for, under-attack "
			     "auto, feeds and logs wait for the agent");
}

static void say(struct fw_orphan *ret, const char *filter, const char *hint)
{
	snprintf(ret->filter, sizeof(ret->filter), "%s", filter);
	snprintf(ret->hint, sizeof(ret->hint), "%s", hint);
}

void fw_cli_orphan(const char *bpffs, const char *socket, struct fw_orphan *ret)
{
	char **interfaces = fw_abandoned_list(bpffs), path[PATH_MAX];

	*ret = (struct fw_orphan){};
	if (interfaces && *interfaces)
		say_it_goes_on(interfaces, socket, ret);
	/* As under `ip netns exec`, which puts another /sys in its place. */
	else if (!is_bpffs(bpffs))
		say(ret, CANNOT_TELL "from here, where no bpf file system is mounted", LOOK);
	else if (fw_pin_path(path, sizeof(path), bpffs, FW_PIN_ROOT, NULL))
		say(ret, "", "");
	else if (access(path, R_OK | X_OK) && errno == EACCES)
		say(ret, CANNOT_TELL "without being root",
		    "look for its filter as root: sudo floodwall status");
	else if (has_links_elsewhere(bpffs))
		say(ret, CANNOT_TELL "from this network namespace: there are filters, of others", LOOK);
	fw_pins_list_free(interfaces);
}
