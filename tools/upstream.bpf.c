// SPDX-License-Identifier: GPL-2.0-only
/* The upstream end of the victim's wire: frames for the router leave the lab here. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int upstream(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	return eth->h_dest[0] == 2 && eth->h_dest[5] == 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
