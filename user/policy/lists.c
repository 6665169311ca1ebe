// SPDX-License-Identifier: Apache-2.0
/* Merges all sets that something names into one sorted list: longest match answers for all of them. Pure. */
#include "policy/lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/combos.h"
#include "policy/prefixes.h"

#define DEPTH_MAX 130 /* one open prefix per length and the family boundary */
#define NO_SET	  UINT32_MAX

/* One prefix of one set. */
struct entry {
	struct fw_prefix prefix;
	uint32_t set; /* NO_SET: the boundary where IPv4 begins inside ::/0 */
};

/* A line of the output while the sweep builds it. */
struct line {
	struct fw_prefix prefix;
	uint32_t combo;
	uint32_t inside; /* index + 1 of the line around it */
};

struct sweep {
	struct fw_combos combos;
	struct line *lines;
	size_t count;
	uint32_t open[DEPTH_MAX]; /* indices + 1 of the lines around the current place */
	size_t depth;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = fw_prefix_compare(&left->prefix, &right->prefix);

	/* The boundary last: it empties what was inherited, not what its own prefix brings. */
	return order ? order : (left->set > right->set) - (left->set < right->set);
}

/* In the 128-bit space, whatever the family. */
static bool spans(const struct fw_prefix *outer, const struct fw_prefix *inner)
{
	struct fw_addr masked;

	if (outer->bits > inner->bits)
		return false;
	masked = fw_addr_masked(&inner->addr, outer->bits);
	return !memcmp(&masked, &outer->addr, sizeof(masked));
}

/* All entries with one prefix. Sets are in normal form, so halves that agree never come: their whole did. */
static int add_group(struct sweep *sweep, const struct entry *entries, size_t count)
{
	uint32_t inside, inherited, combo;
	bool is_boundary;
	int r;

	while (sweep->depth &&
	       !spans(&sweep->lines[sweep->open[sweep->depth - 1] - 1].prefix, &entries[0].prefix))
		sweep->depth--;
	inside = sweep->depth ? sweep->open[sweep->depth - 1] : 0;
	inherited = inside ? sweep->lines[inside - 1].combo : 0;
	is_boundary = entries[count - 1].set == NO_SET;
	combo = is_boundary ? 0 : inherited;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].set == NO_SET)
			continue;
		r = fw_combos_add(&sweep->combos, combo, entries[i].set, &combo);
		if (r)
			return r;
	}
	/* What IPv4 as a whole is in must be said, also when ::/0 is in the same: the families are asked
	 * separately. */
	if (combo == inherited && !(is_boundary && combo))
		return 0;
	if (FW_APPEND(sweep->lines, sweep->count, (struct line){entries[0].prefix, combo, inside}))
		return -ENOMEM;
	sweep->open[sweep->depth++] = (uint32_t)sweep->count;
	return 0;
}

static int sweep_entries(struct sweep *sweep, const struct entry *entries, size_t count)
{
	size_t end;
	int r;

	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && !fw_prefix_compare(&entries[i].prefix, &entries[end].prefix);
		     end++)
			;
		r = add_group(sweep, &entries[i], end - i);
		if (r)
			return r;
	}
	return 0;
}

/* Hands a combination's members over to the image. */
static int add_class(struct sweep *sweep, uint32_t combo, struct fw_image *image)
{
	if (FW_APPEND(image->class_sets, image->class_count, sweep->combos.members[combo]))
		return -ENOMEM;
	sweep->combos.members[combo] = NULL;
	return 0;
}

/* Classes are numbered as they appear; 0 is "in no set". */
static int write_image(struct sweep *sweep, struct fw_image *image)
{
	FW_FREE uint32_t *class_of = calloc(sweep->combos.count, sizeof(*class_of));
	int r;

	image->listed = calloc(sweep->count + 1, sizeof(*image->listed));
	if (!class_of || !image->listed)
		return -ENOMEM;
	r = add_class(sweep, 0, image);
	for (size_t i = 0; i < sweep->count && !r; i++) {
		const struct line *line = &sweep->lines[i];

		if (line->combo && !class_of[line->combo]) {
			if (image->class_count == FW_CLASSES_MAX)
				return -E2BIG;
			class_of[line->combo] = (uint32_t)image->class_count;
			r = add_class(sweep, line->combo, image);
		}
		image->listed[image->listed_count++] = (struct fw_listed){
			.prefix = line->prefix,
			.list_class = (uint16_t)class_of[line->combo],
			.inside = line->inside,
		};
	}
	return r;
}

static int append_changes(const struct fw_set_change *changes, size_t count, const char *set, bool removed,
			  size_t *next, struct fw_prefix **items, size_t *item_count)
{
	/* One run of additions or of removals: their order matters. */
	for (; *next < count; (*next)++) {
		if (strcmp(changes[*next].set, set))
			continue;
		if (changes[*next].removed != removed)
			return 0;
		if (FW_APPEND(*items, *item_count, changes[*next].prefix))
			return -ENOMEM;
	}
	return 0;
}

/* The members of a set in normal form, live changes included. */
static int set_members(const struct fw_set *set, const struct fw_set_change *changes, size_t change_count,
		       struct fw_prefix **ret, size_t *ret_count)
{
	FW_FREE struct fw_prefix *members = NULL;
	size_t count = 0, next = 0;
	int r = 0;

