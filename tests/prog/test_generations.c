// SPDX-License-Identifier: Apache-2.0
/* Publishing: every packet is judged by one generation, lists change whole, and a refused policy changes
 * nothing. */
#include <pthread.h>
#include <sched.h>

#include "lab.h"

#define LISTS(v4, v6)                                                                                        \
	"version: 1\n"                                                                                       \
	"sets: {bad: {entries: [" v4 ", \"" v6 "\"]}}\n"                                                     \
	"rules: [{name: bad, match: {source: [bad]}, action: block}]\n"

Test(generations, swap_lists_and_rules_together)
{
	struct lab lab;
	uint32_t first, second;

	lab_open(&lab, NULL);
	first = lab_publish(&lab, LISTS("203.0.113.0/24", "2001:db8:bad::/48"));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = ATTACKER6));
	second = lab_publish(&lab, LISTS(HONEST, HONEST6));
	cr_expect_eq(second, first + 1);
	cr_expect_eq(fw_published_generation(lab.datapath), second);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER6));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST6));
	for (int i = 0; i < 5; i++) { /* rules alone, in both slots */
		lab_put(&lab, false);
		expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST));
		expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	}
	lab_close(&lab);
}

struct stream {
	struct lab *lab;
	struct packet packet;
	unsigned long packets, passed;
	int stop;
};

static void *send_on(void *context)
{
	struct stream *stream = context;
	cpu_set_t all;

	CPU_ZERO(&all); /* away from the CPU that the runner pinned its opener to */
	for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		if (cpu != sched_getcpu())
			CPU_SET((size_t)cpu, &all);
	sched_setaffinity(0, sizeof(all), &all);
	while (!__atomic_load_n(&stream->stop, __ATOMIC_RELAXED)) {
		uint32_t action = XDP_ABORTED;

		if (fw_runner_run(stream->lab->runner, stream->lab->now_ns, stream->packet.bytes,
				  stream->packet.length, &action, NULL, NULL))
			break;
		stream->packets++;
		stream->passed += action != XDP_DROP;
	}
	return NULL;
}

/* The attacker is in a blocked set of both policies, but in another class: whoever mixed the lists of one
 * with the rules of the other would let him pass. */
Test(generations, no_packet_is_judged_by_half_a_policy)
{
	enum { POLICIES = 3 }; /* not 2, or a slot would still hold what is written into it */
	static const char *const sets[POLICIES] = {
		"bad: {entries: [203.0.113.0/24]}",
		"a: {entries: [10.0.0.0/8]}, bad: {entries: [203.0.113.0/24]}",
		"a: {entries: [10.0.0.0/8]}, b: {entries: [11.0.0.0/8]}, bad: {entries: [203.0.113.0/24]}",
	};
	static const char *const rules[POLICIES] = {"", "{name: a, match: {source: [a]}, action: allow}, ",
						    "{name: a, match: {source: [a]}, action: allow}, {name: "
						    "b, match: {source: [b]}, action: allow}, "};
	struct fw_addr attacker = lab_addr(ATTACKER);
	struct stream stream = {.packet = PACKET(.from = ATTACKER)};
	char policies[POLICIES][400];
	struct lab lab;
	pthread_t thread;

	lab_open(&lab, NULL);
	for (int i = 0; i < POLICIES; i++) {
		snprintf(policies[i], sizeof(policies[i]),
			 "version: 1\nsets: {%s}\nrules: [%s{name: bad, match: {source: [bad]}, action: "
			 "block}]\n",
			 sets[i], rules[i]);
		lab_compile(&lab, policies[i]);
		cr_assert_eq(fw_image_classify(lab.image, &attacker), i + 1,
			     "the test proves nothing otherwise");
	}
	lab_publish(&lab, policies[0]);
	stream.lab = &lab;
	cr_assert_eq(pthread_create(&thread, NULL, send_on, &stream), 0);
	for (int i = 1; i <= 30; i++)
		lab_publish(&lab, policies[i % POLICIES]);
	__atomic_store_n(&stream.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	cr_expect_gt(stream.packets, 1000);
	cr_expect_eq(stream.passed, 0, "%lu of %lu packets passed", stream.passed, stream.packets);
	lab_close(&lab);
}

/* The longest prefix knows of all sets that cover it, whatever else contains it. */
Test(generations, nested_prefixes)
{
	struct lab lab;

	lab_open(&lab, "version: 1\n"
		       "sets:\n"
		       "  wide: {entries: [203.0.0.0/16, \"2001:db8::/32\"]}\n"
		       "  narrow: {entries: [203.0.113.64/27, \"2001:db8:bad::/64\"]}\n"
		       "rules:\n"
		       "  - {name: hole, match: {source: [narrow], source_not: [wide]}, action: allow}\n"
		       "  - {name: both, match: {source: [narrow], protocol: udp}, action: block}\n"
		       "  - {name: wide, match: {source: [wide]}, limit: 1 packets/10s, action: police}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "both", PACKET(.from = ATTACKER));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "both", PACKET(.from = ATTACKER6));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = LISTED));
	expect_rule(&lab, FW_REASON_POLICED, "wide", PACKET(.from = LISTED));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER6_FAR));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	lab_close(&lab);
}

