/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules as bit masks: AND what every dimension of the packet allows, then judge the set bits in file order.
 */
#ifndef FW_BPF_JUDGE_H
#define FW_BPF_JUDGE_H

#include <linux/in.h>

#include "ban.h"
#include "identify.h"
#include "judge_meter.h"
#include "judge_quickly.h"
#include "judge_request.h"
#include "maps.h"
#include "packet.h"
#include "signature.h"
#include "verified.h"

#define FW_PORT_DNS	53
#define FW_PORT_DNS_TLS 853
#define FW_PORT_NTP	123

/* The lowest one. Barrier: clang would make mask & (mask - 1) of its removal, and of that the verifier knows
 * a little more with every turn, so that none is like another. */
static __always_inline __u64 judge_first(__u64 mask)
{
	__u64 bit = mask & -mask;

	__asm__ volatile("" : "+r"(bit));
	return bit;
}

static __always_inline const struct fw_term *judge_term(const struct fw_policy_slot *policy, __u64 bit)
{
	return &policy->terms[fw_term_place(bit)];
}

static __always_inline __u64 judge_u16(const struct fw_u16_dimension *dimension, __u32 value)
{
	return dimension->terms[dimension->class_of[value & 0xffff]];
}

/* The terms a packet satisfies, by everything but lists and labels. */
static __always_inline __u64 judge_shape(const struct fw_policy_slot *policy, __u32 features,
					 const struct fw_pkt *pkt)
{
	__u64 mask = policy->protocol_terms[pkt->protocol] & policy->kind_terms[pkt->kind & FW_KIND_ALL_];

	if (!pkt->has_ports)
		mask &= ~policy->l4_terms;
	if (features & FW_FEATURE_TCP_FLAGS)
		mask &= pkt->has_ports && pkt->protocol == IPPROTO_TCP
				? policy->tcp_flag_terms[pkt->tcp_flags]
				: policy->no_tcp_terms;
	if (features & FW_FEATURE_DEST_PORT && pkt->has_ports)
		mask &= judge_u16(&policy->dest_port, pkt->dest_port);
	if (features & FW_FEATURE_SOURCE_PORT && pkt->has_ports)
		mask &= judge_u16(&policy->source_port, pkt->source_port);
	if (features & FW_FEATURE_LENGTH)
		mask &= judge_u16(&policy->length, pkt->length > 65535 ? 65535 : pkt->length);
	return mask;
}

/* The limits of who passes before the rules, by the id of their meters. Global for the reason of judge_rule.
 */
__noinline int judge_spared_is_over(struct fw_pkt *pkt, __u32 id)
{
	struct fw_policy_slot *policy;
	struct fw_rule *rule;
	__u64 ignored = 0;

	if (!pkt)
		return 0;
	policy = map_policy(pkt->slot);
	rule = id == FW_RULE_SSH_PEERS ? &policy->ssh_peers
	       : id == FW_RULE_ANSWERS ? &policy->answers
				       : &policy->never_block;
	return judge_is_over(rule, pkt, 0, &ignored);
}

/* A resolver or time server of this host is spared only as one: its address can be forged. UNDECIDED: it is a
 * source like any other. */
static __always_inline enum fw_reason judge_answer(struct fw_pkt *pkt)
{
	enum fw_reason why = FW_REASON_UNDECIDED;

	if (pkt->kind & FW_KIND_LATER_FRAGMENT)
		why = FW_REASON_RESOLVER; /* of a large answer */
	else if (pkt->has_ports && (pkt->source_port == FW_PORT_DNS || pkt->source_port == FW_PORT_DNS_TLS))
		why = FW_REASON_RESOLVER;
	else if (pkt->has_ports && pkt->source_port == FW_PORT_NTP && pkt->protocol == IPPROTO_UDP)
		why = FW_REASON_TIME_SERVER;
	if (why != FW_REASON_UNDECIDED && judge_spared_is_over(pkt, FW_RULE_ANSWERS))
		return FW_REASON_UNDECIDED;
	return why;
}

/* How far one that is spared is: who holds a connection to an SSH port need not have logged in. UNDECIDED: it
 * is a source like any other. */
