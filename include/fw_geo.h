/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where in the world a source is, as far as rules tell places apart: address → geo class, by a multi-level
 * table in which equal parts are stored once. One table serves both families.
 *
 * The first 16 bits index a root, then each node answers for four more bits; an entry is a class or, with
 * FW_GEO_IS_NODE, the next node. A node is one cache line, and the world is so regular that those of a real
 * database fit the nearer caches. */
#ifndef FW_GEO_H
#define FW_GEO_H

#include "fw_types.h"

#define FW_GEO_ROOT	   65536u
#define FW_GEO_ROOT_BITS   16
#define FW_GEO_STRIDE	   4
#define FW_GEO_FANOUT	   16
#define FW_GEO_NODES	   (1u << 17) /* 8 MiB: 500 k networks take 18 k nodes for 2 groups, 69 k for 250 */
#define FW_GEO_IS_NODE	   (1u << 31)
#define FW_GEO_CLASSES_MAX 4096 /* distinct combinations of rules; class 0 is "no rule names it" */

/* One cache line. */
struct fw_geo_node {
	__u32 entry[FW_GEO_FANOUT];
};
FW_SIZE_IS(struct fw_geo_node, 64);

/* The only value of an inner map of fw_geo_map. */
struct fw_geo_table {
	__u32 root4[FW_GEO_ROOT];
	__u32 root6[FW_GEO_ROOT];
	struct fw_geo_node node[FW_GEO_NODES];
};

/* The compiler knows the bounds of what it puts together of bytes; the verifier of 6.1 forgets them at an OR.
 * Said where it cannot be left out. */
#define FW_GEO_BOUND(value, mask)                                                                            \
	({                                                                                                   \
		__u32 bounded_ = (value);                                                                    \
		__asm__ volatile("" : "+r"(bounded_));                                                       \
		bounded_ &(mask);                                                                            \
	})

/* Continues from the root's entry with the nibbles from `at` on (0 … 31, of the 128-bit address). */
static inline __attribute__((always_inline)) __u32 fw_geo_walk(const struct fw_geo_table *table, __u32 entry,
							       const __u8 *bytes, __u32 at)
{
	const __u32 *entries = table->node[0].entry;

	for (; at < 32 && entry & FW_GEO_IS_NODE; at++) {
		__u32 byte = bytes[at >> 1 & 15], nibble = (at & 1 ? byte : byte >> 4) & 15;

		entry = entries[FW_GEO_BOUND(entry << 4 | nibble, FW_GEO_NODES * FW_GEO_FANOUT - 1)];
	}
	return entry & (FW_GEO_CLASSES_MAX - 1);
}

#define FW_GEO_INLINE static inline __attribute__((always_inline))

FW_GEO_INLINE __u32 fw_geo_root4(const struct fw_geo_table *table, const struct fw_addr *addr)
{
	const __u8 *bytes = (const __u8 *)addr;

	return table->root4[FW_GEO_BOUND((__u32)bytes[12] << 8 | bytes[13], FW_GEO_ROOT - 1)];
}

FW_GEO_INLINE __u32 fw_geo_root6(const struct fw_geo_table *table, const struct fw_addr *addr)
{
	const __u8 *bytes = (const __u8 *)addr;

	return table->root6[FW_GEO_BOUND((__u32)bytes[0] << 8 | bytes[1], FW_GEO_ROOT - 1)];
}

/* From the root's entry to the class. */
FW_GEO_INLINE __u32 fw_geo_descend4(const struct fw_geo_table *table, __u32 entry, const struct fw_addr *addr)
{
	return fw_geo_walk(table, entry, (const __u8 *)addr, 28);
}

FW_GEO_INLINE __u32 fw_geo_descend6(const struct fw_geo_table *table, __u32 entry, const struct fw_addr *addr)
{
	return fw_geo_walk(table, entry, (const __u8 *)addr, 4);
}

#endif
