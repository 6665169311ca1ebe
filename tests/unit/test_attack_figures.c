// SPDX-License-Identifier: Apache-2.0
/* What is said of an attack: kinds of packets, rates, totals, and in words. */
#include "attack_scene.h"
#include "policy/signatures.h"

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
	expect_vector(&scene->attacks->active[0].vectors[1], "udp from port 123 (ntp)");
	expect_vector(&scene->attacks->active[0].vectors[2], "icmp");
	cr_expect_str_eq(scene->attacks->active[0].vectors[2].cause, "banned");
	expect_vector(fw_attack_main_vector(&scene->attacks->active[0]), "udp from port 123 (ntp)");
	cr_expect_geq(scene->changed, 1);
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 12200, 5);
	/* What has dropped most so far is not what comes now. */
	steps(scene, 3, (struct flood){.cause = 2, .pps = 5000, .first = "203.0.113.9", .protocol = 1});
	expect_vector(fw_attack_main_vector(&scene->attacks->active[0]), "icmp");
	quiet(scene, 1);
	expect_vector(fw_attack_main_vector(&scene->attacks->active[0]), "udp from port 123 (ntp)");
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

/* 30 000 packets/s; a police rule drops 10 000 of them, and two rules before it count them all. Each packet
 * is said once, whichever of the counting rules was the first to be over its limit. */
Test(attack_figures, rules_that_count_the_same_packets)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];
	double dropped = 0, would_drop = 0;

	for (int step = 0; step < 20; step++) {
		int first = step < 5 ? 1 : 0;

		scene->now_ns += STEP;
		pour(scene,
		     (struct flood){.pps = 20000, .first = "203.0.113.9", .cause = first, .would = true});
		pour(scene, (struct flood){.pps = 10000, .first = "203.0.113.9", .cause = 3});
		pour(scene, (struct flood){.pps = 10000, .cause = first, .would = true, .again = true});
		pour(scene, (struct flood){.pps = 30000, .cause = 1 - first, .would = true, .again = true});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_expect_float_eq(attack->packets_per_second, 30000, 300, "%f", attack->packets_per_second);
	cr_expect_float_eq(attack->dropped_per_second, 10000, 100, "%f", attack->dropped_per_second);
	cr_expect_leq(attack->peak_packets_per_second, 30000 * 1.01, "%f", attack->peak_packets_per_second);
	for (size_t i = 0; i < attack->vector_count; i++) {
		dropped += attack->vectors[i].dropped;
		would_drop += attack->vectors[i].would_drop;
	}
	cr_expect_float_eq(dropped, 19.5 * 2500, 1500, "%f", dropped);
	cr_expect_float_eq(would_drop, 20 * 5000, 1000, "%f of %lu", would_drop,
			   (unsigned long)scene->would_drop);
	close_scene(scene);
}

/* What a rule counts and a later one drops is no attack of the one that counts. */
Test(attack_figures, counted_and_then_dropped)
{
	struct scene *scene = open_scene();

	for (int step = 0; step < 8; step++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .would = true, .again = true});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .cause = 3});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_expect_eq(scene->attacks->active[0].vector_count, 1);
	cr_expect_eq(scene->attacks->active[0].would_drop_per_second, 0);
	cr_expect_float_eq(scene->attacks->active[0].packets_per_second, 4000, 40);
	close_scene(scene);
}

/* One client that is still being dropped when the flood is over does not lend it his port. */
Test(attack_figures, late_packets_do_not_describe_it)
{
	struct scene *scene = open_scene();

	steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.113.9", .dest_port = 80});
	expect_vector(&scene->attacks->active[0].vectors[0], "udp to port 80");
	steps(scene, 8,
	      (struct flood){.pps = 40, .first = "203.0.113.9", .source_port = 5555, .dest_port = 81});
	expect_vector(&scene->attacks->active[0].vectors[0], "udp to port 80");
	steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.113.9", .dest_port = 53});
	expect_vector(&scene->attacks->active[0].vectors[0], "udp to port 53");
	close_scene(scene);
}

/* What another victim of the same rule gets is not this one's, neither before it stands out nor if it never
 * does; and it has its own from its first packet on. */
