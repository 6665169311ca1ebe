// SPDX-License-Identifier: Apache-2.0
/* What is near this machine, and through which of its interfaces: its networks, and the hosts that it needs.
 * A host comes through the interface that has the address it is spoken to with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/check.h"

struct near {
	const struct fw_policy *policy;
	const struct fw_interface *interfaces;
	size_t interface_count;
	struct fw_link_stack stack;
	struct fw_near_network *networks;
	size_t network_count;
	struct fw_near_host *hosts;
	size_t host_count;
};

static void near_done(struct near *near)
{
	fw_link_stack_done(&near->stack);
	free(near->networks);
	free(near->hosts);
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
	return fw_check_reach(near->policy, near->interfaces, near->interface_count, &near->stack, interface);
}

/* Of what comes through nobody knows which interface. */
static enum fw_reach most_of_all(const struct near *near)
{
	enum fw_reach most = near->interface_count ? FW_REACH_NONE : judged_by(near->policy, "");

	for (size_t i = 0; i < near->interface_count; i++) {
		enum fw_reach reach = judged_by(near->policy, near->interfaces[i].name);

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

/* One that cannot be asked for leaves the others. */
static void add_hosts(struct near *near, const uint16_t *ssh_ports, size_t ssh_port_count)
{
	const struct fw_policy *policy = near->policy;
	struct fw_spared_list list = {};
	struct fw_err err = {};

	(void)fw_ssh_sessions_each(ssh_ports, ssh_port_count, add_session, near, &err);
	(void)fw_spared_gateways(&list);
	(void)fw_spared_resolvers(&list);
	add_set(policy, &policy->safety.resolvers, FW_SPARED_RESOLVER, &list);
	(void)fw_time_servers(&list, NULL, NULL);
	add_set(policy, &policy->safety.time_servers, FW_SPARED_TIME_SERVER, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct fw_addr own;
		enum fw_reach reach = fw_own_addr_towards(&list.items[i].addr, &own) ? reach_at(near, &own)
										     : most_of_all(near);

		(void)add_host(near, &list.items[i].addr, list.items[i].kind, reach);
	}
	free(list.items);
}

void fw_check_lists_here(const struct fw_policy *policy, const struct fw_image *image,
			 const struct fw_interface *interfaces, size_t interface_count,
			 const uint16_t *ssh_ports, size_t ssh_port_count, struct fw_diags *diags)
{
	FW_CLEANUP(near_done)
	struct near near = {.policy = policy, .interfaces = interfaces, .interface_count = interface_count};

	(void)fw_link_stack_read(&near.stack);
	add_networks(&near);
	add_hosts(&near, ssh_ports, ssh_port_count);
	fw_check_own_networks(policy, image, near.networks, near.network_count, diags);
	fw_check_needed_hosts(policy, image, near.hosts, near.host_count, diags);
}
