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
	__atomic_store_n(&place->used, 1, __ATOMIC_RELEASE);
}

/* Both lists, longest first. False: more than are probed. */
static bool join_lengths(const uint8_t *a, const uint8_t *b, uint8_t ret[FW_LIST6_PROBES])
{
	unsigned int i = 0, j = 0, count = 0;

	memset(ret, 0, FW_LIST6_PROBES);
	while ((i < FW_LIST6_PROBES && a[i]) || (j < FW_LIST6_PROBES && b[j])) {
		uint8_t left = i < FW_LIST6_PROBES ? a[i] : 0, right = j < FW_LIST6_PROBES ? b[j] : 0;

		if (count == FW_LIST6_PROBES)
			return false;
		ret[count++] = left > right ? left : right;
		i += left >= right;
		j += right >= left;
	}
	return true;
}

/* A growing list is written from its end, then the shrinking one from its front: a length that stays can be
 * found at every moment. */
static int change_group(struct fw_list6_group *place, const struct fw_list6_group *group)
{
	uint8_t both[FW_LIST6_PROBES];

	if (!join_lengths(place->lengths, group->lengths, both))
		return -ENOSPC;
	for (int i = FW_LIST6_PROBES - 1; i >= 0; i--)
		__atomic_store_n(&place->lengths[i], both[i], __ATOMIC_RELEASE);
	__atomic_store_n(&place->other, group->other, __ATOMIC_RELEASE);
	for (int i = 0; i < FW_LIST6_PROBES; i++)
		__atomic_store_n(&place->lengths[i], group->lengths[i], __ATOMIC_RELEASE);
	return 0;
}

static int insert_group(struct fw_list_tables *tables, const struct fw_list6_group *group)
{
	uint32_t index = fw_list_hash32(group->top) & tables->shape.group_mask6;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			if (bucket->group[i].used && bucket->group[i].top != group->top)
				continue;
			if (bucket->group[i].used)
				return change_group(&bucket->group[i], group);
			place_group(&bucket->group[i], group);
			mark_group(tables, group->top);
			return 0;
		}
		__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.group_mask6;
	}
	return -ENOSPC;
}

/* An entry that is there gets the class; a free place becomes one with its last store. list_class < 0:
 * removes. */
static int put_entry(struct fw_list_tables *tables, const struct fw_prefix *prefix, int list_class)
{
	uint32_t index = fw_list6_hash(&prefix->addr, prefix->bits) & tables->shape.mask6;
	struct fw_list6_entry *free_place = NULL;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			struct fw_list6_entry *entry = &bucket->entry[i];

			if (!entry->bits && !free_place)
				free_place = entry;
			if (entry->bits != prefix->bits ||
			    memcmp(&entry->addr, &prefix->addr, sizeof(entry->addr)))
				continue;
			if (list_class < 0)
				__atomic_store_n(&entry->bits, 0, __ATOMIC_RELEASE);
			else
				__atomic_store_n(&entry->list_class, (uint16_t)list_class, __ATOMIC_RELEASE);
			return 0;
		}
		if (list_class < 0 && !bucket->more)
			return 0;
		if (free_place && !bucket->more)
			break;
		if (!free_place)
			__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.mask6;
	}
	if (list_class < 0)
		return 0;
	if (!free_place)
		return -ENOSPC;
	free_place->addr = prefix->addr;
	free_place->list_class = (uint16_t)list_class;
	__atomic_store_n(&free_place->bits, prefix->bits, __ATOMIC_RELEASE);
	return 0;
}

/* A line of a /32 with too many lengths becomes as many entries of the next length that is probed there.
 * Lines come with the covering one first, so what is more specific overwrites. */