Test(attack_figures, a_second_victim_is_in_nobody_elses_figures)
{
	static const double seconds[] = {800, 4000, 12000, 40000};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct scene *scene = open_scene();
		const struct fw_attack *first = &scene->attacks->active[0], *second = first + 1;

		steps(scene, 20, (struct flood){.pps = 4000, .first = "203.0.113.9"});
		for (int step = 0; step < 12; step++) {
			scene->now_ns += STEP;
			pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9"});
			pour(scene, (struct flood){.pps = seconds[i], .first = "198.51.100.9"});
			look(scene);
		}
		cr_expect_float_eq(first->peak_packets_per_second, 4000, 40, "%.0f: %.0f", seconds[i],
				   first->peak_packets_per_second);
		cr_expect_float_eq(first->vectors[0].dropped, 32 * 1000, 320, "%.0f: %.0f", seconds[i],
				   first->vectors[0].dropped);
		cr_assert_eq(scene->attacks->active_count, seconds[i] > 800 ? 2 : 1);
		if (seconds[i] > 800) {
			const double all = 12 * seconds[i] / 4;

			cr_expect_float_eq(second->peak_packets_per_second, seconds[i], seconds[i] / 100,
					   "%.0f: %.0f", seconds[i], second->peak_packets_per_second);
			cr_expect_float_eq(second->vectors[0].dropped, all, all / 100, "%.0f: %.0f",
					   seconds[i], second->vectors[0].dropped);
		}
		close_scene(scene);
	}
}

/* Where a step has few samples those of the last second say whose it is; nothing is said twice. */
Test(attack_figures, no_more_than_was_dropped)
{
	struct scene *scene = open_scene();
	double said = 0;

	for (int step = 0; step < 40; step++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 1200, .first = "203.0.113.9", .blind = step % 3 == 1});
		if (step > 10)
			pour(scene, (struct flood){.pps = step > 30 ? 200 : 2400,
						   .first = "198.51.100.9",
						   .blind = step % 5 == 1});
		look(scene);
	}
	for (size_t i = 0; i < scene->attacks->active_count; i++)
		said += scene->attacks->active[i].vectors[0].dropped;
	cr_expect_leq(said, (double)(scene->causes[0].dropped - 5000000) + 1);
	cr_expect_geq(said, (double)(scene->causes[0].dropped - 5000000) * 0.8);
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
	{{.protocol = 17, .source_port = 53, .dest_port = 65535}, "udp from port 53 (dns) to port 65535"},
	{{.protocol = 17, .source_port = 27016}, "udp from port 27016 (steam)"},
	{{.protocol = 17, .source_port = 9999}, "udp from port 9999"},
	{{.protocol = 6, .source_port = 53}, "tcp from port 53"},
};

Test(attack_figures, words)
{
	char tiny[8];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		expect_vector(&words[i].vector, words[i].want);
	fw_attack_vector_text(&words[6].vector, NULL, tiny, sizeof(tiny));
	cr_expect_str_eq(tiny, "udp fro");
}

/* What is known without a list is what the list that is shipped says; a policy's own names go before it. */
Test(attack_figures, services_are_named_as_signatures_are)
{
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {0};
	static char own_name[] = "clock";

	cr_assert_eq(fw_signatures_read(FW_SOURCE_DIR "/configs/signatures.yaml", &diags, &list), 0);
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < list->items[i].source_ports.count; j++) {
			struct fw_attack_vector vector = {.protocol = list->items[i].protocol,
							  .source_port =
								  list->items[i].source_ports.items[j].last};
			char without[FW_ATTACK_TEXT_MAX], with[FW_ATTACK_TEXT_MAX];

			fw_attack_vector_text(&vector, NULL, without, sizeof(without));
			cr_expect_str_eq(fw_attack_vector_text(&vector, list, with, sizeof(with)), without);
			cr_expect(strchr(with, '('), "%s", with);
		}
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].vector, "ntp")) {
			char text[FW_ATTACK_TEXT_MAX], *kept = list->items[i].vector;

			list->items[i].vector = own_name;
			fw_attack_vector_text(&(struct fw_attack_vector){.protocol = 17, .source_port = 123},
					      list, text, sizeof(text));
			cr_expect_str_eq(text, "udp from port 123 (clock)");
			list->items[i].vector = kept;
			break;
		}
	fw_signatures_free(list);
	fw_diags_done(&diags);
}

