/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How the amounts of a rule's keys are spread: a histogram on a logarithmic scale, four buckets an octave.
 * One sample is one sub-window of one key (fw_meter.h); pure arithmetic beside the struct. */
#ifndef FW_SPREAD_H
#define FW_SPREAD_H

#include "fw_types.h"

#define FW_SPREAD_BUCKETS 160u /* amounts to 2^40; what is more goes into the last one */

struct fw_spread {
	__u64 samples[FW_SPREAD_BUCKETS];
	__u64 amount[FW_SPREAD_BUCKETS]; /* what came in those sub-windows, not what their windows held */
};
FW_SIZE_IS(struct fw_spread, 16 * 160);

static inline __attribute__((always_inline)) __u32 fw_spread_octave(__u64 amount)
{
	__u32 octave = 0;

	for (__u32 step = 32; step; step >>= 1)
		if (amount >> step) {
			amount >>= step;
			octave += step;
		}
	return octave;
}

/* Exact up to 8, then at most a quarter wide. 0 counts as 1. */
static inline __attribute__((always_inline)) __u32 fw_spread_bucket(__u64 amount)
{
	__u32 octave = fw_spread_octave(amount), bucket;

	bucket = octave * 4 + (octave > 1 ? amount >> (octave - 2) & 3 : octave ? (amount & 1) << 1 : 0);
	return bucket < FW_SPREAD_BUCKETS ? bucket : FW_SPREAD_BUCKETS - 1;
}

/* The least amount that goes into a bucket. */
static inline __u64 fw_spread_floor(__u32 bucket)
{
	return (4ULL + (bucket & 3)) << (bucket >> 2) >> 2;
}

#endif
