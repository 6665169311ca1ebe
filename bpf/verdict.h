/* SPDX-License-Identifier: GPL-2.0-only */
/* Reason → XDP action, count mode included, and everything that is counted about it. The only file that names
 * XDP actions. */
#ifndef FW_BPF_VERDICT_H
#define FW_BPF_VERDICT_H

#include "count.h"
#include "maps.h"
#include "packet.h"

#define FW_ACTS_PASS   0
#define FW_ACTS_DROP   1
#define FW_ACTS_ANSWER 1 /* the stack does not see it */

static __always_inline int verdict_drops(enum fw_reason why)
{
#define X(id, action, by, word, help) | (__u64)FW_ACTS_##action << FW_REASON_##id
	const __u64 drops = 0 FW_REASONS(X);
#undef X
	return drops >> why & 1;
}

static __always_inline void verdict_trace(const struct fw_pkt *pkt, enum fw_verdict verdict,
					  enum fw_reason why)
{
	struct fw_trace *trace = map_memory_one(fw_trace_map, struct fw_trace);

	trace->reason = why;
	trace->verdict = verdict;
	trace->rule = pkt->rule;
	trace->family = pkt->family;
	trace->source = pkt->source;
}

/* XDP_TX on a veth wakes its peer only if that runs an XDP program itself (veth_xdp_flush, Linux 6.18). Else,
 * with GRO there, the answers stay in the peer's ring, and once that is full nothing that this host sends
 * gets through any more. What is redirected wakes it. */
static __always_inline int verdict_answer(const struct xdp_md *ctx)
{
	return fw_config.redirects ? bpf_redirect(ctx->ingress_ifindex, 0) : XDP_TX;
}

static __always_inline int verdict(const struct xdp_md *ctx, struct fw_cpu *cpu, const struct fw_pkt *pkt,
				   enum fw_reason why)
{
	enum fw_verdict verdict = FW_VERDICT_PASS;

	if (verdict_drops(why))
		verdict = pkt->counting ? FW_VERDICT_WOULD_DROP : FW_VERDICT_DROP;
	else if (pkt->would_drop)
		verdict = FW_VERDICT_WOULD_DROP;
	count_packet(pkt, verdict, why);
	count_source(&cpu->sampling, pkt, verdict, why);
	if (fw_config.trace)
		verdict_trace(pkt, verdict, why);
	if (verdict == FW_VERDICT_DROP)
		return why == FW_REASON_CHALLENGED ? verdict_answer(ctx) : XDP_DROP;
	return XDP_PASS;
}

#endif
