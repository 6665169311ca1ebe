// SPDX-License-Identifier: Apache-2.0
/* The sweep over sorted entries, and the classes that combinations become. Pure. */
#include "policy/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/match.h"

static int compare_entries(const void *a, const void *b)
{
	const struct fw_sweep_entry *left = a, *right = b;
	int order = fw_prefix_compare(&left->prefix, &right->prefix);

	/* The boundary last: it empties what was inherited, not what its own prefix brings. */
	return order ? order : (left->bit > right->bit) - (left->bit < right->bit);
}

/* Merges two neighbouring runs of `from` into the same place of `to`. */
static void merge(const struct fw_sweep_entry *from, struct fw_sweep_entry *to, size_t first, size_t second,
		  size_t end)
{
	size_t i = first, j = second;

	for (size_t at = first; at < end; at++) {
		if (j == end || (i < second && compare_entries(&from[i], &from[j]) <= 0))
			to[at] = from[i++];
		else
			to[at] = from[j++];
	}
}

static size_t run_end(const struct fw_sweep_entry *entries, size_t first, size_t count)
{
	size_t end = first + 1;

	while (end < count && compare_entries(&entries[end - 1], &entries[end]) <= 0)
		end++;
	return end < count ? end : count;
}

/* Every set comes sorted: a few long runs, merged two by two. */
void fw_sweep_sort(struct fw_sweep_entry *entries, size_t count)
{
	FW_FREE struct fw_sweep_entry *other = NULL;
	struct fw_sweep_entry *from = entries, *to;

	if (count < 2 || run_end(entries, 0, count) == count)
		return;
	other = malloc(count * sizeof(*other));
	if (!other) {
		qsort(entries, count, sizeof(*entries), compare_entries);
		return;
	}
	for (to = other; run_end(from, 0, count) < count;) {
		struct fw_sweep_entry *swap = from;

		for (size_t first = 0; first < count;) {
			size_t second = run_end(from, first, count);
			size_t end = second < count ? run_end(from, second, count) : count;

			merge(from, to, first, second, end);
			first = end;
		}
		from = to;
		to = swap;
	}
	if (from != entries)
		memcpy(entries, from, count * sizeof(*entries));
}

bool fw_sweep_spans(const struct fw_prefix *outer, const struct fw_prefix *inner)
{
	struct fw_addr masked;

	if (outer->bits > inner->bits)
		return false;
	masked = fw_addr_masked(&inner->addr, outer->bits);
	return !memcmp(&masked, &outer->addr, sizeof(masked));
}

/* All entries with one prefix. Members are in normal form, so halves that agree never come: their whole did.
 */
static int add_group(struct fw_sweep *sweep, const struct fw_sweep_entry *entries, size_t count)
{
	uint32_t inside, inherited, combo;
	bool is_boundary;
	int r;

	while (sweep->depth &&
	       !fw_sweep_spans(&sweep->lines[sweep->open[sweep->depth - 1] - 1].prefix, &entries[0].prefix))
		sweep->depth--;
	inside = sweep->depth ? sweep->open[sweep->depth - 1] : 0;
	inherited = inside ? sweep->lines[inside - 1].combo : sweep->outer;
	is_boundary = entries[count - 1].bit == FW_NO_BIT;
	combo = is_boundary ? 0 : inherited;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].bit == FW_NO_BIT)
			continue;
		r = fw_combos_add(sweep->combos, combo, entries[i].bit, &combo);
		if (r)
			return r;
	}
	/* What IPv4 as a whole is in must be said, also when ::/0 is in the same: the families are asked
	 * separately. */
	if (combo == inherited && !(is_boundary && combo))
		return 0;
	if (FW_APPEND(sweep->lines, sweep->count, (struct fw_sweep_line){entries[0].prefix, combo, inside}))
		return -ENOMEM;
	sweep->open[sweep->depth++] = (uint32_t)sweep->count;
	return 0;
}

int fw_sweep_run(struct fw_sweep *sweep, const struct fw_sweep_entry *entries, size_t count)
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

static int class_room(struct fw_list_truth *truth, uint32_t combo)
{
	size_t count = truth->class_of_count ? truth->class_of_count : 64;
	uint32_t *grown;

	if (combo < truth->class_of_count)
		return 0;
	while (count <= combo)
		count *= 2;
	grown = realloc(truth->class_of, count * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + truth->class_of_count, 0, (count - truth->class_of_count) * sizeof(*grown));
	truth->class_of = grown;
	truth->class_of_count = count;
	return 0;
}

int fw_class_of(struct fw_list_truth *truth, struct fw_image *image, uint32_t combo, uint16_t *ret)
{
	size_t bytes = truth->combos.words * sizeof(uint64_t);
	uint64_t *sets;
	int r = class_room(truth, combo);

	if (r)
		return r;
	if ((!combo && image->class_count) || truth->class_of[combo]) {
		*ret = (uint16_t)truth->class_of[combo];
		return 0;
	}
	if (image->class_count == FW_CLASSES_MAX)
		return -E2BIG;
	sets = calloc(truth->combos.words + 1, sizeof(*sets));
	if (!sets || FW_APPEND(image->class_sets, image->class_count, sets)) {
		free(sets);
		return -ENOMEM;
	}
	memcpy(sets, truth->combos.members[combo], bytes);
	truth->class_of[combo] = (uint32_t)image->class_count - 1;
	*ret = (uint16_t)truth->class_of[combo];
	return 0;
}

static void ask_refs(uint64_t *used, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		fw_bit_set(used, refs->items[i]);
}

void fw_bits_asked(const struct fw_policy *policy, uint64_t *used)
{
	bool tiers = false;

	ask_refs(used, &policy->never_block);
	for (size_t i = 0; i < policy->log_count; i++)
		ask_refs(used, &policy->logs[i].trusted_proxies);
	for (size_t i = 0; i < policy->rule_count; i++)
		fw_rule_each_mention(match, &policy->rules[i])
		{
			ask_refs(used, &match->source);
			ask_refs(used, &match->source_not);
			ask_refs(used, &match->destination);
			ask_refs(used, &match->destination_not);
			tiers |= match->tiers || match->tiers_not;
		}
	/* Unless some rule asks, they must not split classes. */
	for (unsigned int tier = FW_TIER_LOW; tiers && tier < FW_TIER_MAX_; tier++) {
		fw_bit_set(used, fw_tier_bit(policy, tier, false));
		fw_bit_set(used, fw_tier_bit(policy, tier, true));
	}
}
