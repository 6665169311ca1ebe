// SPDX-License-Identifier: Apache-2.0
/* What is near this machine, and through which of its interfaces: its networks, and the hosts that it needs.
 * A host comes through the interface that has the address it is spoken to with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/check.h"

#define ADDRS_OF_A_NAME 32 /* a pool's name has many */

struct near {
	const struct fw_policy *policy;
	const struct fw_check_here *here;
	struct fw_link_stack stack;
	struct fw_near_network *networks;
	size_t network_count;
	struct fw_near_host *hosts;
	size_t host_count;
	struct fw_spared_list needed; /* on their way to hosts */
	char **names;		      /* of time servers without a known address */
	size_t name_count;
};

static void near_done(struct near *near)
{
	fw_link_stack_done(&near->stack);
	free(near->networks);
	free(near->hosts);
	free(near->needed.items);
	for (size_t i = 0; i < near->name_count; i++)
		free(near->names[i]);
	free(near->names);
}

static enum fw_reach judged_by(const struct fw_policy *policy, const char *interface)
{
	if (policy->mode == FW_MODE_COUNT)
		return FW_REACH_COUNTED;
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interfaces[i].name, interface) &&
		    policy->interfaces[i].mode == FW_MODE_COUNT)
			return FW_REACH_COUNTED;
	return FW_REACH_ENFORCED;
}

enum fw_reach fw_check_reach(const struct fw_policy *policy, const struct fw_interface *interfaces,
			     size_t interface_count, const struct fw_link_stack *stack, const char *interface)
{
	enum fw_reach most = interface_count ? FW_REACH_NONE : judged_by(policy, "");

	for (size_t i = 0; i < interface_count; i++) {
		enum fw_reach reach = judged_by(policy, interfaces[i].name);

		if (reach > most && fw_link_is_over(stack, interface, interfaces[i].name))
			most = reach;
	}
	return most;
}

static enum fw_reach reach_through(const struct near *near, const char *interface)
{
	return fw_check_reach(near->policy, near->here->interfaces, near->here->interface_count, &near->stack,
			      interface);
}

/* Of what comes through nobody knows which interface. */
static enum fw_reach most_of_all(const struct near *near)
{
	enum fw_reach most = near->here->interface_count ? FW_REACH_NONE : judged_by(near->policy, "");

	for (size_t i = 0; i < near->here->interface_count; i++) {
		enum fw_reach reach = judged_by(near->policy, near->here->interfaces[i].name);

		if (reach > most)
			most = reach;
	}
	return most;
}

/* An address of no interface, or of the loopback as that of a service that moves, tells nothing. */
static enum fw_reach reach_at(const struct near *near, const struct fw_addr *own)
{
	enum fw_reach most = FW_REACH_NONE;
	bool known = false;

	for (size_t i = 0; i < near->network_count; i++) {
		const struct fw_near_network *network = &near->networks[i];

		if (network->own.loopback || memcmp(&network->own.addr, own, sizeof(*own)))
			continue;
		known = true;
		if (network->reach > most)
			most = network->reach;
	}
	return known ? most : most_of_all(near);
}

static int add_host(struct near *near, const struct fw_addr *addr, enum fw_spared_kind kind,
		    enum fw_reach reach)
{
	struct fw_near_host host = {.addr = *addr, .kind = kind, .reach = reach};

	for (size_t i = 0; i < near->host_count; i++) {
		if (near->hosts[i].kind != kind || memcmp(&near->hosts[i].addr, addr, sizeof(*addr)))
			continue;
		if (near->hosts[i].reach < reach)
			near->hosts[i].reach = reach;
		return 0;
	}
	return FW_APPEND(near->hosts, near->host_count, host);
}

static int add_session(const struct fw_addr *peer, const struct fw_addr *own, void *context)
{
	return add_host(context, peer, FW_SPARED_SSH, reach_at(context, own));
}

