// SPDX-License-Identifier: Apache-2.0
/* Gates: when they close, on which CPUs, and how many meters a crowd gets from them. */
#include <sched.h>

#include "crowd.h"

/* A flood that pauses, as on a CPU that does other things, too, does not open the gate each time. */
Test(gates, a_flood_in_bursts_is_one_flood)
{
	uint64_t inserted;
	struct lab lab;

	open_large(&lab);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND + 100000; i++) {
		struct packet packet = stranger(i);

		if (i >= FW_GATE_PER_SECOND && i % 2000 == 0)
			lab.now_ns += 4 * MS;
		if (i >= FW_GATE_PER_SECOND && i % 10000 == 500)
			lab.now_ns += 40 * MS;
		lab_run(&lab, &packet);
	}
	inserted = inserted_by(&lab);
	cr_expect_eq(gates_together(&lab).closings, 1);
	cr_expect_leq(inserted, FW_GATE_PER_SECOND + 1000, "%lu", (unsigned long)inserted);
	lab_close(&lab);
}

/* Who sends everything twice gets no more meters than the budget has. */
Test(gates, a_crowd_that_comes_twice_has_the_budget_of_one_that_comes_once)
{
	enum { PER_TICK = 2000, TICKS = 100 };
	struct packet known = PACKET(.from = ATTACKER);
	uint64_t inserted;
	struct lab lab;

	open_large(&lab);
	lab_send(&lab, known, 6);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND + TICKS * PER_TICK; i++) {
		struct packet packet = stranger(i);

		if (i >= FW_GATE_PER_SECOND && i % PER_TICK == 0)
			lab.now_ns += 4 * MS;
		lab_send(&lab, packet, 2);
		if (i % 5000 == 0)
			cr_expect_eq(lab_send(&lab, known, 1), 0, "the offender of before is dropped");
	}
	inserted = inserted_by(&lab);
	cr_expect_gt(inserted, FW_GATE_PER_SECOND);
	cr_expect_leq(inserted, FW_GATE_PER_SECOND * 1.4 + 400, "%lu", (unsigned long)inserted);
	lab_close(&lab);
}

/* The clock of a replay does not tick: what is due for a single packet's time is less than one meter. */
Test(gates, a_clock_that_moves_with_every_packet_admits_offenders)
{
	enum { FLOOD = 200000, EVERY = 400, GAP_NS = 5000 };
	struct packet offender = PACKET(.from = ATTACKER);
	uint32_t dropped = 0;
	struct lab lab;

	open_large(&lab);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND + FLOOD; i++) {
		struct packet packet = stranger(i);

		lab.now_ns += GAP_NS;
		lab_run(&lab, &packet);
		if (i >= FW_GATE_PER_SECOND && i % EVERY == 0)
			dropped += lab_send(&lab, offender, 1) == 0;
	}
	cr_expect_eq(gates_together(&lab).closed, 1);
	cr_expect_gt(dropped, FLOOD / EVERY / 2, "%u of %u", dropped, FLOOD / EVERY);
	lab_close(&lab);
}

/* With the crowd's first flood on the first of two CPUs. before: to go back to. */
static void open_flooded(struct lab *lab, cpu_set_t *before)
{
	lab_needs_root();
	cr_assert_eq(sched_getaffinity(0, sizeof(*before), before), 0);
	if (CPU_COUNT(before) < 2)
		cr_skip_test("takes 2 CPUs");
	open_large(lab);
	lab_go_to_cpu(0);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct packet packet = stranger(i);

		lab_run(lab, &packet);
	}
}

/* A flood that moves on finds the gate closed: it gets no second's worth from every CPU it comes by, again
 * and again. */
Test(gates, a_flood_closes_the_gates_of_all_cpus)
{
	uint64_t inserted;
	cpu_set_t before;
	struct lab lab;

	open_flooded(&lab, &before);
	lab.now_ns += 4 * MS;
	inserted = inserted_by(&lab);
	for (uint32_t turn = 1; turn <= 10; turn++) {
		lab_go_to_cpu(turn & 1);
		for (uint32_t i = 0; i < CROWD / 2; i++) {
			struct packet packet = stranger(turn << 20 | i);

			lab_run(&lab, &packet);
		}
		lab.now_ns += FW_GATE_WATCH_NS;
	}
	cr_expect_eq(gates_together(&lab).closed, 2);
	inserted = inserted_by(&lab) - inserted;
	cr_expect_leq(inserted, 10 * CROWD / 2 / 500, "%lu", (unsigned long)inserted);
	cr_assert_eq(sched_setaffinity(0, sizeof(before), &before), 0);
	lab_close(&lab);
}

/* What one CPU wrote while another's packet was under way is in the future for that packet. */
Test(gates, a_flood_closes_the_gate_of_a_cpu_whose_clock_is_behind)
{
	struct packet packet = stranger(CROWD);
	cpu_set_t before;
	struct lab lab;

	open_flooded(&lab, &before);
	cr_assert_eq(gates_together(&lab).closed, 1);
	lab_go_to_cpu(1);
	lab.now_ns -= 10 * MS;
	lab_run(&lab, &packet);
	cr_expect_eq(gates_together(&lab).closed, 2);
	cr_assert_eq(sched_setaffinity(0, sizeof(before), &before), 0);
	lab_close(&lab);
}
