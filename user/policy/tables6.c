// SPDX-License-Identifier: Apache-2.0
/* IPv6: a group per /32 that holds something, which says what prefix lengths to probe; one hash table for all
 * of them. */
#include "policy/tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define GROUP_BITS 32u
#define STEP_BITS  ((128 - GROUP_BITS) / FW_LIST6_PROBES)

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

unsigned int fw_list6_rounded(unsigned int bits)
{
	return GROUP_BITS + (bits - GROUP_BITS + STEP_BITS - 1) / STEP_BITS * STEP_BITS;
}

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

		if (bits > GROUP_BITS)
			used[inside->rounded ? fw_list6_rounded(bits) : bits] = true;
	}
	for (unsigned int bits = 128; bits > GROUP_BITS; bits--) {
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
	       listed[first + inside.count].prefix.bits > GROUP_BITS)
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
	for (uint32_t i = 0; i < 1u << (GROUP_BITS - listed->prefix.bits); i++) {
		struct fw_list6_group *group = group_get(groups, top_of(listed) + i, tables);

		if (!group)
			return -ENOMEM;
		group->other = listed->list_class;
	}
	return 0;
}

/* Sets a bit when the group can be found: last. */
static void mark_group(struct fw_list_tables *tables, uint32_t top)
{
	uint32_t bit = fw_list6_bit(top);

	__atomic_fetch_or(&tables->bitmap6[bit >> 6], 1ULL << (bit & 63), __ATOMIC_RELEASE);
}

/* Packets may look on: `used` makes a group count, so it is written last. */
static void place_group(struct fw_list6_group *place, const struct fw_list6_group *group)
{
	place->top = group->top;
	place->other = group->other;
	memcpy(place->lengths, group->lengths, sizeof(place->lengths));
	__atomic_store_n(&place->used, group->used, __ATOMIC_RELEASE);
}

static bool in_use(const struct fw_list6_group *group)
{
	return group->used && group->used != FW_LIST6_RETIRED;
}

/* old: what the group replaces, NULL when there is none. When that lies before the free place, packets find
 * it until it is retired; when it lies behind, they no longer come to it. */
static int insert_group(struct fw_list_tables *tables, const struct fw_list6_group *group,
			struct fw_list6_group *old)
{
	uint32_t index = fw_list_hash32(group->top) & tables->shape.group_mask6;
	bool passed = false;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			passed |= &bucket->group[i] == old;
			if (bucket->group[i].used)
				continue;
			place_group(&bucket->group[i], group);
			if (passed)
				__atomic_store_n(&old->used, FW_LIST6_RETIRED, __ATOMIC_RELEASE);
			mark_group(tables, group->top);
			return 0;
		}
		__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.group_mask6;
	}
	return -ENOSPC;
}

static struct fw_list6_entry *find_entry(const struct fw_list_tables *tables, const struct fw_addr *addr,
					 uint32_t key)
{
	uint32_t index = fw_list6_hash(addr, key) & tables->shape.mask6;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			struct fw_list6_entry *entry = &bucket->entry[i];

			if (entry->bits == key && !memcmp(&entry->addr, addr, sizeof(*addr)))
				return entry;
		}
		if (!bucket->more)
			return NULL;
		index = (index + 1) & tables->shape.mask6;
	}
	return NULL;
}

/* Of a version that no packet asks for yet. */
static int put_entry(struct fw_list_tables *tables, const struct fw_addr *addr, uint32_t key,
		     uint16_t list_class)
{
	uint32_t index = fw_list6_hash(addr, key) & tables->shape.mask6;
	struct fw_list6_entry *there = find_entry(tables, addr, key);

	if (there) {
		there->list_class = list_class;
		return 0;
	}
	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			struct fw_list6_entry *entry = &bucket->entry[i];

			if (entry->bits)
				continue;
			entry->addr = *addr;
			entry->list_class = list_class;
			__atomic_store_n(&entry->bits, (uint16_t)key, __ATOMIC_RELEASE);
			return 0;
		}
		__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.mask6;
	}
	return -ENOSPC;
}

static void drop_entry(struct fw_list_tables *tables, const struct fw_addr *addr, uint32_t key)
{
	struct fw_list6_entry *entry = find_entry(tables, addr, key);

	if (entry)
		__atomic_store_n(&entry->bits, 0, __ATOMIC_RELEASE);
}

