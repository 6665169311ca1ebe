// SPDX-License-Identifier: Apache-2.0
/* A crowd of sources that come once gets meters up to a budget, and costs nobody else his. */
#include "lab.h"

#define POLICY "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block}]\n"
#define CROWD  150000u

/* The n-th address of 10.0.0.0/8, one packet. */
static struct packet stranger(uint32_t n)
{
	struct packet packet = PACKET(.from = "10.0.0.0");

	packet.bytes[packet.ip + 13] = (unsigned char)(n >> 16);
	packet.bytes[packet.ip + 14] = (unsigned char)(n >> 8);
	packet.bytes[packet.ip + 15] = (unsigned char)n;
	return packet;
}

static uint64_t not_admitted(struct lab *lab)
{
	uint64_t faults[FW_FAULT_MAX_];

	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	return faults[FW_FAULT_NOT_ADMITTED];
}

static void open_large(struct lab *lab)
{
	lab_open_with(lab, POLICY, (struct fw_datapath_options){.sources = 1 << 18, .bans = 1024}, false);
}

Test(admission, in_peace_every_source_has_a_meter)
{
	struct lab lab;

	open_large(&lab);
	for (uint32_t i = 0; i < 20000; i++) {
		struct packet packet = stranger(i);

		cr_assert_eq(lab_send(&lab, packet, 6), 5, "source %u", i);
	}
	cr_expect_eq(not_admitted(&lab), 0);
	lab_close(&lab);
}

Test(admission, a_flood_has_a_budget_and_erases_nobody)
{
	struct lab lab;
	struct packet known = PACKET(.from = ATTACKER), known6 = PACKET(.from = ATTACKER6);
	unsigned int escaped = 0;

	open_large(&lab);
	lab_send(&lab, known, 6);
	lab_send(&lab, known6, 6);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct packet packet = stranger(i);

		cr_assert_eq(lab_run(&lab, &packet), FW_REASON_NO_RULE, "a source with one packet passes");
		if (i % 1000 == 0)
			escaped += lab_send(&lab, known, 1) + lab_send(&lab, known6, 1);
	}
	cr_expect_eq(escaped, 0, "%u packets of known offenders passed", escaped);
	cr_expect_eq(not_admitted(&lab), CROWD - (FW_GATE_PER_SECOND - 2));
	/* Without a meter nobody is blocked by mistake, and with the next tick there are new ones. */
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 20), 20);
	lab.now_ns += 4 * MS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 20), 1 + 5, "the first packet makes a candidate");
	/* When the crowd is gone, the first packet counts again. */
	lab.now_ns += 200 * MS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER_NEAR), 1), 1);
	lab.now_ns += 4 * MS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER_NEAR), 20), 4);
	lab_close(&lab);
}

static size_t meters(struct lab *lab)
{
	struct fw_meter_entry *entries = NULL;
	size_t count = 0;

	cr_assert_eq(fw_meters_list(lab->datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	free(entries);
	return count;
}

/* What came once during the flood is forgotten, and takes no place of those who were known before it. */
Test(admission, a_flood_leaves_nothing_behind_and_takes_nothing)
{
	enum { PER_TICK = 1000, TICKS = 400 };
	struct lab lab;
	struct packet quiet = PACKET(.from = HONEST);
	size_t before;

	open_large(&lab);
	cr_expect_eq(lab_send(&lab, quiet, 3), 3);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND; i++) {
		struct packet packet = stranger(1 << 23 | i);

		lab_run(&lab, &packet);
	}
	before = meters(&lab);
	cr_expect_eq(before, FW_GATE_PER_SECOND);
	for (uint32_t tick = 0; tick < TICKS; tick++) {
		lab.now_ns += 4 * MS;
		for (uint32_t i = 0; i < PER_TICK; i++) {
			struct packet packet = stranger(tick * PER_TICK + i);

			lab_run(&lab, &packet);
		}
	}
	/* Tags have 16 bits: some stranger looks like one that has come before. */
	cr_expect_lt(meters(&lab) - before, PER_TICK * TICKS / 500);
	cr_expect_eq(lab_send(&lab, quiet, 20), 2, "who was known before the flood still is");
	lab_close(&lab);
}

/* Keys that are more than a source are known by all that makes them. */
Test(admission, a_known_key_with_a_port_stays_over_its_limit)
{
	struct lab lab;
	struct packet known = PACKET(.from = ATTACKER);

	lab_open_with(&lab,
		      "version: 1\nrules: [{name: r, limit: 200 packets/10s, per: [source, dest_port], "
		      "action: block}]\n",
		      (struct fw_datapath_options){.sources = 1 << 18, .bans = 1024}, false);
	cr_expect_eq(lab_send(&lab, known, 250), 200);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct packet packet = stranger(i);

		lab_run(&lab, &packet);
	}
	cr_expect_gt(not_admitted(&lab), 0);
	cr_expect_eq(lab_send(&lab, known, 100), 0, "the flood hides nobody");
	lab_close(&lab);
}

/* Among more new sources than the budget covers, one that keeps sending soon has its turn. */
Test(admission, a_steady_offender_is_admitted_during_the_flood)
{
	enum {
		PER_TICK = 2000,
		TICKS = 100,
		EVERY = 40
	}; /* five times the budget; the offender sends one in forty */
	struct lab lab;
	struct packet offender = PACKET(.from = ATTACKER_NEAR);
	unsigned int sent = 0, passed = 0;
	uint32_t random = 4711;

	open_large(&lab);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND; i++) { /* what had been saved is gone */
		struct packet packet = stranger(1 << 23 | i);

		lab_run(&lab, &packet);
	}
	for (uint32_t tick = 0; tick < TICKS; tick++) {
		lab.now_ns += 4 * MS;
		for (uint32_t i = 0; i < PER_TICK; i++) {
			struct packet packet = stranger(tick * PER_TICK + i);

			lab_run(&lab, &packet);
			random = random * 1664525 +
				 1013904223; /* at any moment of a tick, not always at its start */
			if ((random >> 16) % EVERY == 0) {
				sent++;
				passed += lab_send(&lab, offender, 1);
			}
		}
	}
	cr_expect_lt(passed, sent / 20, "%u of %u packets passed", passed, sent);
	lab_close(&lab);
}
