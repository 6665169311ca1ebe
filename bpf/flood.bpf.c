// SPDX-License-Identifier: GPL-2.0-only
/* The packet path: parse → identify → judge → verdict. One program per interface, all on the same maps. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "challenge.h"
#include "clock.h"
#include "geo.h"
#include "identify.h"
#include "judge.h"
#include "maps.h"
#include "odd.h"
#include "packet.h"
#include "parse.h"
#include "parse_plain.h"
#include "verdict.h"

/* Global: verified once, or what parse makes of a packet would double what the verifier follows. */
__noinline int parse_any(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	struct fw_cursor cursor = {
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.at = (void *)(long)ctx->data,
	};
	enum fw_reason why;

	if (!pkt)
		return FW_REASON_INTERNAL;
	cursor.frame_length = cursor.end - cursor.start;
	if (fw_config.frags && !parse_ends_here(cursor.start, cursor.end))
		cursor.frame_length = bpf_xdp_get_buff_len(ctx);
	why = parse_frame(&cursor, pkt);
	if (fw_config.frags && pkt->kind & FW_KIND_NO_L4 && cursor.frame_length > cursor.end - cursor.start)
		count_fault(FW_FAULT_HEADERS_SPLIT);
	return why;
}

static __always_inline enum fw_reason parse(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	if (parse_plain((void *)(long)ctx->data, (void *)(long)ctx->data_end, pkt))
		return FW_REASON_UNDECIDED;
	*pkt = (struct fw_pkt){}; /* parse_any() fills in what it finds */
	return parse_any(ctx, pkt);
}

