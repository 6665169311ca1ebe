/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that this machine cannot do without: its default gateways, its resolvers and time servers, and who
 * has a live SSH session with it. */
#ifndef FW_LIB_NEEDED_HOSTS_H
#define FW_LIB_NEEDED_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "fw_types.h"
#include "lib/err.h"

/* A source that no rule and no ban touches. */
struct fw_spared_entry {
	struct fw_addr addr;
	enum fw_spared_kind kind;
	uint64_t expires_ns; /* on the Floodwall clock, 0: never */
};

/* Zero-initialise; the caller frees items. */
struct fw_spared_list {
	struct fw_spared_entry *items;
	size_t count;
};

const char *fw_spared_kind_word(enum fw_spared_kind kind); /* as in the list of reasons */

/* Each appends; an address that is there already stays as it is. -ENOMEM. */
int fw_spared_add(struct fw_spared_list *list, const struct fw_addr *addr, enum fw_spared_kind kind);
int fw_spared_gateways(struct fw_spared_list *list);
/* One file like resolv.conf; one that is not there names nobody. */
int fw_spared_resolvers_of(struct fw_spared_list *list, const char *resolv_conf);
/* Wherever this system keeps them. */
int fw_spared_resolvers(struct fw_spared_list *list);

/* time_servers.c: those that a line, which is taken apart, or the files of a glob pattern give by address;
 * what they give by name is told to `named` unless that is NULL: an answer other than 0 ends it. */
typedef int (*fw_host_name_fn)(const char *host, void *context);
int fw_time_servers_line(char *line, struct fw_spared_list *list, fw_host_name_fn named, void *context);
int fw_time_servers_of(const char *pattern, struct fw_spared_list *list, fw_host_name_fn named,
		       void *context);
/* Wherever this system keeps them. */
int fw_time_servers(struct fw_spared_list *list, fw_host_name_fn named, void *context);

/* ssh_peers.c: live sessions with port 22 and the ports given. An answer other than 0 ends the walk and is
 * its result. -errno with text: the kernel does not list them. */
typedef int (*fw_ssh_session_fn)(const struct fw_addr *peer, const struct fw_addr *own, void *context);
int fw_ssh_sessions_each(const uint16_t *ports, size_t port_count, fw_ssh_session_fn each, void *context,
			 struct fw_err *err);
/* Who they are with. */
int fw_spared_ssh_peers(struct fw_spared_list *list, const uint16_t *ports, size_t port_count,
			struct fw_err *err);

#define FW_SSH_PORTS_MAX 16
/* Ports besides 22 that sshd listens on, as far as this process may look; returns how many. */
size_t fw_spared_ssh_ports(uint16_t *ports, size_t capacity);

#endif
