/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules as bit masks: AND what every dimension of the packet allows, then judge the set bits in file order.
 */
#ifndef FW_BPF_JUDGE_H
#define FW_BPF_JUDGE_H

#include <linux/in.h>

#include "ban.h"
#include "fw_meter.h"
#include "identify.h"
#include "judge_request.h"
#include "known.h"
#include "maps.h"
#include "packet.h"
#include "signature.h"

#define FW_PORT_DNS	53
#define FW_PORT_DNS_TLS 853
#define FW_PORT_NTP	123

/* Index of the lowest set bit by de Bruijn multiplication: BPF has no such instruction. */
static const __u8 judge_bit_index[64] = {
	0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,	62, 55, 59, 36, 53, 51,
	43, 22, 45, 39, 33, 30, 24, 18, 12, 5,	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
	44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
};

static __always_inline __u32 judge_lowest_bit(__u64 mask)
{
	return judge_bit_index[((mask & -mask) * 0x03f79d71b4cb0a89ULL) >> 58];
}

static __always_inline __u64 judge_u16(const struct fw_u16_dimension *dimension, __u32 value)
{
	return dimension->terms[dimension->class_of[value & 0xffff]];
}

/* The terms a packet satisfies, by everything but lists and labels. */
static __always_inline __u64 judge_shape(const struct fw_policy_slot *policy, const struct fw_pkt *pkt)
{
	__u64 mask = policy->protocol_terms[pkt->protocol] & policy->kind_terms[pkt->kind & FW_KIND_ALL_];
	__u32 features = policy->features;

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

/* Gives a key its state. Full: the least recently used one goes. */
static __noinline struct fw_meter *judge_insert(const struct fw_meter_key *key, __u64 now_ns, __u32 sub_us)
{
	struct fw_meter fresh = {.sub_start_ns = now_ns};
	struct fw_meter *meter;

	fresh.sub_us = sub_us;
	/* Refused when another CPU was first, or the key was only forgotten by the known tags. */
	bpf_map_update_elem(&fw_meter_map, key, &fresh, BPF_NOEXIST);
	meter = bpf_map_lookup_elem(&fw_meter_map, key);
	if (!meter)
		count_fault(FW_FAULT_METER_FULL);
	return meter;
}

/* Admission: the one place that decides whether a key has, or gets, state. A key nobody knows costs no map
 * lookup. */
static __always_inline struct fw_meter *judge_admit(const struct fw_meter_key *key, __u64 hash, __u64 now_ns,
						    __u32 sub_us)
{
	struct fw_known_tags *bucket = known_bucket(hash, key->rule);
	__u16 tag = known_tag(hash, key);
	struct fw_meter *meter;

	if (!bucket)
		return NULL;
	if (known_has(bucket, tag)) {
		known_refresh(bucket, tag);
		meter = bpf_map_lookup_elem(&fw_meter_map, key);
		if (meter)
			return meter;
	}
	if (!known_admits(now_ns)) {
		count_fault(FW_FAULT_NOT_ADMITTED);
		return NULL;
	}
	meter = judge_insert(key, now_ns, sub_us);
	if (meter)
		known_add(bucket, tag);
	return meter;
}

static __always_inline struct fw_meter *judge_meter(const struct fw_rule *rule, const struct fw_pkt *pkt)
{
	const struct fw_addr *addr = fw_per_is_destination(rule->per) ? &pkt->dest : &pkt->source;
	struct fw_meter_key key = {.rule = rule->id};
	__u32 family = pkt->family;

	if (rule->per == FW_PER_TOTAL) {
		__u32 index = rule->id;

		return bpf_map_lookup_elem(&fw_total_map, &index);
	}
	if (family >= FW_FAMILY_MAX_)
		return NULL;
	for (int i = 0; i < 4; i++)
		key.addr.w[i] = addr->w[i] & rule->key_mask[family].w[i];
	if (rule->per == FW_PER_SOURCE_DEST_PORT)
		key.port = pkt->dest_port;
	return judge_admit(&key, rule->flags & FW_RULE_SOURCE_KEY ? pkt->key_hash : known_hash(&key.addr),
			   pkt->now_ns, rule->sub_us);
}

static __always_inline int judge_keeps_to_limit(const struct fw_rule *rule)
{
	return rule->action == FW_ACTION_POLICE || rule->action == FW_ACTION_ALLOW;
}

static __always_inline void judge_tell(struct fw_meter *meter, struct fw_rule_count *count)
{
	__sync_fetch_and_add(&meter->current, count->pending);
	count->pending = 0;
}

/* A total meter that all CPUs add to: each keeps a little to itself, because an atomic on a shared line costs
 * more than the rest of the rule. What the others keep is not seen: see fw_rule.batch. */
static __always_inline int judge_total_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt,
					       __u64 cost, struct fw_rule_count *count)
{
	__u32 index = rule->id;
	struct fw_meter *meter = bpf_map_lookup_elem(&fw_total_map, &index);
	int over;

	if (!meter)
		return 0;
	if (fw_meter_is_due(meter, pkt->now_ns, rule->sub_ns, rule->sub_us)) {
		judge_tell(meter, count);
		meter_rotate(meter, pkt->now_ns, rule->sub_us, rule->cell_shift, rule->id);
	}
	over = fw_meter_amount(meter) + count->pending + cost > rule->limit;
	if (over && judge_keeps_to_limit(rule))
		return 1;
	count->pending += cost;
	if (count->pending > rule->batch)
		judge_tell(meter, count);
	return over;
}