/* A call, so that the verifier follows it once. */
static __noinline void note_odd_kinds(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	pkt->kind |= odd_kinds(pkt, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
}

/* What was asked of memory as soon as the source was known. */
struct fw_asked {
	__u64 hash;  /* of the source */
	__u64 word;  /* lists_word's */
	__u32 place; /* in the geo table */
};

/* Everything that will miss the cache is begun here, the lists first: the branch on it is the one that
 * the CPU guesses wrong for a listed source, and what was done on a wrong guess is lost. */
static __always_inline void ask_early(const struct fw_policy_slot *policy, __u32 features, struct fw_pkt *pkt,
				      struct fw_asked *asked)
{
	if (pkt->family == FW_FAMILY_NONE)
		return;
	if (features & FW_FEATURE_SOURCE_LISTS)
		asked->word = lists_word(policy, pkt->family, &pkt->source);
	if (features & FW_FEATURE_GEO)
		asked->place = geo_begin(policy->geo_slot, pkt->family, &pkt->source);
	if (pkt->family == FW_FAMILY_V4) {
		asked->hash = fw_filter_mix(fw_config.sum4 + pkt->source.w[3], fw_config.seed);
		pkt->key_hash = asked->hash;
	} else {
		struct fw_addr key = {{pkt->source.w[0], pkt->source.w[1]}};

		asked->hash = known_hash(&pkt->source);
		pkt->key_hash = known_hash(&key);
	}
}

/* Likewise for what a meter of the source will ask, if one may. Where the source is known, if it must be. */
static __always_inline struct fw_known_digests *ask_for_meters(const struct fw_policy_slot *policy,
							       const struct fw_cpu *cpu,
							       const struct fw_pkt *pkt, __u64 terms)
{
	if (!(terms & policy->source_meter_terms))
		return NULL;
	if (known_is_crowded(&cpu->gate, pkt->now_ns))
		return known_ask(pkt->key_hash);
	allowance_touch(pkt->key_hash);
	return NULL;
}

static __always_inline enum fw_reason identify_by_list(const struct fw_policy_slot *policy,
						       struct fw_pkt *pkt, __u64 word, __u64 *terms)
{
	__u32 list_class = lists_class(policy, pkt->family, &pkt->source, word);
	const struct fw_class *class;

	if (!list_class) { /* never_block is a set: nobody outside is spared */
		*terms &= policy->unlisted.source_terms;
		pkt->count_terms = policy->unlisted.source_count_terms;
		return FW_REASON_UNDECIDED;
	}
	class = identify_class(policy, list_class);
	if (!class)
		return FW_REASON_INTERNAL;
	count_class(policy->list_slot, list_class);
	if (class->flags & FW_CLASS_NEVER_BLOCK &&
	    (policy->never_block.unit == FW_UNIT_NONE || !judge_spared_is_over(pkt, FW_RULE_NEVER_BLOCK)))
		return FW_REASON_NEVER_BLOCK;
	*terms &= class->source_terms;
	pkt->count_terms = class->source_count_terms;
	return FW_REASON_UNDECIDED;
}

/* Where the source is, and what is listed about the destination. */
static __always_inline enum fw_reason identify_places(const struct fw_policy_slot *policy, __u32 features,
						      struct fw_pkt *pkt, const struct fw_asked *asked,
						      __u64 *terms)
{
	const struct fw_class *class;

	if (features & FW_FEATURE_GEO)
		*terms &= geo_terms(policy, pkt->family, &pkt->source, asked->place);
	if (features & FW_FEATURE_DEST_LISTS) {
		__u64 word = lists_word(policy, pkt->family, &pkt->dest);

		class = identify_class(policy, lists_class(policy, pkt->family, &pkt->dest, word));
		if (!class)
			return FW_REASON_INTERNAL;
		*terms &= class->dest_terms;
		pkt->count_terms |= class->dest_count_terms;
	}
	return FW_REASON_UNDECIDED;
}

/* Spared before anything else, as soon as an address is known; then the essential, then bans. */
static __always_inline enum fw_reason identify(const struct fw_policy_slot *policy, __u32 features,
					       struct fw_pkt *pkt, enum fw_reason parsed,
					       const struct fw_asked *asked, __u64 *terms)
{
	enum fw_reason why;

	if (pkt->family != FW_FAMILY_NONE) {
		why = identify_spared(pkt, asked->hash);
		if (why != FW_REASON_UNDECIDED)
			why = judge_spared(pkt, why, parsed);
		if (why != FW_REASON_UNDECIDED)
			return why;
	}
	if (features & FW_FEATURE_SOURCE_LISTS) {
		why = identify_by_list(policy, pkt, asked->word, terms);
		if (why != FW_REASON_UNDECIDED)
			return why;
	}
	if (parsed != FW_REASON_UNDECIDED)
		return parsed;
	if (pkt->essential != FW_ESSENTIAL_NONE)
		return identify_essential(pkt, policy->essential_limit);
	if (ban_holds(pkt, asked->hash))
		return FW_REASON_BANNED;
	return features & FW_FEATURE_PLACES_ ? identify_places(policy, features, pkt, asked, terms)
					     : FW_REASON_UNDECIDED;
}

/* Not "xdp": user space loads it by a handler of its own, which knows what FW_MEMORY is. */
SEC("floodwall")
int fw_xdp(struct xdp_md *ctx)
{
	__u32 generation, features;
	struct fw_pkt pkt;
	struct fw_policy_slot *policy;
	struct fw_asked asked = {};
	struct fw_known_digests *crowded;
	struct fw_cpu *cpu = count_cpu();
	enum fw_reason why;
	__u64 terms;

	generation = *(volatile __u32 *)&map_control()->generation;
	policy = map_policy(generation);
	if (!generation) {
		pkt = (struct fw_pkt){};
		count_fault(FW_FAULT_NO_POLICY);
		return verdict(ctx, cpu, &pkt, FW_REASON_NO_RULE);
	}

	features = policy->features;
	why = parse(ctx, &pkt);
	pkt.slot = generation % FW_SLOTS;
	pkt.epoch = fw_allowance_epoch_later(policy->epoch, map_control()->forgets);
	pkt.now_ns = clock_now_ns();
	pkt.counting = policy->count_ifaces & fw_config.iface_bit;
	ask_early(policy, features, &pkt, &asked);
	if (features & FW_FEATURE_ODD_KINDS)
		note_odd_kinds(ctx, &pkt);
	/* Needs no memory that may miss: meanwhile the answers come. */
	terms = judge_shape(policy, features, &pkt);
	crowded = ask_for_meters(policy, cpu, &pkt, terms);
	why = identify(policy, features, &pkt, why, &asked, &terms);
	if (why == FW_REASON_UNDECIDED && features & (FW_FEATURE_CHALLENGE | FW_FEATURE_VERIFIED))
		why = challenge_state(ctx, &pkt);
	if (why == FW_REASON_UNDECIDED)
		why = judge(ctx, policy, features, cpu, &pkt, terms, crowded);
	return verdict(ctx, cpu, &pkt, why);
}

char LICENSE[] SEC("license") = "GPL";
