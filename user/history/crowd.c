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

void fw_crowd_done(struct fw_crowd *crowd)
{
	free(crowd->items);
	*crowd = (struct fw_crowd){0};
}

void fw_crowd_sort(struct fw_crowd *crowd)
{
	if (crowd->count)
		qsort(crowd->items, crowd->count, sizeof(*crowd->items), by_address);
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

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t kept = *a;

	*a = *b;
	*b = kept;
}

/* The value that stands at `rank` when the largest come first (quickselect); rank < count. Reorders. */
static uint64_t select_largest(uint64_t *values, size_t count, size_t rank)
{
	for (size_t first = 0, end = count;;) {
		uint64_t pivot = values[first + (end - first) / 2];
		size_t larger = first, equal = first, smaller = end;

		while (equal < smaller)
			if (values[equal] > pivot)
				swap(&values[larger++], &values[equal++]);
			else if (values[equal] < pivot)
				swap(&values[equal], &values[--smaller]);
			else
				equal++;
		if (rank < larger)
			end = larger;
		else if (rank < smaller)
			return pivot;
		else
			first = smaller;
	}
}

/* The packets of the busiest source that is not among the busiest `most`; there are more of them. */
static int find_bar(const struct fw_crowd *crowd, size_t most, uint64_t *ret)
{
	FW_FREE uint64_t *packets = calloc(crowd->count, sizeof(*packets));

	if (!packets)
		return -ENOMEM;
	for (size_t i = 0; i < crowd->count; i++)
		packets[i] = crowd->items[i].packets;
	*ret = select_largest(packets, crowd->count, most);
	return 0;
}

int fw_crowd_busiest(const struct fw_crowd *crowd, size_t most, struct fw_crowd *ret)
{
	size_t equals = most;
	uint64_t bar = 0;

	*ret = (struct fw_crowd){0};
	if (crowd->count > most && find_bar(crowd, most, &bar))
		return -ENOMEM;
	ret->items = calloc((crowd->count < most ? crowd->count : most) + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < crowd->count; i++)
		equals -= crowd->items[i].packets > bar;
	for (size_t i = 0; i < crowd->count; i++) {
		const struct fw_history_source *item = &crowd->items[i];

		if (item->packets > bar || (item->packets == bar && equals && equals--))
			ret->items[ret->count++] = *item;
	}
	return 0;
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
	if (merged.count > most) {
		struct fw_crowd kept;
		int r = fw_crowd_busiest(&merged, most / 2, &kept);

		fw_crowd_done(&merged);
		if (r)
			return r;
		merged = kept;
	}
	fw_crowd_done(sum);
	*sum = merged;
	return 0;
}