/* Counts the packet against its key. Over the limit? *crossing_amount is set when this packet is the moment
 * to ban. */
static __always_inline int judge_is_over(const struct fw_rule *rule, const struct fw_pkt *pkt,
					 struct fw_rule_count *count, __u64 *crossing_amount)
{
	__u64 cost = rule->unit == FW_UNIT_BYTES ? pkt->length : 1, amount;
	struct fw_meter *meter;

	if (rule->batch && count)
		return judge_total_is_over(rule, pkt, cost, count);
	meter = judge_meter(rule, pkt);
	if (!meter)
		return 0; /* no state, no judgement: judge_admit has counted it */
	if (fw_meter_is_due(meter, pkt->now_ns, rule->sub_ns, rule->sub_us))
		meter_rotate(meter, pkt->now_ns, rule->sub_us, rule->cell_shift, rule->id);
	if (judge_keeps_to_limit(rule)) {
		if (fw_meter_take(meter, cost, rule->limit))
			return 0;
		*crossing_amount = fw_meter_amount(meter) + cost;
	} else {
		amount = fw_meter_add(meter, cost);
		if (amount <= rule->limit)
			return 0;
		/* The crossing itself, then now and then: evidence may come with a later packet. */
		if (amount - cost <= rule->limit || (amount ^ (amount - cost)) >> 8)
			*crossing_amount = amount;
	}
	__sync_fetch_and_add(&meter->dropped, 1);
	return 1;
}

