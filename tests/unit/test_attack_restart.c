// SPDX-License-Identifier: Apache-2.0
/* Attacks over a restart of who looks: counters go on meanwhile, and so does what is said of an attack. */
#include "attack_scene.h"

#define FLOOD ((struct flood){.pps = 4000, .first = "203.0.113.9", .dest_port = 80})
#define GAP   40 /* steps: 10 s */

/* What is on disk of those that last, in another one. lanes: with where counters stood. */
static void restart(struct scene *scene, const struct fw_attacks *saved, bool lanes)
{
	struct fw_attacks *attacks = calloc(1, sizeof(*attacks));

	cr_assert(attacks);
	attacks->last_id = saved->last_id;
	attacks->active_count = saved->active_count;
	memcpy(attacks->active, saved->active, sizeof(attacks->active));
	for (size_t i = 0; i < FW_ATTACK_LANES && lanes; i++) {
		attacks->lanes[i].seen = saved->lanes[i].seen;
		attacks->lanes[i].dropped = saved->lanes[i].dropped;
		attacks->lanes[i].would_drop = saved->lanes[i].would_drop;
	}
	attacks->would_drop = saved->would_drop;
	fw_attacks_resume(attacks, lanes ? saved->last_step_ns : 0, scene->now_ns);
	free(scene->attacks);
	scene->attacks = attacks;
}

/* Nobody looks, and the ring of samples has room for `sampled` steps. */
static void unseen(struct scene *scene, unsigned int count, unsigned int sampled, struct flood flood)
{
	for (unsigned int i = 0; i < count; i++) {
		scene->now_ns += STEP;
		flood.blind = i >= sampled;
		if (flood.pps > 0)
			pour(scene, flood);
	}
}

static double dropped(const struct fw_attack *attack)
{
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		sum += attack->vectors[i].dropped + attack->vectors[i].would_drop;
	return sum;
}

/* Killed: what is on disk is of 8 steps before. With samples of the time in between, and without. */
Test(attack_restart, what_was_dropped_meanwhile_is_the_attacks)
{
	for (unsigned int sampled = 0; sampled < 12; sampled += 4) {
		struct scene *scene = open_scene();
		struct fw_attacks *saved = calloc(1, sizeof(*saved));

		steps(scene, 8, FLOOD);
		memcpy(saved, scene->attacks, sizeof(*saved));
		steps(scene, 8, FLOOD);
		unseen(scene, GAP, sampled, FLOOD);
		restart(scene, saved, true);
		look(scene);
		steps(scene, 8, FLOOD);
		quiet(scene, 41);
		cr_assert_eq(scene->ended, 1, "%u", sampled);
		cr_expect_eq(scene->started, 1, "%u", sampled);
		cr_expect_float_eq(dropped(&scene->last), (24 + GAP) * 1000, 1, "%u: %f", sampled,
				   dropped(&scene->last));
		cr_expect_float_eq(scene->last.vectors[0].bytes, (24 + GAP) * 1000 * 100, 100, "%u: %f",
				   sampled, scene->last.vectors[0].bytes);
		cr_expect_float_eq(scene->last.peak_packets_per_second, 4000, 1, "%u: %f", sampled,
				   scene->last.peak_packets_per_second);
		cr_expect_eq(scene->last.ended_wall_ns, scene->now_ns - 41 * STEP, "%u", sampled);
		free(saved);
		close_scene(scene);
	}
}

/* A rule that dropped nothing of it yet when it was saved. */
Test(attack_restart, a_vector_that_was_not_saved_comes_back)
{
	struct scene *scene = open_scene();
	struct fw_attacks *saved = calloc(1, sizeof(*saved));
	struct flood sharp = FLOOD;

	sharp.cause = 1;
	steps(scene, 8, FLOOD);
	memcpy(saved, scene->attacks, sizeof(*saved));
	steps(scene, 8, sharp);
	unseen(scene, GAP, 4, sharp);
	restart(scene, saved, true);
	look(scene);
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_assert_eq(scene->attacks->active[0].vector_count, 2);
	cr_expect_str_eq(scene->attacks->active[0].vectors[1].cause, "other");
	cr_expect_float_eq(scene->attacks->active[0].vectors[1].dropped, (8 + GAP) * 1000, 1);
	cr_expect_eq(scene->attacks->active[0].vectors[1].peak_packets_per_second, 0);
	quiet(scene, 41);
	cr_expect_float_eq(dropped(&scene->last), (16 + GAP) * 1000, 1);
	free(saved);
	close_scene(scene);
}

