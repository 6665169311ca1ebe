/* SPDX-License-Identifier: Apache-2.0 */
/* List tables in plain memory, asked exactly as bpf/lists.h asks them in the kernel: the one place to change
 * with their layout. */
#ifndef FW_TESTS_UNIT_WALK_H
#define FW_TESTS_UNIT_WALK_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tables.h"

static inline uint16_t walk4_run(const struct fw_list_tables *tables, uint32_t base, uint32_t addr)
{
	uint32_t bit = addr >> 8 & 63, at = base & ~FW_LIST4_REST, rank, entry;
	uint64_t mask = tables->runs4[at++];
	uint16_t rest = 0;

	if (base & FW_LIST4_REST)
		rest = (uint16_t)tables->runs4[at++];
	if (!(mask >> bit & 1))
		return rest;
	rank = fw_list4_rank(mask, bit);
	entry = (uint32_t)(tables->runs4[at + (rank >> 1)] >> (rank & 1) * 32);
	if (entry >> 24 == FW_LIST4_LEAF)
		return tables->leaves4[entry & 0xffffff].list_class[addr & 255];
	return ((entry >> 16 ^ addr) & 255) >> ((32 - (entry >> 24)) & 15) ? rest : (uint16_t)entry;
}

static inline uint16_t walk4(const struct fw_list_tables *tables, uint32_t addr)
{
	const struct fw_list4_line *line;
	uint32_t run;

	if (!(tables->shape.features & FW_LIST_V4) ||
	    !fw_list4_is_marked(__atomic_load_n(&tables->bitmap4[addr >> 14 & tables->shape.bitmap_mask4],
						__ATOMIC_ACQUIRE),
				addr))
		return 0;
	line = &tables->lines4[addr >> 14];
	run = __atomic_load_n(&line->run, __ATOMIC_ACQUIRE);
	if (run)
		return walk4_run(tables, run, addr);
	for (int i = 0; i < FW_LIST4_SLOTS; i++) {
		int found = fw_list4_slot_class(__atomic_load_n(&line->slot[i], __ATOMIC_ACQUIRE), addr);

		if (found >= 0)
			return (uint16_t)found;
	}
	return 0;
}

static inline bool walk6_probe(const struct fw_list_tables *tables, const struct fw_addr *addr,
			       uint32_t wanted, uint16_t *ret)
{
	struct fw_addr key = fw_addr_masked(addr, wanted & 255);
	uint32_t index = fw_list6_hash(&key, wanted) & tables->shape.mask6;

	for (unsigned int step = 0; step < FW_LIST_CHAIN; step++) {
		const struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			const struct fw_list6_entry *entry = &bucket->entry[i];

			if (__atomic_load_n(&entry->bits, __ATOMIC_ACQUIRE) == wanted &&
			    !memcmp(&entry->addr, &key, sizeof(key))) {
				*ret = entry->list_class;
				return true;
			}
		}
		if (!__atomic_load_n(&bucket->more, __ATOMIC_ACQUIRE))
			return false;
		index = (index + 1) & tables->shape.mask6;
	}
	return false;
}

static inline uint16_t walk6_group(const struct fw_list_tables *tables, const struct fw_addr *addr,
				   const struct fw_list6_group *group, uint32_t version)
{
	uint16_t found;

	for (int i = 0; i < FW_LIST6_PROBES && group->lengths[i]; i++)
		if (walk6_probe(tables, addr, fw_list6_key(group->lengths[i], version), &found))
			return found;
	return group->other;
}

static inline uint16_t walk6(const struct fw_list_tables *tables, const struct fw_addr *addr)
{
	uint32_t top = ntohl(addr->w[0]), bit = fw_list6_bit(top);
	uint32_t index = fw_list_hash32(top) & tables->shape.group_mask6;
	bool marked =
		tables->shape.features & FW_LIST_V6 &&
		fw_list6_is_marked(__atomic_load_n(&tables->bitmap6[bit >> 6 & tables->shape.bitmap_mask6],
						   __ATOMIC_ACQUIRE),
				   bit);

	for (unsigned int step = 0; marked && step < FW_LIST_CHAIN; step++) {
		const struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			uint32_t used = __atomic_load_n(&bucket->group[i].used, __ATOMIC_ACQUIRE);

			if (used && used <= FW_LIST6_VERSIONS && bucket->group[i].top == top)
				return walk6_group(tables, addr, &bucket->group[i], used - 1);
		}
		if (!__atomic_load_n(&bucket->more, __ATOMIC_ACQUIRE))
			break;
		index = (index + 1) & tables->shape.group_mask6;
	}
	return tables->shape.features & FW_LIST_WIDE_V6 ? tables->wide6->list_class[top >> 16] : 0;
}

static inline uint16_t walk(const struct fw_list_tables *tables, const struct fw_addr *addr)
{
	return fw_addr_is_v4(addr) ? walk4(tables, ntohl(addr->w[3])) : walk6(tables, addr);
}

/* As in the kernel: nothing moves any more, and there is as much room as user/kern/lists.c leaves. */
static inline void walk_make_live(struct fw_list_tables *tables)
{
	uint32_t runs = fw_list_with_slack(tables->run_words4, FW_LIST4_RUN_SLACK);
	uint32_t leaves = fw_list_with_slack(tables->leaf_count4, FW_LIST4_LEAF_SLACK);

	if (tables->runs4) {
		tables->runs4 = realloc(tables->runs4, runs * sizeof(*tables->runs4));
		tables->leaves4 = realloc(tables->leaves4, leaves * sizeof(*tables->leaves4));
		tables->run_room4 = runs;
		tables->leaf_room4 = leaves;
	}
	tables->live = true;
}

static inline void walk_free(struct fw_list_tables *tables)
{
	tables->live = false;
	fw_list_tables_done(tables);
}

#endif
