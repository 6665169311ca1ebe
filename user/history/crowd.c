// SPDX-License-Identifier: Apache-2.0
/* Merging sorted lists of sources. */
#include "history/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

static int by_address(const void *a, const void *b)
{
	const struct fw_history_source *left = a, *right = b;

	return memcmp(&left->addr, &right->addr, sizeof(left->addr));
}

static int by_packets(const void *a, const void *b)
{
	const struct fw_history_source *left = a, *right = b;

	if (left->packets != right->packets)
		return left->packets < right->packets ? 1 : -1;
	return by_address(a, b);
}

void fw_crowd_done(struct fw_crowd *crowd)
{
	free(crowd->items);
	*crowd = (struct fw_crowd){0};
}

static void sort(struct fw_crowd *crowd, int (*order)(const void *, const void *))
{
	if (crowd->count)
		qsort(crowd->items, crowd->count, sizeof(*crowd->items), order);
}

void fw_crowd_sort(struct fw_crowd *crowd)
{
	sort(crowd, by_address);
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

int fw_crowd_grown(const struct fw_crowd *before, const struct fw_crowd *now, struct fw_crowd *ret)
{
	static const struct fw_history_source nothing;
	size_t old = 0;

	*ret = (struct fw_crowd){.items = calloc(now->count + 1, sizeof(*ret->items))};
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < now->count; i++) {
		const struct fw_history_source *item = &now->items[i], *was = &nothing;
		uint64_t packets;

		while (old < before->count && by_address(&before->items[old], item) < 0)
			old++;
		if (old < before->count && !by_address(&before->items[old], item))
			was = &before->items[old];
		packets = grown(item->packets, was->packets);
		if (packets)
			ret->items[ret->count++] =
				(struct fw_history_source){.addr = item->addr,
							   .packets = packets,
							   .bytes = grown(item->bytes, was->bytes),
							   .dropped = grown(item->dropped, was->dropped)};
	}
	return 0;
}

static void keep_busiest(struct fw_crowd *crowd, size_t most)
{
	if (crowd->count <= most)
		return;
	sort(crowd, by_packets);
	crowd->count = most / 2;
	fw_crowd_sort(crowd);
}

int fw_crowd_add(struct fw_crowd *sum, const struct fw_crowd *more, size_t most)
{
	struct fw_crowd merged = {.items = calloc(sum->count + more->count + 1, sizeof(*merged.items))};
	size_t left = 0, right = 0;

	if (!merged.items)
		return -ENOMEM;
	while (left < sum->count || right < more->count) {
		int order = left == sum->count	   ? 1
			    : right == more->count ? -1
						   : by_address(&sum->items[left], &more->items[right]);
		struct fw_history_source *item = &merged.items[merged.count++];

		*item = order <= 0 ? sum->items[left++] : more->items[right++];
		if (order)
			continue;
		item->packets += more->items[right].packets;
		item->bytes += more->items[right].bytes;
		item->dropped += more->items[right++].dropped;
	}
	keep_busiest(&merged, most);
	fw_crowd_done(sum);
	*sum = merged;
	return 0;
}

int fw_crowd_busiest(const struct fw_crowd *crowd, size_t most, struct fw_crowd *ret)
{
	*ret = (struct fw_crowd){.items = calloc(crowd->count + 1, sizeof(*ret->items)),
				 .count = crowd->count};
	if (!ret->items)
		return -ENOMEM;
	if (crowd->count)
		memcpy(ret->items, crowd->items, crowd->count * sizeof(*ret->items));
	sort(ret, by_packets);
	if (ret->count > most)
		ret->count = most;
	return 0;
}
