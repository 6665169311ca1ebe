// SPDX-License-Identifier: Apache-2.0
/* What is said of an attack: kinds of packets, rates, totals, and in words. */
#include "attack_scene.h"

/* SYNs that one rule drops, reflections that another one does, and bans: one victim, one attack. */
Test(attack_figures, vectors_of_one_target_are_merged)
{
	struct scene *scene = open_scene();

	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000,
					   .first = "203.0.113.9",
					   .protocol = 6,
					   .tcp_flags = 0x02,
					   .dest_port = 443});
		pour(scene,
		     (struct flood){.cause = 1, .pps = 8000, .first = "203.0.113.9", .source_port = 123});
		if (i > 5)
			pour(scene,
			     (struct flood){.cause = 2, .pps = 200, .first = "203.0.113.9", .protocol = 1});
		look(scene);
	}
	cr_assert_eq(scene->started, 1);
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_assert_eq(scene->attacks->active[0].vector_count, 3);
	expect_vector(&scene->attacks->active[0].vectors[0], "tcp syn to port 443");
	expect_vector(&scene->attacks->active[0].vectors[1], "udp from port 123");
	expect_vector(&scene->attacks->active[0].vectors[2], "icmp");
	cr_expect_str_eq(scene->attacks->active[0].vectors[2].cause, "banned");
	expect_vector(fw_attack_main_vector(&scene->attacks->active[0]), "udp from port 123");
	cr_expect_geq(scene->changed, 1);
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 12200, 5);
	close_scene(scene);
}

Test(attack_figures, counted_ones_are_seen_alike)
{
	struct scene *scene = open_scene();

	steps(scene, 4, (struct flood){.pps = 4000, .first = "203.0.113.9", .would = true});
	cr_assert_eq(scene->started, 1);
	cr_expect_eq(scene->attacks->active[0].vectors[0].dropped, 0);
	cr_expect_gt(scene->attacks->active[0].vectors[0].would_drop, 2000);
	close_scene(scene);
}

/* Counted first, then dropped: the rates say what happens now, whatever the totals say. */
Test(attack_figures, rates_say_what_happens_now)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	steps(scene, 20, (struct flood){.pps = 4000, .first = "203.0.113.9", .would = true});
	cr_expect_eq(attack->dropped_per_second, 0);
	cr_expect_float_eq(attack->would_drop_per_second, 4000, 100);
	steps(scene, 5, (struct flood){.pps = 2000, .first = "203.0.113.9"});
	cr_expect_float_eq(attack->dropped_per_second, 2000, 100);
	cr_expect_eq(attack->would_drop_per_second, 0);
	cr_expect_gt(attack->vectors[0].would_drop, attack->vectors[0].dropped);
	steps(scene, 1, (struct flood){.pps = 1000, .first = "203.0.113.9", .blind = true, .would = true});
	cr_expect_eq(attack->dropped_per_second, 0);
	cr_expect_float_eq(attack->would_drop_per_second, 1000, 100);
	quiet(scene, 1);
	cr_expect_eq(attack->would_drop_per_second, 0);
	close_scene(scene);
}

/* Steps without a sample belong to what the cause dropped before. Alone they begin nothing. */
Test(attack_figures, without_samples)
{
	struct scene *scene = open_scene();
	double before;

	steps(scene, 20, (struct flood){.pps = 4000, .first = "203.0.113.9", .blind = true});
	cr_expect_eq(scene->started, 0);
	steps(scene, 4, (struct flood){.pps = 4000, .first = "203.0.113.9"});
	cr_assert_eq(scene->started, 1);
	before = scene->attacks->active[0].vectors[0].dropped;
	steps(scene, 80, (struct flood){.pps = 4000, .first = "203.0.113.9", .blind = true});
	cr_expect_eq(scene->ended, 0);
	cr_expect_float_eq(scene->attacks->active[0].vectors[0].dropped - before, 80 * 1000, 1);
	close_scene(scene);
}

static const struct {
	struct fw_attack_vector vector;
	const char *want;
} words[] = {
	{{.protocol = 17}, "udp"},
	{{.protocol = 17, .fragments = true}, "udp fragments"},
	{{.protocol = 6, .has_flags = true, .tcp_flags = 0x12, .source_port = 80},
	 "tcp syn+ack from port 80"},
	{{.protocol = 6, .has_flags = true}, "tcp without flags"},
	{{.protocol = 6, .dest_port = 22}, "tcp to port 22"},
	{{.protocol = 253}, "protocol 253"},
	{{.protocol = 17, .source_port = 53, .dest_port = 65535}, "udp from port 53 to port 65535"},
};

Test(attack_figures, words)
{
	char tiny[8];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		expect_vector(&words[i].vector, words[i].want);
	fw_attack_vector_text(&words[6].vector, tiny, sizeof(tiny));
	cr_expect_str_eq(tiny, "udp fro");
}
