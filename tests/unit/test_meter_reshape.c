// SPDX-License-Identifier: Apache-2.0
/* A meter whose window was tuned keeps its average rate, however much it has counted; and what two CPUs at
 * once make of a meter. */
#include <criterion/criterion.h>

#include "fw_meter.h"

#define SHIFT 20 /* of a cell: a MiB */
#define HOUR  (3600 * 1000000U / FW_METER_CELLS)
#define FIVE  (300 * 1000000U / FW_METER_CELLS)
#define ONE   (1000000U / FW_METER_CELLS)

static const struct reshape_case {
	__u64 past, open; /* of the window before */
	__u32 old_us, new_us;
	__u64 elapsed_us; /* of the open sub-window */
} cases[] = {
	{1ULL << 30, 0, HOUR, FIVE, 0},
	{(1ULL << 44) - (1ULL << SHIFT), 0, HOUR, FIVE, 0},
	{1ULL << 44, 0, HOUR, FIVE, 0},
	{720ULL * 1000 * 1000 * 1000 * 1000, 0, HOUR, FIVE, 0}, /* the highest limit that a policy may have */
	{720ULL * 1000 * 1000 * 1000 * 1000, 0, HOUR, ONE, 0},
	{720ULL * 1000 * 1000 * 1000 * 1000, 0, HOUR, HOUR - 1, 0},
	{1ULL << 50, 0, FIVE, ONE, 0},
	{0, 1ULL << 30, HOUR, FIVE, HOUR},
	{0, 720ULL * 1000 * 1000 * 1000 * 1000, HOUR, FIVE, FIVE + 2},
	{1ULL << 46, 1ULL << 46, HOUR, ONE, 2 * FIVE},
};

static double share(__u64 amount, double part, double whole)
{
	return part < whole ? (double)amount * part / whole : (double)amount;
}

Test(meter_reshape, a_shorter_window_keeps_the_rate)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct reshape_case *c = &cases[i];
		const __u64 now_ns = 1ULL << 50, elapsed_ns = c->elapsed_us * 1000;
		struct fw_meter meter = {
			.shape = c->old_us, .sub_start_ns = now_ns - elapsed_ns, .current = c->open};
		double cell_of_past = share(c->past, c->new_us, c->old_us) / FW_METER_CELLS, got,
		       before_open = c->elapsed_us < c->new_us ? c->new_us - (double)c->elapsed_us : 0,
		       want = cell_of_past * (FW_METER_CELLS - 1 + before_open / c->new_us) +
			      share(c->open, c->new_us, (double)c->elapsed_us);

		for (int cell = 0; cell < FW_METER_CELLS; cell++)
			fw_meter_push(&meter, c->past / FW_METER_CELLS, SHIFT);
		fw_meter_rotate(&meter, now_ns, c->new_us * 1000ULL, c->new_us, SHIFT);
		got = (double)fw_meter_amount(&meter);
		/* Shares are taken in 2^20ths, cells rounded up. */
		cr_expect(got >= want * 0.996 && got <= want + (FW_METER_CELLS << SHIFT),
			  "case %zu: got %.0f, expected %.0f", i, got, want);
	}
}

/* At nine tenths of 1000 in 10 s and of 100 in 1 s, in packets one by one, tuned at any time. */
Test(meter_reshape, who_stays_under_both_limits_is_never_over)
{
	const __u64 every_ns = 1000000000ULL / 90;
	const __u32 long_us = 10 * ONE;
	__u64 most = 0;

	for (__u32 packets = 900; packets < 1100; packets++) {
		struct fw_meter meter = {.shape = long_us, .sub_start_ns = every_ns};
		__u32 shape = long_us;

		for (__u64 i = 1; i < packets + 200; i++) {
			__u64 now_ns = i * every_ns, amount;

			shape = i < packets ? long_us : ONE;
			if (fw_meter_is_due(&meter, now_ns, shape * 1000ULL, shape))
				fw_meter_rotate(&meter, now_ns, shape * 1000ULL, shape, 0);
			amount = fw_meter_add(&meter, 1);
			if (shape == ONE && amount > most)
				most = amount;
		}
	}
	cr_expect_leq(most, 100, "counted %llu of 100", most);
	cr_expect_geq(most, 90, "counted %llu of 100", most);
}

Test(meter_reshape, a_longer_window_keeps_all)
{
	struct fw_meter meter = {.shape = ONE, .current = 5};

	for (int cell = 0; cell < FW_METER_CELLS; cell++)
		fw_meter_push(&meter, 1ULL << 46, SHIFT);
	fw_meter_rotate(&meter, 0, HOUR * 1000ULL, HOUR, SHIFT + 5);
	cr_expect_geq(fw_meter_amount(&meter), (1ULL << 50) + 5);
	cr_expect_leq(fw_meter_amount(&meter), (1ULL << 50) + (2 << (SHIFT + 5)));
}

