// SPDX-License-Identifier: Apache-2.0
/* Members of sets from the policy's entries, live changes and feeds. Pure. */
#include "policy/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/lists.h"
#include "policy/prefixes.h"

void fw_members_done(struct fw_all_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		free(members->items[i].items);
		free(members->items[i].base);
	}
	free(members->items);
	*members = (struct fw_all_members){0};
}

const struct fw_prefix *fw_members_own(const struct fw_all_members *members, unsigned int set,
				       size_t *ret_count)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct fw_members *own = &members->items[i];

		if (own->set != set) /* its own come before its tiers */
			continue;
		*ret_count = own->base ? own->base_count : own->count;
		return own->base ? own->base : own->items;
	}
	*ret_count = 0;
	return NULL;
}

const struct fw_prefix *fw_members_now(const struct fw_all_members *members, unsigned int set,
				       size_t *ret_count)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].set == set) {
			*ret_count = members->items[i].count;
			return members->items[i].items;
		}
	*ret_count = 0;
	return NULL;
}

static int append_changes(const struct fw_image_input *input, const char *set, bool removed, size_t *next,
			  struct fw_prefix **items, size_t *item_count)
{
	/* One run of additions or of removals: their order matters. */
	for (; *next < input->change_count; (*next)++) {
		const struct fw_set_change *change = &input->changes[*next];

		if (strcmp(change->set, set))
			continue;
		if (change->removed != removed)
			return 0;
		if (FW_APPEND(*items, *item_count, change->prefix))
			return -ENOMEM;
	}
	return 0;
}

static int subtract(struct fw_members *members, struct fw_prefix *gone, size_t gone_count)
{
	struct fw_prefix *left = NULL;
	size_t left_count = 0;
	int r;

	if (!gone_count)
		return 0;
	gone_count = fw_prefixes_normalize(gone, gone_count);
	r = fw_prefixes_subtract(members->items, members->count, gone, gone_count, &left, &left_count);
	if (r)
		return r;
	free(members->items);
	members->items = left;
	members->count = left_count;
	return 0;
}

