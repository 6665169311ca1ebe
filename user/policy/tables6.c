// SPDX-License-Identifier: Apache-2.0
/* IPv6: a group per /32 that holds something, which says what prefix lengths to probe (tables6_groups.c); one
 * hash table for the entries of all of them (tables6_entries.c). Laid out anew here, and changed in place. */
#include "policy/tables6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

/* Groups while they are collected: by `top`, open addressing. */
struct groups {
	struct fw_list6_group *items;
	size_t size, count;
};

/* Lines of one /32: those inside it, and whether their lengths are rounded. */
struct inside {
	const struct fw_listed *listed;
	size_t count;
	bool rounded;
};

static uint32_t top_of(const struct fw_listed *listed)
{
	return ntohl(listed->prefix.addr.w[0]);
}

static struct fw_list6_group *group_place(struct groups *groups, uint32_t top)
{
	size_t index = fw_list_hash32(top) & (groups->size - 1);

	while (groups->items[index].used && groups->items[index].top != top)
		index = (index + 1) & (groups->size - 1);
	return &groups->items[index];
}

static int groups_grow(struct groups *groups)
{
	struct groups larger = {.size = groups->size ? groups->size * 2 : 1024, .count = groups->count};

	larger.items = calloc(larger.size, sizeof(*larger.items));
	if (!larger.items)
		return -ENOMEM;
	for (size_t i = 0; i < groups->size; i++)
		if (groups->items[i].used)
			*group_place(&larger, groups->items[i].top) = groups->items[i];
	free(groups->items);
	*groups = larger;
	return 0;
}

static struct fw_list6_group *group_get(struct groups *groups, uint32_t top,
					const struct fw_list_tables *tables)
{
	struct fw_list6_group *group;

	if (groups->count * 2 >= groups->size && groups_grow(groups))
		return NULL;
	group = group_place(groups, top);
	if (!group->used) {
		*group = (struct fw_list6_group){.top = top,
						 .used = 1,
						 .other = tables->wide6 ? tables->wide6->list_class[top >> 16]
									: 0};
		groups->count++;
	}
	return group;
}

static int paint_wide(struct fw_list_tables *tables, const struct fw_listed *listed)
{
	uint32_t first = top_of(listed) >> 16;

	if (!tables->wide6)
		tables->wide6 = calloc(1, sizeof(*tables->wide6));
	if (!tables->wide6)
		return -ENOMEM;
	tables->shape.features |= FW_LIST_WIDE_V6;
	for (uint32_t i = 0; i < 1u << (FW_LIST_WIDE_BITS - listed->prefix.bits); i++)
		tables->wide6->list_class[first + i] = listed->list_class;
	return 0;
}

/* Longest first, 0 behind the last. False: more lengths than are probed. */
static bool lengths_of(const struct inside *inside, uint8_t lengths[FW_LIST6_PROBES])
{
	bool used[129] = {false};
	unsigned int count = 0;

	memset(lengths, 0, FW_LIST6_PROBES);
	for (size_t i = 0; i < inside->count; i++) {
		unsigned int bits = inside->listed[i].prefix.bits;

		if (bits > FW_LIST6_GROUP_BITS)
			used[inside->rounded ? fw_list6_rounded(bits) : bits] = true;
	}
	for (unsigned int bits = 128; bits > FW_LIST6_GROUP_BITS; bits--) {
		if (!used[bits])
			continue;
		if (count == FW_LIST6_PROBES)
			return false;
		lengths[count++] = (uint8_t)bits;
	}
	return true;
}

/* The run of lines in one /32 that starts at `first`, those of at most 32 bits left out. */
static struct inside inside_of(const struct fw_listed *listed, size_t count, size_t first)
{
	struct inside inside = {.listed = &listed[first]};
	uint8_t lengths[FW_LIST6_PROBES];

	while (first + inside.count < count &&
	       top_of(&listed[first + inside.count]) == top_of(&listed[first]) &&
	       listed[first + inside.count].prefix.bits > FW_LIST6_GROUP_BITS)
		inside.count++;
	inside.rounded = !lengths_of(&inside, lengths);
	return inside;
}

static int collect_group(struct groups *groups, const struct inside *inside, struct fw_list_tables *tables)
{
	struct fw_list6_group *group = group_get(groups, top_of(inside->listed), tables);

	if (!group)
		return -ENOMEM;
	(void)lengths_of(inside, group->lengths);
	return 0;
}

static int collect_short(struct groups *groups, const struct fw_listed *listed, struct fw_list_tables *tables)
{
	if (listed->prefix.bits <= FW_LIST_WIDE_BITS)
		return paint_wide(tables, listed);
	for (uint32_t i = 0; i < 1u << (FW_LIST6_GROUP_BITS - listed->prefix.bits); i++) {
		struct fw_list6_group *group = group_get(groups, top_of(listed) + i, tables);

		if (!group)
			return -ENOMEM;
		group->other = listed->list_class;
	}
	return 0;
}

static void *zeroed(size_t count, size_t bytes)
{
	void *memory = aligned_alloc(64, count * bytes);

	return memory ? memset(memory, 0, count * bytes) : NULL;
}

static int build_groups(const struct groups *groups, struct fw_list_tables *tables)
{
	int r = -ENOSPC;

	tables->marked6 = groups->count;
	for (uint32_t size = 1; r == -ENOSPC && size < 1u << 26; size *= 2) {
		if (size < groups->count + FW_LIST6_SLACK)
			continue;
		free(tables->groups6);
		tables->groups6 = zeroed(size, sizeof(*tables->groups6));
		if (!tables->groups6)
			return -ENOMEM;
		tables->shape.group_mask6 = size - 1;
		r = 0;
		for (size_t i = 0; i < groups->size && !r; i++)
			if (groups->items[i].used)
				r = fw_list6_insert_group(tables, &groups->items[i], NULL);
	}
	return r;
}

