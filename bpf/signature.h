/* SPDX-License-Identifier: GPL-2.0-only */
/* Which signature a packet has, for packets of which everything else fits a term that wants to know. */
#ifndef FW_BPF_SIGNATURE_H
#define FW_BPF_SIGNATURE_H

#include "maps.h"
#include "packet.h"

static __noinline int signature_fits(struct xdp_md *ctx, const struct fw_signature *item,
				     const struct fw_pkt *pkt)
{
	__u64 bytes = item->bytes, found = 0;
	__u32 offset = item->offset;

	if (item->source_port != pkt->source_port || item->protocol != pkt->protocol ||
	    pkt->payload_bytes < item->least || pkt->payload_bytes > item->most)
		return 0;
	if (!bytes)
		return 1;
	if (offset > FW_SIGNATURE_OFFSET_MAX || offset + bytes > pkt->payload_bytes)
		return 0;
	/* 1 to 8; the compiler knows that, the verifier wants to see it. */
	bytes = (bytes - 1) & (FW_SIGNATURE_BYTES - 1);
	__asm__ volatile("" : "+r"(bytes));
	bytes++;
	if (bpf_xdp_load_bytes(ctx, pkt->payload_at + offset, &found, bytes))
		return 0;
	return (found & item->mask) == item->value;
}

/* One more of the chain; its class, or 0 with *next moved on. */
static __always_inline __u32 signature_step(struct xdp_md *ctx, const struct fw_signature_table *table,
					    const struct fw_pkt *pkt, __u32 *next)
{
	const struct fw_signature *item = &table->items[*next & FW_SIGNATURE_PORTS_MAX];

	*next = item->next;
	return signature_fits(ctx, item, pkt) ? item->class : 0;
}

/* Written out: clang does not unroll it, and kernel 6.1 refuses how it lays the loop out. */
static __always_inline __u32 signature_class(struct xdp_md *ctx, const struct fw_signature_table *table,
					     const struct fw_pkt *pkt)
{
	__u32 next = table->first[pkt->source_port & (FW_SIGNATURE_BUCKETS - 1)], class = 0;

#define STEP                                                                                                 \
	if (!class && next)                                                                                  \
		class = signature_step(ctx, table, pkt, &next);
	STEP STEP STEP STEP STEP STEP STEP STEP
#undef STEP
		return class;
}

/* Terms that accept the first signature that fits, in the order of the file. Global: verified once. */
__noinline __u64 signature_judge(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	struct fw_signature_count *count;
	struct fw_policy_slot *policy;
	__u32 slot, class;

	if (!pkt)
		return 0;
	policy = map_policy(pkt->slot);
	class = signature_class(ctx, &policy->signatures, pkt);
	slot = class;
	count = class ? bpf_map_lookup_elem(&fw_signature_count_map, &slot) : NULL;
	if (count) {
		count->packets++;
		count->bytes += pkt->length;
	}
	return policy->signatures.terms[class & (FW_SIGNATURE_CLASSES - 1)];
}

/* Narrows the terms of everything else. */
static __always_inline __u64 signature_terms(struct xdp_md *ctx, const struct fw_policy_slot *policy,
					     struct fw_pkt *pkt, __u64 mask)
{
	__u64 wanted = mask & policy->signatures.asking;

	if (!wanted)
		return mask;
	mask &= ~wanted;
	return mask | (wanted & (pkt->has_ports ? signature_judge(ctx, pkt) : policy->signatures.terms[0]));
}

#endif
