// SPDX-License-Identifier: Apache-2.0
#include "lib/link_stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/link_facts.h"

#define DEPTH_MAX 8 /* as the kernel's own limit of what stands on what */

/* The other end of a veth or a tunnel's way out is no parent: what comes through the one is judged there by
 * other headers, or in another namespace. */
static bool sits_on_parent(const char *kind)
{
	static const char *const kinds[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

int fw_link_stack_read(struct fw_link_stack *ret)
{
	FW_CLOSE int fd = fw_link_socket();
	struct if_nameindex *all = fd < 0 ? NULL : if_nameindex();
	int r = fd < 0 ? fd : all ? 0 : -errno;

	for (const struct if_nameindex *one = all; one && one->if_index && !r; one++) {
		struct fw_link_facts facts = {};
		struct fw_stacked_link link = {};

		r = fw_link_facts_by(fd, one->if_index, &facts);
		if (r && r != -ENODEV) /* one that has just gone stands alone */
			break;
		snprintf(link.name, sizeof(link.name), "%s", one->if_name);
		snprintf(link.master, sizeof(link.master), "%s", facts.master);
		snprintf(link.kind, sizeof(link.kind), "%s", facts.kind);
		if (sits_on_parent(facts.kind))
			snprintf(link.parent, sizeof(link.parent), "%s", facts.parent);
		r = FW_APPEND(ret->items, ret->count, link);
	}
	if (all)
		if_freenameindex(all);
	return r;
}

void fw_link_stack_done(struct fw_link_stack *stack)
{
	free(stack->items);
	*stack = (struct fw_link_stack){};
}

static bool is_over(const struct fw_link_stack *stack, const char *upper, const char *lower,
		    unsigned int depth)
{
	bool over = !strcmp(upper, lower);

	for (size_t i = 0; i < stack->count && depth && !over; i++) {
		const struct fw_stacked_link *link = &stack->items[i];

		if (!strcmp(link->parent, lower))
			over = is_over(stack, upper, link->name, depth - 1);
		else if (!strcmp(link->name, lower) && link->master[0])
			over = is_over(stack, upper, link->master, depth - 1);
	}
	return over;
}

bool fw_link_is_over(const struct fw_link_stack *stack, const char *upper, const char *lower)
{
	return is_over(stack, upper, lower, DEPTH_MAX);
}

static const struct fw_stacked_link *find(const struct fw_link_stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->count; i++)
		if (!strcmp(stack->items[i].name, name))
			return &stack->items[i];
	return NULL;
}

bool fw_link_bears(const struct fw_link_stack *stack, const char *lower)
{
	const struct fw_stacked_link *link = find(stack, lower);

	for (size_t i = 0; i < stack->count; i++)
		if (!strcmp(stack->items[i].parent, lower))
			return true;
	return link && link->master[0];
}

/* Ports of a bond are this host's all, and so is what a VRF gathers. */
static bool switches(const struct fw_stacked_link *master)
{
	static const char *const kinds[] = {"bridge", "openvswitch"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(master->kind, kinds[i]))
			return true;
	return false;
}

static bool is_guest(const struct fw_stacked_link *link)
{
	return !strcmp(link->kind, "macvtap") || !strcmp(link->kind, "ipvtap");
}

static bool has_other_ports(const struct fw_link_stack *stack, const char *master, const char *port)
{
	for (size_t i = 0; i < stack->count; i++)
		if (!strcmp(stack->items[i].master, master) && strcmp(stack->items[i].name, port) != 0)
			return true;
	return false;
}

static const struct fw_stacked_link *shared_by(const struct fw_link_stack *stack, const char *lower,
					       unsigned int depth)
{
	const struct fw_stacked_link *link = find(stack, lower), *master, *found = NULL;

	master = link && link->master[0] ? find(stack, link->master) : NULL;
	if (master && switches(master) && has_other_ports(stack, master->name, lower))
		return master;
	if (master && depth)
		found = shared_by(stack, master->name, depth - 1);
	for (size_t i = 0; i < stack->count && depth && !found; i++)
		if (!strcmp(stack->items[i].parent, lower))
			found = is_guest(&stack->items[i])
					? &stack->items[i]
					: shared_by(stack, stack->items[i].name, depth - 1);
	return found;
}

const struct fw_stacked_link *fw_link_shared_by(const struct fw_link_stack *stack, const char *lower)
{
	return shared_by(stack, lower, DEPTH_MAX);
}

bool fw_link_stacked_next(const struct fw_link_stack *stack, const char *const *names, size_t count,
			  size_t *at, size_t *ret_upper, size_t *ret_lower)
{
	while (*at < count * count) {
		size_t upper = *at / count, lower = *at % count;

		++*at;
		if (!strcmp(names[upper], names[lower]) ||
		    !fw_link_is_over(stack, names[upper], names[lower]))
			continue;
		*ret_upper = upper;
		*ret_lower = lower;
		return true;
	}
	return false;
}
