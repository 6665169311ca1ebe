/* SPDX-License-Identifier: GPL-2.0-only */
/* Who sends: spared sources, essential protocols, bans, and the list classes of both addresses. */
#ifndef FW_BPF_IDENTIFY_H
#define FW_BPF_IDENTIFY_H

#include "ban.h"
#include "fw_meter.h"
#include "lists.h"
#include "maps.h"
#include "packet.h"

#define FW_ESSENTIAL_SUB_US 62750 /* a sixteenth of a second and a jiffy at HZ=250 */

static __always_inline const struct fw_class *identify_class(const struct fw_policy_slot *policy,
							     __u32 list_class)
{
	__u32 index = (policy->generation % FW_SLOTS) * FW_CLASSES_MAX + (list_class & (FW_CLASSES_MAX - 1));

	return bpf_map_lookup_elem(&fw_class_map, &index);
}

static __noinline enum fw_reason identify_spared_kind(const struct fw_pkt *pkt)
{
	struct fw_addr key = pkt->source;
	struct fw_spared *spared = bpf_map_lookup_elem(&fw_spared_map, &key);

	if (!spared || (spared->expires_ns && spared->expires_ns <= pkt->now_ns))
		return FW_REASON_UNDECIDED;
	switch (spared->kind) {
	case FW_SPARED_SSH:
		return FW_REASON_SSH_PEER; /* within its limit: judge_spared */
	case FW_SPARED_GATEWAY:
		return FW_REASON_GATEWAY;
	case FW_SPARED_RESOLVER:
	case FW_SPARED_TIME_SERVER:
		return FW_REASON_RESOLVER; /* if it answers: judge_answer */
	default:
		return FW_REASON_ALLOWED;
	}
}

static __always_inline enum fw_reason identify_spared(const struct fw_pkt *pkt, __u64 hash)
{
	if (!(map_control()->spared[fw_spared_word(hash)] & fw_spared_bit(hash)))
		return FW_REASON_UNDECIDED;
	return identify_spared_kind(pkt);
}

/* One sample for the rule's histogram. Per CPU and softirq only, as the counters. */
static __always_inline void meter_record(__u32 rule, const struct fw_meter_sample *closed)
{
	struct fw_spread *spread = bpf_map_lookup_elem(&fw_spread_map, &rule);
	__u32 bucket = fw_spread_bucket(closed->amount);

	if (!spread || bucket >= FW_SPREAD_BUCKETS)
		return;
	spread->samples[bucket]++;
	spread->amount[bucket] += closed->open;
}

/* Global: the verifier checks it once instead of on every path that leads here. rule: whose history it is. 0:
 * another CPU is just about to make it a meter of this shape; what is in it may be bytes where the limit is
 * packets. */
__noinline int meter_rotate(struct fw_meter *meter, __u64 now_ns, __u32 shape, __u32 cell_shift, __u32 rule)
{
	struct fw_meter_sample closed;

	if (!meter)
		return 0;
	if (!fw_meter_close(meter, now_ns, fw_shape_sub_us(shape) * 1000ULL, shape, cell_shift & 31, &closed))
		return meter->shape == shape;
	fw_meter_note_peak(meter, closed.amount, now_ns, cell_shift & 31);
	meter_record(rule, &closed);
	return 1;
}

static __noinline enum fw_reason identify_essential(const struct fw_pkt *pkt, __u64 limit)
{
	__u32 index = pkt->essential;
	struct fw_meter *meter = bpf_map_lookup_elem(&fw_essential_map, &index);
	const __u64 sub_ns = FW_ESSENTIAL_SUB_US * 1000ULL;

	if (!meter)
		return FW_REASON_INTERNAL;
	if (fw_meter_is_due(meter, pkt->now_ns, sub_ns, FW_ESSENTIAL_SUB_US))
		meter_rotate(meter, pkt->now_ns, FW_ESSENTIAL_SUB_US, 0, FW_RULE_NONE);
	if (fw_meter_take(meter, 1, limit))
		return FW_REASON_ESSENTIAL;
	__sync_fetch_and_add(&meter->dropped, 1);
	return FW_REASON_ESSENTIAL_BUDGET;
}

#endif
