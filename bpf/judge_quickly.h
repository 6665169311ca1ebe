/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule says of most packets without a call: every return costs some 7 ns where the kernel does not let
 * the CPU guess its target (SRSO, retbleed), which is more than most of what is decided. */
#ifndef FW_BPF_JUDGE_QUICKLY_H
#define FW_BPF_JUDGE_QUICKLY_H

#include "judge_meter.h"

enum judge_quickly { JUDGE_SLOWLY, JUDGE_WITHIN, JUDGE_OVER };

static __always_inline const struct fw_rule *judge_rule_of(const struct fw_policy_slot *policy,
							   const struct fw_term *term)
{
	return &policy->rules[term->rule & (FW_RULES_MAX - 1)];
}

/* The shared meter is not touched: see judge_allow_total(). Accepted: what other CPUs do to it meanwhile, a
 * rotation by the policy before included, is not seen until the sub-window ends or the room is used up. Nor
 * is a clock that went back, as that of a replay may: the meter would not rotate for it either. */
static __always_inline enum judge_quickly judge_total_quickly(const struct fw_policy_slot *policy,
							      const struct fw_term *term,
							      const struct fw_pkt *pkt,
							      struct fw_rule_count *count, __u64 cost)
{
	__u64 pending = count->pending + cost;

	if (pkt->now_ns >= count->until_ns || count->epoch != pkt->epoch)
		return JUDGE_SLOWLY;
	if (pending > count->room) {
		if (!count->room_is_all || judge_rule_of(policy, term)->action != FW_ACTION_POLICE)
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
static __always_inline enum judge_quickly judge_source_quickly(const struct fw_policy_slot *policy,
							       const struct fw_term *term,
							       const struct fw_pkt *pkt, struct fw_cpu *cpu,
							       struct fw_known_digests *crowded)
{
	union fw_known_digest *digest;
	__u32 id = term->id;
	__u16 tag;

	if (crowded) {
		digest = &crowded->half[known_half(pkt->key_hash, id)];
		tag = known_tag(pkt->key_hash, id, 0);
		if (known_is_stranger(digest, pkt->key_hash, id, tag)) {
			known_turn_away(&cpu->gate, digest, pkt->key_hash, id, tag, pkt->now_ns);
			return JUDGE_WITHIN;
		}
	}
	return judge_by_allowance(judge_rule_of(policy, term), pkt);
}

/* What takes effect on the packet. */
static __always_inline enum fw_reason judge_end_quickly(const struct fw_rule *rule, __u32 id,
							struct fw_pkt *pkt, struct fw_rule_count *count)
{
	pkt->rule = id;
	if (rule->action == FW_ACTION_ALLOW)
		return FW_REASON_RULE_ALLOW;
	if (pkt->counting)
		count->would_drop++;
	else
		count->dropped++;
	pkt->labels |= rule->labels;
	if (rule->unit == FW_UNIT_NONE)
		return FW_REASON_RULE_BLOCK;
	return rule->action == FW_ACTION_POLICE ? FW_REASON_POLICED : FW_REASON_OVER_LIMIT;
}

/* Of a term that may be judged so. *quickly becomes 0: judge_slowly() has to be asked. */
static __always_inline enum fw_reason judge_quickly(const struct fw_policy_slot *policy,
						    const struct fw_term *term, struct fw_pkt *pkt,
						    struct fw_cpu *cpu, struct fw_known_digests *crowded,
						    int *quickly)
{
	struct fw_rule_count *count = count_of_rule(cpu, term->id);
	enum judge_quickly found = JUDGE_OVER;
	__u32 quick = term->quick;

	if (quick == FW_QUICK_SOURCE)
		found = judge_source_quickly(policy, term, pkt, cpu, crowded);
	else if (quick != FW_QUICK_UNLIMITED)
		found = judge_total_quickly(policy, term, pkt, count,
					    quick == FW_QUICK_TOTAL ? 1 : pkt->length);
	if (found == JUDGE_SLOWLY) {
		*quickly = 0;
		return FW_REASON_UNDECIDED;
	}
	count->packets++;
	count->bytes += pkt->length;
	return found == JUDGE_WITHIN ? FW_REASON_UNDECIDED
				     : judge_end_quickly(judge_rule_of(policy, term), term->id, pkt, count);
}

#endif
