// SPDX-License-Identifier: Apache-2.0
/* Meters of all sources together, of which a CPU keeps a share to itself: their limit is exact on one CPU,
 * passed by no more than the shares by several, and live when it is tuned. */
#include "lab.h"

#define HEAD	     "version: 1\ninterfaces: [lo]\nrules:\n"
#define TOTAL(limit) HEAD "  - {name: all, limit: " limit ", per: total, action: police}\n"

/* So few packets that the CPU they come by tells nobody. */
#define KEPT 15

static void keep_back(struct lab *lab)
{
	const struct fw_rule *rule = &lab->image->slot->rules[0];
	struct packet packet = PACKET(.from = ATTACKER);

	cr_assert_leq(KEPT * (rule->unit == FW_UNIT_BYTES ? packet.length : 1), rule->batch);
	cr_expect_eq(lab_send(lab, packet, KEPT), KEPT);
}

Test(totals, one_cpu_passes_the_limit_and_no_more)
{
	const struct fw_addr anybody = lab_addr(HONEST);
	struct fw_meter_entry entry;
	struct lab lab;

	lab_open(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 25000), 20000);
	cr_expect_eq(lab_counts(&lab, "all").packets, 25000);
	cr_expect_eq(lab_counts(&lab, "all").dropped, 5000);
	cr_assert_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &anybody, NULL, 0, &entry), 0);
	cr_expect_eq(entry.dropped, 5000);
	/* Nothing leaves the window before it is over, in whatever sub-window the packets come. */
	for (int i = 0; i < 9; i++) {
		lab.now_ns += SECONDS;
		cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 0, "after %d s", i + 1);
	}
	lab.now_ns += 2 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 25000), 20000);
	lab_close(&lab);
}

/* In bytes a packet that is too long for what is left goes, and a shorter one behind it passes. */
Test(totals, bytes_are_exact)
{
	const uint64_t limit = 1000000;
	uint64_t passed_bytes = 0, dice = 4711;
	struct lab lab;

	lab_open(&lab, TOTAL("1M bytes/10s"));
	for (int i = 0; i < 3000; i++) {
		struct packet packet = PACKET(.from = ATTACKER, .payload = (uint16_t)((dice >> 33) % 900));
		bool fits = passed_bytes + packet.length <= limit;

		dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
		cr_assert_eq(lab_send(&lab, packet, 1), fits, "packet %d of %zu bytes after %lu", i,
			     packet.length, (unsigned long)passed_bytes);
		passed_bytes += fits ? packet.length : 0;
	}
	cr_expect_gt(passed_bytes, limit - 100, "short packets fill what long ones leave");
	lab_close(&lab);
}

Test(totals, a_tuned_limit_holds_from_the_next_packet_on)
{
	struct lab lab;

	lab_open(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000);
	lab_publish(&lab, TOTAL("30k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 5000), 5000);
	lab_publish(&lab, TOTAL("22k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 5000), 0);
	lab_publish(&lab, TOTAL("26k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 5000), 1000);
	lab_close(&lab);
}

Test(totals, a_tuned_window_counts_what_was_kept_back)
{
	struct lab lab;

	lab_open(&lab, TOTAL("20k packets/10s"));
	keep_back(&lab);
	lab.now_ns += 2 * SECONDS;
	lab_publish(&lab, TOTAL("20k packets/40s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000 - KEPT);
	lab.now_ns += 30 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 0, "the window is the longer one");
	lab.now_ns += 60 * SECONDS;
	keep_back(&lab);
	lab_publish(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000 - KEPT);
	lab.now_ns += 11 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 21000), 20000, "the window is the shorter one");
	lab_close(&lab);
}

/* The one CPU makes the meter anew for the tuned window, while the other has not told it everything. */
/* As a limit under which a CPU keeps nothing back does of what it kept before. */
Test(totals, a_limit_tuned_to_a_small_one_counts_what_was_kept_back)
{
	const struct fw_addr anybody = lab_addr(HONEST);
	struct fw_meter_entry entry;
	struct lab lab;

	lab_open(&lab, TOTAL("20k packets/10s"));
	keep_back(&lab);
	lab_publish(&lab, TOTAL("20 packets/10s"));
	cr_assert_eq(lab.image->slot->rules[0].batch, 0, "a limit under which something is kept back");
	cr_assert_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &anybody, NULL, 0, &entry), 0);
	cr_expect_eq(entry.amount, KEPT);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 200), 20 - KEPT);
	cr_assert_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &anybody, NULL, 0, &entry), 0);
	cr_expect_eq(entry.amount, 20);
	cr_expect_eq(entry.dropped, 180 + KEPT);
	lab_publish(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 25000), 20000 - 20,
		     "what was told is not told again");
	lab_close(&lab);
}