/* A line of a /32 with too many lengths becomes as many entries of the next length that is probed there.
 * Lines come with the covering one first, so what is more specific overwrites. */
static int put_line(struct fw_list_tables *tables, const struct fw_listed *listed, bool rounded,
		    uint32_t version, bool remove)
{
	unsigned int bits = listed->prefix.bits, to = rounded ? fw_list6_rounded(bits) : bits;
	struct fw_addr addr = listed->prefix.addr;
	uint32_t key = fw_list6_key(to, version);
	int r = 0;

	for (uint32_t i = 0; i < 1u << (to - bits) && !r; i++) {
		for (unsigned int j = 0; j < to - bits; j++) {
			unsigned int at = to - 1 - j;
			uint32_t flag = 1u << (31 - at % 32), word = ntohl(addr.w[at / 32]);

			addr.w[at / 32] = htonl(i >> j & 1 ? word | flag : word & ~flag);
		}
		if (remove)
			drop_entry(tables, &addr, key);
		else
			r = put_entry(tables, &addr, key, listed->list_class);
	}
	return r;
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
				r = insert_group(tables, &groups->items[i], NULL);
	}
	return r;
}

static int fill_entries(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	int r = 0;

	for (size_t i = 0; i < count && !r;) {
		struct inside inside = inside_of(listed, count, i);

		for (size_t j = 0; j < inside.count && !r; j++)
			r = put_line(tables, &inside.listed[j], inside.rounded, 0, false);
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
	r = collect(listed, count, &groups, tables, &needed);
	/* Also without any group: one may come in place, and the shape is part of the policy. */
	tables->shape.features |= FW_LIST_V6;
	if (!r)
		r = build_groups(&groups, tables);
	if (!r)
		r = build_entries(listed, count, needed, tables);
	free(groups.items);
	return r;
}

/* Lines of the /32 itself come first and say what the rest of it is in. */
static struct inside patch_lines(const struct fw_listed *listed, size_t count, uint16_t *other)
{
	size_t first = 0;

	for (; first < count && listed[first].prefix.bits <= GROUP_BITS; first++)
		*other = listed[first].list_class;
	return first < count ? inside_of(listed, count, first) : (struct inside){0};
}

/* From `group` (NULL: from the beginning) on, the next one in use or retired of a /32. */
static struct fw_list6_group *next_group(struct fw_list_tables *tables, uint32_t top,
					 const struct fw_list6_group *group)
{
	uint32_t index = fw_list_hash32(top) & tables->shape.group_mask6;
	bool behind = !group;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			if (behind && bucket->group[i].used && bucket->group[i].top == top)
				return &bucket->group[i];
			behind |= &bucket->group[i] == group;
		}
		if (!bucket->more)
			return NULL;
		index = (index + 1) & tables->shape.group_mask6;
	}
	return NULL;
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
	old = next_group(tables, group.top, NULL);
	version = old ? old->used % FW_LIST6_VERSIONS : 0;
	group.used = (uint16_t)(version + 1);
	(void)lengths_of(&now, group.lengths);
	for (size_t i = 0; i < now.count && !r; i++)
		r = put_line(tables, &now.listed[i], now.rounded, version, false);
	return r ? r : insert_group(tables, &group, old);
}

void fw_list_tables_sweep6(struct fw_list_tables *tables, const struct fw_list_region *region)
{
	struct inside before = patch_lines(region->gone, region->gone_count, &(uint16_t){0});
	uint32_t top = ntohl(region->prefix.addr.w[0]), version;
	struct fw_list6_group *now, *next;

	for (now = next_group(tables, top, NULL); now && !in_use(now);)
		now = next_group(tables, top, now);
	if (!now)
		return;
	version = (now->used + FW_LIST6_VERSIONS - 2) % FW_LIST6_VERSIONS;
	for (size_t i = 0; i < before.count; i++)
		(void)put_line(tables, &before.listed[i], before.rounded, version, true);
	for (struct fw_list6_group *group = next_group(tables, top, NULL); group; group = next) {
		next = next_group(tables, top, group);
		if (group != now)
			__atomic_store_n(&group->used, 0, __ATOMIC_RELEASE);
	}
}
