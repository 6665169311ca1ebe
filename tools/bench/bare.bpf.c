// SPDX-License-Identifier: GPL-2.0-only
/* The ends of the scale: drop everything or pass everything and look at nothing; look at the source and drop.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int bare_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp")
int bare_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* What any program pays that decides by the source: the packet's first byte comes from another CPU's cache.
 */
SEC("xdp")
int bare_read(struct xdp_md *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;
	const struct iphdr *ip = (const void *)(eth + 1);

	if ((const void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	return ip->saddr ? XDP_DROP : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
