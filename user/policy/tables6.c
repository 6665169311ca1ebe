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

/* Groups while they are collected: by `top`, open addressing. */
struct groups {
	struct fw_list6_group *items;
	size_t size, count;
};

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
	uint32_t first = ntohl(listed->prefix.addr.w[0]) >> 16;

	if (!tables->wide6)
		tables->wide6 = calloc(1, sizeof(*tables->wide6));
	if (!tables->wide6)
		return -ENOMEM;
	tables->shape.features |= FW_LIST_WIDE_V6;
	for (uint32_t i = 0; i < 1u << (FW_LIST_WIDE_BITS - listed->prefix.bits); i++)
		tables->wide6->list_class[first + i] = listed->list_class;
	return 0;
}

/* Keeps the lengths sorted, longest first. */
static int group_add_length(struct fw_list6_group *group, const struct fw_prefix *prefix, struct fw_err *err)
{
	uint8_t bits = prefix->bits;

	for (unsigned int i = 0; i < FW_LIST6_PROBES; i++) {
		uint8_t here = group->lengths[i];

		if (here == bits)
			return 0;
		if (here < bits) {
			group->lengths[i] = bits;
			bits = here;
			if (!bits)
				return 0;
		}
	}
	char text[FW_ADDR_TEXT_MAX];

	return fw_err_set(
		err, -E2BIG,
		"the sets hold more than %u different IPv6 prefix lengths within one /32 (last: %s): "
		"write them with fewer lengths",
		FW_LIST6_PROBES, fw_prefix_format(prefix, text, sizeof(text)));
}

static int collect(struct groups *groups, const struct fw_listed *listed, struct fw_list_tables *tables,
		   size_t *entry_count, struct fw_err *err)
{
	uint32_t top = ntohl(listed->prefix.addr.w[0]);
	unsigned int bits = listed->prefix.bits;
	struct fw_list6_group *group;

	if (bits <= FW_LIST_WIDE_BITS)
		return paint_wide(tables, listed);
	if (bits <= GROUP_BITS) {
		for (uint32_t i = 0; i < 1u << (GROUP_BITS - bits); i++) {
			group = group_get(groups, top + i, tables);
			if (!group)
				return -ENOMEM;
			group->other = listed->list_class;
		}
		return 0;
	}
	group = group_get(groups, top, tables);
	if (!group)
		return -ENOMEM;
	(*entry_count)++;
	return group_add_length(group, &listed->prefix, err);
}

static int insert_group(struct fw_list_tables *tables, const struct fw_list6_group *group)
{
	uint32_t index = fw_list_hash32(group->top) & tables->shape.group_mask6;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++)
			if (!bucket->group[i].used) {
				bucket->group[i] = *group;
				return 0;
			}
		bucket->more = 1;
		index = (index + 1) & tables->shape.group_mask6;
	}
	return -ENOSPC;
}

static int insert_entry(struct fw_list_tables *tables, const struct fw_listed *listed)
{
	const struct fw_prefix *prefix = &listed->prefix;
	uint32_t index = fw_list6_hash(&prefix->addr, prefix->bits) & tables->shape.mask6;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++)
			if (!bucket->entry[i].bits) {
				bucket->entry[i] = (struct fw_list6_entry){prefix->addr, prefix->bits,
									   listed->list_class};
				return 0;
			}
		bucket->more = 1;
		index = (index + 1) & tables->shape.mask6;
	}
	return -ENOSPC;
}

static void *zeroed(size_t count, size_t bytes)
{
	void *memory = aligned_alloc(64, count * bytes);

	return memory ? memset(memory, 0, count * bytes) : NULL;
}

static int fill_groups(const struct groups *groups, struct fw_list_tables *tables)
{
	int r = 0;

	for (size_t i = 0; i < groups->size && !r; i++) {
		uint32_t bit;

		if (!groups->items[i].used)
			continue;
		bit = fw_list6_bit(groups->items[i].top);
		tables->bitmap6[bit >> 6] |= 1ULL << (bit & 63);
		r = insert_group(tables, &groups->items[i]);
	}
	return r;
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
		r = fill_groups(groups, tables);
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
		r = 0;
		for (size_t i = 0; i < count && !r; i++)
			if (listed[i].prefix.bits > GROUP_BITS)
				r = insert_entry(tables, &listed[i]);
	}
	return r;
}

int fw_list_tables_build6(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables,
			  struct fw_err *err)
{
	struct groups groups = {};
	size_t entry_count = 0;
	int r = 0;

	tables->bitmap6 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap6));
	if (!tables->bitmap6)
		return -ENOMEM;
	for (size_t i = 0; i < count && !r; i++)
		r = collect(&groups, &listed[i], tables, &entry_count, err);
	if (!r && groups.count)
		tables->shape.features |= FW_LIST_V6;
	if (!r)
		r = build_groups(&groups, tables);
	if (!r)
		r = build_entries(listed, count, entry_count, tables);
	free(groups.items);
	return r;
}