/* Eight steps, of which nobody saw the second half, and the restart comes a minute later. */
Test(attack_restart, it_is_over_since_its_packets_ended)
{
	for (unsigned int sampled = 0; sampled < 4; sampled += 2) {
		struct scene *scene = open_scene();
		uint64_t over;

		steps(scene, 4, FLOOD);
		unseen(scene, 4, sampled, FLOOD);
		over = scene->now_ns;
		unseen(scene, 240, 0, (struct flood){.pps = 0});
		restart(scene, scene->attacks, true);
		look(scene);
		cr_expect_eq(scene->ended, 0, "it may be in a pause");
		quiet(scene, 41);
		cr_assert_eq(scene->ended, 1);
		cr_expect_eq(scene->last.ended_wall_ns, over, "%u: %+.2f s", sampled,
			     ((double)scene->last.ended_wall_ns - (double)over) / 1e9);
		cr_expect_float_eq(dropped(&scene->last), 8 * 1000, 1);
		close_scene(scene);
	}
}

/* What a client is still refused is counted, and prolongs nothing. */
Test(attack_restart, late_packets_do_not_prolong_it)
{
	struct scene *scene = open_scene();
	struct flood late = FLOOD;
	uint64_t over;

	late.pps = 40;
	steps(scene, 8, FLOOD);
	over = scene->now_ns;
	steps(scene, 8, late);
	unseen(scene, 4, 4, late);
	restart(scene, scene->attacks, true);
	look(scene);
	quiet(scene, 41);
	cr_assert_eq(scene->ended, 1);
	cr_expect_eq(scene->last.ended_wall_ns, over, "%+.2f s",
		     ((double)scene->last.ended_wall_ns - (double)over) / 1e9);
	cr_expect_float_eq(dropped(&scene->last), 8 * 1000 + 12 * 10, 1);
	close_scene(scene);
}

/* Two victims of one rule: each goes on with its own, with samples by these, without by what it got before.
 */
Test(attack_restart, two_attacks_share_what_was_dropped)
{
	for (unsigned int sampled = 0; sampled < 4; sampled += 2) {
		struct scene *scene = open_scene();
		struct flood second = {.pps = 12000, .first = "198.51.100.9"};
		double before[2];

		for (int step = 0; step < 8 + GAP; step++) {
			second.blind = step >= 8 + (int)sampled;
			scene->now_ns += STEP;
			pour(scene,
			     (struct flood){.pps = 4000, .first = "203.0.113.9", .blind = second.blind});
			pour(scene, second);
			if (step < 8)
				look(scene);
		}
		cr_assert_eq(scene->attacks->active_count, 2);
		for (int i = 0; i < 2; i++)
			before[i] = dropped(&scene->attacks->active[i]);
		restart(scene, scene->attacks, true);
		look(scene);
		for (int i = 0; i < 2; i++)
			cr_expect_float_eq(dropped(&scene->attacks->active[i]), before[i] * (8 + GAP) / 8,
					   100, "%u: %f of %f", sampled, dropped(&scene->attacks->active[i]),
					   before[i]);
		close_scene(scene);
	}
}

