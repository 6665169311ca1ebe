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

/* Of a key with a port, in one of four buckets: those of its address and the two beside them, whose digests
 * are in the same cache line. Not in any of all: ports that come at random from few addresses come back in
 * time as often as there are buckets for them. Ports in even steps, as servers have them, are spread evenly.
 */
static __always_inline __u64 known_hash_of_port(__u64 hash, __u32 port)
{
	hash ^= port * 40503u >> 14 & 3; /* 2^16 x the golden ratio */
	/* clang would keep what it was as well: the tag needs none of these bits. */
	__asm__ volatile("" : "+r"(hash));
	return hash;
}

static __always_inline __u16 known_tag(__u64 hash, __u32 rule, __u32 port)
{
	__u64 mixed = (hash >> 16 ^ ((__u64)rule << 16 | port)) * 0x9e3779b97f4a7c15ULL;
	__u16 tag = mixed >> 48;

	return tag < FW_KNOWN_TAG_LEAST ? tag + FW_KNOWN_TAG_LEAST : tag;
}

static __always_inline struct fw_known_digests *known_digests(__u64 hash)
{
	return map_memory(fw_known_digest_map, struct fw_known_digests, hash >> 1, FW_KNOWN_LINES - 1);
}

static __always_inline __u32 known_half(__u64 hash, __u32 rule)
{
	return (hash ^ rule) & 1;
}

static __always_inline struct fw_known_tags *known_bucket(__u64 hash, __u32 rule)
{
	struct fw_known_line *line =
		map_memory(fw_known_map, struct fw_known_line, hash >> 1, FW_KNOWN_LINES - 1);

	return &line->half[known_half(hash, rule)];
}

static __always_inline union fw_known_candidates *known_candidates(__u64 hash, __u32 rule)
{
	struct fw_known_candidates_line *line = map_memory(
		fw_known_candidate_map, struct fw_known_candidates_line, hash >> 1, FW_KNOWN_LINES - 1);

	return &line->half[known_half(hash, rule)];
}

/* A miss costs more than all the rest of a packet: begun here, it is over when a meter asks. */
static __always_inline struct fw_known_digests *known_ask(__u64 hash)
{
	struct fw_known_digests *digests = known_digests(hash);
	__u64 word = digests->half[0].word;

	__asm__ volatile("" : : "r"(word));
	return digests;
}

static __always_inline __u64 known_digest_bits(__u32 tag)
{
	return 1ULL << (tag & 15) | 1ULL << 16 << (tag >> 4 & 15) | 1ULL << 32 << (tag >> 8 & 15);
}

/* No: nobody with that tag is in the bucket, nor a candidate. */
static __always_inline int known_may_have(__u64 word, __u16 tag)
{
	return !(~word & known_digest_bits(tag));
}

/* Not 0: one of four tags is that of the pattern. */
static __always_inline __u64 known_lanes_have(__u64 tags, __u64 pattern)
{
	__u64 lanes = tags ^ pattern;

	return (lanes - KNOWN_LANES_LOW) & ~lanes & KNOWN_LANES_HIGH;
}

static __always_inline int known_is_candidate(__u64 hash, __u32 rule, __u16 tag)
{
	return known_lanes_have(known_candidates(hash, rule)->word, tag * KNOWN_LANES_LOW) != 0;
}

/* A key that has, or lately had, a meter. */
static __always_inline int known_has(const struct fw_known_tags *bucket, __u16 tag)
{
	__u64 pattern = tag * KNOWN_LANES_LOW, hit = 0;

	for (int i = 0; i < FW_KNOWN_WORDS; i++)
		hit |= known_lanes_have(bucket->word[i], pattern);
	return hit != 0;
}

/* First in, first out. CPUs may overwrite each other's tag: that key has to be admitted again. */
static __always_inline void known_add(struct fw_known_tags *bucket, __u16 tag)
{
	__u32 next = bucket->tag[FW_KNOWN_NEXT] & 15;

	if (next >= FW_KNOWN_TAGS)
		next = 0;
	bucket->tag[next] = tag;
	bucket->tag[FW_KNOWN_NEXT] = next + 1;
}

/* A tag that still works moves up before it falls out: is it among the oldest quarter? */
static __always_inline void known_refresh(struct fw_known_tags *bucket, __u16 tag)
{
	__u32 next = bucket->tag[FW_KNOWN_NEXT] & 15;

	for (__u32 i = 0; i < FW_KNOWN_TAGS / 4; i++) {
		__u32 place = next + i >= FW_KNOWN_TAGS ? next + i - FW_KNOWN_TAGS : next + i;

		/* clang knows the sum to be small and leaves the check out, which 6.1 does not know. */
		__asm__ volatile("" : "+r"(place));
		if (place < FW_KNOWN_TAGS && bucket->tag[place] == tag) {
			bucket->tag[place] = 0;
			known_add(bucket, tag);
			return;
		}
	}
}