static void add_networks(struct near *near)
{
	FW_FREE struct fw_own_network *networks = NULL;
	size_t count = 0;
	int r = fw_own_networks_read(&networks, &count);

	for (size_t i = 0; i < count && !r; i++) {
		struct fw_near_network network = {.own = networks[i],
						  .reach = reach_through(near, networks[i].interface)};

		r = FW_APPEND(near->networks, near->network_count, network);
	}
}

static void add_set(const struct fw_policy *policy, const struct fw_set_refs *refs, enum fw_spared_kind kind,
		    struct fw_spared_list *list)
{
	for (size_t i = 0; i < refs->count; i++)
		for (size_t j = 0; j < policy->sets[refs->items[i]].prefix_count; j++)
			(void)fw_spared_add(list, &policy->sets[refs->items[i]].prefixes[j].addr, kind);
}

static int add_named(const char *host, void *context)
{
	struct near *near = context;
	const struct fw_check_here *here = near->here;
	struct fw_addr addrs[ADDRS_OF_A_NAME];
	size_t count = here->addresses ? here->addresses(here->context, host, addrs, ADDRS_OF_A_NAME) : 0;
	char *name;

	for (size_t i = 0; i < count; i++)
		(void)fw_spared_add(&near->needed, &addrs[i], FW_SPARED_TIME_SERVER);
	name = count ? NULL : strdup(host);
	if (name && FW_APPEND(near->names, near->name_count, name))
		free(name);
	return 0;
}

/* One that cannot be asked for leaves the others. */
static void add_hosts(struct near *near)
{
	const struct fw_policy *policy = near->policy;
	struct fw_spared_list *needed = &near->needed;
	struct fw_err err = {};

	(void)fw_ssh_sessions_each(near->here->ssh_ports, near->here->ssh_port_count, add_session, near,
				   &err);
	(void)fw_spared_gateways(needed);
	(void)fw_spared_resolvers(needed);
	add_set(policy, &policy->safety.resolvers, FW_SPARED_RESOLVER, needed);
	(void)fw_time_servers(needed, add_named, near);
	add_set(policy, &policy->safety.time_servers, FW_SPARED_TIME_SERVER, needed);
	for (size_t i = 0; i < needed->count; i++) {
		const struct fw_spared_entry *host = &needed->items[i];
		struct fw_addr own;
		enum fw_reach reach =
			fw_own_addr_towards(&host->addr, &own) ? reach_at(near, &own) : most_of_all(near);

		(void)add_host(near, &host->addr, host->kind, reach);
	}
}

static bool is_asked_for(const struct fw_check_here *here, const struct fw_addr *addr)
{
	for (size_t i = 0; i < here->only_count; i++)
		if (fw_prefix_contains(&here->only[i], addr))
			return true;
	return !here->only_count;
}

static void keep_asked_for(struct near *near)
{
	size_t networks = 0, hosts = 0;

	for (size_t i = 0; i < near->network_count; i++) {
		const struct fw_addr neighbour = fw_own_neighbour(&near->networks[i].own);

		if (is_asked_for(near->here, &near->networks[i].own.addr) ||
		    is_asked_for(near->here, &neighbour))
			near->networks[networks++] = near->networks[i];
	}
	near->network_count = networks;
	for (size_t i = 0; i < near->host_count; i++)
		if (is_asked_for(near->here, &near->hosts[i].addr))
			near->hosts[hosts++] = near->hosts[i];
	near->host_count = hosts;
}

void fw_check_lists_here(const struct fw_policy *policy, const struct fw_image *image,
			 const struct fw_check_here *here, struct fw_diags *diags)
{
	FW_CLEANUP(near_done) struct near near = {.policy = policy, .here = here};

	(void)fw_link_stack_read(&near.stack);
	add_networks(&near);
	add_hosts(&near);
	keep_asked_for(&near); /* the others were needed to tell through what a host comes */
	fw_check_own_networks(policy, image, near.networks, near.network_count, diags);
	fw_check_needed_hosts(policy, image, near.hosts, near.host_count, diags);
	if (!here->only_count)
		fw_check_stacked(policy, here->interfaces, here->interface_count, &near.stack, diags);
	if (!here->only_count)
		fw_check_named_servers(policy, image, near.names, near.name_count, diags);
}
