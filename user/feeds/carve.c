// SPDX-License-Identifier: Apache-2.0
/* Cutting prefixes out of a list, exactly. Pure. */
#include "feeds/carve.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/prefixes.h"

struct pair {
	struct fw_prefix prefix;
	unsigned char why;
};

int fw_carve_add(struct fw_carve *carve, const struct fw_prefix *prefix, unsigned char why)
{
	size_t count = carve->count;

	if (FW_APPEND(carve->why, count, why))
		return -ENOMEM;
	return FW_APPEND(carve->prefixes, carve->count, *prefix);
}

void fw_carve_done(struct fw_carve *carve)
{
	free(carve->prefixes);
	free(carve->why);
	*carve = (struct fw_carve){0};
}

/* IPv4 apart from IPv6: inside ::/0 it would stand between IPv6 prefixes without being covered by them. */
static int compare_prefix(const struct fw_prefix *left, const struct fw_prefix *right)
{
	enum fw_family left_family = fw_prefix_family(left), right_family = fw_prefix_family(right);

	if (left_family != right_family)
		return left_family < right_family ? -1 : 1;
	return fw_prefix_compare(left, right);
}

static int compare_pair(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;
	int order = compare_prefix(&left->prefix, &right->prefix);

	return order ? order : (int)left->why - (int)right->why;
}

/* Pairs are only needed while sorting; without memory for them insertion sort does it in place. */
static void sort(struct fw_carve *carve)
{
	FW_FREE struct pair *pairs = malloc((carve->count + 1) * sizeof(*pairs));

	for (size_t i = 0; pairs && i < carve->count; i++)
		pairs[i] = (struct pair){carve->prefixes[i], carve->why[i]};
	if (pairs)
		qsort(pairs, carve->count, sizeof(*pairs), compare_pair);
	for (size_t i = 0; pairs && i < carve->count; i++) {
		carve->prefixes[i] = pairs[i].prefix;
		carve->why[i] = pairs[i].why;
	}
	for (size_t i = 1; !pairs && i < carve->count; i++) {
		struct fw_prefix prefix = carve->prefixes[i];
		unsigned char why = carve->why[i];
		size_t at = i;

		for (; at && compare_prefix(&carve->prefixes[at - 1], &prefix) > 0; at--) {
			carve->prefixes[at] = carve->prefixes[at - 1];
			carve->why[at] = carve->why[at - 1];
		}
		carve->prefixes[at] = prefix;
		carve->why[at] = why;
	}
}

void fw_carve_prepare(struct fw_carve *carve)
{
	size_t kept = 0;

	sort(carve);
	for (size_t i = 0; i < carve->count; i++) {
		if (kept && fw_prefix_covers(&carve->prefixes[kept - 1], &carve->prefixes[i]))
			continue;
		carve->prefixes[kept] = carve->prefixes[i];
		carve->why[kept++] = carve->why[i];
	}
	carve->count = kept;
}

/* The run of carve->prefixes that overlap one prefix: at most one that covers it, or all inside it. */
static size_t overlapping(const struct fw_carve *carve, const struct fw_prefix *prefix, size_t *ret_first)
{
	size_t low = 0, high = carve->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_prefix(&carve->prefixes[middle], prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && fw_prefix_covers(&carve->prefixes[low - 1], prefix))
		low--;
	for (end = low; end < carve->count && fw_prefix_overlaps(&carve->prefixes[end], prefix);)
		end++;
	*ret_first = low;
	return end - low;
}

static int carve_entry(struct fw_feed_list *result, const struct fw_feed_entry *entry,
		       const struct fw_carve *carve, size_t first, size_t count, size_t *ret_pieces)
{
	FW_FREE struct fw_prefix *pieces = NULL;
	struct fw_feed_entry piece = *entry;
	int r = fw_prefixes_subtract(&entry->prefix, 1, carve->prefixes + first, count, &pieces, ret_pieces);

	for (size_t i = 0; i < *ret_pieces && !r; i++) {
		piece.prefix = pieces[i];
		r = fw_feed_list_append(result, &piece);
	}
	return r;
}

int fw_carve_list(struct fw_feed_list *list, const struct fw_carve *carve, fw_carve_fn fn, void *user)
{
	struct fw_feed_list result = {0};
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		const struct fw_feed_entry *entry = &list->items[i];
		size_t first, pieces = 0, count = overlapping(carve, &entry->prefix, &first);

		if (!count) {
			r = fw_feed_list_append(&result, entry);
			continue;
		}
		r = carve_entry(&result, entry, carve, first, count, &pieces);
		if (!r && fn)
			fn(user, entry, &carve->prefixes[first], carve->why[first], pieces);
	}
	if (r) {
		fw_feed_list_done(&result);
		return r;
	}
	fw_feed_list_done(list);
	*list = result;
	return 0;
}
