// SPDX-License-Identifier: Apache-2.0
/* The life of attacks on recorded series of counters and samples: beginning, flapping, end, bounds. */
#include <stdio.h>

#include "attack_scene.h"

Test(attack, begins_within_a_second_and_ends_by_hysteresis)
{
	struct scene *scene = open_scene();
	const struct flood flood = {.pps = 20000, .first = "203.0.113.9", .source_port = 53};
	uint64_t began = scene->now_ns;

	steps(scene, 1, flood);
	cr_expect_eq(scene->started, 0, "one step may be a burst");
	steps(scene, 1, flood);
	cr_assert_eq(scene->started, 1);
	cr_expect_leq(scene->now_ns - began, FW_NS_PER_SEC);
	expect_target(&scene->last, "203.0.113.9");
	expect_vector(&scene->last.vectors[0], "udp from port 53 (dns)");
	cr_expect_str_eq(scene->last.vectors[0].cause, "carpet");
	cr_expect_eq(scene->last.id, 1);
	cr_expect_eq(scene->last.started_wall_ns, began, "from its first packet");
	cr_expect_leq(scene->last.detected_after_ns, FW_NS_PER_SEC);
	steps(scene, 40, flood);
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 20000, 1);
	cr_expect_float_eq(scene->attacks->active[0].bytes_per_second, 2000000, 100);
	quiet(scene, 39);
	cr_expect_eq(scene->ended, 0, "not over before the time is up");
	quiet(scene, 1);
	cr_assert_eq(scene->ended, 1);
	cr_expect_eq(scene->started, 1);
	cr_expect_eq(scene->last.ended_wall_ns, began + 42 * STEP,
		     "when it was last seen, not when it was sure");
	cr_expect_float_eq(scene->last.peak_packets_per_second, 20000, 1);
	cr_expect_float_eq(scene->last.vectors[0].dropped, 42 * 5000.0, 1, "%f: from its first packet",
			   scene->last.vectors[0].dropped);
	cr_expect_eq(scene->attacks->active_count, 0);
	cr_expect_eq(scene->attacks->recent_count, 1);
	close_scene(scene);
}

Test(attack, flapping_is_one_attack)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 10; i++) {
		steps(scene, 4, (struct flood){.pps = 5000, .first = "203.0.113.9"});
		quiet(scene, 20); /* 5 s */
	}
	cr_expect_eq(scene->started, 1);
	cr_expect_eq(scene->ended, 0);
	quiet(scene, 40);
	cr_expect_eq(scene->ended, 1);
	close_scene(scene);
}

/* 600 packets/s begin nothing, but keep alive what began at 1000. */
Test(attack, between_the_thresholds_it_stays_as_it_is)
{
	struct scene *scene = open_scene();

	steps(scene, 80, (struct flood){.pps = 600, .first = "203.0.113.9"});
	cr_expect_eq(scene->started, 0);
	steps(scene, 2, (struct flood){.pps = 1200, .first = "203.0.113.9"});
	cr_expect_eq(scene->started, 1);
	steps(scene, 80, (struct flood){.pps = 600, .first = "203.0.113.9"});
	cr_expect_eq(scene->ended, 0);
	steps(scene, 41, (struct flood){.pps = 400, .first = "203.0.113.9"});
	cr_expect_eq(scene->ended, 1);
	close_scene(scene);
}

Test(attack, single_bursts_are_none)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 20; i++) {
		steps(scene, 1, (struct flood){.pps = 50000, .first = "203.0.113.9"});
		quiet(scene, 1);
	}
	cr_expect_eq(scene->started, 0);
	close_scene(scene);
}

/* A rule's id goes to another rule, an interface leaves: counters fall, nothing is attacked by that. */
Test(attack, counters_that_fall_begin_anew)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 8; i++) {
		scene->now_ns += STEP;
		scene->causes[0].dropped = i % 2 ? 10000000 : 0;
		scene->causes[2].dropped = i ? 0 : 7;
		look(scene);
	}
	cr_expect_eq(scene->started, 0);
	close_scene(scene);
}