/* A million stay sorted while a few come in. */
static int merge(struct fw_members *members, struct fw_prefix *more, size_t more_count)
{
	struct fw_prefix *all;

	if (!more_count)
		return 0;
	more_count = fw_prefixes_normalize(more, more_count);
	all = reallocarray(NULL, members->count + more_count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	members->count = fw_prefixes_merge(members->items, members->count, more, more_count, all);
	free(members->items);
	members->items = all;
	return 0;
}

/* Live changes on top of a normal form. */
static int apply_changes(struct fw_members *members, const struct fw_image_input *input, const char *set)
{
	size_t next = 0;
	int r = 0;

	do {
		FW_FREE struct fw_prefix *more = NULL, *gone = NULL;
		size_t more_count = 0, gone_count = 0;

		r = append_changes(input, set, false, &next, &more, &more_count);
		if (!r)
			r = append_changes(input, set, true, &next, &gone, &gone_count);
		if (!r)
			r = merge(members, more, more_count);
		if (!r)
			r = subtract(members, gone, gone_count);
	} while (!r && next < input->change_count);
	return r;
}

/* What somebody takes out of a feed's set stays out, whatever the feed says; what he adds is the set's own.
 */
static int remove_changes(struct fw_members *members, const struct fw_image_input *input, const char *set)
{
	FW_FREE struct fw_prefix *gone = NULL;
	size_t gone_count = 0;

	for (size_t i = 0; i < input->change_count; i++)
		if (input->changes[i].removed && !strcmp(input->changes[i].set, set) &&
		    FW_APPEND(gone, gone_count, input->changes[i].prefix))
			return -ENOMEM;
	return subtract(members, gone, gone_count);
}

static int copy_items(const struct fw_prefix *items, size_t count, struct fw_prefix **ret)
{
	*ret = malloc((count + 1) * sizeof(*items));
	if (!*ret)
		return -ENOMEM;
	if (count)
		memcpy(*ret, items, count * sizeof(*items));
	return 0;
}

static bool has_changes(const struct fw_image_input *input, const char *set)
{
	for (size_t i = 0; i < input->change_count; i++)
		if (!strcmp(input->changes[i].set, set))
			return true;
	return false;
}

static int gather_set(const struct fw_set *set, const struct fw_image_input *input,
		      const struct fw_members *before, struct fw_members *members)
{
	bool has_base = before && before->base;
	const struct fw_prefix *base = has_base ? before->base : before ? before->items : set->prefixes;
	int r;

	members->count = has_base ? before->base_count : before ? before->count : set->prefix_count;
	r = copy_items(base, members->count, &members->items);
	if (!r && !before)
		members->count = fw_prefixes_normalize(members->items, members->count);
	if (r || !has_changes(input, set->name))
		return r;
	members->base_count = members->count;
	r = copy_items(members->items, members->count, &members->base);
	return r ? r : apply_changes(members, input, set->name);
}

static const struct fw_feed_part *find_part(const struct fw_image_input *input, const char *feed,
					    enum fw_tier tier)
{
	for (size_t i = 0; i < input->part_count; i++)
		if (input->parts[i].tier == tier && !strcmp(input->parts[i].feed, feed))
			return &input->parts[i];
	return NULL;
}

static int gather_tier(const struct fw_policy *policy, unsigned int set, enum fw_tier tier,
		       const struct fw_image_input *input, struct fw_members *members)
{
	const struct fw_feed_part *part = find_part(input, policy->sets[set].name, tier);
	int r;

	if (!part)
		return 0;
	members->trial = part->trial;
	if (tier != FW_TIER_NONE)
		members->bits[1] = fw_tier_bit(policy, tier, part->trial);
	members->count = part->count;
	r = copy_items(part->prefixes, part->count, &members->items);
	return r ? r : remove_changes(members, input, policy->sets[set].name);
}

static int add_members(struct fw_all_members *all, unsigned int set)
{
	struct fw_members members = {.set = set, .bits = {set, FW_NO_BIT}};

	return FW_APPEND(all->items, all->count, members);
}

/* The first entry that is behind the prefix. */
static size_t behind(const struct fw_members *members, const struct fw_prefix *prefix)
{
	size_t low = 0, high = members->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fw_prefix_order(&members->items[middle], prefix) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* In normal form nothing is covered twice: only the last entry that is not behind the prefix can hold it. */
static bool one_holds(const struct fw_members *members, const struct fw_prefix *prefix)
{
	size_t next = behind(members, prefix);

	return next && fw_prefix_covers(&members->items[next - 1], prefix);
}

size_t fw_members_meet(const struct fw_all_members *members, unsigned int set, const struct fw_prefix *prefix,
		       const struct fw_prefix **ret, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < members->count; i++) {
		const struct fw_members *own = &members->items[i];
		size_t next;

		if (own->set != set)
			continue;
		next = behind(own, prefix);
		next -= next && fw_prefix_overlaps(&own->items[next - 1], prefix);
		/* What lies within it comes after it. */
		for (; next < own->count && fw_prefix_overlaps(&own->items[next], prefix); next++, count++)
			if (count < most)
				ret[count] = &own->items[next];
	}
	return count;
}

bool fw_members_hold(const struct fw_all_members *members, unsigned int set, const struct fw_prefix *prefix)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].set == set && one_holds(&members->items[i], prefix))
			return true;
	return false;
}

int fw_members_gather(const struct fw_policy *policy, const struct fw_image_input *input,
		      const struct fw_all_members *before, struct fw_all_members *ret)
{
	struct fw_all_members all = {0};
	int r = 0;

	for (unsigned int set = 0; set < policy->set_count && !r; set++) {
		bool feed = policy->sets[set].kind == FW_SET_FEED;

		r = add_members(&all, set);
		if (!r)
			r = gather_set(&policy->sets[set], input,
				       before ? &before->items[all.count - 1] : NULL,
				       &all.items[all.count - 1]);
		for (unsigned int tier = 0; feed && tier < FW_TIER_MAX_ && !r; tier++) {
			r = add_members(&all, set);
			if (!r)
				r = gather_tier(policy, set, (enum fw_tier)tier, input,
						&all.items[all.count - 1]);
		}
	}
	if (r)
		fw_members_done(&all);
	else
		*ret = all;
	return r;
}
