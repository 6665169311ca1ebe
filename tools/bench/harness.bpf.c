// SPDX-License-Identifier: GPL-2.0-only
/* Writes the next packet of a plan, then becomes the program under test. */
#include "packet.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} under_test SEC(".maps");

__u64 missed; /* packets that did not fit or found no program: any but 0 spoils the figure */

SEC("xdp")
int harness(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if (packet_write(data, data_end) == 0)
		bpf_tail_call(ctx, &under_test, 0);
	missed++;
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
