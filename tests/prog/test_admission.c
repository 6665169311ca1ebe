// SPDX-License-Identifier: Apache-2.0
/* What a flood of new keys leaves to the others: who was known stays known, who keeps sending gets his meter.
 */
#include <bpf/bpf.h>
#include <sched.h>

#include "crowd.h"
#include "fw_allowance.h"

static uint64_t not_admitted(struct lab *lab)
{
	uint64_t faults[FW_FAULT_MAX_];

	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	return faults[FW_FAULT_NOT_ADMITTED];
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
	/* Without a meter nobody is blocked by mistake; a moment without a flood, and everybody gets one. */
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 20), 20);
	lab.now_ns += FW_GATE_WATCH_NS;
	lab_send(&lab, PACKET(.from = HONEST), 1);
	for (int i = 0; i < 2; i++) {
		lab.now_ns += FW_GATE_WATCH_NS;
		lab_send(&lab, PACKET(.from = HONEST), 1);
	}
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 20), 4);
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

/* Beside new sources below what the gates let in, each with one packet: the least recently used meter goes,
 * and a source is judged without its meter most of the time. */
static void send_beside_new_keys(struct lab *lab, unsigned int rate, unsigned int seconds,
				 unsigned int *passed)
{
	const unsigned int news = FW_GATE_PER_SECOND_LEAST - 100;
	uint32_t next = 0;

	*passed = 0;
	for (unsigned int i = 0; i < rate * seconds; i++) {
		*passed += lab_send(lab, PACKET(.from = ATTACKER), 1);
		for (; next < (uint64_t)news * (i + 1) / rate; next++) {
			struct packet packet = stranger(next);

			lab_run(lab, &packet);
		}
		lab->now_ns += SECONDS / rate;
	}
	cr_expect_eq(gates_together(lab).closings, 0, "a gate closed: no test");
}

Test(admission, new_keys_take_no_meter_of_an_offender)
{
	struct lab lab;
	unsigned int passed;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 1000 packets/100s, action: block}]\n");
	send_beside_new_keys(&lab, 40, 90, &passed);
	cr_expect_eq(passed, 1000, "%u of the limit's 1000 passed", passed);
	lab_close(&lab);
}

Test(admission, new_keys_take_no_meter_of_a_key_under_its_limit)
{
	struct fw_addr from = lab_addr(ATTACKER);
	struct fw_meter_entry entry;
	struct lab lab;
	unsigned int passed;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 36k packets/1h, action: block}]\n");
	send_beside_new_keys(&lab, 12, 60, &passed);
	cr_assert_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &from, NULL, 0, &entry), 0);
	cr_expect_eq(passed, 720);
	cr_expect_eq(entry.amount, passed, "counted %lu of %u", (unsigned long)entry.amount, passed);
	lab_close(&lab);
}

#define DIGESTS FW_KNOWN_BUCKETS
#define BLURRED (~0ULL >> 16)

static union fw_known_digest *digests_read(struct lab *lab)
{
	union fw_known_digest *all = calloc(DIGESTS, sizeof(*all));
	uint32_t zero = 0;

	cr_assert_eq(
		bpf_map_lookup_elem(fw_datapath_map_fd(lab->datapath, "fw_known_digest_map"), &zero, all), 0);
	return all;
}

/* Every filter of tags says the same, whoever is in its bucket. */
static void digests_say(struct lab *lab, uint64_t bits)
{
	union fw_known_digest *all = digests_read(lab);
	uint32_t zero = 0;

	for (size_t i = 0; i < DIGESTS; i++)
		all[i].word = (all[i].word & ~BLURRED) | bits;
	cr_assert_eq(bpf_map_update_elem(fw_datapath_map_fd(lab->datapath, "fw_known_digest_map"), &zero, all,
					 BPF_ANY),
		     0);
	free(all);
}

static size_t digests_blurred(struct lab *lab)
{
	union fw_known_digest *all = digests_read(lab);
	size_t count = 0;

	for (size_t i = 0; i < DIGESTS; i++)
		count += (all[i].word & BLURRED) == BLURRED;
	free(all);
	return count;
}

/* Bits of tags that fell out are cleared by strangers that meet them; bits that are missing, because two CPUs
 * wrote at once, cost the key its place among the known until it is a candidate that comes again. */
