/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest limit that holds beside a flood of keys that come once. Pure arithmetic over the constants of
 * fw_types.h that known_admits() works by.
 *
 * While gates are closed, a bucket takes a candidate, then none for FW_GATE_CANDIDATE_UNITS, then one in
 * FW_GATE_CANDIDATE_PACKETS: of N packets a second of unknown keys in FW_KNOWN_BUCKETS buckets one in
 * N × units / buckets + packets becomes one, by whatever CPUs they come. It gets its meter when it comes
 * again before FW_KNOWN_FAST other candidates have come or, if it is the one in FW_KNOWN_SLOW_SHARE that is
 * kept longer, FW_KNOWN_SLOW other slow ones. */
#ifndef FW_POLICY_ADMISSION_H
#define FW_POLICY_ADMISSION_H

#include "policy/image.h"

#define FW_ADMISSION_SURE 0.99 /* a limit is guaranteed when it holds in so many windows */

/* The smallest limit, in packets, such that a key that sends twice as much in even steps is over it within
 * the first window. unknown: packets a second of keys that are not known, times the limits that count each.
 */
uint64_t fw_admission_least(double unknown, uint64_t window_ns);

/* The fewest packets in which a key can reach the limit. */
uint64_t fw_admission_packets(const struct fw_limit *limit);

/* Notes on the rules of a compiled policy whose limit is not guaranteed beside so many packets a second. */
void fw_admission_check(const struct fw_policy *policy, const struct fw_image *image, uint64_t flood,
			struct fw_diags *diags);

#endif
