/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Facts fixed when a program is loaded, placed in its read-only data, so that dead branches are pruned. */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H

#include "fw_types.h"

#define FW_IFACES_MAX 32

/* The Floodwall clock counts nanoseconds like CLOCK_MONOTONIC, at the grain of a jiffy:
 * now = jiffies64 × tick_ns + offset_ns. User space measures both at start. With virtual_clock
 * (replay) the time comes from the map fw_clock instead. */
struct fw_config {
	__s64 offset_ns;
	__u64 tick_ns;
	__u64 sum4;	    /* fw_filter_sum() of ::ffff:0.0.0.0/128 */
	__u32 seed;	    /* random per boot: filters hash with it */
	__u32 iface;	    /* index of the interface's counters, 0 … FW_IFACES_MAX-1 */
	__u8 virtual_clock; /* replay: read time from fw_clock */
	__u8 trace;	    /* replay: write each verdict to fw_trace */
	__u8 frags;	    /* loaded for multi-buffer frames: length needs a helper call */
	__u8 cookies;	    /* this kernel has the helpers that make SYN cookies for listeners */
	__u8 replay;	    /* no host is behind the packets: who is challenged is as good as answered */
	__u8 redirects;	    /* answers go out by a redirect, not by XDP_TX: a veth */
	__u8 pad[2];
	__u32 cpu_mask;	       /* CPUs in fw_cpu_map − 1: no possible id has another bit */
	__u32 allowance_mask;  /* lines of a CPU in fw_allowance_map − 1 */
	__u32 iface_bit;       /* 1 << iface */
	__u32 gate_per_second; /* new keys a CPU may give a meter to: fw_gate_per_second() */
};
FW_SIZE_IS(struct fw_config, 56);

/* What replay reads after each packet. */
struct fw_trace {
	__u32 reason;  /* enum fw_reason */
	__u32 verdict; /* enum fw_verdict */
	__u32 rule;    /* rule id that decided, FW_RULE_NONE if none did */
	__u32 family;  /* enum fw_family */
	struct fw_addr source;
};
FW_SIZE_IS(struct fw_trace, 32);

#endif