Test(admission, filters_of_known_tags_mend_themselves)
{
	struct lab lab;
	struct packet known = PACKET(.from = ATTACKER);

	open_large(&lab);
	lab_send(&lab, known, 6);
	for (uint32_t i = 0; i < FW_GATE_PER_SECOND + 1000; i++) {
		struct packet packet = stranger(1 << 23 | i);

		lab_run(&lab, &packet);
	}
	digests_say(&lab, BLURRED);
	for (uint32_t i = 0; i < 12 * DIGESTS; i++) {
		struct packet packet = stranger(i);

		lab_run(&lab, &packet);
	}
	cr_expect_lt(digests_blurred(&lab), 20, "%zu of %u say of everybody that he may be known",
		     digests_blurred(&lab), DIGESTS);
	cr_expect_eq(lab_send(&lab, known, 10), 0, "who is known stays so");
	digests_say(&lab, 0);
	cr_expect_gt(lab_send(&lab, known, 1), 0, "nobody knows him, or this shows nothing");
	lab.now_ns += 100 * MS;
	lab_send(&lab, known, 2 * FW_ALLOWANCE_OVER_PACKETS); /* his meter is asked meanwhile */
	cr_expect_eq(lab_send(&lab, known, 10), 0, "he is known again");
	lab_close(&lab);
}

/* Keys that are more than a source are known by all that makes them, and one source has room for many: it
 * must not push its own keys out. first, step: of its ports. */
static void ports_stay_over_their_limit(uint16_t first, uint16_t step)
{
	enum { PORTS_KNOWN = 40, LIMIT = 50 };
	struct lab lab;
	uint16_t port = first;

	lab_open_with(&lab,
		      "version: 1\nrules: [{name: r, limit: 50 packets/10s, per: [source, dest_port], "
		      "action: block}]\n",
		      (struct fw_datapath_options){.sources = 1 << 18, .bans = 1024}, false);
	for (int i = 0; i < PORTS_KNOWN; i++, port += step)
		cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .to_port = port), LIMIT + 10), LIMIT);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct packet packet = stranger(i);

		lab_run(&lab, &packet);
	}
	cr_expect_gt(not_admitted(&lab), 0);
	port = first;
	for (int i = 0; i < PORTS_KNOWN; i++, port += step)
		cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .to_port = port), 20), 0,
			     "the flood hides port %u", port);
	lab_close(&lab);
}

Test(admission, known_keys_with_a_port_stay_over_their_limit)
{
	ports_stay_over_their_limit(1, 1);
	ports_stay_over_their_limit(40000, 2);
	ports_stay_over_their_limit(1024, 1024);
}

/* What a flood varies, one packet each. */
enum varied { SOURCES, SOURCES6, PREFIXES, DESTINATIONS, PORTS, PORTS_OF_FEW, VARIED_ };

static const struct {
	const char *what, *per;
	bool force;
} varied[VARIED_] = {
	[SOURCES] = {"sources", "source", false},
	[SOURCES6] = {"/64s", "source", false},
	[PREFIXES] = {"/24s", "{source_prefix: {ipv4: 24, ipv6: 48}}", false},
	[DESTINATIONS] = {"destinations", "destination", true},
	[PORTS] = {"sources and ports", "[source, dest_port]", false},
	[PORTS_OF_FEW] = {"ports of few sources", "[source, dest_port]", false},
};

static struct packet crowd_packet(enum varied what, uint32_t n)
{
	struct packet packet =
		what == SOURCES6 ? PACKET(.from = "2001:db8:c0de::1") : PACKET(.from = "10.0.0.1");

	switch (what) {
	case SOURCES6:
		packet_set16(&packet, packet.ip + 12, n >> 16);
		packet_set16(&packet, packet.ip + 14, n);
		break;
	case PREFIXES:
		packet_set16(&packet, packet.ip + 12, 0x1000 + (n >> 8));
		packet_set16(&packet, packet.ip + 14, n << 8);
		break;
	case DESTINATIONS:
		packet_set16(&packet, packet.ip + 16, 0x0b00 + (n >> 16));
		packet_set16(&packet, packet.ip + 18, n);
		break;
	case PORTS:
	case PORTS_OF_FEW:
		packet_set16(&packet, packet.ip + 22, n);
		if (what == PORTS_OF_FEW)
			n >>= 16;
		/* fallthrough */
	case SOURCES:
	case VARIED_:
		packet_set16(&packet, packet.ip + 12, 0x0a00 + (n >> 16 & 255));
		packet_set16(&packet, packet.ip + 14, n);
	}
	return packet;
}

