/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place where time enters: jiffies (about 1 ns a read) as CLOCK_MONOTONIC nanoseconds, or replay's
 * clock. */
#ifndef FW_BPF_CLOCK_H
#define FW_BPF_CLOCK_H

#include "maps.h"

static __always_inline __u64 clock_now_ns(void)
{
	if (fw_config.virtual_clock)
		return *map_memory_one(fw_clock_map, __u64);
	return bpf_jiffies64() * fw_config.tick_ns + fw_config.offset_ns;
}

#endif