static __always_inline enum fw_reason judge_spared(struct fw_pkt *pkt, enum fw_reason why,
						   enum fw_reason parsed)
{
	if (why == FW_REASON_RESOLVER)
		return parsed == FW_REASON_UNDECIDED ? judge_answer(pkt) : parsed;
	if (why == FW_REASON_SSH_PEER && judge_spared_is_over(pkt, FW_RULE_SSH_PEERS))
		return FW_REASON_UNDECIDED;
	return why;
}

static __always_inline void judge_ban(struct xdp_md *ctx, const struct fw_rule *rule,
				      const struct fw_pkt *pkt, __u64 amount)
{
	if (!(rule->flags & FW_RULE_BAN) || !amount)
		return;
	if (!(rule->flags & FW_RULE_BAN_UNVERIFIED) && !ban_is_verified(ctx, pkt))
		count_fault(FW_FAULT_BAN_UNVERIFIED);
	else
		ban_source(pkt, rule, amount);
}

static __always_inline int judge_has_labels(const struct fw_term *term, const struct fw_pkt *pkt)
{
	return (pkt->labels & term->labels_required) == term->labels_required &&
	       !(pkt->labels & term->labels_forbidden);
}

/* With the labels that feeds on trial brought about; those forbid nothing. */
static __always_inline int judge_has_labels_on_trial(const struct fw_term *term, const struct fw_pkt *pkt)
{
	return pkt->count_terms && !(term->labels_required & ~(pkt->labels | pkt->trial_labels)) &&
	       !(pkt->labels & term->labels_forbidden);
}

static __always_inline void judge_label(struct fw_pkt *pkt, const struct fw_rule *rule, int on_trial)
{
	if (on_trial)
		pkt->trial_labels |= rule->labels;
	else
		pkt->labels |= rule->labels;
}

/* Only feeds on trial make the packet match, by themselves or by a label, whichever term of the rule holds:
 * the rule may count, not drop. held: with count_terms, the terms not judged yet that hold, labels aside. */
static __always_inline int judge_is_on_trial(const struct fw_policy_slot *policy, const struct fw_rule *rule,
					     const struct fw_pkt *pkt, __u64 held)
{
	__u64 sure;

	if (!pkt->count_terms)
		return 0;
	sure = held & rule->terms & ~pkt->count_terms;
	for (int i = 0; i < FW_TERMS_MAX && sure; i++) {
		if (judge_has_labels(judge_term(policy, judge_first(sure)), pkt))
			return 0;
		sure &= sure - 1;
	}
	return 1;
}

/* What one rule says of a packet that matches it. UNDECIDED: the next rule. */
static __always_inline enum fw_reason judge_matched(struct xdp_md *ctx, const struct fw_policy_slot *policy,
						    const struct fw_rule *rule, struct fw_pkt *pkt,
						    __u64 held)
{
	__u32 limited = rule->unit != FW_UNIT_NONE, action = rule->action;
	struct fw_rule_count *count = count_rule(rule->id);
	int over, on_trial = judge_is_on_trial(policy, rule, pkt, held);
	__u64 crossing_amount = 0;

	if (rule->id >= FW_RULE_IDS)
		return FW_REASON_INTERNAL;
	count->packets++;
	count->bytes += pkt->length;
	over = !limited || judge_is_over(rule, pkt, 1, &crossing_amount);
	if (action == FW_ACTION_ALLOW) {
		if (limited && over)
			return FW_REASON_UNDECIDED;
		pkt->rule = rule->id;
		return FW_REASON_RULE_ALLOW;
	}
	if (!over)
		return FW_REASON_UNDECIDED;
	judge_label(pkt, rule, on_trial);
	if (action == FW_ACTION_LABEL)
		return FW_REASON_UNDECIDED;
	count = count_rule(rule->id); /* again: kept meanwhile, it would not fit the frame */
	if (action == FW_ACTION_COUNT || rule->flags & FW_RULE_COUNT_MODE || on_trial) {
		count->would_drop++;
		if (!pkt->would_drop)
			pkt->would_rule = rule->id;
		pkt->would_drop = 1;
		return FW_REASON_UNDECIDED;
	}
	pkt->rule = rule->id;
	if (pkt->counting) {
		count->would_drop++;
	} else {
		count->dropped++;
		judge_ban(ctx, rule, pkt, crossing_amount);
	}
	if (!limited)
		return FW_REASON_RULE_BLOCK;
	return action == FW_ACTION_POLICE ? FW_REASON_POLICED : FW_REASON_OVER_LIMIT;
}