/* By the bucket, which the digest did not rule out. */
static __always_inline int known_is_in_bucket(__u64 hash, __u32 rule, __u16 tag)
{
	struct fw_known_tags *bucket = known_bucket(hash, rule);

	if (!known_has(bucket, tag))
		return 0;
	known_refresh(bucket, tag);
	return 1;
}

/* What is known of a key by its tag. */
enum known { KNOWN_NOT, KNOWN_CANDIDATE, KNOWN_WELL };

static __always_inline enum known known_how(const union fw_known_digest *digest, __u64 hash, __u32 rule,
					    __u16 tag)
{
	if (!known_may_have(digest->word, tag))
		return KNOWN_NOT;
	if (known_is_candidate(hash, rule, tag))
		return KNOWN_CANDIDATE;
	return known_is_in_bucket(hash, rule, tag) ? KNOWN_WELL : KNOWN_NOT;
}

/* The bits of who is there now, and of nobody else. */
static __always_inline void known_clean_digest(union fw_known_digest *digest,
					       const struct fw_known_tags *bucket,
					       const union fw_known_candidates *candidates)
{
	__u64 bits = 0;

#pragma unroll
	for (int i = 0; i < FW_KNOWN_TAGS; i++)
		if (bucket->tag[i])
			bits |= known_digest_bits(bucket->tag[i]);
#pragma unroll
	for (int i = 0; i < FW_KNOWN_CANDIDATES; i++)
		if (candidates->tag[i])
			bits |= known_digest_bits(candidates->tag[i]);
	if (!((digest->word ^ bits) << 16))
		return;
	for (int i = 0; i < 3; i++) /* of the word, but not its last two bytes, which other CPUs may write */
		digest->bits[i] = bits >> 16 * i;
}

/* As a call, for it is one stranger in thirty where a bucket has nothing but candidates. Who was asked for in
 * vain may have met the bits of those that others have replaced. */
static __noinline int known_is_there_apart(union fw_known_digest *digest, __u64 hash, __u32 rule, __u32 tag)
{
	int found = known_is_candidate(hash, rule, tag) || known_is_in_bucket(hash, rule, tag);

	if (!found)
		known_clean_digest(digest, known_bucket(hash, rule), known_candidates(hash, rule));
	return found;
}

static __always_inline int known_is_stranger(union fw_known_digest *digest, __u64 hash, __u32 rule, __u16 tag)
{
	return !(known_may_have(digest->word, tag) && known_is_there_apart(digest, hash, rule, tag));
}

/* The key has a meter and came again: a candidate is one no more. */
static __always_inline void known_keep(union fw_known_digest *digest, __u64 hash, __u32 rule, __u16 tag,
				       enum known known)
{
	union fw_known_candidates *candidates = known_candidates(hash, rule);

	for (__u32 i = 0; i < FW_KNOWN_CANDIDATES && known == KNOWN_CANDIDATE; i++)
		if (candidates->tag[i] == tag)
			candidates->tag[i] = 0;
	known_add(known_bucket(hash, rule), tag);
	__sync_fetch_and_or(&digest->word, known_digest_bits(tag));
}

static __always_inline struct fw_gate *known_gate(void)
{
	return &count_cpu()->gate;
}

/* A key without meter is turned away; of such packets one in a while becomes its bucket's candidate. The
 * times are the bucket's own, whatever CPU a packet comes by, and no sender can keep time with a CPU's count.
 */
static __always_inline void known_turn_away(struct fw_gate *gate, union fw_known_digest *digest, __u64 hash,
					    __u32 rule, __u16 tag, __u64 now_ns)
{
	union fw_known_digest with = {.word = digest->word};
	__u64 count = ++gate->turned_away;
	__u8 unit = now_ns >> FW_KNOWN_TIME_SHIFT, units = unit - with.unit;
	__u32 next = with.next, place = next & 1, turn = 1;

	if (count % FW_GATE_CANDIDATE_PACKETS || units < FW_GATE_CANDIDATE_UNITS)
		return;
	if (!(count % (FW_GATE_CANDIDATE_PACKETS * FW_KNOWN_SLOW_SHARE))) {
		place = FW_KNOWN_FAST + (next >> 1 & 1);
		turn = 2;
	}
	known_candidates(hash, rule)->tag[place] = tag;
	with.word |= known_digest_bits(tag);
	with.next = next ^ turn;
	with.unit = unit;
	digest->word = with.word;
	gate->candidates++;
}

