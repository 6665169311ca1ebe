// SPDX-License-Identifier: Apache-2.0
/* Lists of entries: sorted, merged, aged, changed by deltas. Pure. */
#include "feeds/entry.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

void fw_feed_list_done(struct fw_feed_list *list)
{
	free(list->items);
	*list = (struct fw_feed_list){0};
}

int fw_feed_list_append(struct fw_feed_list *list, const struct fw_feed_entry *entry)
{
	return FW_APPEND(list->items, list->count, *entry);
}

static void merge(struct fw_feed_entry *into, const struct fw_feed_entry *other)
{
	if (other->tier > into->tier)
		into->tier = other->tier;
	if (other->score > into->score)
		into->score = other->score;
	if (!other->expires || (into->expires && other->expires > into->expires))
		into->expires = other->expires;
	if (other->first_seen && (!into->first_seen || other->first_seen < into->first_seen))
		into->first_seen = other->first_seen;
}

void fw_feed_list_normalize(struct fw_feed_list *list)
{
	size_t kept = 0;

	if (!fw_feed_list_is_sorted(list))
		fw_feed_list_sort(list);
	for (size_t i = 0; i < list->count; i++) {
		if (kept && !fw_prefix_compare(&list->items[kept - 1].prefix, &list->items[i].prefix))
			merge(&list->items[kept - 1], &list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

size_t fw_feed_list_expire(struct fw_feed_list *list, uint64_t now)
{
	size_t kept = 0, before = list->count;

	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].expires || list->items[i].expires > now)
			list->items[kept++] = list->items[i];
	list->count = kept;
	return before - kept;
}

uint64_t fw_feed_list_next_expiry(const struct fw_feed_list *list)
{
	uint64_t next = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].expires && (!next || list->items[i].expires < next))
			next = list->items[i].expires;
	return next;
}

void fw_feed_list_age(struct fw_feed_list *list, const struct fw_feed_list *before, uint64_t now)
{
	size_t old = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct fw_feed_entry *entry = &list->items[i];
		int order = 1;

		while (old < before->count &&
		       (order = fw_prefix_compare(&before->items[old].prefix, &entry->prefix)) < 0)
			old++;
		entry->first_seen = (uint32_t)now;
		if (old < before->count && !order && before->items[old].first_seen)
			entry->first_seen = before->items[old].first_seen;
	}
}

static bool lists(const struct fw_feed_list *list, const struct fw_prefix *prefix)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = fw_prefix_compare(&list->items[middle].prefix, prefix);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int fw_feed_list_apply(const struct fw_feed_list *base, const struct fw_feed_list *added,
		       const struct fw_feed_list *removed, struct fw_feed_list *ret)
{
	struct fw_feed_list result = {0}, gone = {0};
	int r = 0;

	for (size_t i = 0; i < removed->count && !r; i++)
		r = fw_feed_list_append(&gone, &removed->items[i]);
	/* A decision for the same prefix replaces the old one: its expiry may be sooner. */
	for (size_t i = 0; i < added->count && !r; i++)
		r = fw_feed_list_append(&gone, &added->items[i]);
	if (!r)
		fw_feed_list_normalize(&gone);
	for (size_t i = 0; i < base->count && !r; i++)
		if (!lists(&gone, &base->items[i].prefix))
			r = fw_feed_list_append(&result, &base->items[i]);
	for (size_t i = 0; i < added->count && !r; i++)
		r = fw_feed_list_append(&result, &added->items[i]);
	fw_feed_list_done(&gone);
	if (r) {
		fw_feed_list_done(&result);
		return r;
	}
	fw_feed_list_normalize(&result);
	*ret = result;
	return 0;
}

const struct fw_feed_entry *fw_feed_list_find(const struct fw_feed_list *list, const struct fw_addr *addr)
{
	const struct fw_feed_entry *best = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (fw_prefix_contains(&list->items[i].prefix, addr) &&
		    (!best || list->items[i].prefix.bits > best->prefix.bits))
			best = &list->items[i];
	return best;
}
