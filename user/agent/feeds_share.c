// SPDX-License-Identifier: Apache-2.0
/* From a feed's copy to what of it may be in force: not expired, past the guards, merged by tier. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/feeds_inside.h"
#include "policy/prefixes.h"

void fw_feed_share_done(struct fw_feed_share *share)
{
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++)
		free(share->prefixes[tier]);
	*share = (struct fw_feed_share){0};
}

/* The entries that hold at `now`. */
static int holding(const struct fw_feed_list *entries, uint64_t now, struct fw_feed_list *ret)
{
	*ret = (struct fw_feed_list){.items = malloc((entries->count + 1) * sizeof(*ret->items))};
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < entries->count; i++)
		if (!entries->items[i].expires || entries->items[i].expires > now)
			ret->items[ret->count++] = entries->items[i];
	return 0;
}

static int split(const struct fw_feed_list *list, struct fw_feed_share *share)
{
	size_t counts[FW_TIER_MAX_] = {0};

	for (size_t i = 0; i < list->count; i++)
		counts[list->items[i].tier]++;
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++) {
		share->prefixes[tier] = counts[tier] ? malloc(counts[tier] * sizeof(struct fw_prefix)) : NULL;
		if (counts[tier] && !share->prefixes[tier])
			return -ENOMEM;
	}
	for (size_t i = 0; i < list->count; i++) {
		unsigned int tier = list->items[i].tier;

		share->prefixes[tier][share->counts[tier]++] = list->items[i].prefix;
	}
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++)
		share->counts[tier] = fw_prefixes_normalize(share->prefixes[tier], share->counts[tier]);
	return 0;
}

int fw_feed_share_build(const struct fw_feed_copy *copy, const struct fw_guard *guard,
			const struct fw_feed_protected *protected, uint64_t now, struct fw_feed_share *ret)
{
	struct fw_feed_share share = {.protected_digest = protected->digest};
	struct fw_feed_list list;
	int r = holding(&copy->entries, now, &list);

	if (!r)
		r = fw_guard_filter(&list, guard, protected->items, protected->count, &share.report);
	if (!r) {
		share.next_expiry = fw_feed_list_next_expiry(&list);
		r = split(&list, &share);
	}
	fw_feed_list_done(&list);
	if (r)
		fw_feed_share_done(&share);
	else
		*ret = share;
	return r;
}

bool fw_feed_share_same(const struct fw_feed_share *a, const struct fw_feed_share *b)
{
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++) {
		if (a->counts[tier] != b->counts[tier])
			return false;
		for (size_t i = 0; i < a->counts[tier]; i++)
			if (fw_prefix_compare(&a->prefixes[tier][i], &b->prefixes[tier][i]))
				return false;
	}
	return true;
}

void fw_feed_count_changes(const struct fw_feed_list *before, const struct fw_feed_list *after,
			   size_t *ret_added, size_t *ret_removed)
{
	size_t i = 0, j = 0;

	*ret_added = *ret_removed = 0;
	while (i < before->count || j < after->count) {
		int order = i == before->count ? 1
			    : j == after->count
				    ? -1
				    : fw_prefix_compare(&before->items[i].prefix, &after->items[j].prefix);

		*ret_removed += order < 0;
		*ret_added += order > 0;
		i += order <= 0;
		j += order >= 0;
	}
}