static void two_rules(struct scene *scene, double pps, bool again)
{
	scene->now_ns += STEP;
	pour(scene, (struct flood){.pps = pps, .first = "203.0.113.9", .would = true});
	pour(scene,
	     (struct flood){.pps = pps, .first = "203.0.113.9", .cause = 1, .would = true, .again = again});
	look(scene);
}

/* What only rules on trial would drop is an attack to look at. Whatever else drops, or would, makes it firm
 * as long as it does, also where a rule on trial before it has the packets. */
Test(attack, rules_on_trial_make_none_firm)
{
	struct scene *scene = open_scene();
	const struct flood flood = {.pps = 4000, .first = "203.0.113.9", .would = true};

	scene->causes[0].on_trial = true;
	steps(scene, 20, flood);
	cr_expect_eq(scene->attacks->active_count, 1);
	cr_expect(!fw_attacks_are_firm(scene->attacks));
	steps(scene, 20, (struct flood){.pps = 4000, .first = "203.0.113.9", .would = true, .blind = true});
	cr_expect(!fw_attacks_are_firm(scene->attacks), "without samples neither");
	two_rules(scene, 4000, true);
	cr_expect(!fw_attacks_are_firm(scene->attacks), "one step may be a burst");
	two_rules(scene, 4000, true);
	cr_expect(fw_attacks_are_firm(scene->attacks), "hidden behind the one on trial");
	steps(scene, 40, flood);
	cr_expect_eq(scene->attacks->active_count, 1);
	cr_expect(!fw_attacks_are_firm(scene->attacks), "on trial only, for ten seconds");
	for (int i = 0; i < 20; i++)
		two_rules(scene, 600, false);
	cr_expect(!fw_attacks_are_firm(scene->attacks), "what is on trial began it: half is not enough");
	two_rules(scene, 1200, false);
	cr_expect(!fw_attacks_are_firm(scene->attacks), "one step may be a burst");
	two_rules(scene, 1200, false);
	cr_expect(fw_attacks_are_firm(scene->attacks), "an attack by itself");
	for (int i = 0; i < 80; i++)
		two_rules(scene, 600, false);
	cr_expect(fw_attacks_are_firm(scene->attacks), "then half is enough");
	quiet(scene, 45);
	cr_expect_eq(scene->attacks->active_count, 0);
	cr_expect(!fw_attacks_are_firm(scene->attacks));
	steps(scene, 2, (struct flood){.pps = 4000, .first = "203.0.113.9", .cause = 3});
	cr_expect(fw_attacks_are_firm(scene->attacks));
	close_scene(scene);
}

Test(attack, bounded)
{
	struct scene *scene = open_scene();

	for (unsigned int i = 0; i < FW_ATTACKS_RECENT + 20; i++) {
		char victim[32];

		snprintf(victim, sizeof(victim), "203.0.%u.9", i);
		steps(scene, 3, (struct flood){.pps = 4000, .first = victim});
		quiet(scene, 41);
	}
	cr_expect_eq(scene->ended, FW_ATTACKS_RECENT + 20);
	cr_expect_eq(scene->attacks->recent_count, FW_ATTACKS_RECENT);
	cr_expect_eq(scene->attacks->recent[0].id, 21, "the oldest go");
	for (unsigned int i = 0; i < 3 * FW_ATTACKS_ACTIVE; i++) {
		char victim[32];

		snprintf(victim, sizeof(victim), "10.0.%u.9", i);
		steps(scene, 2, (struct flood){.pps = 500000, .first = victim});
	}
	cr_expect_leq(scene->attacks->active_count, FW_ATTACKS_ACTIVE);
	for (size_t i = 0; i < 8192; i++) /* more samples than are kept */
		scene->samples[i].at_ns = scene->now_ns;
	scene->sample_count = 8192;
	scene->now_ns += STEP;
	look(scene);
	cr_expect_leq(scene->attacks->sample_count, FW_ATTACK_SAMPLES);
	close_scene(scene);
}