static int fill_entries(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	int r = 0;

	for (size_t i = 0; i < count && !r;) {
		struct inside inside = inside_of(listed, count, i);

		for (size_t j = 0; j < inside.count && !r; j++)
			r = fw_list6_put_line(tables, &inside.listed[j], inside.rounded, 0, false);
		i += inside.count ? inside.count : 1;
	}
	return r;
}

/* needed: entries, with room for changes in place. */
static int build_entries(const struct fw_listed *listed, size_t count, size_t needed,
			 struct fw_list_tables *tables)
{
	int r = -ENOSPC;

	for (uint32_t size = 1; r == -ENOSPC && size < 1u << 26; size *= 2) {
		if ((size_t)size * 2 < needed)
			continue;
		free(tables->buckets6);
		tables->buckets6 = zeroed(size, sizeof(*tables->buckets6));
		if (!tables->buckets6)
			return -ENOMEM;
		tables->shape.mask6 = size - 1;
		r = fill_entries(listed, count, tables);
	}
	return r;
}

static size_t entries_of(const struct inside *inside)
{
	size_t entries = 0;

	for (size_t i = 0; i < inside->count; i++) {
		unsigned int bits = inside->listed[i].prefix.bits;

		entries += inside->rounded ? (size_t)1 << (fw_list6_rounded(bits) - bits) : 1;
	}
	return entries;
}

/* ret_needed: all entries and once more those of the largest group, which a change writes beside them. */
static int collect(const struct fw_listed *listed, size_t count, struct groups *groups,
		   struct fw_list_tables *tables, size_t *ret_needed)
{
	size_t largest = 0;
	int r = 0;

	for (size_t i = 0; i < count && !r;) {
		struct inside inside = inside_of(listed, count, i);
		size_t entries = entries_of(&inside);

		if (!inside.count) {
			r = collect_short(groups, &listed[i++], tables);
			continue;
		}
		r = collect_group(groups, &inside, tables);
		*ret_needed += entries;
		if (entries > largest)
			largest = entries;
		i += inside.count;
	}
	*ret_needed += largest + FW_LIST6_SLACK;
	return r;
}

int fw_list_tables_build6(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	struct groups groups = {};
	size_t needed = 0;
	int r;

	tables->bitmap6 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap6));
	if (!tables->bitmap6)
		return -ENOMEM;
	tables->shape.bitmap_mask6 = FW_LIST_BITMAP_WORDS - 1;
	r = collect(listed, count, &groups, tables, &needed);
	/* Also without any group: one may come in place, and the shape is part of the policy. */
	tables->shape.features |= FW_LIST_V6;
	if (!r)
		r = build_groups(&groups, tables);
	if (!r)
		r = build_entries(listed, count, needed, tables);
	if (!r)
		tables->shape.bitmap_mask6 = fw_list_fold(tables->bitmap6);
	free(groups.items);
	return r;
}

/* Lines of the /32 itself come first and say what the rest of it is in. */
static struct inside patch_lines(const struct fw_listed *listed, size_t count, uint16_t *other)
{
	size_t first = 0;

	for (; first < count && listed[first].prefix.bits <= FW_LIST6_GROUP_BITS; first++)
		*other = listed[first].list_class;
	return first < count ? inside_of(listed, count, first) : (struct inside){0};
}

int fw_list_tables_patch6(struct fw_list_tables *tables, const struct fw_list_region *region)
{
	struct fw_list6_group group = {.top = ntohl(region->prefix.addr.w[0]), .other = region->outer};
	struct inside now = patch_lines(region->listed, region->count, &group.other);
	struct fw_list6_group *old;
	uint32_t version;
	int r = 0;

	if (!tables->groups6 || !tables->buckets6)
		return -ENOSPC;
	old = fw_list6_next_group(tables, group.top, NULL);
	version = old ? old->used % FW_LIST6_VERSIONS : 0;
	group.used = (uint16_t)(version + 1);
	(void)lengths_of(&now, group.lengths);
	for (size_t i = 0; i < now.count && !r; i++)
		r = fw_list6_put_line(tables, &now.listed[i], now.rounded, version, false);
	return r ? r : fw_list6_insert_group(tables, &group, old);
}

static bool in_use(const struct fw_list6_group *group)
{
	return group->used && group->used != FW_LIST6_RETIRED;
}

void fw_list_tables_sweep6(struct fw_list_tables *tables, const struct fw_list_region *region)
{
	struct inside before = patch_lines(region->gone, region->gone_count, &(uint16_t){0});
	uint32_t top = ntohl(region->prefix.addr.w[0]), version;
	struct fw_list6_group *now, *next;

	for (now = fw_list6_next_group(tables, top, NULL); now && !in_use(now);)
		now = fw_list6_next_group(tables, top, now);
	if (!now)
		return;
	version = (now->used + FW_LIST6_VERSIONS - 2) % FW_LIST6_VERSIONS;
	for (size_t i = 0; i < before.count; i++)
		(void)fw_list6_put_line(tables, &before.listed[i], before.rounded, version, true);
	for (struct fw_list6_group *group = fw_list6_next_group(tables, top, NULL); group; group = next) {
		next = fw_list6_next_group(tables, top, group);
		if (group != now)
			__atomic_store_n(&group->used, 0, __ATOMIC_RELEASE);
	}
}