	for (size_t i = 0; i < set->prefix_count; i++)
		if (FW_APPEND(members, count, set->prefixes[i]))
			return -ENOMEM;
	do {
		FW_FREE struct fw_prefix *gone = NULL;
		struct fw_prefix *left = NULL;
		size_t gone_count = 0, left_count = 0;

		r = append_changes(changes, change_count, set->name, false, &next, &members, &count);
		if (!r)
			r = append_changes(changes, change_count, set->name, true, &next, &gone, &gone_count);
		if (r)
			return r;
		count = fw_prefixes_normalize(members, count);
		if (!gone_count)
			continue;
		gone_count = fw_prefixes_normalize(gone, gone_count);
		r = fw_prefixes_subtract(members, count, gone, gone_count, &left, &left_count);
		if (r)
			return r;
		free(members);
		members = left;
		count = left_count;
	} while (next < change_count);
	*ret = TAKE_PTR(members);
	*ret_count = count;
	return 0;
}

static void mark_used(bool *used, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		used[refs->items[i]] = true;
}

static void mark_all_used(const struct fw_policy *policy, bool *used)
{
	mark_used(used, &policy->never_block);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_match *match = &policy->rules[i].match;

		mark_used(used, &match->source);
		mark_used(used, &match->source_not);
		mark_used(used, &match->destination);
		mark_used(used, &match->destination_not);
	}
}

struct entries {
	struct entry *items;
	size_t count;
};

/* Whether any rule asks for tiers: otherwise they must not split classes. */
static bool tiers_are_asked(const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].match.tiers || policy->rules[i].match.tiers_not)
			return true;
	return false;
}

static int add_member(const struct fw_prefix *prefix, uint32_t set, bool used, struct fw_image *image,
		      struct entries *entries)
{
	if (fw_prefix_family(prefix) == FW_FAMILY_V4)
		image->set_prefixes4[set]++;
	else
		image->set_prefixes6[set]++;
	return used ? FW_APPEND(entries->items, entries->count, (struct entry){*prefix, set}) : 0;
}

static int collect_part(const struct fw_policy *policy, const struct fw_feed_part *part, const bool *used,
			bool tiers, struct fw_image *image, struct entries *entries)
{
	int set = fw_policy_set_find(policy, part->feed), r = 0;
	uint32_t tier = fw_tier_bit(policy, part->tier, part->trial);

	if (set < 0 || policy->sets[set].kind != FW_SET_FEED)
		return 0;
	image->prefixes_read += part->count;
	if (part->trial)
		fw_bit_set(image->trial_sets, (unsigned int)set);
	for (size_t i = 0; i < part->count && !r; i++) {
		r = add_member(&part->prefixes[i], (uint32_t)set, used[set], image, entries);
		if (!r && tiers && part->tier != FW_TIER_NONE)
			r = FW_APPEND(entries->items, entries->count,
				      (struct entry){part->prefixes[i], tier});
	}
	return r;
}

static int collect(const struct fw_policy *policy, const struct fw_image_input *input, struct fw_image *image,
		   struct entries *entries)
{
	FW_FREE bool *used = calloc(policy->set_count + 1, sizeof(*used));
	int r = used ? 0 : -ENOMEM;

	if (used)
		mark_all_used(policy, used);
	for (size_t i = 0; i < policy->set_count && !r; i++) {
		FW_FREE struct fw_prefix *members = NULL;
		size_t count = 0;

		r = set_members(&policy->sets[i], input->changes, input->change_count, &members, &count);
		image->prefixes_read += policy->sets[i].prefix_count;
		for (size_t j = 0; j < count && !r; j++)
			r = add_member(&members[j], (uint32_t)i, used[i], image, entries);
	}
	for (size_t i = 0; i < input->part_count && !r; i++)
		r = collect_part(policy, &input->parts[i], used, tiers_are_asked(policy), image, entries);
	return r;
}

static int add_boundary(struct entries *entries)
{
	struct entry boundary = {.set = NO_SET};

	fw_addr_parse("0.0.0.0", &boundary.prefix.addr, NULL);
	boundary.prefix.bits = FW_V4_BITS;
	return FW_APPEND(entries->items, entries->count, boundary);
}

int fw_lists_build(const struct fw_policy *policy, const struct fw_image_input *input, struct fw_image *image)
{
	struct entries entries = {0};
	struct sweep sweep = {0};
	bool sorted = true;
	int r;

	image->set_prefixes4 = calloc(policy->set_count + 1, sizeof(*image->set_prefixes4));
	image->set_prefixes6 = calloc(policy->set_count + 1, sizeof(*image->set_prefixes6));
	image->trial_sets = calloc(fw_class_words(policy), sizeof(*image->trial_sets));
	r = !image->set_prefixes4 || !image->set_prefixes6 || !image->trial_sets ? -ENOMEM
										 : add_boundary(&entries);
	for (unsigned int tier = 0; tier < FW_TIER_MAX_ && !r; tier++)
		fw_bit_set(image->trial_sets, fw_tier_bit(policy, tier, true));
	if (!r)
		r = collect(policy, input, image, &entries);
	if (!r)
		r = fw_combos_init(&sweep.combos, policy->set_count + 2 * FW_TIER_MAX_);
	for (size_t i = 1; i < entries.count && sorted; i++)
		sorted = compare_entries(&entries.items[i - 1], &entries.items[i]) <= 0;
	if (!r && !sorted)
		qsort(entries.items, entries.count, sizeof(*entries.items), compare_entries);
	if (!r)
		r = sweep_entries(&sweep, entries.items, entries.count);
	if (!r)
		r = write_image(&sweep, image);
	fw_combos_done(&sweep.combos);
	free(sweep.lines);
	free(entries.items);
	return r;
}
