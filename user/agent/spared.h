/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that pass before rules and bans, some up to a limit: gateways, resolvers, live SSH peers, and whom
 * an operator allowed. */
#ifndef FW_AGENT_SPARED_H
#define FW_AGENT_SPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "agent/server_names.h"
#include "lib/needed_hosts.h"

struct fw_agent;
struct fw_policy;

/* By an operator; entry.expires_ns on the Floodwall clock. */
struct fw_allowed {
	struct fw_spared_entry entry;
	char by[64];
};

struct fw_spared_watch {
	struct fw_allowed *allowed;
	size_t allowed_count;
	struct fw_spared_entry *current; /* as last given to the kernel */
	size_t current_count;
	uint16_t ssh_ports[FW_SSH_PORTS_MAX]; /* of sshd, found while we could still look */
	size_t ssh_port_count;
	struct fw_server_names names;
	bool warned;
	uv_timer_t timer;
};

/* Looks for sshd's ports: needs the right to see other processes' sockets, so before capabilities go. */
void fw_spared_init(struct fw_agent *agent);
/* Also reads what was allowed before a restart. */
void fw_spared_start(struct fw_agent *agent);
void fw_spared_done(struct fw_spared_watch *spared);
/* Finds out anew and tells the kernel; policy is the one whose safety keys count. */
int fw_spared_refresh(struct fw_agent *agent, const struct fw_policy *policy, struct fw_err *err);
void fw_spared_save(struct fw_agent *agent);
/* expires_ns 0: removes. Takes effect at once. */
int fw_spared_allow(struct fw_agent *agent, const struct fw_addr *addr, uint64_t expires_ns, const char *by,
		    struct fw_err *err);
const struct fw_spared_entry *fw_spared_find(const struct fw_agent *agent, const struct fw_addr *addr);
/* Until when a live SSH peer is spared, should nobody look again. Changes rarely: what is given to the kernel
 * stays as it is while more than half of it is left. */
uint64_t fw_spared_lease(const struct fw_spared_watch *spared, const struct fw_addr *peer, uint64_t now_ns);

/* What was learned of the names of time servers so far. */
int fw_spared_time_names(struct fw_spared_list *list, const struct fw_server_names *names);
/* Resolvers and time servers, wherever this system keeps them, those given by name wanted of `names`, which
 * may be NULL; without what was learned. */
int fw_spared_answering(struct fw_spared_list *list, struct fw_server_names *names);

#endif
