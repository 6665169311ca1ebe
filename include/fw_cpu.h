/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a CPU writes for itself with nearly every packet: one lookup finds it all. */
#ifndef FW_CPU_H
#define FW_CPU_H

#include "fw_policy.h"
#include "fw_types.h"

/* One in `period` packets is sampled towards fw_source_map; the period follows the load. */
struct fw_sampling {
	__u64 tick_ns;
	__u32 skipped;
	__u32 period;
	__u32 gap;   /* from the last sample to the next one: period on average */
	__u16 taken; /* in this tick */
	__u16 told;  /* drops handed on in this tick */
};
FW_SIZE_IS(struct fw_sampling, 24);

#define FW_CPU_BYTES                                                                                         \
	16384 /* a multiple of 128: no two CPUs write one line, or two that a prefetcher pairs               \
	       */

/* Written by the packet path on that CPU only, softirq: no atomics needed. User space reads it, and clears
 * the counters of a rule whose id begins anew. */
struct fw_cpu {
	struct fw_gate gate;
	struct fw_sampling sampling;
	struct fw_rule_count rules[FW_RULE_IDS];
	__u8 pad[FW_CPU_BYTES - sizeof(struct fw_gate) - sizeof(struct fw_sampling) -
		 FW_RULE_IDS * sizeof(struct fw_rule_count)];
};
FW_SIZE_IS(struct fw_cpu, FW_CPU_BYTES);

#endif
