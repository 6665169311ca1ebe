// SPDX-License-Identifier: Apache-2.0
/* Small changes of sets without merging all of them again: only the regions that changed are swept. Pure. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/lists.h"
#include "policy/memory.h"
#include "policy/prefixes.h"
#include "policy/sweep.h"

#define REGIONS_MAX 4096u /* more are built anew */
#define SLASH18_MAX 16384u
#define V4_BITS	    (FW_V4_BITS + 18) /* the packet path's unit of change */
#define V6_BITS	    32
#define V4_SHORTEST (FW_V4_BITS + 6)

struct change {
	const struct fw_policy *policy;
	struct fw_image *image;
	struct fw_all_members next;
	const uint64_t *used;
	struct fw_prefix *prefixes; /* of regions */
	size_t prefix_count;
	struct fw_listed *listed; /* the new lines */
	size_t listed_count;
	struct fw_list_region *regions;
	size_t region_count;
	size_t *shift_from; /* old index from which on lines have moved by shift_by, per region */
	ptrdiff_t *shift_by;
};

void fw_list_delta_done(struct fw_list_delta *delta)
{
	free(delta->regions);
	free(delta->gone);
	*delta = (struct fw_list_delta){0};
}

/* What the packet path can change at once around a prefix. False: too much, or it would hold the other
 * family. */
static bool region_of(const struct fw_prefix *prefix, struct fw_prefix *ret)
{
	bool v4 = fw_prefix_family(prefix) == FW_FAMILY_V4;

	*ret = *prefix;
	if (v4 && prefix->bits > V4_BITS)
		ret->bits = V4_BITS;
	if (!v4)
		ret->bits = V6_BITS;
	ret->addr = fw_addr_masked(&prefix->addr, ret->bits);
	if (v4)
		return prefix->bits >= V4_SHORTEST;
	/* ::/32 also holds the addresses that stand for IPv4. */
	return prefix->bits >= V6_BITS && ret->addr.w[0];
}

static int add_region(struct change *change, const struct fw_prefix *prefix)
{
	struct fw_prefix region;

	if (!region_of(prefix, &region) || change->prefix_count == REGIONS_MAX)
		return -EAGAIN;
	if (change->prefix_count && !fw_prefix_compare(&change->prefixes[change->prefix_count - 1], &region))
		return 0;
	return FW_APPEND(change->prefixes, change->prefix_count, region);
}