Test(totals, a_window_tuned_by_another_cpu_counts_what_was_kept_back)
{
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20k packets/10s"));
	keep_back(&lab);
	lab_publish(&lab, TOTAL("20k packets/40s"));
	cr_assert(lab_go_to_cpu(0));
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 1), 1); /* kept back, too */
	lab_go_to_cpu(1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000 - KEPT);
	lab.now_ns += 30 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 0, "the window is the longer one");
	lab_close(&lab);
}

/* The agent also clears the counters of an id before another rule gets it; here only the epochs say that what
 * lies there is another policy's. */
Test(totals, a_recycled_id_brings_no_room_along)
{
	struct lab lab;
	uint16_t id;

	lab_open(&lab, TOTAL("20M bytes/10s"));
	id = lab.image->slot->rules[0].id;
	keep_back(&lab); /* from now on it has room for thousands of bytes, which are no packets */
	memset(lab.ids.name[id], 0, sizeof(lab.ids.name[id]));
	cr_assert_eq(fw_meters_forget_rule(lab.datapath, id), 0);
	lab_publish(&lab, HEAD "  - {name: small, limit: 10 packets/10s, per: total, action: police}\n");
	cr_assert_eq(lab.image->slot->rules[0].id, id, "the test proves nothing otherwise");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 10);

	memset(lab.ids.name[id], 0, sizeof(lab.ids.name[id]));
	cr_assert_eq(fw_meters_forget_rule(lab.datapath, id), 0);
	lab_publish(&lab, HEAD "  - {name: large, limit: 20k packets/10s, per: total, action: police}\n");
	cr_assert_eq(lab.image->slot->rules[0].id, id, "the test proves nothing otherwise");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 21000), 20000);
	lab_close(&lab);
}

/* What is beyond it is the next rule's, and counts for nothing here. */
Test(totals, allow_lets_the_limit_pass_and_leaves_the_rest_to_the_next_rule)
{
	struct lab lab;

	lab_open(&lab, HEAD "  - {name: some, limit: 20k packets/10s, per: total, action: allow}\n"
			    "  - {name: rest, match: {protocol: udp}, action: block, force: true}\n");
	expect_rule(&lab, FW_REASON_RULE_ALLOW, "some", PACKET(.from = HONEST));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 19999);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from = HONEST));
	cr_expect_eq(lab_counts(&lab, "some").packets, 21002);
	cr_expect_eq(lab_counts(&lab, "some").dropped, 0);
	cr_expect_eq(lab_counts(&lab, "rest").packets, 1002);
	cr_expect_eq(lab_counts(&lab, "rest").dropped, 1002);
	lab.now_ns += 9 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 5000), 0);
	lab.now_ns += 2 * SECONDS; /* these 5000 are in the window still, but were not let pass */
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 21000), 20000);
	lab_close(&lab);
}

Test(totals, several_cpus_pass_no_more_than_their_shares_beyond_it)
{
	unsigned int passed = 0;
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20k packets/10s"));
	for (unsigned int i = 0; i < 30000; i++) {
		if (i % 7 == 0)
			lab_go_to_cpu(i / 7 & 1);
		passed += lab_send(&lab, PACKET(.from = ATTACKER), 1);
	}
	cr_expect_geq(passed, 20000);
	cr_expect_leq(passed, 20000 + 2 * lab.image->slot->rules[0].batch, "%u passed", passed);
	lab_close(&lab);
}

/* And none is lost: what the CPUs have told and what they keep to themselves is what passed. */
Test(totals, bytes_on_several_cpus_pass_no_more_than_their_shares_beyond_it)
{
	const uint64_t limit = 5000000;
	struct fw_meter_entry *entries = NULL;
	uint64_t passed_bytes = 0, dice = 4711;
	struct lab lab;
	size_t count = 0;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("5M bytes/10s"));
	for (unsigned int i = 0; i < 12000; i++) {
		struct packet packet = PACKET(.from = ATTACKER, .payload = 1 + (int)((dice >> 33) % 900));

		if (i % 7 == 0)
			lab_go_to_cpu(i / 7 & 1);
		dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
		passed_bytes += lab_send(&lab, packet, 1) ? packet.length : 0;
	}
	cr_expect_gt(passed_bytes, limit - 100, "short packets fill what long ones leave");
	cr_expect_leq(passed_bytes, limit + 2 * lab.image->slot->rules[0].batch, "%lu bytes passed",
		      (unsigned long)passed_bytes);
	cr_assert_eq(fw_meters_list(lab.datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_eq(entries[0].amount, passed_bytes, "%lu bytes are counted, %lu passed",
		     (unsigned long)entries[0].amount, (unsigned long)passed_bytes);
	free(entries);
	lab_close(&lab);
}

/* The one CPU closes the sub-window in which the other has counted, and was over the limit. */
Test(totals, what_another_cpu_rotated_is_seen)
{
	unsigned int batch, passed;
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20k packets/10s"));
	batch = lab.image->slot->rules[0].batch;
	keep_back(&lab);
	lab.now_ns += 700 * MS;
	cr_assert(lab_go_to_cpu(0));
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 1), 1);
	lab_go_to_cpu(1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000 - KEPT);
	lab.now_ns += 11 * SECONDS;
	lab_go_to_cpu(0);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 10000), 10000);
	lab_go_to_cpu(1);
	passed = lab_send(&lab, PACKET(.from = ATTACKER), 21000);
	cr_expect_geq(passed, 10000, "it is over the limit no more: %u passed", passed);
	cr_expect_leq(passed, 10000 + batch, "%u passed", passed);
	lab_close(&lab);
}

