// SPDX-License-Identifier: Apache-2.0
/* When to ask for a feed again. Pure: time and chance are arguments. */
#include "feeds/schedule.h"

#include "fw_types.h"

#define MINUTE_NS	   (60 * FW_NS_PER_SEC)
#define DAY_NS		   (86400 * FW_NS_PER_SEC)
#define RETRY_CAP_NS	   (15 * MINUTE_NS)
#define RETRY_AFTER_MAX_NS (7 * DAY_NS) /* a server may ask for patience, not for silence */
#define START_SPREAD_NS	   (5 * FW_NS_PER_SEC)

/* value ± percent, evenly. */
static uint64_t jittered(uint64_t value, unsigned int percent, uint32_t random)
{
	uint64_t span = value / 100 * percent * 2;

	return value - span / 2 + (uint64_t)((unsigned __int128)span * random / UINT32_MAX);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t backoff(const struct fw_feed_timing *timing)
{
	uint64_t wait = smaller(timing->every_ns, MINUTE_NS), cap = larger(timing->every_ns, RETRY_CAP_NS);

	for (unsigned int i = 1; i < timing->failures && wait < cap; i++)
		wait *= 2;
	return smaller(wait, cap);
}

uint64_t fw_feed_wait(const struct fw_feed_timing *timing, uint32_t random)
{
	uint64_t asked = smaller(timing->retry_after_ns, RETRY_AFTER_MAX_NS);
	uint64_t wait = timing->failures ? jittered(backoff(timing), 25, random)
					 : jittered(timing->every_ns, 5, random);

	return larger(wait, asked);
}

uint64_t fw_feed_wait_at_start(const struct fw_feed_timing *timing, uint64_t age_ns, uint32_t random)
{
	uint64_t spread = smaller(START_SPREAD_NS, timing->every_ns);
	uint64_t wait = jittered(timing->every_ns, 5, random);

	if (age_ns < wait)
		return wait - age_ns;
	/* Never fetched: at once. Overdue: soon, but not all feeds in the same second. */
	return age_ns == UINT64_MAX ? 0 : (uint64_t)((unsigned __int128)spread * random / UINT32_MAX);
}

bool fw_feed_is_stale(const struct fw_feed_timing *timing, uint64_t age_ns)
{
	uint64_t limit =
		timing->stale_after_ns ? timing->stale_after_ns : larger(timing->every_ns * 3, DAY_NS);

	return age_ns > limit;
}