/* The offender and the honest one: keys of the same kind that the crowd never has. */
static struct packet key_packet(enum varied what, bool honest)
{
	if (what == SOURCES6)
		return honest ? PACKET(.from = HONEST6) : PACKET(.from = ATTACKER6);
	if (what == DESTINATIONS)
		return honest ? PACKET(.to = VICTIM) : PACKET(.to = VICTIM_FAR);
	return honest ? PACKET(.from = HONEST) : PACKET(.from = ATTACKER);
}

struct flood {
	struct lab *lab;
	enum varied what;
	unsigned int cpus;
	uint32_t next; /* of the crowd */
};

/* So many packets of the crowd on each CPU. */
static void flood_on(struct flood *flood, unsigned int count)
{
	for (unsigned int cpu = 0; cpu < flood->cpus; cpu++) {
		cr_assert(lab_go_to_cpu(cpu));
		for (unsigned int i = 0; i < count; i++) {
			struct packet packet = crowd_packet(flood->what, flood->next++);

			cr_assert_eq(lab_run(flood->lab, &packet), FW_REASON_NO_RULE, "%s: one packet passes",
				     varied[flood->what].what);
		}
	}
}

/* Five times the budget on each CPU, and beside it one that sends 500 packets a second, by the CPUs in turn,
 * and one at 90 % of the limit. */
static void offender_is_caught_beside(struct flood *flood)
{
	enum { PER_TICK = 2000, TICKS = 100 };
	struct packet offender = key_packet(flood->what, false), honest = key_packet(flood->what, true);
	unsigned int sent = 0, passed = 0, lost = 0;
	struct lab *lab = flood->lab;
	uint64_t inserted;
	char policy[256];

	snprintf(policy, sizeof(policy),
		 "version: 1\nrules: [{name: r%d, limit: 100 packets/10s, per: %s, action: block%s}]\n",
		 flood->what, varied[flood->what].per, varied[flood->what].force ? ", force: true" : "");
	lab_publish(lab, policy);
	lab->now_ns += 10 * SECONDS;
	flood_on(flood, FW_GATE_PER_SECOND + 1); /* what had been saved is gone */
	cr_expect_eq(gates_together(lab).closed, flood->cpus, "%s: closed", varied[flood->what].what);
	inserted = inserted_by(lab);
	for (unsigned int tick = 0; tick < TICKS; tick++) {
		lab->now_ns += 4 * MS;
		for (unsigned int part = 0; part < 2; part++) {
			flood_on(flood, PER_TICK / 2);
			cr_assert(lab_go_to_cpu(sent % flood->cpus));
			sent++;
			passed += lab_send(lab, offender, 1);
		}
		if (tick % 28 == 0) /* 9 packets/s */
			lost += 1 - lab_send(lab, honest, 1);
	}
	cr_expect_eq(lost, 0, "%s: the honest one lost %u", varied[flood->what].what, lost);
	cr_expect_lt(passed, sent, "%s: %u of %u packets passed", varied[flood->what].what, passed, sent);
	/* Its bucket takes a candidate every 68 ms, and one in four of its packets may be that: 38 packets.
	 * Another key is first in 6 of 100 turns. */
	cr_expect_leq(passed, 100 + 3 * 38, "%s: %u passed", varied[flood->what].what, passed);
	inserted = inserted_by(lab) - inserted;
	cr_expect_geq(gates_together(lab).returned, 1);
	cr_expect_lt(inserted, PER_TICK * TICKS * flood->cpus / 100, "%s: %lu of the crowd cost an insert",
		     varied[flood->what].what, (unsigned long)inserted);
}

static void every_key_is_admitted(unsigned int cpus)
{
	struct lab lab;
	cpu_set_t before;

	lab_needs_root();
	cr_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	if ((unsigned int)CPU_COUNT(&before) < cpus)
		cr_skip_test("takes %u CPUs", cpus);
	open_large(&lab);
	for (int what = 0; what < VARIED_; what++)
		offender_is_caught_beside(
			&(struct flood){.lab = &lab, .what = (enum varied)what, .cpus = cpus});
	lab_close(&lab);
}

Test(admission, an_offender_of_any_key_is_admitted_beside_a_flood_on_one_cpu)
{
	every_key_is_admitted(1);
}

Test(admission, and_one_that_comes_by_two_cpus_in_turn_beside_a_flood_on_both)
{
	every_key_is_admitted(2);
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
