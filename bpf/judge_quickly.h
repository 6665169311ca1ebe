/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule says of most packets without a call: every return costs some 7 ns where the kernel does not let
 * the CPU guess its target (SRSO, retbleed), which is more than most of what is decided. */
#ifndef FW_BPF_JUDGE_QUICKLY_H
#define FW_BPF_JUDGE_QUICKLY_H

#include "judge_meter.h"

enum judge_quickly { JUDGE_SLOWLY, JUDGE_WITHIN, JUDGE_OVER };

/* The shared meter is not touched: see judge_allow_total(). Its sub-window may have begun by a clock a tick
 * ahead of this CPU's; then, and when the clock of a replay goes back, it is asked. Accepted: what other CPUs
 * do to it meanwhile, a rotation by the policy before included, is not seen until the sub-window ends or the
 * room is used up. */
static __always_inline enum judge_quickly
judge_total_quickly(const struct fw_rule *rule, const struct fw_pkt *pkt, struct fw_rule_count *count)
{
	__u64 pending = count->pending + judge_cost(rule, pkt);

	if (count->until_ns - pkt->now_ns - 1 >= rule->sub_ns || count->epoch != pkt->epoch)
		return JUDGE_SLOWLY;
	if (pending > count->room) {
		if (!count->room_is_all || rule->action != FW_ACTION_POLICE)
			return JUDGE_SLOWLY;
		count->beyond = 1;
		return JUDGE_OVER;
	}
	count->pending = pending;
	return JUDGE_WITHIN;
}

/* Of IPv6 sources two may have one id, and nobody is dropped for another. */
static __always_inline int judge_is_source(const struct fw_rule *rule, const struct fw_pkt *pkt, __u32 way)
{
	const struct fw_meter_key *key = &allowance_keys(pkt->key_hash)->way[way];

	return !((key->addr.w[0] ^ pkt->source.w[0]) | (key->addr.w[1] ^ pkt->source.w[1]) |
		 (key->rule ^ rule->id) | key->addr.w[2] | key->addr.w[3] | key->port);
}

static __always_inline enum judge_quickly judge_by_allowance(const struct fw_rule *rule,
							     const struct fw_pkt *pkt)
{
	int exact = pkt->family == FW_FAMILY_V4;
	__u64 id = exact ? fw_allowance_id_v4(pkt->source.w[3], rule->id)
			 : fw_allowance_id_hashed(pkt->key_hash, rule->id, 0);
	struct fw_allowance_line *line = allowance_line(pkt->key_hash);
	__u32 way;
	struct fw_allowance *allowance = allowance_find(line, id, &way);

	if (!allowance || (!exact && fw_allowance_over(allowance) && !judge_is_source(rule, pkt, way)))
		return JUDGE_SLOWLY;
	switch (allowance_spend(allowance, rule, pkt, judge_cost(rule, pkt))) {
	case ALLOWANCE_WITHIN:
		return JUDGE_WITHIN;
	case ALLOWANCE_OVER:
		return JUDGE_OVER;
	default:
		return JUDGE_SLOWLY;
	}
}

/* While new sources are admitted nearly everybody has an allowance; under a flood nearly nobody is known. */
static __always_inline enum judge_quickly judge_source_quickly(const struct fw_rule *rule, __u32 index,
							       const struct fw_pkt *pkt, struct fw_cpu *cpu,
							       struct fw_known_digests *crowded)
{
	union fw_known_digest *digest;
	__u16 tag;

	if (crowded) {
		digest = &crowded->half[known_half(pkt->key_hash, index)];
		tag = known_tag(pkt->key_hash, index, 0);
		if (known_is_stranger(digest, pkt->key_hash, index, tag)) {
			known_turn_away(&cpu->gate, digest, pkt->key_hash, index, tag, pkt->now_ns);
			return JUDGE_WITHIN;
		}
	}
	return judge_by_allowance(rule, pkt);
}

/* *slowly, which comes as 0: ask judge_slowly(). */
static __always_inline enum fw_reason judge_quickly(const struct fw_rule *rule, struct fw_pkt *pkt,
						    struct fw_cpu *cpu, struct fw_known_digests *crowded,
						    int *slowly)
{
	enum judge_quickly found = JUDGE_OVER;
	__u32 index = rule->id, quick = rule->quick;
	struct fw_rule_count *count = count_of_rule(cpu, index);

	*slowly = 1;
	if (quick == FW_QUICK_NOT || pkt->count_terms || index >= FW_RULE_IDS)
		return FW_REASON_UNDECIDED;
	if (quick == FW_QUICK_SOURCE)
		found = judge_source_quickly(rule, index, pkt, cpu, crowded);
	else if (quick == FW_QUICK_TOTAL)
		found = judge_total_quickly(rule, pkt, count);
	if (found == JUDGE_SLOWLY)
		return FW_REASON_UNDECIDED;
	*slowly = 0;
	count->packets++;
	count->bytes += pkt->length;
	if (found == JUDGE_WITHIN)
		return FW_REASON_UNDECIDED;
	pkt->rule = index;
	if (rule->action == FW_ACTION_ALLOW)
		return FW_REASON_RULE_ALLOW;
	if (pkt->counting)
		count->would_drop++;
	else
		count->dropped++;
	pkt->labels |= rule->labels;
	if (quick == FW_QUICK_UNLIMITED)
		return FW_REASON_RULE_BLOCK;
	return rule->action == FW_ACTION_POLICE ? FW_REASON_POLICED : FW_REASON_OVER_LIMIT;
}

#endif
