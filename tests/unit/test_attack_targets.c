// SPDX-License-Identifier: Apache-2.0
/* Whose attacks are: single victims, prefixes, everybody. */
#include <stdio.h>

#include "attack_scene.h"

/* 256 destinations, none of which stands out: the prefix is the target, also when a rule's own are wider. */
Test(attack_targets, a_carpet_is_one_attack_on_the_prefix)
{
	struct scene *scene = open_scene();

	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.113.0", .spread = 256});
	cr_assert_eq(scene->started, 1);
	cr_expect_eq(scene->attacks->active_count, 1);
	expect_target(&scene->attacks->active[0], "203.0.113.0/24");
	quiet(scene, 41);
	scene->causes[0].bits[FW_FAMILY_V4] = FW_V4_BITS + 22;
	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.112.0", .spread = 1024});
	cr_assert_eq(scene->started, 2);
	expect_target(&scene->attacks->active[0], "203.0.112.0/22");
	quiet(scene, 41);
	steps(scene, 8, (struct flood){.pps = 5000, .first = "2001:db8:1::", .spread = 65536});
	cr_assert_eq(scene->started, 3);
	expect_target(&scene->attacks->active[0], "2001:db8:1::/48");
	close_scene(scene);
}

/* Wider than what stands out by itself: the narrowest prefix around it, not "everything". */
Test(attack_targets, a_carpet_over_many_prefixes_is_on_the_one_around_them)
{
	struct scene *scene = open_scene();

	steps(scene, 40, (struct flood){.pps = 5000, .first = "198.18.0.0", .spread = 131072});
	cr_assert_eq(scene->started, 1);
	expect_target(&scene->last, "198.18.0.0/15");
	quiet(scene, 41);
	steps(scene, 40, (struct flood){.pps = 5000, .first = "2001:db8:10::", .spread = 65536});
	cr_assert_eq(scene->started, 2);
	expect_target(&scene->last, "2001:db8:10::/48");
	quiet(scene, 41);
	steps(scene, 4, (struct flood){.pps = 5000, .first = "128.0.0.0", .spread = 1u << 31});
	cr_assert_eq(scene->started, 3);
	expect_target(&scene->last, "everything");
	close_scene(scene);
}

/* It goes on to neighbours: the same attack. Back in a part of them: still the same. */
Test(attack_targets, a_carpet_that_grows_keeps_its_number)
{
	struct scene *scene = open_scene();

	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.112.0", .spread = 2048});
	cr_assert_eq(scene->started, 1);
	expect_target(&scene->attacks->active[0], "203.0.112.0/21");
	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.112.0", .spread = 4096});
	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.112.0", .spread = 2048});
	steps(scene, 8, (struct flood){.pps = 5000, .first = "203.0.113.9"});
	cr_assert_eq(scene->started, 1);
	cr_expect_eq(scene->ended, 0);
	cr_assert_eq(scene->attacks->active_count, 1);
	expect_target(&scene->attacks->active[0], "203.0.112.0/20");
	close_scene(scene);
}

/* Nor does somebody else's flood make either of them wider. */
Test(attack_targets, a_wide_carpet_beside_a_victim)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 20; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 6000, .first = "203.0.112.0", .spread = 4096});
		pour(scene, (struct flood){.pps = 5000, .first = "198.51.100.9"});
		pour(scene, (struct flood){.pps = 400, .first = "128.0.0.0", .spread = 1u << 31});
		look(scene);
	}
	cr_assert_eq(scene->started, 2);
	cr_assert_eq(scene->attacks->active_count, 2);
	for (size_t i = 0; i < 2; i++)
		expect_target(&scene->attacks->active[i], scene->attacks->active[i].packets_per_second < 5500
								  ? "198.51.100.9"
								  : "203.0.112.0/20");
	close_scene(scene);
}