static __always_inline __u64 known_budget(__u64 from_ns, __u64 now_ns)
{
	__u64 elapsed_ns = now_ns - from_ns;

	/* Also when the clock of a replay goes back. */
	if (elapsed_ns > FW_NS_PER_SEC)
		elapsed_ns = FW_NS_PER_SEC;
	return elapsed_ns * fw_config.gate_per_second / FW_NS_PER_SEC;
}

static __always_inline void known_watch(struct fw_gate *gate, __u64 now_ns)
{
	gate->watched_ns = now_ns;
	gate->turned_away_before = gate->turned_away;
}

/* When the flood ends for which one CPU has closed its gate: until then all are closed, for it may move on to
 * any of them. */
static __always_inline __u64 *known_flood_until(void)
{
	return map_memory_one(fw_flood_map, __u64);
}

/* Who sees it looks every FW_GATE_WATCH_NS, or somewhat later. */
#define KNOWN_FLOOD_HOLD_NS (FW_GATE_WATCH_NS + FW_GATE_WATCH_NS / 2)

static __always_inline void known_see_flood(__u64 now_ns)
{
	__u64 *until_ns = known_flood_until();

	if (until_ns)
		*until_ns = now_ns + KNOWN_FLOOD_HOLD_NS;
}

/* Also seen by a CPU that read its clock a tick before the one that wrote; not for long when the clock of a
 * replay went back. */
static __always_inline int known_flood_lasts(__u64 now_ns)
{
	const __u64 *until_ns = known_flood_until();

	return until_ns && *until_ns - now_ns - 1 < 2 * KNOWN_FLOOD_HOLD_NS;
}

static __always_inline void known_close(struct fw_gate *gate, __u64 now_ns)
{
	gate->closed = 1;
	gate->closings++;
	known_watch(gate, now_ns);
}

/* A closed gate whose CPU now turns fewer packets away than it could let in has seen the flood no more. */
static __always_inline void known_look_for_end(struct fw_gate *gate, __u64 now_ns)
{
	if (gate->turned_away - gate->turned_away_before > known_budget(gate->watched_ns, now_ns))
		known_see_flood(now_ns);
	else if (!known_flood_lasts(now_ns))
		gate->closed = 0;
	known_watch(gate, now_ns);
}

#define KNOWN_CLOSED_SAVES_NS 20000000ULL /* two jiffies at HZ=100 */
#define KNOWN_TICK_NS	      4000000ULL

/* What this CPU may give since the last tick. A closed gate has saved nothing up when it opens. */
static __always_inline void known_refill(struct fw_gate *gate, __u64 now_ns)
{
	__u64 since_ns = gate->refilled_ns, left;

	/* The clock of a replay goes on with every packet, by less than a meter is due for. */
	if (fw_config.virtual_clock && now_ns - since_ns < KNOWN_TICK_NS)
		return;
	if (gate->closed && now_ns - since_ns > KNOWN_CLOSED_SAVES_NS)
		since_ns = now_ns - KNOWN_CLOSED_SAVES_NS;
	left = known_budget(since_ns, now_ns);

	gate->refilled_ns = now_ns;
	if (!gate->closed) {
		left += gate->left;
		if (known_flood_lasts(now_ns))
			known_close(gate, now_ns);
	} else if (now_ns - gate->watched_ns >= FW_GATE_WATCH_NS) {
		known_look_for_end(gate, now_ns);
	}
	gate->left = left > fw_config.gate_per_second ? fw_config.gate_per_second : left;
}

/* May a key get a meter? In peace, all that ask. Under a flood of new keys, which closes the gate, those that
 * come a second time while they are candidates: who sends much is one soon, a crowd of keys that come once
 * never costs an insert, and so pushes nobody out. */
static __always_inline int known_admits(struct fw_gate *gate, union fw_known_digest *digest, __u64 hash,
					__u32 rule, __u16 tag, enum known known, __u64 now_ns)
{
	if (!gate->left && !gate->closed) {
		known_close(gate, now_ns);
		known_see_flood(now_ns);
	}
	if (gate->closed && known == KNOWN_NOT) {
		known_turn_away(gate, digest, hash, rule, tag, now_ns);
		return 0;
	}
	if (!gate->left) {
		gate->turned_away++;
		return 0;
	}
	gate->left--;
	return 1;
}

static __always_inline void known_count_insert(struct fw_gate *gate, enum known known)
{
	gate->fresh += known == KNOWN_NOT;
	gate->returned += known == KNOWN_CANDIDATE;
	gate->strayed += known == KNOWN_WELL;
}

/* Under a flood of new keys, except for the first of each tick: known_admits() would turn away who is not
 * known. */
static __always_inline int known_is_crowded(const struct fw_gate *gate, __u64 now_ns)
{
	return gate->closed && gate->refilled_ns == now_ns;
}

#endif