/* The limits of never_block (answers 0) and of answers. Global for the reason of judge_rule. */
__noinline int judge_spared_is_over(struct fw_pkt *pkt, __u32 answers)
{
	struct fw_policy_slot *policy;
	__u64 ignored = 0;
	__u32 slot;

	if (!pkt)
		return 0;
	slot = pkt->slot;
	policy = bpf_map_lookup_elem(&fw_policy_map, &slot);
	return policy &&
	       judge_is_over(answers ? &policy->answers : &policy->never_block, pkt, NULL, &ignored);
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
	if (why != FW_REASON_UNDECIDED && judge_spared_is_over(pkt, 1))
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

/* Only feeds on trial make the packet match: the rule may count, not drop. */
static __always_inline int judge_is_on_trial(const struct fw_rule *rule, const struct fw_pkt *pkt)
{
	return pkt->count_terms && !(rule->terms & ~pkt->count_terms);
}

/* What one rule says of a packet that matches it. UNDECIDED: the next rule. */
static __always_inline enum fw_reason judge_matched(struct xdp_md *ctx, const struct fw_rule *rule,
						    struct fw_pkt *pkt)
{
	__u32 index = rule->id, limited = rule->unit != FW_UNIT_NONE, action = rule->action;
	struct fw_rule_count *count = bpf_map_lookup_elem(&fw_rule_count_map, &index);
	__u64 crossing_amount = 0;
	int over;

	if (!count)
		return FW_REASON_INTERNAL;
	count->packets++;
	count->bytes += pkt->length;
	over = !limited || judge_is_over(rule, pkt, count, &crossing_amount);
	if (action == FW_ACTION_ALLOW) {
		if (limited && over)
			return FW_REASON_UNDECIDED;
		pkt->rule = rule->id;
		return FW_REASON_RULE_ALLOW;
	}
	if (!over)
		return FW_REASON_UNDECIDED;
	pkt->labels |= rule->labels;
	if (action == FW_ACTION_LABEL)
		return FW_REASON_UNDECIDED;
	if (action == FW_ACTION_COUNT || rule->flags & FW_RULE_COUNT_MODE || judge_is_on_trial(rule, pkt)) {
		count->would_drop++;
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
__noinline int judge_rule(struct xdp_md *ctx, struct fw_pkt *pkt, __u32 index)
{
	struct fw_policy_slot *policy;
	__u32 slot;

	if (!pkt)
		return FW_REASON_INTERNAL;
	slot = pkt->slot;
	policy = bpf_map_lookup_elem(&fw_policy_map, &slot);
	if (!policy)
		return FW_REASON_INTERNAL;
	return judge_matched(ctx, &policy->rules[index & (FW_RULES_MAX - 1)], pkt);
}

/* Block and allow without a limit need no meter, no ban and no call: the rules behind every deny and allow
 * list. UNDECIDED: ask judge_rule. */
static __always_inline enum fw_reason judge_plainly(const struct fw_rule *rule, struct fw_pkt *pkt)
{
	__u32 index = rule->id, blocks = rule->action == FW_ACTION_BLOCK;
	struct fw_rule_count *count;

	if (rule->unit != FW_UNIT_NONE || rule->flags & FW_RULE_COUNT_MODE || pkt->count_terms ||
	    (!blocks && rule->action != FW_ACTION_ALLOW))
		return FW_REASON_UNDECIDED;
	count = bpf_map_lookup_elem(&fw_rule_count_map, &index);
	if (!count)
		return FW_REASON_INTERNAL;
	count->packets++;
	count->bytes += pkt->length;
	if (blocks && pkt->counting)
		count->would_drop++;
	else if (blocks)
		count->dropped++;
	pkt->rule = index;
	return blocks ? FW_REASON_RULE_BLOCK : FW_REASON_RULE_ALLOW;
}

static __always_inline enum fw_reason judge(struct xdp_md *ctx, const struct fw_policy_slot *policy,
					    struct fw_pkt *pkt, __u64 mask)
{
	if (policy->features & FW_FEATURE_SIGNATURES)
		mask = signature_terms(ctx, policy, pkt, mask);
	if (policy->features & FW_FEATURE_REQUESTS)
		mask = judge_payload(ctx, policy, pkt, mask);
	for (int i = 0; i < FW_TERMS_MAX && mask; i++) {
		const struct fw_term *term = &policy->terms[judge_lowest_bit(mask)];
		const struct fw_rule *rule;
		enum fw_reason why;

		mask &= mask - 1;
		if ((pkt->labels & term->labels_required) != term->labels_required ||
		    pkt->labels & term->labels_forbidden)
			continue;
		rule = &policy->rules[term->rule & (FW_RULES_MAX - 1)];
		mask &= ~rule->terms; /* once per rule, whatever else of it holds */
		why = judge_plainly(rule, pkt);
		if (why == FW_REASON_UNDECIDED)
			why = judge_rule(ctx, pkt, term->rule);
		if (why != FW_REASON_UNDECIDED)
			return why;
	}
	return FW_REASON_NO_RULE;
}

#endif
