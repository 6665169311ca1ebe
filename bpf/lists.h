/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place that knows how lists are stored: address → list class, 0 when nobody listed it. */
#ifndef FW_BPF_LISTS_H
#define FW_BPF_LISTS_H

#include <bpf/bpf_endian.h>

#include "fw_lists.h"
#include "maps.h"
#include "packet.h"

/* Where the bitmaps say whether anything is known about an address: the word, then the bit to ask first. */
static __always_inline __u32 lists_bit(__u32 family, const struct fw_addr *addr)
{
	return family == FW_FAMILY_V6 ? fw_list6_bit(bpf_ntohl(addr->w[0])) : bpf_ntohl(addr->w[3]) >> 8;
}

static __always_inline __u32 lists_bitmap_mask(const struct fw_policy_slot *policy, __u32 family)
{
	return family == FW_FAMILY_V6 ? policy->lists.bitmap_mask6 : policy->lists.bitmap_mask4;
}

static __always_inline __u64 lists_bitmap_word(const struct fw_policy_slot *policy, __u32 family, __u32 word)
{
	__u32 bitmap = (policy->list_slot % FW_SLOTS) * 2 + (family == FW_FAMILY_V6);

	return *map_memory(fw_list_bitmap_map, __u64, bitmap * FW_LIST_BITMAP_WORDS + word,
			   FW_SLOTS * 2 * FW_LIST_BITMAP_WORDS - 1);
}

/* Asked for as soon as the address is known and looked at much later: the miss costs more than all the rest.
 * 0: nothing is known about the address. */
static __always_inline __u64 lists_word(const struct fw_policy_slot *policy, __u32 family,
					const struct fw_addr *addr)
{
	__u32 mask = lists_bitmap_mask(policy, family), bit = lists_bit(family, addr);
	__u64 word = lists_bitmap_word(policy, family, bit >> 6 & mask);

	if (fw_list_is_ample(mask))
		word &= -(__u64)(family == FW_FAMILY_V6 ? fw_list6_is_marked(word, bit)
							: fw_list4_is_marked(word, bpf_ntohl(addr->w[3])));
	__asm__ volatile("" : "+r"(word));
	return word;
}

static __always_inline __u32 lists_wide6(__u32 slot, __u32 first16)
{
	struct fw_list_wide *wide = bpf_map_lookup_elem(&fw_list_wide_map, &slot);

	return wide ? wide->list_class[first16 & (FW_LIST_WIDE - 1)] : 0;
}

static __always_inline __u32 lists_leaf4(__u32 slot, __u32 leaf_index, __u32 addr)
{
	void *leaves = bpf_map_lookup_elem(&fw_list4_leaf_map, &slot);
	struct fw_list4_leaf *leaf;

	if (!leaves)
		return 0;
	leaf = bpf_map_lookup_elem(leaves, &leaf_index);
	return leaf ? leaf->list_class[addr & 255] : 0;
}

static __always_inline __u64 lists_run_word(void *runs, __u32 index)
{
	__u64 *word = bpf_map_lookup_elem(runs, &index);

	return word ? *word : 0;
}

static __always_inline __u32 lists_run4(__u32 slot, __u32 base, __u32 addr)
{
	__u32 index = base & ~FW_LIST4_REST, bit = addr >> 8 & 63, rank, entry, kind, rest = 0;
	void *runs = bpf_map_lookup_elem(&fw_list4_run_map, &slot);
	__u64 mask;

	if (!runs)
		return 0;
	mask = lists_run_word(runs, index++);
	if (base & FW_LIST4_REST)
		rest = lists_run_word(runs, index++);
	if (!(mask >> bit & 1))
		return rest;
	rank = fw_list4_rank(mask, bit);
	entry = lists_run_word(runs, index + (rank >> 1)) >> (rank & 1) * 32;
	kind = entry >> 24;
	if (kind == FW_LIST4_LEAF)
		return lists_leaf4(slot, entry & 0xffffff, addr);
	return ((entry >> 16 ^ addr) & 255) >> ((32 - kind) & 15) ? rest : entry & 0xffff;
}

