// SPDX-License-Identifier: GPL-2.0-only
/* Reads both clocks at one moment, so that user space can tell how jiffies map to CLOCK_MONOTONIC. Run once
 * at start. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct clock_reading {
	__u64 jiffies;
	__u64 monotonic_ns;
};

SEC("syscall")
int fw_clock_read(struct clock_reading *reading)
{
	reading->jiffies = bpf_jiffies64();
	reading->monotonic_ns = bpf_ktime_get_ns();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
