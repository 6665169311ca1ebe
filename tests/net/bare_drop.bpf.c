// SPDX-License-Identifier: GPL-2.0-only
/* What a flood costs whom it is dropped by without a look: the yardstick. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("drop")
int bare_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