static int put_line(struct fw_list_tables *tables, const struct fw_listed *listed, bool rounded, bool remove)
{
	unsigned int bits = listed->prefix.bits, to = rounded ? fw_list6_rounded(bits) : bits;
	struct fw_prefix prefix = {.addr = listed->prefix.addr, .bits = (unsigned char)to};
	int r = 0;

	for (uint32_t i = 0; i < 1u << (to - bits) && !r; i++) {
		for (unsigned int j = 0; j < to - bits; j++) {
			unsigned int at = to - 1 - j;
			uint32_t flag = 1u << (31 - at % 32), word = ntohl(prefix.addr.w[at / 32]);

			prefix.addr.w[at / 32] = htonl(i >> j & 1 ? word | flag : word & ~flag);
		}
		r = put_entry(tables, &prefix, remove ? -1 : listed->list_class);
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
		if (size < groups->count)
			continue;
		free(tables->groups6);
		tables->groups6 = zeroed(size, sizeof(*tables->groups6));
		if (!tables->groups6)
			return -ENOMEM;
		tables->shape.group_mask6 = size - 1;
		r = 0;
		for (size_t i = 0; i < groups->size && !r; i++)
			if (groups->items[i].used)
				r = insert_group(tables, &groups->items[i]);
	}
	return r;
}

static int fill_entries(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	int r = 0;

	for (size_t i = 0; i < count && !r;) {
		struct inside inside = inside_of(listed, count, i);

		for (size_t j = 0; j < inside.count && !r; j++)
			r = put_line(tables, &inside.listed[j], inside.rounded, false);
		i += inside.count ? inside.count : 1;
	}
	return r;
}

static int build_entries(const struct fw_listed *listed, size_t count, size_t entry_count,
			 struct fw_list_tables *tables)
{
	int r = -ENOSPC;

	for (uint32_t size = 1; r == -ENOSPC && size < 1u << 26; size *= 2) {
		if ((size_t)size * 2 < entry_count)
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

static int collect(const struct fw_listed *listed, size_t count, struct groups *groups,
		   struct fw_list_tables *tables, size_t *ret_entries)
{
	int r = 0;

	for (size_t i = 0; i < count && !r;) {
		struct inside inside = inside_of(listed, count, i);

		if (!inside.count) {
			r = collect_short(groups, &listed[i++], tables);
			continue;
		}
		r = collect_group(groups, &inside, tables);
		*ret_entries += inside.count;
		i += inside.count;
	}
	return r;
}

int fw_list_tables_build6(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	struct groups groups = {};
	size_t entry_count = 0;
	int r;

	tables->bitmap6 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap6));
	if (!tables->bitmap6)
		return -ENOMEM;
	r = collect(listed, count, &groups, tables, &entry_count);
	if (!r && groups.count)
		tables->shape.features |= FW_LIST_V6;
	if (!r)
		r = build_groups(&groups, tables);
	if (!r)
		r = build_entries(listed, count, entry_count, tables);
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

static bool has_line(const struct inside *inside, const struct fw_listed *line)
{
	for (size_t i = 0; i < inside->count; i++)
		if (!fw_prefix_compare(&inside->listed[i].prefix, &line->prefix))
			return true;
	return false;
}

int fw_list_tables_patch6(struct fw_list_tables *tables, const struct fw_list_region *region)
{
	struct fw_list6_group group = {.top = ntohl(region->prefix.addr.w[0]), .other = region->outer};
	struct inside now = patch_lines(region->listed, region->count, &group.other);
	struct inside before = patch_lines(region->gone, region->gone_count, &(uint16_t){0});
	int r = 0;

	/* Rounded entries of one line are parts of others: not worth changing one by one. */
	if (!tables->groups6 || !tables->buckets6 || now.rounded || before.rounded)
		return -ENOSPC;
	(void)lengths_of(&now, group.lengths);
	for (size_t i = 0; i < now.count && !r; i++)
		r = put_line(tables, &now.listed[i], false, false);
	if (!r)
		r = insert_group(tables, &group);
	for (size_t i = 0; i < before.count && !r; i++)
		if (!has_line(&now, &before.listed[i]))
			r = put_line(tables, &before.listed[i], false, true);
	return r;
}