/* What one CPU was allowed holds when the others have used the limit up meanwhile: its share passes. */
Test(totals, a_cpu_that_slept_passes_at_most_its_share)
{
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 1), 1);
	cr_assert(lab_go_to_cpu(0));
	cr_expect_leq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000);
	cr_assert(lab_go_to_cpu(1));
	cr_expect_leq(lab_send(&lab, PACKET(.from = ATTACKER), 1000), lab.image->slot->rules[0].batch);
	lab_close(&lab);
}

Test(totals, a_clock_that_goes_back_neither_opens_nor_closes_it)
{
	struct lab lab;

	lab_open(&lab, TOTAL("20k packets/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 15000), 15000);
	lab.now_ns -= 5 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 10000), 5000);
	lab.now_ns += 20 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 25000), 20000);
	lab_close(&lab);
}

Test(totals, a_clock_that_goes_back_on_another_cpu_neither_opens_nor_closes_it)
{
	unsigned int batch, passed;
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20k packets/10s"));
	batch = lab.image->slot->rules[0].batch;
	keep_back(&lab);
	lab.now_ns += 5 * SECONDS;
	cr_assert(lab_go_to_cpu(0));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 15000), 15000);
	lab.now_ns -= 7 * SECONDS; /* before the meter began, let alone its sub-window */
	lab_go_to_cpu(1);
	passed = KEPT + 15000 + lab_send(&lab, PACKET(.from = ATTACKER), 10000);
	cr_expect_geq(passed, 20000, "%u passed", passed);
	cr_expect_leq(passed, 20000 + batch, "%u passed", passed);
	lab.now_ns += 7 * SECONDS;
	lab_go_to_cpu(0);
	cr_expect_leq(lab_send(&lab, PACKET(.from = ATTACKER), 10000), batch);
	lab.now_ns += 20 * SECONDS;
	lab_go_to_cpu(1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 21000), 20000);
	lab_close(&lab);
}

/* What a CPU had counted of a meter that begins anew is void: bytes would be packets. */
Test(totals, what_was_forgotten_is_not_told)
{
	struct lab lab;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("20M bytes/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .payload = 1000), 40), 40);
	lab_publish(&lab, TOTAL("20k packets/10s"));
	cr_assert_eq(fw_meters_forget_rule(lab.datapath, lab.image->slot->rules[0].id), 0);
	cr_assert(lab_go_to_cpu(0));
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 1), 1);
	lab_go_to_cpu(1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 19000), 19000);
	lab_close(&lab);
}

/* A CPU that was quiet for a window has nothing to tell of now. */
Test(totals, what_is_older_than_the_window_is_not_told)
{
	struct fw_meter_entry *entries = NULL;
	struct lab lab;
	size_t count = 0;

	if (!lab_go_to_cpu(1))
		cr_skip_test("takes two CPUs");
	lab_open(&lab, TOTAL("2M bytes/10s"));
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .payload = 1000), 20), 20);
	lab_publish(&lab, TOTAL("15k bytes/10s"));
	lab.now_ns += 60 * SECONDS;
	cr_assert(lab_go_to_cpu(0));
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 1), 1);
	cr_assert_eq(fw_meters_list(lab.datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_lt(entries[0].amount, 100, "one short packet, not %lu bytes",
		     (unsigned long)entries[0].amount);
	free(entries);
	lab_go_to_cpu(1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 100);
	lab_close(&lab);
}

/* block counts what it drops, too, so it stays over; count mode says what would have been dropped. */
Test(totals, block_goes_on_counting_and_count_mode_only_says)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "  - {name: all, limit: 20k packets/10s, per: total, action: block, force: true}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 60000), 20000);
	lab.now_ns += 9 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 30000), 0);
	lab.now_ns += 5 * SECONDS; /* the 30000 are in the window still */
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 1), 0);

	lab.count_ifaces = ~0u;
	lab_publish(&lab, TOTAL("20k packets/10s"));
	lab.now_ns += 60 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 21000), 21000);
	cr_expect_eq(lab_counts(&lab, "all").would_drop, 1000);
	lab_close(&lab);
}