static const struct fw_attack_vector *vector_of(const struct fw_attack *attack, uint16_t port)
{
	size_t i = 0;

	while (i < attack->vector_count && attack->vectors[i].source_port != port)
		i++;
	cr_assert_lt(i, attack->vector_count, "no vector from port %u", port);
	return &attack->vectors[i];
}

/* Two reflectors at once, dropped by one rule, and then one of them alone; what comes from anywhere is a kind
 * of its own beside them. */
Test(attack_figures, reflectors_are_told_apart)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];
	double before;

	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 8000, .first = "203.0.113.9", .source_port = 123});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 11211});
		look(scene);
	}
	cr_assert_eq(scene->started, 1);
	cr_assert_eq(attack->vector_count, 2);
	expect_vector(vector_of(attack, 123), "udp from port 123 (ntp)");
	expect_vector(vector_of(attack, 11211), "udp from port 11211 (memcached)");
	expect_vector(fw_attack_main_vector(attack), "udp from port 123 (ntp)");
	cr_expect_float_eq(vector_of(attack, 123)->packets_per_second, 8000, 400);
	cr_expect_float_eq(vector_of(attack, 11211)->packets_per_second, 4000, 400);
	steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 11211});
	cr_expect_eq(attack->vector_count, 2);
	cr_expect_lt(vector_of(attack, 123)->packets_per_second, 1);
	/* A few late ones make no third, nor are they of one of these. */
	before = vector_of(attack, 123)->dropped + vector_of(attack, 11211)->dropped;
	steps(scene, 8, (struct flood){.pps = 40, .first = "203.0.113.9", .source_port = 5555});
	cr_assert_eq(attack->vector_count, 3);
	expect_vector(&attack->vectors[2], "other");
	cr_expect_float_eq(attack->vectors[2].dropped, 8 * 10, 1);
	cr_expect_float_eq(vector_of(attack, 123)->dropped + vector_of(attack, 11211)->dropped, before, 1);
	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 8000, .first = "203.0.113.9"});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 11211});
		look(scene);
	}
	cr_assert_eq(attack->vector_count, 3, "the late ones are of it");
	expect_vector(&attack->vectors[2], "udp");
	cr_expect_float_eq(attack->vectors[2].packets_per_second, 8000, 400);
	close_scene(scene);
}

/* One reflector, then another beside it: what was said of the first stays its own. */
Test(attack_figures, a_second_reflector_joins)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	steps(scene, 12, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 123});
	cr_assert_eq(attack->vector_count, 1);
	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 123});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 53});
		look(scene);
	}
	cr_assert_eq(attack->vector_count, 2);
	expect_vector(&attack->vectors[0], "udp from port 123 (ntp)");
	expect_vector(&attack->vectors[1], "udp from port 53 (dns)");
	/* Ports that clients draw tell nothing. */
	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene,
		     (struct flood){.cause = 1, .pps = 4000, .first = "203.0.113.9", .source_port = 40001});
		pour(scene,
		     (struct flood){.cause = 1, .pps = 4000, .first = "203.0.113.9", .source_port = 40002});
		look(scene);
	}
	cr_assert_eq(attack->vector_count, 3);
	expect_vector(&attack->vectors[2], "udp");
	close_scene(scene);
}

/* Of SYNs that a rule answers, drops and counts: what is dropped holds what is answered, what passes does
 * not. */
Test(attack_figures, answered_ones_are_told_apart)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];
	struct flood syn = {.first = "203.0.113.9", .protocol = 6, .tcp_flags = 0x02, .dest_port = 443};

	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		syn.pps = 6000;
		syn.answered = true;
		syn.would = false;
		pour(scene, syn);
		syn.pps = 2000;
		syn.answered = false;
		pour(scene, syn);
		syn.pps = 2000;
		syn.answered = syn.would = true;
		pour(scene, syn);
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_expect_float_eq(attack->dropped_per_second, 8000, 200, "%f", attack->dropped_per_second);
	cr_expect_float_eq(attack->answered_per_second, 6000, 200, "%f", attack->answered_per_second);
	cr_expect_float_eq(attack->vectors[0].answered / attack->vectors[0].dropped, 0.75, 0.03);
	quiet(scene, 1);
	cr_expect_eq(attack->answered_per_second, 0);
	close_scene(scene);
}
