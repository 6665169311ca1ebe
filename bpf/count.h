/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-CPU counters and the samples behind top: softirq on one CPU, so plain additions do. */
#ifndef FW_BPF_COUNT_H
#define FW_BPF_COUNT_H

#include "maps.h"
#include "packet.h"

#define FW_SAMPLES_PER_TICK  64
#define FW_SAMPLE_PERIOD_MAX (1u << 16)

static __always_inline struct fw_cpu *count_cpu(void)
{
	return map_memory(fw_cpu_map, struct fw_cpu, bpf_get_smp_processor_id(), fw_config.cpu_mask);
}

static __always_inline struct fw_rule_count *count_of_rule(struct fw_cpu *cpu, __u32 rule)
{
	return &cpu->rules[rule & (FW_RULE_IDS - 1)];
}

static __always_inline struct fw_rule_count *count_rule(__u32 rule)
{
	return count_of_rule(count_cpu(), rule);
}

static __always_inline void count_fault(enum fw_fault fault)
{
	__u32 index = fault;
	__u64 *count = bpf_map_lookup_elem(&fw_fault_map, &index);

	if (count)
		(*count)++;
}

static __always_inline void count_packet(const struct fw_pkt *pkt, enum fw_verdict verdict,
					 enum fw_reason why)
{
	__u32 index = fw_config.iface, traffic = pkt->traffic;
	struct fw_iface_counts *counts = bpf_map_lookup_elem(&fw_iface_count_map, &index);
	struct fw_count *count;
	__u64 reason = why;

	/* clang compares one copy of why and indexes with another; 6.1 then says "R0 unbounded memory
	 * access". */
	__asm__ volatile("" : "+r"(reason));
	if (!counts || verdict >= FW_VERDICT_MAX_ || reason >= FW_REASON_MAX_ || traffic >= FW_TRAFFIC_MAX_)
		return;
	count = &counts->by[verdict][reason][traffic];
	count->packets++;
	count->bytes += pkt->length;
}

static __always_inline void count_class(__u32 slot, __u32 list_class)
{
	__u32 index = (slot % FW_SLOTS) * FW_CLASSES_MAX + (list_class & (FW_CLASSES_MAX - 1));
	__u64 *count = bpf_map_lookup_elem(&fw_class_count_map, &index);

	if (count)
		(*count)++;
}

static __always_inline struct fw_addr count_source_key(const struct fw_pkt *pkt)
{
	struct fw_addr key = pkt->source;

	if (pkt->family == FW_FAMILY_V6) {
		key.w[2] = 0;
		key.w[3] = 0;
	}
	return key;
}

static __noinline void count_sample(const struct fw_pkt *pkt, __u32 weight, __u32 dropped, __u32 why)
{
	struct fw_addr key = count_source_key(pkt);
	struct fw_source *source = bpf_map_lookup_elem(&fw_source_map, &key);

	if (!source) {
		struct fw_source fresh = {};

		if (bpf_map_update_elem(&fw_source_map, &key, &fresh, BPF_NOEXIST))
			count_fault(FW_FAULT_SOURCE_FULL);
		source = bpf_map_lookup_elem(&fw_source_map, &key);
		if (!source)
			return;
	}
	__sync_fetch_and_add(&source->packets, weight);
	__sync_fetch_and_add(&source->bytes, (__u64)weight * pkt->length);
	if (dropped)
		__sync_fetch_and_add(&source->dropped, weight);
	source->last_ns = pkt->now_ns;
	source->last_rule = pkt->rule;
	source->last_reason = why;
}

static __noinline void count_drop_sample(const struct fw_pkt *pkt, __u32 weight, __u32 verdict, __u32 why)
{
	struct fw_drop_sample *sample = bpf_ringbuf_reserve(&fw_drop_sample_map, sizeof(*sample), 0);

	if (!sample)
		return;
	*sample = (struct fw_drop_sample){
		.dest = pkt->dest,
		.at_ns = pkt->now_ns,
		.weight = weight,
		.length = pkt->length,
		.rule = verdict == FW_VERDICT_WOULD_DROP && pkt->would_drop ? pkt->would_rule : pkt->rule,
		.source_port = pkt->source_port,
		.dest_port = pkt->dest_port,
		.reason = why,
		.would_drop = verdict == FW_VERDICT_WOULD_DROP,
		.family = pkt->family,
		.protocol = pkt->protocol,
		.tcp_flags = pkt->tcp_flags,
		.kind = pkt->kind,
	};
	bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP);
}

/* By chance: whoever sends in strict turn, as a carpet does to its targets, would meet a fixed step again and
 * again, or never. */
static __always_inline __u32 count_gap(__u32 period)
{
	return period < 2 ? 1 : 1 + (__u32)((__u64)bpf_get_prandom_u32() * (2 * period - 1) >> 32);
}

/* At most FW_SAMPLES_PER_TICK a tick and CPU: the period doubles when they run out and halves when they are
 * not used. */
static __always_inline void count_source(struct fw_sampling *sampling, const struct fw_pkt *pkt,
					 enum fw_verdict verdict, enum fw_reason why)
{
	__u32 weight;

	if (++sampling->skipped < sampling->gap)
		return;
	weight = sampling->skipped;
	sampling->skipped = 0;
	if (sampling->tick_ns != pkt->now_ns) {
		if (sampling->taken < FW_SAMPLES_PER_TICK / 4)
			sampling->period >>= 1;
		sampling->tick_ns = pkt->now_ns;
		sampling->taken = 0;
		sampling->told = 0;
	} else if (++sampling->taken >= FW_SAMPLES_PER_TICK) {
		sampling->taken = 0;
		if (sampling->period < FW_SAMPLE_PERIOD_MAX)
			sampling->period = sampling->period ? sampling->period << 1 : 2;
	}
	sampling->gap = count_gap(sampling->period);
	if (pkt->family == FW_FAMILY_NONE)
		return;
	/* Who is answered may be honest; that he was, is still part of an attack. */
	count_sample(pkt, weight, verdict == FW_VERDICT_DROP && why != FW_REASON_CHALLENGED, why);
	if (verdict != FW_VERDICT_PASS && sampling->told < FW_DROP_SAMPLES_PER_TICK) {
		sampling->told++;
		count_drop_sample(pkt, weight, verdict, why);
	}
}

#endif
