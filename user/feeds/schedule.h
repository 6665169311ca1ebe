/* SPDX-License-Identifier: Apache-2.0 */
/* When to ask for a feed again: on time, not all at once, and ever less often while it fails. */
#ifndef FW_FEEDS_SCHEDULE_H
#define FW_FEEDS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct fw_feed_timing {
	uint64_t every_ns;	 /* the operator's interval */
	unsigned int failures;	 /* in a row, 0 after a success */
	uint64_t retry_after_ns; /* what the server asked for with 429 or 503, 0 = nothing */
	uint64_t stale_after_ns; /* 0 = three intervals, at least a day */
};

/* How long to wait from the end of an attempt; random is any 32 random bits. After a success within 5 % of
 * the interval; after the nth failure in a row 1 min × 2^(n-1) (or the interval, when that is shorter)
 * within 25 %, capped at the interval or 15 min, whichever is longer. */
uint64_t fw_feed_wait(const struct fw_feed_timing *timing, uint32_t random);
/* The same at start, `age_ns` after the last success (UINT64_MAX: never): a restart does not make the
 * publisher's server work harder. */
uint64_t fw_feed_wait_at_start(const struct fw_feed_timing *timing, uint64_t age_ns, uint32_t random);
bool fw_feed_is_stale(const struct fw_feed_timing *timing, uint64_t age_ns);

#endif
