// SPDX-License-Identifier: Apache-2.0
/* When a feed is asked for again: bounds of the jitter, growth of the backoff, patience that servers ask for.
 */
#include <criterion/criterion.h>

#include "feeds/schedule.h"
#include "fw_types.h"

#define S FW_NS_PER_SEC
#define M (60 * S)
#define H (60 * M)

static void between(const struct fw_feed_timing *timing, uint64_t low, uint64_t high, const char *name)
{
	cr_expect_eq(fw_feed_wait(timing, 0), low, "%s: %llu", name,
		     (unsigned long long)fw_feed_wait(timing, 0));
	cr_expect_eq(fw_feed_wait(timing, UINT32_MAX), high, "%s: %llu", name,
		     (unsigned long long)fw_feed_wait(timing, UINT32_MAX));
	cr_expect_geq(fw_feed_wait(timing, 12345678), low);
	cr_expect_leq(fw_feed_wait(timing, 12345678), high);
}

Test(feed_schedule, on_time_within_five_percent)
{
	between(&(struct fw_feed_timing){.every_ns = 12 * H}, 12 * H / 20 * 19, 12 * H / 20 * 21, "12h");
	between(&(struct fw_feed_timing){.every_ns = 15 * S}, 15 * S / 20 * 19, 15 * S / 20 * 21, "15s");
}

Test(feed_schedule, failures_back_off_up_to_the_interval)
{
	struct fw_feed_timing timing = {.every_ns = 12 * H};
	static const uint64_t waits[] = {1 * M, 2 * M, 4 * M, 8 * M, 16 * M};

	for (unsigned int i = 0; i < 5; i++) {
		timing.failures = i + 1;
		between(&timing, waits[i] / 4 * 3, waits[i] / 4 * 5, "backoff");
	}
	timing.failures = 1000000;
	between(&timing, 9 * H, 15 * H, "capped");
	/* A feed asked for often backs off beyond its interval. */
	timing = (struct fw_feed_timing){.every_ns = 15 * S, .failures = 1};
	between(&timing, 15 * S / 4 * 3, 15 * S / 4 * 5, "15s");
	timing.failures = 50;
	between(&timing, 15 * M / 4 * 3, 15 * M / 4 * 5, "15s, long");
}

Test(feed_schedule, retry_after_is_a_minimum_with_a_cap)
{
	struct fw_feed_timing timing = {.every_ns = H, .failures = 1, .retry_after_ns = 2 * H};

	cr_expect_eq(fw_feed_wait(&timing, 7), 2 * H);
	timing.retry_after_ns = UINT64_MAX;
	cr_expect_eq(fw_feed_wait(&timing, 7), 7 * 24 * H);
	timing.retry_after_ns = 1;
	cr_expect_geq(fw_feed_wait(&timing, 0), 45 * S);
}

Test(feed_schedule, a_restart_asks_nothing_early)
{
	struct fw_feed_timing timing = {.every_ns = H};

	cr_expect_eq(fw_feed_wait_at_start(&timing, UINT64_MAX, 99), 0);
	cr_expect_eq(fw_feed_wait_at_start(&timing, 0, 0), H / 20 * 19);
	cr_expect_eq(fw_feed_wait_at_start(&timing, 50 * M, 0), H / 20 * 19 - 50 * M);
	cr_expect_leq(fw_feed_wait_at_start(&timing, 3 * H, UINT32_MAX), 5 * S);
	cr_expect_eq(fw_feed_wait_at_start(&timing, 3 * H, 0), 0);
}

Test(feed_schedule, stale)
{
	struct fw_feed_timing timing = {.every_ns = 12 * H};

	cr_expect_not(fw_feed_is_stale(&timing, 36 * H));
	cr_expect(fw_feed_is_stale(&timing, 36 * H + 1));
	timing.every_ns = M;
	cr_expect_not(fw_feed_is_stale(&timing, 24 * H));
	cr_expect(fw_feed_is_stale(&timing, 24 * H + 1));
	timing.stale_after_ns = H;
	cr_expect(fw_feed_is_stale(&timing, H + 1));
}