/* However much came while nobody looked: it may have been one burst, and somebody else's. */
Test(attack_restart, a_gap_begins_nothing)
{
	struct scene *scene = open_scene();

	steps(scene, 4, FLOOD);
	unseen(scene, 4, 4, (struct flood){.pps = 900000, .first = "198.51.100.9"});
	restart(scene, scene->attacks, true);
	look(scene);
	cr_expect_eq(scene->started, 1);
	quiet(scene, 1);
	steps(scene, 1, (struct flood){.pps = 9000, .first = "198.51.100.9"});
	cr_expect_eq(scene->started, 1, "the gap is not the first of two");
	cr_expect_float_eq(dropped(&scene->attacks->active[0]), 4000, 1);
	steps(scene, 1, (struct flood){.pps = 9000, .first = "198.51.100.9"});
	cr_assert_eq(scene->started, 2);
	cr_expect_float_eq(dropped(&scene->attacks->active[1]), 2 * 2250, 1, "%f",
			   dropped(&scene->attacks->active[1]));
	close_scene(scene);
}

/* Packets that two rules count are one rule's, also then. */
Test(attack_restart, counted_ones_are_said_once)
{
	struct scene *scene = open_scene();
	struct flood counts = {.pps = 4000, .first = "203.0.113.9", .would = true}, again = counts;

	again.cause = 1;
	again.again = true;
	for (int step = 0; step < 8 + GAP; step++) {
		scene->now_ns += STEP;
		counts.blind = step >= 12;
		pour(scene, counts);
		pour(scene, again);
		if (step < 8)
			look(scene);
	}
	restart(scene, scene->attacks, true);
	look(scene);
	cr_expect_float_eq(dropped(&scene->attacks->active[0]), (8 + GAP) * 1000, 100, "%f",
			   dropped(&scene->attacks->active[0]));
	close_scene(scene);
}

/* The maps were built anew, or what is on disk is from before counters were kept: it is over when it was last
 * seen, unless it goes on. */
Test(attack_restart, without_the_counters_of_before)
{
	for (int goes_on = 0; goes_on < 2; goes_on++) {
		struct scene *scene = open_scene();
		uint64_t over;

		steps(scene, 8, FLOOD);
		over = scene->now_ns;
		unseen(scene, 240, 0, FLOOD);
		for (int i = 0; i < 4; i++)
			scene->causes[i].dropped = 0;
		restart(scene, scene->attacks, false);
		look(scene);
		if (goes_on) {
			steps(scene, 8, FLOOD);
			over = scene->now_ns;
		}
		cr_expect_eq(scene->ended, 0);
		quiet(scene, 41);
		cr_expect_eq(scene->started, 1);
		cr_assert_eq(scene->ended, 1);
		cr_expect_eq(scene->last.ended_wall_ns, over);
		cr_expect_float_eq(dropped(&scene->last), goes_on ? 16 * 1000 : 8 * 1000, 1);
		close_scene(scene);
	}
}

/* A policy without the rule for a while, reloaded or at a restart: back in force it has counters that have
 * gone on, or for long nobody looked at them. They are of no step. Only counting, the same. */
Test(attack_restart, a_rule_that_was_away_dropped_it_before)
{
	for (int kind = 0; kind < 4; kind++) {
		struct scene *scene = open_scene();
		struct fw_attacks *saved = calloc(1, sizeof(*saved));
		struct flood flood = FLOOD;
		bool killed = kind & 1;

		flood.would = kind & 2;
		steps(scene, 8, flood);
		memcpy(saved, scene->attacks, sizeof(*saved));
		if (killed)
			steps(scene, 20, flood);
		unseen(scene, killed ? GAP : 1, 0, flood);
		if (killed)
			restart(scene, saved, true);
		scene->without = 1;
		quiet(scene, 8);
		scene->without = 0;
		steps(scene, 12, flood);
		cr_assert_eq(scene->attacks->active_count, 1, "%d", kind);
		cr_expect_float_eq(scene->attacks->active[0].peak_packets_per_second, 4000, 1, "%d: %f", kind,
				   scene->attacks->active[0].peak_packets_per_second);
		cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 4000, 1, "%d", kind);
		cr_expect_float_eq(dropped(&scene->attacks->active[0]),
				   (killed ? 8 + 20 + GAP + 12 : 8 + 1 + 12) * 1000, 1, "%d: %f", kind,
				   dropped(&scene->attacks->active[0]));
		cr_expect_eq(scene->started, 1, "%d", kind);
		free(saved);
		close_scene(scene);
	}
}