/* Global, like the others below: verified once, whatever path leads here. word: of the bitmap. */
__noinline int lists_exact4(__u32 slot, __u32 addr, __u64 word)
{
	const struct fw_list4_line *line;
	__u32 run;

	if (!fw_list4_is_marked(word, addr))
		return 0;
	slot %= FW_SLOTS;
	line = map_memory(fw_list4_line_map, struct fw_list4_line, slot * FW_LIST4_LINES + (addr >> 14),
			  FW_SLOTS * FW_LIST4_LINES - 1);
	run = *(volatile __u32 *)&line->run;
	if (run)
		return lists_run4(slot, run, addr);
	for (int i = 0; i < FW_LIST4_SLOTS; i++) {
		int found = fw_list4_slot_class(*(volatile __u32 *)&line->slot[i], addr);

		if (found >= 0)
			return found;
	}
	return 0;
}

/* wanted: fw_list6_key. */
__noinline int lists_probe6(__u32 slot, __u32 mask, const struct fw_addr *addr, __u32 wanted)
{
	struct fw_addr key;
	void *table;
	__u32 index;

	if (!addr)
		return 0;
	key = *addr;
	packet_mask(&key, wanted & 255);
	index = fw_list6_hash(&key, wanted) & mask;
	slot %= FW_SLOTS;
	table = bpf_map_lookup_elem(&fw_list6_map, &slot);
	if (!table)
		return 0;
	for (__u32 step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = bpf_map_lookup_elem(table, &index);

		if (!bucket)
			return 0;
		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			const struct fw_list6_entry *entry = &bucket->entry[i];

			if (entry->bits == wanted && entry->addr.w[0] == key.w[0] &&
			    entry->addr.w[1] == key.w[1] && entry->addr.w[2] == key.w[2] &&
			    entry->addr.w[3] == key.w[3])
				return 1u << 16 | entry->list_class;
		}
		if (!bucket->more)
			return 0;
		index = (index + 1) & mask;
	}
	return 0;
}

static __always_inline __u32 lists_group6(const struct fw_list_shape *shape, __u32 slot,
					  const struct fw_addr *addr, const struct fw_list6_group *group,
					  __u32 version)
{
	for (int i = 0; i < FW_LIST6_PROBES && group->lengths[i]; i++) {
		__u32 found =
			lists_probe6(slot, shape->mask6, addr, fw_list6_key(group->lengths[i], version));

		if (found)
			return found & 0xffff;
	}
	return group->other;
}

/* Bit 16 is set when the /32 has a group: its answer counts, 0 included. */
__noinline int lists_exact6(const struct fw_list_shape *shape, __u32 slot, const struct fw_addr *addr)
{
	__u32 top, index;
	void *table;

	if (!shape || !addr)
		return 0;
	top = bpf_ntohl(addr->w[0]);
	index = fw_list_hash32(top) & shape->group_mask6;

	slot %= FW_SLOTS;
	table = bpf_map_lookup_elem(&fw_list6_group_map, &slot);
	if (!table)
		return 0;
	for (__u32 step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = bpf_map_lookup_elem(table, &index);

		if (!bucket)
			return 0;
		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			__u32 used = *(volatile __u16 *)&bucket->group[i].used;

			if (used && used <= FW_LIST6_VERSIONS && bucket->group[i].top == top)
				return 1u << 16 |
				       lists_group6(shape, slot, addr, &bucket->group[i], used - 1);
		}
		if (!bucket->more)
			return 0;
		index = (index + 1) & shape->group_mask6;
	}
	return 0;
}

/* word: lists_word's. */
static __always_inline __u32 lists_class(const struct fw_policy_slot *policy, __u32 family,
					 const struct fw_addr *addr, __u64 word)
{
	const struct fw_list_shape *shape = &policy->lists;
	__u32 slot = policy->list_slot % FW_SLOTS, bit, may_be, exact;

	if (family == FW_FAMILY_NONE)
		return 0;
	bit = lists_bit(family, addr);
	may_be = fw_list_may_be(word, bit);
	if (family == FW_FAMILY_V4)
		return may_be && shape->features & FW_LIST_V4
			       ? lists_exact4(slot, bpf_ntohl(addr->w[3]), word)
			       : 0;
	if (may_be && shape->features & FW_LIST_V6 && fw_list6_is_marked(word, bit)) {
		exact = lists_exact6(shape, slot, addr);
		if (exact)
			return exact & 0xffff;
	}
	return shape->features & FW_LIST_WIDE_V6 ? lists_wide6(slot, bpf_ntohl(addr->w[0]) >> 16) : 0;
}

#endif
