/* SPDX-License-Identifier: GPL-2.0-only */
/* How many answers may go out: a SYN-ACK to a forged source hits somebody who asked for nothing. */
#ifndef FW_BPF_REPLY_H
#define FW_BPF_REPLY_H

#include "fw_filter.h"
#include "fw_meter.h"
#include "identify.h"
#include "maps.h"
#include "packet.h"

#define FW_REPLY_SUB_US		62750 /* as the essential budgets */
#define FW_REPLY_COUNT_MOST	((1u << FW_REPLY_COUNT_BITS) - 1)
#define FW_REPLY_PREFIX4	(FW_V4_BITS + 24)
#define FW_REPLY_PREFIX6	48
#define FW_REPLY_VERIFIED_TIMES 8    /* the budget of a network, for its verified sources */
#define FW_REPLY_PASSED_MOST	1000 /* SYNs per second that cannot be answered and reach the stack */
/* Those that find a connection, or what one has left: who forges sources does not know its four-tuple. */
#define FW_REPLY_CONNECTED_MOST 10000

/* What went to the source's network in this second; of as many networks as there are counters, some share
 * one. */
static __always_inline __u32 *reply_prefix_counter(const struct fw_pkt *pkt)
{
	__u32 bits = pkt->family == FW_FAMILY_V4 ? FW_REPLY_PREFIX4 : FW_REPLY_PREFIX6;
	__u32 second = (__u32)(pkt->now_ns / FW_NS_PER_SEC) << FW_REPLY_COUNT_BITS, index, *counter;
	struct fw_addr key = pkt->source;

	packet_mask(&key, bits);
	index = fw_filter_hash(&key, bits, fw_config.seed) & (FW_REPLY_COUNTERS - 1);
	counter = bpf_map_lookup_elem(&fw_reply_map, &index);
	if (counter && (*counter & ~FW_REPLY_COUNT_MOST) != second)
		*counter = second;
	return counter;
}

/* The budget of all CPUs together; each takes a batch of it, because an atomic on a shared line costs more
 * than the rest. */
static __always_inline int reply_take(struct fw_cookie_room *room, __u32 budget, __u64 now_ns, __u64 limit,
				      __u64 batch)
{
	__u32 index = budget; /* budget itself stays the constant that the verifier of 6.1 wants to see */
	struct fw_meter *meter;

	if (room->left[budget]) {
		room->left[budget]--;
		return 1;
	}
	meter = bpf_map_lookup_elem(&fw_reply_total_map, &index);
	if (!meter)
		return 0;
	if (fw_meter_is_due(meter, now_ns, FW_REPLY_SUB_US * 1000ULL, FW_REPLY_SUB_US))
		meter_rotate(meter, now_ns, FW_REPLY_SUB_US, 0, FW_RULE_NONE);
	if (!fw_meter_take(meter, batch, limit))
		return 0;
	room->left[budget] = batch - 1;
	return 1;
}

#endif