/* What is dropped of it is less than stands out by itself; it goes on all the same. */
Test(attack_targets, a_wide_carpet_goes_on_beside_a_big_flood)
{
	struct scene *scene = open_scene();

	steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.112.0", .spread = 4096});
	for (int i = 0; i < 60; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.112.0", .spread = 4096});
		pour(scene, (struct flood){.pps = 40000, .first = "198.51.100.9"});
		look(scene);
	}
	cr_assert_eq(scene->started, 2);
	cr_expect_eq(scene->ended, 0);
	cr_assert_eq(scene->attacks->active_count, 2);
	expect_target(&scene->attacks->active[0], "203.0.112.0/20");
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 4000, 400, "got %f",
			   scene->attacks->active[0].packets_per_second);
	close_scene(scene);
}

/* One address first, then all of its prefix: the attack grows, its number stays. */
Test(attack_targets, widens)
{
	struct scene *scene = open_scene();

	steps(scene, 4, (struct flood){.pps = 5000, .first = "203.0.113.9"});
	steps(scene, 4, (struct flood){.pps = 5000, .first = "203.0.113.77", .cause = 1});
	cr_expect_eq(scene->started, 2);
	steps(scene, 12, (struct flood){.pps = 50000, .first = "203.0.113.0", .spread = 256});
	cr_expect_eq(scene->started, 2);
	cr_expect_eq(scene->ended, 1);
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_expect_eq(scene->attacks->active[0].id, 1);
	expect_target(&scene->attacks->active[0], "203.0.113.0/24");
	cr_expect_eq(scene->attacks->recent[0].merged_into, 1);
	cr_expect_eq(scene->attacks->active[0].vector_count, 2, "what the other one was is kept");
	close_scene(scene);
}

Test(attack_targets, two_victims_are_two_attacks)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 8; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9"});
		pour(scene, (struct flood){.pps = 12000, .first = "198.51.100.9"});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct fw_attack *attack = &scene->attacks->active[i];
		bool small = fw_addr_is_v4(&attack->target.prefix.addr) &&
			     attack->target.prefix.addr.w[3] == __builtin_bswap32(0xcb007109);

		cr_expect_float_eq(attack->packets_per_second, small ? 4000 : 12000, 500, "%f",
				   attack->packets_per_second);
	}
	close_scene(scene);
}

/* Seen beside one that is ten times as large, and what is dropped of it is its own. What is no attack by
 * itself is not. */
Test(attack_targets, a_small_one_beside_a_big_one)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 8; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 40000, .first = "198.51.100.1"});
		if (i >= 4)
			pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.5", .dest_port = 53});
		pour(scene, (struct flood){.pps = 400, .first = "192.0.2.7"});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 2);
	expect_target(&scene->attacks->active[0], "198.51.100.1");
	expect_target(&scene->attacks->active[1], "203.0.113.5");
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 40000, 400, "got %f",
			   scene->attacks->active[0].packets_per_second);
	cr_expect_float_eq(scene->attacks->active[1].packets_per_second, 4000, 40, "got %f",
			   scene->attacks->active[1].packets_per_second);
	cr_expect_float_eq(scene->attacks->active[1].vectors[0].dropped, 4 * 1000, 40, "got %f",
			   scene->attacks->active[1].vectors[0].dropped);
	close_scene(scene);
}

/* The rule has dropped for long, but nothing of this victim's. */
Test(attack_targets, a_later_victim_of_the_same_rule_has_a_beginning_of_its_own)
{
	struct scene *scene = open_scene();
	uint64_t from;

	steps(scene, 400, (struct flood){.pps = 4000, .first = "203.0.113.9"});
	from = scene->now_ns;
	for (int i = 0; i < 4; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9"});
		pour(scene, (struct flood){.pps = 4000, .first = "198.51.100.9"});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 2);
	expect_target(&scene->attacks->active[1], "198.51.100.9");
	cr_expect_geq(scene->attacks->active[1].started_ns, from);
	cr_expect_geq(scene->attacks->active[1].started_wall_ns, from);
	cr_expect_leq(scene->attacks->active[1].detected_after_ns, FW_NS_PER_SEC);
	close_scene(scene);
}

