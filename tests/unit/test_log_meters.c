// SPDX-License-Identifier: Apache-2.0
/* Windows that trail the lines, a table that never grows. */
#include <criterion/criterion.h>
#include <string.h>

#include "logs/meters.h"

#define MS 1000000ULL
#define S  (1000 * MS)

static struct fw_log_key key_of(uint32_t number, uint16_t rule)
{
	return (struct fw_log_key){.addr = {{0, 0, 0xffff0000, number}}, .rule = rule};
}

static struct fw_log_meter *get(struct fw_log_meters *meters, uint32_t number, uint16_t rule, uint64_t now_ns,
				bool *evicted, bool *is_new)
{
	struct fw_log_key key = key_of(number, rule), gone;

	return fw_log_meters_get(meters, &key, now_ns, 625000, &gone, evicted, is_new);
}

Test(log_meters, window_trails)
{
	struct fw_log_meters *meters = NULL;
	struct fw_log_meter *meter;
	bool evicted, is_new;
	uint64_t now = 1000 * S, amount = 0, until;

	cr_assert_eq(fw_log_meters_new(16, 1, &meters), 0);
	meter = get(meters, 1, 1, now, &evicted, &is_new);
	cr_expect(is_new && !evicted);
	/* 10 s in cells of 625 ms: one line a second, never more than 11 in the window. */
	for (int i = 0; i < 100; i++, now += S) {
		amount = fw_log_meter_count(meter, now, 625000, 0);
		cr_expect_leq(amount, 12);
		cr_expect(i < 11 || amount >= 10, "%d: %lu", i, amount);
	}
	until = fw_log_meter_over_until(meter, 5, 0);
	cr_expect(until > now - S + 3 * S && until < now + 7 * S, "falls in %lu ms", (until - now) / MS);
	cr_expect_gt(fw_log_meter_count(meter, until - 1 - 625 * MS, 625000, 0), 5);
	cr_expect_eq(fw_log_meter_count(meter, now + 3600 * S, 625000, 0), 1);
	fw_log_meters_free(meters);
}

/* A clock that goes back, stands still or leaps: nothing is counted twice, lost for good or never again. */
Test(log_meters, clocks_that_jump)
{
	struct fw_log_meters *meters = NULL;
	struct fw_log_meter *meter;
	bool evicted, is_new;
	uint64_t now = 1000 * S;

	cr_assert_eq(fw_log_meters_new(16, 1, &meters), 0);
	meter = get(meters, 1, 1, now, &evicted, &is_new);
	for (uint64_t i = 1; i <= 100; i++)
		cr_expect_eq(fw_log_meter_count(meter, now, 625000, 0), i, "it stands still");
	cr_expect_eq(fw_log_meter_count(meter, now - 500 * S, 625000, 0), 101, "it goes back");
	cr_expect_eq(fw_log_meter_amount(meter, 0, 625000, 0), 101);
	cr_expect_eq(fw_log_meter_count(meter, now + 5 * S, 625000, 0), 102, "and on");
	cr_expect_eq(fw_log_meter_count(meter, now + 40000000 * S, 625000, 0), 1, "a year of sleep");
	fw_log_meters_free(meters);
}

/* What over_until promises is what the window does: exactly, whatever came when. */
Test(log_meters, over_until_is_exact)
{
	uint64_t state = 7;

	for (int round = 0; round < 300; round++) {
		struct fw_log_meters *meters = NULL;
		struct fw_log_meter *meter, copy;
		bool evicted, is_new;
		uint64_t now = 50 * S, amount = 0, until;

		cr_assert_eq(fw_log_meters_new(16, 1, &meters), 0);
		meter = get(meters, 1, 1, now, &evicted, &is_new);
		for (int i = 0; i < 60; i++) {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			now += (state >> 33) % (400 * MS);
			amount = fw_log_meter_count(meter, now, 625000, 0);
		}
		if (amount > 10) {
			until = fw_log_meter_over_until(meter, 10, 0);
			copy = *meter;
			cr_expect_gt(fw_log_meter_count(&copy, until - 1, 625000, 0) - 1, 10, "round %d",
				     round);
			copy = *meter;
			cr_expect_leq(fw_log_meter_count(&copy, until, 625000, 0) - 1, 10, "round %d", round);
		}
		fw_log_meters_free(meters);
	}
}

Test(log_meters, least_recently_used_goes)
{
	struct fw_log_meters *meters = NULL;
	bool evicted, is_new;

	cr_assert_eq(fw_log_meters_new(16, 99, &meters), 0);
	for (uint32_t i = 0; i < 16; i++) {
		fw_log_meter_count(get(meters, i, 1, S, &evicted, &is_new), S, 625000, 0);
		cr_expect(is_new && !evicted);
	}
	get(meters, 0, 1, S, &evicted, &is_new);
	cr_expect(!is_new && !evicted, "it is there");
	for (uint32_t i = 16; i < 31; i++) {
		get(meters, i, 1, S, &evicted, &is_new);
		cr_expect(is_new && evicted, "%u", i);
	}
	cr_expect_eq(fw_log_meter_count(get(meters, 0, 1, S, &evicted, &is_new), S, 625000, 0), 2,
		     "the one in use has stayed");
	cr_expect_not(is_new);
	get(meters, 1, 1, S, &evicted, &is_new);
	cr_expect(is_new, "the others have gone");
	get(meters, 0, 2, S, &evicted, &is_new);
	cr_expect(is_new, "rules have meters of their own");
	fw_log_meters_free(meters);
}

Test(log_meters, many_keys)
{
	struct fw_log_meters *meters = NULL;
	bool evicted, is_new;

	cr_assert_eq(fw_log_meters_new(1024, 5, &meters), 0);
	for (uint32_t i = 0; i < 100000; i++)
		fw_log_meter_count(get(meters, i % 3000, 1, i * MS, &evicted, &is_new), i * MS, 625000, 0);
	for (uint32_t i = 100000; i < 101024; i++)
		get(meters, i % 3000 + 500, 1, i * MS, &evicted, &is_new);
	fw_log_meters_free(meters);
}