/* Global: verified once, or 64 turns of the walk would exceed the verifier's million instructions. */
__noinline int judge_rule(struct xdp_md *ctx, struct fw_pkt *pkt, __u32 index, __u64 held)
{
	struct fw_policy_slot *policy;

	if (!pkt)
		return FW_REASON_INTERNAL;
	policy = map_policy(pkt->slot);
	return judge_matched(ctx, policy, &policy->rules[index & (FW_RULES_MAX - 1)], pkt, held);
}

/* challenge.h: what a challenge rule says of a SYN that matches it. */
int challenge_rule(struct xdp_md *ctx, struct fw_pkt *pkt, __u32 index, __u64 held);

static __always_inline enum fw_reason judge_slowly(struct xdp_md *ctx, const struct fw_policy_slot *policy,
						   const struct fw_term *term, struct fw_pkt *pkt, __u64 held)
{
	__u32 index = term->rule & (FW_RULES_MAX - 1);

	return policy->rules[index].action == FW_ACTION_CHALLENGE ? challenge_rule(ctx, pkt, index, held)
								  : judge_rule(ctx, pkt, index, held);
}

/* The labels that the term asks for. */
static __always_inline int judge_holds(const struct fw_policy_slot *policy, const struct fw_term *term,
				       const struct fw_pkt *pkt)
{
	return !(policy->features & FW_FEATURE_LABELS) || judge_has_labels(term, pkt) ||
	       judge_has_labels_on_trial(term, pkt);
}

/* Of this many terms the rules are asked without a call; more would exceed the verifier's million
 * instructions. */
#define JUDGE_QUICK_TURNS 2

/* features: policy's, but read again where a loop asks: what the verifier remembers of them would be another
 * state each. crowded: where the source is known, if more new keys come than this CPU gives meters to. */
static __always_inline enum fw_reason judge(struct xdp_md *ctx, const struct fw_policy_slot *policy,
					    __u32 features, struct fw_cpu *cpu, struct fw_pkt *pkt,
					    __u64 mask, struct fw_known_digests *crowded)
{
	const struct fw_term *term;
	enum fw_reason why = FW_REASON_UNDECIDED;

	if (features & FW_FEATURE_NARROWING_) {
		if (features & FW_FEATURE_SIGNATURES)
			mask = signature_terms(ctx, policy, pkt, mask);
		if (features & FW_FEATURE_REQUESTS)
			mask = judge_payload(ctx, policy, pkt, mask);
		if (features & FW_FEATURE_VERIFIED)
			mask = verified_narrow(ctx, policy, pkt, mask);
	}
#pragma unroll
	for (int i = 0; i < JUDGE_QUICK_TURNS; i++) {
		__u64 bit = judge_first(mask), held = 0;
		int quickly;

		if (!mask)
			return FW_REASON_NO_RULE;
		term = judge_term(policy, bit);
		quickly = term->quick != FW_QUICK_NOT && !pkt->count_terms;
		if (!quickly) {
			if (!judge_holds(policy, term, pkt)) {
				mask ^= bit;
				continue;
			}
			held = mask;
		}
		mask &= term->others; /* its rule is asked once, whatever else of it holds */
		if (quickly)
			why = judge_quickly(policy, term, pkt, cpu, crowded, &quickly);
		if (!quickly)
			why = judge_slowly(ctx, policy, term, pkt, held);
		if (why != FW_REASON_UNDECIDED)
			return why;
	}
	for (int i = JUDGE_QUICK_TURNS; i < FW_TERMS_MAX && mask; i++) {
		__u64 bit = judge_first(mask), held = mask;

		term = judge_term(policy, bit);
		if (!judge_holds(policy, term, pkt)) {
			mask ^= bit;
			continue;
		}
		mask &= term->others;
		why = judge_slowly(ctx, policy, term, pkt, held);
		if (why != FW_REASON_UNDECIDED)
			return why;
	}
	return FW_REASON_NO_RULE;
}

#endif
