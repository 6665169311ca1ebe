// SPDX-License-Identifier: Apache-2.0
#include "lib/link_stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	struct if_nameindex *all = if_nameindex();
	int r = all ? 0 : -errno;

	for (const struct if_nameindex *one = all; one && one->if_index && !r; one++) {
		struct fw_link_facts facts = {};
		struct fw_stacked_link link = {};

		(void)fw_link_facts(one->if_index, &facts); /* one that has just gone stands alone */
		snprintf(link.name, sizeof(link.name), "%s", one->if_name);
		snprintf(link.master, sizeof(link.master), "%s", facts.master);
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