/* Every prefix that only one of two normal forms has. */
static int differ(struct change *change, const struct fw_members *before, const struct fw_members *now)
{
	size_t i = 0, j = 0;
	int r = 0;

	while ((i < before->count || j < now->count) && !r) {
		int order = i == before->count ? 1
			    : j == now->count  ? -1
					       : fw_prefix_order(&before->items[i], &now->items[j]);

		if (order < 0)
			r = add_region(change, &before->items[i]);
		else if (order > 0)
			r = add_region(change, &now->items[j]);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static bool is_used(const struct change *change, const struct fw_members *members)
{
	for (int i = 0; i < 2; i++)
		if (members->bits[i] != FW_NO_BIT && fw_bit_test(change->used, members->bits[i]))
			return true;
	return false;
}

/* In the order of lines, none inside another. */
static int find_regions(struct change *change)
{
	const struct fw_all_members *before = &change->image->truth->members;
	size_t kept = 0, slash18s = 0;
	int r = 0;

	for (size_t i = 0; i < change->next.count && !r; i++) {
		const struct fw_members *old = &before->items[i], *now = &change->next.items[i];

		/* Going on or off trial changes what classes mean. */
		if (old->trial != now->trial)
			return -EAGAIN;
		/* A tier that a feed no longer gives has no bits any more. */
		if (is_used(change, old) || is_used(change, now))
			r = differ(change, old, now);
	}
	if (r)
		return r;
	if (change->prefix_count)
		qsort(change->prefixes, change->prefix_count, sizeof(*change->prefixes), fw_prefix_compare);
	for (size_t i = 0; i < change->prefix_count; i++) {
		const struct fw_prefix *region = &change->prefixes[i];

		if (kept && fw_sweep_spans(&change->prefixes[kept - 1], region))
			continue;
		if (fw_prefix_family(region) == FW_FAMILY_V4)
			slash18s += 1u << (V4_BITS - region->bits);
		change->prefixes[kept++] = *region;
	}
	change->prefix_count = kept;
	return slash18s > SLASH18_MAX ? -EAGAIN : 0;
}

/* First of `items` that does not come before a prefix. */
static size_t lower_bound(const struct fw_members *members, const struct fw_prefix *prefix)
{
	size_t low = 0, high = members->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fw_prefix_order(&members->items[middle], prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct swept {
	struct fw_sweep_entry *entries;
	size_t count;
	uint32_t outer; /* combination */
};

static int take_members(struct change *change, const struct fw_members *members,
			const struct fw_prefix *region, struct swept *swept)
{
	size_t at = lower_bound(members, region);
	bool around = at && members->items[at - 1].bits < region->bits &&
		      fw_prefix_covers(&members->items[at - 1], region);

	for (int i = 0; i < 2; i++) {
		uint32_t bit = members->bits[i];
		int r = 0;

		if (bit == FW_NO_BIT || !fw_bit_test(change->used, bit))
			continue;
		if (around)
			r = fw_combos_add(&change->image->truth->combos, swept->outer, bit, &swept->outer);
		for (size_t j = at; j < members->count && fw_prefix_covers(region, &members->items[j]) && !r;
		     j++)
			r = FW_APPEND(swept->entries, swept->count,
				      (struct fw_sweep_entry){members->items[j], bit});
		if (r)
			return r;
	}
	return 0;
}

/* The lines of one region as they are now; `inside` counts within the region, 0 = the line around it. */
static int sweep_region(struct change *change, const struct fw_prefix *prefix, struct fw_list_region *region)
{
	struct fw_list_truth *truth = change->image->truth;
	struct fw_sweep sweep = {.combos = &truth->combos};
	struct swept swept = {0};
	uint16_t list_class;
	int r = 0;

	for (size_t i = 0; i < change->next.count && !r; i++)
		r = take_members(change, &change->next.items[i], prefix, &swept);
	sweep.outer = swept.outer;
	if (!r) {
		fw_sweep_sort(swept.entries, swept.count);
		r = fw_sweep_run(&sweep, swept.entries, swept.count);
	}
	if (!r)
		r = fw_class_of(truth, change->image, sweep.outer, &region->outer);
	region->prefix = *prefix;
	for (size_t i = 0; i < sweep.count && !r; i++) {
		r = fw_class_of(truth, change->image, sweep.lines[i].combo, &list_class);
		if (!r)
			r = FW_APPEND(change->listed, change->listed_count,
				      (struct fw_listed){.prefix = sweep.lines[i].prefix,
							 .list_class = list_class,
							 .inside = sweep.lines[i].inside});
	}
	region->count = sweep.count;
	free(sweep.lines);
	free(swept.entries);
	return r == -E2BIG ? -EAGAIN : r;
}

/* First old line at or behind a prefix. */
static size_t line_at(const struct fw_image *image, const struct fw_prefix *prefix)
{
	size_t low = 0, high = image->listed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fw_prefix_compare(&image->listed[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Index + 1 among the old lines of the one around a region whose own lines begin at `at`. */
static uint32_t line_around(const struct fw_image *image, const struct fw_prefix *region, size_t at)
{
	uint32_t line = (uint32_t)at; /* the one before, + 1 */

	while (line && !fw_sweep_spans(&image->listed[line - 1].prefix, region))
		line = image->listed[line - 1].inside;
	return line;
}

/* Where an old line (index + 1, not inside a region) has gone. */
static uint32_t moved(const struct change *change, uint32_t line)
{
	size_t low = 0, high = change->region_count;

	if (!line)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (change->shift_from[middle] <= line - 1)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (uint32_t)((ptrdiff_t)line + change->shift_by[low - 1]) : line;
}

static int keep_lines(struct change *change, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		struct fw_listed line = change->image->listed[i];

		line.inside = moved(change, line.inside);
		if (FW_APPEND(change->listed, change->listed_count, line))
			return -ENOMEM;
	}
	return 0;
}

static int replace_region(struct change *change, const struct fw_prefix *prefix, size_t *old)
{
	const struct fw_image *image = change->image;
	struct fw_list_region *region = &change->regions[change->region_count];
	size_t at = line_at(image, prefix), end = at, first;
	uint32_t around;
	int r = keep_lines(change, *old, at);

	while (end < image->listed_count && fw_sweep_spans(prefix, &image->listed[end].prefix))
		end++;
	around = moved(change, line_around(image, prefix, at));
	first = change->listed_count;
	if (!r)
		r = sweep_region(change, prefix, region);
	if (r)
		return r;
	for (size_t i = first; i < change->listed_count; i++) {
		uint32_t *inside = &change->listed[i].inside;

		*inside = *inside ? *inside + (uint32_t)first : around;
	}
	/* Pointers come when nothing moves any more. */
	region->gone_count = end - at;
	change->shift_from[change->region_count] = end;
	change->shift_by[change->region_count] = (ptrdiff_t)change->listed_count - (ptrdiff_t)end;
	change->region_count++;
	*old = end;
	return 0;
}

static int replace_regions(struct change *change)
{
	size_t old = 0;
	int r = 0;

	change->regions = calloc(change->prefix_count + 1, sizeof(*change->regions));
	change->shift_from = calloc(change->prefix_count + 1, sizeof(*change->shift_from));
	change->shift_by = calloc(change->prefix_count + 1, sizeof(*change->shift_by));
	if (!change->regions || !change->shift_from || !change->shift_by)
		return -ENOMEM;
	for (size_t i = 0; i < change->prefix_count && !r; i++)
		r = replace_region(change, &change->prefixes[i], &old);
	return r ? r : keep_lines(change, old, change->image->listed_count);
}

/* Hands everything over; cannot fail. */
static void commit(struct change *change, const struct fw_image_input *input, struct fw_list_delta *delta)
{
	struct fw_image *image = change->image;

	delta->gone = image->listed;
	image->listed = TAKE_PTR(change->listed);
	image->listed_count = change->listed_count;
	for (size_t i = 0; i < change->region_count; i++) {
		struct fw_list_region *region = &change->regions[i];
		size_t old_end = change->shift_from[i];
		size_t new_end = (size_t)((ptrdiff_t)old_end + change->shift_by[i]);

		region->gone = delta->gone + old_end - region->gone_count;
		region->listed = image->listed + new_end - region->count;
	}
	delta->regions = TAKE_PTR(change->regions);
	delta->count = change->region_count;
	fw_members_done(&image->truth->members);
	image->truth->members = change->next;
	change->next = (struct fw_all_members){0};
	fw_lists_count(change->policy, input, image);
}

/* What was added on the way to a failure. */
static void forget_classes(struct fw_image *image, size_t before)
{
	struct fw_list_truth *truth = image->truth;

	for (size_t i = 0; i < truth->class_of_count; i++)
		if (truth->class_of[i] >= before)
			truth->class_of[i] = 0;
	while (image->class_count > before)
		free(image->class_sets[--image->class_count]);
}

/* What the full way would refuse, with its reasons. */
static bool fits(const struct change *change)
{
	const struct fw_policy *policy = change->policy;
	uint64_t others = change->image->memory_bytes - change->image->list_bytes;

	return change->listed_count <= policy->capacity.prefixes &&
	       (!policy->memory_limit ||
		others + fw_list_memory(change->listed, change->listed_count) <= policy->memory_limit);
}

int fw_lists_change(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image, struct fw_list_delta *ret)
{
	FW_FREE uint64_t *used = calloc(fw_class_words(policy), sizeof(*used));
	struct change change = {.policy = policy, .image = image, .used = used};
	struct fw_list_delta delta = {.classes_before = image->class_count};
	int r;

	if (!used)
		return -ENOMEM;
	if (!image->truth || *image->lists_shared != 1)
		return -EAGAIN;
	fw_bits_asked(policy, used);
	r = fw_members_gather(policy, input, &image->truth->members, &change.next);
	if (!r)
		r = find_regions(&change);
	if (!r)
		r = replace_regions(&change);
	if (!r && !fits(&change))
		r = -EAGAIN;
	if (r)
		forget_classes(image, delta.classes_before);
	else
		commit(&change, input, &delta);
	if (!r)
		*ret = delta;
	fw_members_done(&change.next);
	free(change.prefixes);
	free(change.listed);
	free(change.regions);
	free(change.shift_from);
	free(change.shift_by);
	return r;
}
