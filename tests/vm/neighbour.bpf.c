// SPDX-License-Identifier: GPL-2.0-only
/* Somebody else's XDP program that knows libxdp: counts the flood and the honest packets that reach it. */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

#define WIRE_MAC_FIRST	0x02 /* as in wire.c */
#define WIRE_MAC_SECOND 0xf1

__u64 neighbour_seen;

SEC("xdp")
int neighbour(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) <= end && eth->h_dest[0] == WIRE_MAC_FIRST && eth->h_dest[1] == WIRE_MAC_SECOND)
		__sync_fetch_and_add(&neighbour_seen, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
