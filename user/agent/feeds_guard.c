// SPDX-License-Identifier: Apache-2.0
/* Whom no feed may list: this machine, what it cannot do without, who works on it, and never_block. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "lib/own_networks.h"

static int add(struct fw_feed_protected *list, const struct fw_prefix *prefix, enum fw_guard_reason reason)
{
	struct fw_protected one = {.prefix = *prefix, .reason = reason};

	return FW_APPEND(list->items, list->count, one);
}

static int add_addr(struct fw_feed_protected *list, const struct fw_addr *addr, enum fw_guard_reason reason)
{
	struct fw_prefix prefix = {.addr = *addr, .bits = 128};

	return add(list, &prefix, reason);
}

static int add_own(struct fw_feed_protected *list)
{
	FW_FREE struct fw_own_network *own = NULL;
	size_t count = 0;
	int r = fw_own_networks_read(&own, &count);

	/* The kernel takes no packet from an own address anyway: no reason to refuse a policy. */
	if (r && r != -ENOMEM) {
		fw_log(FW_LOG_WARNING, "feeds may list addresses of this machine, which cannot be found: %s",
		       strerror(-r));
		return 0;
	}
	for (size_t i = 0; i < count && !r; i++)
		r = add_addr(list, &own[i].addr, FW_GUARD_OWN);
	return r;
}

static int add_hosts(const struct fw_agent *agent, struct fw_feed_protected *list)
{
	struct fw_spared_list hosts = {0};
	int r = fw_spared_gateways(&hosts);

	if (!r)
		r = fw_spared_answering(&hosts, NULL);
	if (!r)
		r = fw_spared_time_names(&hosts, &agent->spared.names);
	for (size_t i = 0; i < hosts.count && !r; i++)
		r = add_addr(list, &hosts.items[i].addr,
			     hosts.items[i].kind == FW_SPARED_GATEWAY ? FW_GUARD_GATEWAY : FW_GUARD_RESOLVER);
	free(hosts.items);
	return r;
}

static int add_ssh_peers(const struct fw_agent *agent, struct fw_feed_protected *list)
{
	struct fw_spared_list peers = {0};
	struct fw_err err = {0}; /* not being able to ask is the spared list's warning */
	int r = fw_spared_ssh_peers(&peers, agent->spared.ssh_ports, agent->spared.ssh_port_count, &err);

	r = r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < peers.count && !r; i++)
		r = add_addr(list, &peers.items[i].addr, FW_GUARD_SSH_PEER);
	free(peers.items);
	return r;
}

/* Live additions count, live removals do not: rather one address too many is spared. */
static int add_never_block(const struct fw_agent *agent, const struct fw_policy *policy,
			   struct fw_feed_protected *list)
{
	const struct fw_drift *drift = &agent->drift;
	int r = 0;

	for (size_t i = 0; i < policy->never_block.count && !r; i++) {
		const struct fw_set *set = &policy->sets[policy->never_block.items[i]];

		for (size_t j = 0; j < set->prefix_count && !r; j++)
			r = add(list, &set->prefixes[j], FW_GUARD_NEVER_BLOCK);
		for (size_t j = 0; j < drift->set_count && !r; j++)
			if (!drift->sets[j].change.removed && !strcmp(drift->sets[j].change.set, set->name))
				r = add(list, &drift->sets[j].change.prefix, FW_GUARD_NEVER_BLOCK);
	}
	return r;
}

static uint64_t digest_of(const struct fw_feed_protected *list)
{
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < list->count; i++) {
		for (int word = 0; word < 4; word++)
			hash = (hash ^ list->items[i].prefix.addr.w[word]) * 1099511628211ULL;
		hash = (hash ^ list->items[i].prefix.bits ^ (uint64_t)list->items[i].reason << 16) *
		       1099511628211ULL;
	}
	return hash;
}

int fw_feed_protected_find(const struct fw_agent *agent, const struct fw_policy *policy,
			   struct fw_feed_protected *ret)
{
	struct fw_feed_protected list = {0};
	int r = add_own(&list);

	if (!r)
		r = add_hosts(agent, &list);
	if (!r)
		r = add_never_block(agent, policy, &list);
	/* SSH peers come and go, and the packet path spares them anyway. */
	list.digest = digest_of(&list);
	if (!r)
		r = add_ssh_peers(agent, &list);
	if (r) {
		fw_feed_protected_done(&list);
		return r;
	}
	*ret = list;
	return 0;
}

void fw_feed_protected_done(struct fw_feed_protected *list)
{
	free(list->items);
	*list = (struct fw_feed_protected){0};
}
