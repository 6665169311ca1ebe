/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks whether a key may have state before the map of meters is asked, and decides who gets state under a
 * flood of new keys. */
#ifndef FW_BPF_KNOWN_H
#define FW_BPF_KNOWN_H

#include "count.h"
#include "fw_filter.h"
#include "maps.h"
#include "packet.h"

/* A lane of 16 bits matches: its exclusive-or with the pattern is zero (Mycroft's test; a false lane only
 * ever follows a true one). */
#define KNOWN_LANES_LOW	 0x0001000100010001ULL
#define KNOWN_LANES_HIGH 0x8000800080008000ULL

/* Of the address alone: all rules about one source look into one cache line, which is asked for early. */
static __always_inline __u64 known_hash(const struct fw_addr *addr)
{
	return fw_filter_hash(addr, 128, fw_config.seed);
}

static __always_inline __u16 known_tag(__u64 hash, __u32 rule, __u32 port)
{
	__u64 mixed = (hash >> 16 ^ ((__u64)rule << 16 | port)) * 0x9e3779b97f4a7c15ULL;
	__u16 tag = mixed >> 48;

	return tag < FW_KNOWN_TAG_MIN ? tag + FW_KNOWN_TAG_MIN : tag;
}

/* Two buckets share a cache line: rules with odd and even ids. */
static __always_inline struct fw_known_tags *known_bucket(__u64 hash, __u32 rule)
{
	__u32 index = (hash ^ (rule & 1)) & (FW_KNOWN_BUCKETS - 1);

	return bpf_map_lookup_elem(&fw_known_map, &index);
}

/* A miss costs more than all the rest of a packet: begun here, it is over when a meter asks. */
static __always_inline void known_touch(__u64 hash)
{
	const struct fw_known_tags *bucket = known_bucket(hash, 0);
	__u64 word = bucket ? bucket->word[0] : 0;

	__asm__ volatile("" : : "r"(word));
}

static __always_inline int known_has(const struct fw_known_tags *bucket, __u16 tag)
{
	__u64 pattern = tag * KNOWN_LANES_LOW, hit = 0;

	for (int i = 0; i < FW_KNOWN_WORDS; i++) {
		__u64 lanes = bucket->word[i] ^ pattern;

		hit |= (lanes - KNOWN_LANES_LOW) & ~lanes & KNOWN_LANES_HIGH;
	}
	return hit != 0;
}

/* First in, first out. CPUs may overwrite each other's tag: that key has to be admitted again. */
static __always_inline void known_add(struct fw_known_tags *bucket, __u16 tag)
{
	__u32 next = bucket->next_metered;

	if (next >= FW_KNOWN_METERED)
		next = 0;
	bucket->tag[next] = tag;
	bucket->next_metered = next + 1;
}

static __always_inline void known_add_candidate(struct fw_known_tags *bucket, __u16 tag)
{
	__u32 next = bucket->next_candidate;

	if (next >= FW_KNOWN_CANDIDATES)
		next = 0;
	bucket->tag[FW_KNOWN_METERED + next] = tag;
	bucket->next_candidate = next + 1;
}

/* A tag that still works moves up before it falls out: is it among the oldest quarter? */
static __always_inline void known_refresh(struct fw_known_tags *bucket, __u16 tag)
{
	__u32 next = bucket->next_metered;

	for (__u32 i = 0; i < FW_KNOWN_METERED / 4; i++) {
		__u32 place = next + i >= FW_KNOWN_METERED ? next + i - FW_KNOWN_METERED : next + i;

		if (place < FW_KNOWN_METERED && bucket->tag[place] == tag) {
			bucket->tag[place] = 0;
			known_add(bucket, tag);
			return;
		}
	}
}

static __always_inline __u32 known_refilled(__u32 left, __u64 refill)
{
	refill += left;
	return refill > FW_GATE_PER_SECOND ? FW_GATE_PER_SECOND : refill;
}

/* Up to date as of now. */
static __always_inline struct fw_gate *known_gate(__u64 now_ns)
{
	__u32 zero = 0;
	struct fw_gate *gate = bpf_map_lookup_elem(&fw_gate_map, &zero);
	__u64 refill;

	if (!gate || gate->refilled_ns == now_ns)
		return gate;
	/* Also when the clock of a replay goes back. */
	refill = (now_ns - gate->refilled_ns) / (FW_NS_PER_SEC / FW_GATE_PER_SECOND);
	gate->flooded |= !gate->left;
	gate->left = known_refilled(gate->left, refill);
	gate->flooded &= gate->left < FW_GATE_RELAXED;
	gate->again = known_refilled(gate->again, refill);
	gate->refilled_ns = now_ns;
	return gate;
}

enum known { KNOWN_REFUSED, KNOWN_CANDIDATE, KNOWN_ADMITTED };

/* In peace every key gets a meter at its first packet. When more new keys come than a CPU has a budget for,
 * those it still looks at are candidates: a meter is for who comes again. Who sends much is looked at, and
 * comes again, soon; a crowd of sources that come once gets no meters and pushes nobody out. */
static __always_inline enum known known_admits(struct fw_gate *gate, int again)
{
	__u32 *budget = again && gate->flooded ? &gate->again : &gate->left;

	if (!*budget)
		return KNOWN_REFUSED;
	--*budget;
	return again || !gate->flooded ? KNOWN_ADMITTED : KNOWN_CANDIDATE;
}

/* What this packet may expect if nobody knows its key. */
static __always_inline enum known_crowd known_crowd(__u64 now_ns)
{
	__u32 zero = 0;
	const struct fw_gate *gate = bpf_map_lookup_elem(&fw_gate_map, &zero);

	if (!gate || (gate->left && !gate->flooded))
		return KNOWN_QUIET;
	if (!gate->left && gate->refilled_ns == now_ns)
		return KNOWN_SPENT;
	return gate->flooded ? KNOWN_LOOKED_AT : KNOWN_QUIET;
}

#endif