/* A flood ten times as big on somebody else does not end the attack on a victim; that it gets little does. */
Test(attack_targets, a_victim_beside_a_bigger_one_stays_attacked)
{
	struct scene *scene = open_scene();

	steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.113.9"});
	for (int i = 0; i < 160; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = i < 80 ? 4000 : 100, .first = "203.0.113.9"});
		pour(scene, (struct flood){.pps = 40000, .first = "198.51.100.9"});
		look(scene);
		if (i < 115) /* ten seconds after the last step in which it got much */
			cr_expect_eq(scene->ended, 0, "step %d", i);
	}
	cr_expect_eq(scene->ended, 1);
	cr_assert_eq(scene->attacks->active_count, 1);
	expect_target(&scene->attacks->active[0], "198.51.100.9");
	expect_target(&scene->last, "203.0.113.9");
	cr_expect_float_eq(scene->last.vectors[0].dropped, 88 * 1000 + 40 * 25, 1000, "%f",
			   scene->last.vectors[0].dropped);
	close_scene(scene);
}

static double said_of(const struct scene *scene)
{
	double sum = 0;

	for (size_t i = 0; i < scene->attacks->active_count; i++)
		for (size_t j = 0; j < scene->attacks->active[i].vector_count; j++)
			sum += scene->attacks->active[i].vectors[j].dropped;
	return sum;
}

/* One victim more every second, all at once in the end. Each has its attack; those that there is no room for
 * are in one together, so that the sum is what was dropped. */
Test(attack_targets, more_victims_of_one_rule)
{
	struct scene *scene = open_scene();

	scene->causes[0].start = 40;
	for (unsigned int last = 1; last <= FW_ATTACKS_ACTIVE + 6; last++) {
		for (int step = 0; step < 4; step++) {
			scene->now_ns += STEP;
			for (unsigned int i = 0; i < last; i++) {
				char victim[32];

				snprintf(victim, sizeof(victim), "%u.9.113.%u", 10 + 2 * i, i);
				pour(scene, (struct flood){.pps = 80, .first = victim, .source_port = 53});
			}
			look(scene);
		}
		if (last == 24) {
			cr_assert_eq(scene->attacks->active_count, 24, "%zu", scene->attacks->active_count);
			for (unsigned int i = 0; i < 24; i++) {
				char victim[32];

				snprintf(victim, sizeof(victim), "%u.9.113.%u", 10 + 2 * i, i);
				expect_target(&scene->attacks->active[i], victim);
				cr_expect_float_eq(scene->attacks->active[i].vectors[0].dropped,
						   (24 - i) * 80.0, 60, "%u: %.0f", i,
						   scene->attacks->active[i].vectors[0].dropped);
			}
		}
	}
	cr_assert_eq(scene->attacks->active_count, FW_ATTACKS_ACTIVE);
	expect_target(&scene->attacks->active[FW_ATTACKS_ACTIVE - 1], "others");
	cr_expect_float_eq(said_of(scene), (double)(scene->causes[0].dropped - 5000000),
			   (double)(scene->causes[0].dropped - 5000000) / 100, "%.0f of %.0f", said_of(scene),
			   (double)(scene->causes[0].dropped - 5000000));
	cr_expect_float_eq(scene->attacks->active[FW_ATTACKS_ACTIVE - 1].packets_per_second, 7 * 80, 60,
			   "%.0f", scene->attacks->active[FW_ATTACKS_ACTIVE - 1].packets_per_second);
	cr_expect_eq(scene->ended, 0);
	quiet(scene, 41);
	cr_expect_eq(scene->attacks->active_count, 0);
	close_scene(scene);
}