/* Bytes are no packets; cells that were rounded for a limit of another size do not add up. */
Test(meter_reshape, another_unit_keeps_nothing)
{
	const __u32 packets = fw_meter_shape(FIVE, 0, 0), bytes = fw_meter_shape(FIVE, 1, 0);
	const struct {
		__u32 from, to;
	} changes[] = {
		{bytes, packets},
		{packets, bytes},
		{bytes, fw_meter_shape(ONE, 0, 0)},
		{packets, fw_meter_shape(HOUR, 2, 0)},
		{fw_meter_shape(FIVE, 1, FW_METER_SHIFT_STEP), bytes},
		{bytes, fw_meter_shape(FIVE, 1, 3 * FW_METER_SHIFT_STEP)},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct fw_meter meter = {.shape = changes[i].from, .current = 5, .dropped = 7};
		const __u64 sub_ns = fw_shape_sub_us(changes[i].to) * 1000ULL;

		for (int cell = 0; cell < FW_METER_CELLS; cell++)
			fw_meter_push(&meter, 1000, 0);
		cr_expect(fw_meter_is_due(&meter, 1000, sub_ns, changes[i].to), "case %zu", i);
		fw_meter_rotate(&meter, 1000, sub_ns, changes[i].to, 0);
		cr_expect_eq(fw_meter_amount(&meter), 0, "case %zu: %lu", i,
			     (unsigned long)fw_meter_amount(&meter));
		cr_expect_eq(meter.dropped, 7, "case %zu", i);
		cr_expect(!fw_meter_is_due(&meter, 1000, sub_ns, changes[i].to), "case %zu", i);
	}
}

#define NOW    (1ULL << 50)
#define SUB_NS (ONE * 1000ULL)

/* One CPU has taken the meter over and not yet made it one of the new window; the other one comes. */
Test(meter_reshape, is_done_by_one_of_two_cpus)
{
	for (int longer = 0; longer < 2; longer++) {
		const __u32 was = longer ? ONE : 2 * ONE, becomes = longer ? 2 * ONE : ONE;
		struct fw_meter meter = {.shape = was, .sub_start_ns = NOW + 1};

		fw_meter_push(&meter, 1600, 0);
		fw_meter_rotate(&meter, NOW, becomes * 1000ULL, becomes, 0);
		cr_expect_eq(meter.shape, was, "the second took it over, too");
		fw_meter_reshape(&meter, 32, 0, NOW, becomes, 0);
		cr_expect_eq(fw_meter_amount(&meter), longer ? 1632 : 832, "%lu",
			     (unsigned long)fw_meter_amount(&meter));
		cr_expect(!fw_meter_is_due(&meter, NOW, becomes * 1000ULL, becomes));
	}
}

/* One CPU found it due, and has lost it by the time when it closes. */
Test(meter_close, of_what_another_cpu_has_just_closed_loses_nothing)
{
	struct fw_meter meter = {.shape = ONE, .sub_start_ns = NOW, .current = 5};
	struct fw_meter_sample sample;

	cr_expect_eq(fw_meter_close(&meter, NOW, SUB_NS, ONE, 0, &sample), 0);
	cr_expect_eq(fw_meter_amount(&meter), 5);
}

Test(meter_close, mends_the_sum)
{
	struct fw_meter meter = {.shape = ONE, .sub_start_ns = NOW};

	fw_meter_push(&meter, 100, 0);
	meter.past -= 600;
	cr_expect_eq(fw_meter_amount(&meter), 0, "less than nothing");
	cr_expect_eq(fw_meter_take(&meter, 1, 1000), 1);
	fw_meter_rotate(&meter, NOW + SUB_NS, SUB_NS, ONE, 0);
	cr_expect_eq(fw_meter_amount(&meter), 101, "%lu", (unsigned long)fw_meter_amount(&meter));
}

/* Both find room for one packet; the slower one takes its own back when the other has closed the sub-window.
 */
Test(meter_close, between_a_packet_and_its_taking_back_holds_nobody)
{
	enum { LIMIT = 15000, COST = 1500 };
	struct fw_meter meter = {.shape = ONE, .sub_start_ns = NOW};

	cr_expect_eq(fw_meter_take(&meter, LIMIT, LIMIT), 1);
	cr_expect_gt(fw_meter_add(&meter, COST), LIMIT);
	fw_meter_rotate(&meter, NOW + SUB_NS, SUB_NS, ONE, 0);
	__sync_fetch_and_add(&meter.current, -(__u64)COST);
	cr_expect_eq(fw_meter_amount(&meter), LIMIT, "%lu", (unsigned long)fw_meter_amount(&meter));
	fw_meter_rotate(&meter, NOW + 2 * SUB_NS, SUB_NS, ONE, 0);
	cr_expect_leq(fw_meter_amount(&meter), LIMIT + COST, "%lu", (unsigned long)fw_meter_amount(&meter));
	fw_meter_rotate(&meter, NOW + 17 * SUB_NS, SUB_NS, ONE, 0);
	cr_expect_eq(fw_meter_take(&meter, LIMIT, LIMIT), 1, "a window later all has left, not %lu",
		     (unsigned long)fw_meter_amount(&meter));
}

/* As before, when the window was tuned to a shorter one meanwhile. */
Test(meter_close, of_another_window_counts_nothing_for_what_was_taken_back)
{
	struct fw_meter meter = {.shape = 2 * ONE, .sub_start_ns = NOW - SUB_NS, .current = -1500ULL};

	fw_meter_rotate(&meter, NOW, SUB_NS, ONE, 0);
	cr_expect_eq(fw_meter_amount(&meter), 0, "%lu", (unsigned long)fw_meter_amount(&meter));
}