Test(generations, too_many_prefixes_change_nothing)
{
	struct lab lab;
	struct fw_err err = {0};

	lab_open_with(&lab, NULL, (struct fw_datapath_options){.sources = 4096, .bans = 1024, .prefixes = 2},
		      false);
	lab_publish(&lab, LISTS(ATTACKER, ATTACKER6));
	lab_compile(&lab, "version: 1\n"
			  "sets: {bad: {entries: [192.0.2.1, 192.0.2.3, 192.0.2.5]}}\n"
			  "rules: [{name: bad, match: {source: [bad]}, action: block}]\n");
	cr_expect_eq(fw_publish(lab.datapath, lab.image, 0, true, NULL, &err), -ENOSPC);
	cr_expect(strstr(err.text, "prefixes"), "%s", err.text);
	cr_expect_eq(fw_published_generation(lab.datapath), 1);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "192.0.2.3"));
	lab_close(&lab);
}

Test(generations, class_counters_follow_the_lists)
{
	struct lab lab;
	uint64_t counts[64];
	struct fw_addr attacker = lab_addr(ATTACKER);
	uint16_t list_class;

	lab_open(&lab, LISTS("203.0.113.0/24", "2001:db8:bad::/48"));
	list_class = fw_image_classify(lab.image, &attacker);
	cr_assert_gt(list_class, 0);
	lab_send(&lab, PACKET(.from = ATTACKER), 7);
	lab_send(&lab, PACKET(.from = HONEST), 3);
	cr_assert_eq(fw_stats_classes(lab.datapath, fw_datapath_active_slot(lab.datapath)->list_slot, counts,
				      lab.image->class_count),
		     0);
	cr_expect_eq(counts[list_class], 7);
	lab_publish(&lab, LISTS("203.0.113.0/24", "2001:db8:bad::/48"));
	cr_assert_eq(fw_stats_classes(lab.datapath, fw_datapath_active_slot(lab.datapath)->list_slot, counts,
				      lab.image->class_count),
		     0);
	cr_expect_eq(counts[list_class], 0, "counted since the lists were published");
	lab_close(&lab);
}

/* A slot that was just left is not written while a packet could still be reading it. */
Test(generations, the_barrier_waits_and_returns)
{
	struct lab lab;

	lab_open(&lab, LISTS(ATTACKER, ATTACKER6));
	for (int i = 0; i < 3; i++)
		fw_publish_barrier(lab.datapath);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = ATTACKER));
	lab_close(&lab);
}

Test(generations, a_recycled_rule_id_starts_from_zero)
{
	struct lab lab;
	uint16_t id;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block}]\n");
	id = lab.image->slot->rules[0].id;
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	cr_expect_eq(lab_counts(&lab, "r").dropped, 4);
	cr_assert_eq(fw_stats_rule_reset(lab.datapath, id), 0);
	cr_expect_eq(lab_counts(&lab, "r").packets, 0);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	lab_close(&lab);
}
