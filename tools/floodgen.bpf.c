// SPDX-License-Identifier: GPL-2.0-only
/* One live frame in, one freshly written packet out of the attacker's interface. */
#include "packet.bpf.h"

#define PACE_SPINS 1000 /* some 20 us of clock reads: enough down to 50 000 packets/s */

const volatile __u64 pace_ns = 0; /* between two packets; 0: as fast as it goes */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out_interface SEC(".maps");

__u64 sent;
__u64 failed;
__u64 pace_next;

static __always_inline void pace(void)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 spin;

	/* After a pause (another batch, another process) go on at the rate, do not catch up in a burst. */
	if (pace_next + 1000000 < now)
		pace_next = now;
	for (spin = 0; spin < PACE_SPINS && now < pace_next; spin++)
		now = bpf_ktime_get_ns();
	pace_next += pace_ns;
}

SEC("xdp")
int floodgen(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if (packet_write(data, data_end)) {
		failed++;
		return XDP_DROP;
	}
	if (pace_ns)
		pace();
	sent++;
	return bpf_redirect_map(&out_interface, 0, 0);
}

char _license[] SEC("license") = "GPL";
