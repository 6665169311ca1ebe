/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Hash of an address and its place in the two filters that answer "nothing known" without a map lookup: pure
 * arithmetic. */
#ifndef FW_FILTER_H
#define FW_FILTER_H

#include "fw_maps.h"
#include "fw_policy.h"
#include "fw_types.h"

/* The first half of fw_filter_hash(): w[3] is only added, so that the sum of ::ffff:0.0.0.0 and an IPv4
 * address is the address's. */
static inline __attribute__((always_inline)) __u64 fw_filter_sum(const struct fw_addr *addr, __u32 bits,
								 __u32 seed)
{
	__u64 high = (__u64)addr->w[0] << 32 | addr->w[1];
	__u64 low = (__u64)addr->w[2] << 32 | addr->w[3];
	__u64 sum = (high ^ seed) * 0x9e3779b97f4a7c15ULL;

	return (sum ^ sum >> 32) + low + ((__u64)bits << 56);
}

static inline __attribute__((always_inline)) __u64 fw_filter_mix(__u64 sum, __u32 seed)
{
	__u64 hash = sum * 0xbf58476d1ce4e5b9ULL;

	hash ^= hash >> 29;
	hash = (hash + seed) * 0x94d049bb133111ebULL;
	return hash ^ hash >> 32;
}

/* Multiply-xorshift over both halves; the seed is secret per boot, so nobody can aim at a filter word. */
static inline __attribute__((always_inline)) __u64 fw_filter_hash(const struct fw_addr *addr, __u32 bits,
								  __u32 seed)
{
	return fw_filter_mix(fw_filter_sum(addr, bits, seed), seed);
}

/* Ban filter: one 64-bit word a key, two bits in it. Index into fw_ban_filter_map; mask is fw_control's of
 * that slot. */
static inline __attribute__((always_inline)) __u32 fw_ban_filter_index(__u64 hash, __u32 slot, __u32 mask)
{
	return (slot % FW_SLOTS) * FW_BAN_FILTER_WORDS + (__u32)(hash & mask & (FW_BAN_FILTER_WORDS - 1));
}

static inline __attribute__((always_inline)) __u64 fw_ban_filter_bits(__u64 hash)
{
	return 1ULL << (hash >> 32 & 63) | 1ULL << (hash >> 40 & 63);
}

/* Spared filter: one bit in fw_control.spared. */
static inline __attribute__((always_inline)) __u32 fw_spared_word(__u64 hash)
{
	return hash >> 48 & (FW_SPARED_WORDS - 1);
}

static inline __attribute__((always_inline)) __u64 fw_spared_bit(__u64 hash)
{
	return 1ULL << (hash >> 58);
}

#endif
