/* SPDX-License-Identifier: GPL-2.0-only */
/* Which signature a packet has, for packets of which everything else fits a term that wants to know. */
#ifndef FW_BPF_SIGNATURE_H
#define FW_BPF_SIGNATURE_H

#include "maps.h"
#include "packet.h"

static __always_inline int signature_fits(struct xdp_md *ctx, const struct fw_signature *item,
					  const struct fw_pkt *pkt)
{
	__u64 bytes = item->bytes, found = 0;
	__u32 offset = item->offset;

	if (item->source_port != pkt->source_port || item->protocol != pkt->protocol ||
	    pkt->payload_bytes < item->least || pkt->payload_bytes > item->most)
		return 0;
	if (!bytes)
		return 1;
	/* The compiler knows these bounds; the verifier wants to see them. */
	__asm__ volatile("" : "+r"(bytes));
	if (bytes > FW_SIGNATURE_BYTES || !bytes || offset > FW_SIGNATURE_OFFSET_MAX ||
	    offset + bytes > pkt->payload_bytes)
		return 0;
	if (bpf_xdp_load_bytes(ctx, pkt->payload_at + offset, &found, bytes))
		return 0;
	return (found & item->mask) == item->value;
}

static __always_inline __u32 signature_class(struct xdp_md *ctx, const struct fw_signature_table *table,
					     const struct fw_pkt *pkt)
{
	__u32 next = table->first[pkt->source_port & (FW_SIGNATURE_BUCKETS - 1)];

	for (int i = 0; i < FW_SIGNATURE_CHAIN_MAX && next; i++) {
		const struct fw_signature *item;

		if (next > FW_SIGNATURE_PORTS_MAX)
			return 0;
		item = &table->items[next - 1];
		if (signature_fits(ctx, item, pkt))
			return item->class;
		next = item->next;
	}
	return 0;
}

/* Terms that accept the first signature that fits, in the order of the file. Global: verified once. */
__noinline __u64 signature_judge(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	struct fw_signature_count *count;
	struct fw_policy_slot *policy;
	__u32 slot, class;

	if (!pkt)
		return 0;
	slot = pkt->slot;
	policy = bpf_map_lookup_elem(&fw_policy_map, &slot);
	if (!policy)
		return 0;
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
