// SPDX-License-Identifier: Apache-2.0
/* What an attack is made of, by parts: what is said over its life is what was sent. */
#include <math.h>

#include "attack_scene.h"

#define KINDS 8

/* Kinds of packets at once, of which a step has few samples, drawn at random. */
struct mix {
	const char *name;
	struct {
		const char *words;
		uint8_t protocol;
		uint16_t source_port; /* 0: any */
		double part;
	} kinds[KINDS];
	unsigned int samples; /* of a step */
	double within;	      /* of what was dropped of all */
};

static uint32_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void pour_mix(struct scene *scene, const struct mix *mix, double pps, uint64_t *state,
		     double sent[KINDS])
{
	double packets = pps / 4;

	scene->now_ns += STEP;
	scene->causes[0].dropped += (uint64_t)packets;
	for (size_t i = 0; i < mix->samples; i++) {
		struct fw_drop_sample *sample = &scene->samples[scene->sample_count++];
		double at = draw(state) / 2147483648.0;
		size_t kind = 0;

		while (kind + 1 < KINDS && mix->kinds[kind + 1].words && at >= mix->kinds[kind].part)
			at -= mix->kinds[kind++].part;
		*sample = (struct fw_drop_sample){
			.at_ns = scene->now_ns - STEP + i * (STEP / mix->samples),
			.weight = (uint32_t)(packets / mix->samples),
			.length = 100,
			.rule = CARPET,
			.reason = FW_REASON_POLICED,
			.protocol = mix->kinds[kind].protocol,
			.source_port = mix->kinds[kind].source_port ? mix->kinds[kind].source_port
								    : (uint16_t)(1024 + draw(state) % 60000),
			.dest_port = (uint16_t)draw(state),
			.tcp_flags = 2,
		};
		fw_addr_parse("203.0.113.9", &sample->dest, NULL);
		sample->family = (uint8_t)fw_addr_family(&sample->dest);
	}
	for (size_t i = 0; i < KINDS; i++)
		sent[i] += packets * mix->kinds[i].part;
	look(scene);
}

static double said_of(const struct fw_attack *attack, const char *words)
{
	char text[FW_ATTACK_TEXT_MAX];
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		if (!words ||
		    !strcmp(words, fw_attack_vector_text(&attack->vectors[i], NULL, text, sizeof(text))))
			sum += attack->vectors[i].dropped;
	return sum;
}

static const struct mix mixes[] = {
	{"five kinds, of which two are one",
	 {{"tcp syn", 6, 0, 0.4}, {"udp", 17, 0, 0.2}, {"icmp", 1, 0, 0.2}, {"gre", 47, 0, 0.2}},
	 60,
	 0.04},
	{"four fifths and one", {{"udp", 17, 0, 0.8}, {"icmp", 1, 0, 0.2}}, 60, 0.04},
	{"a tenth", {{"udp", 17, 0, 0.9}, {"icmp", 1, 0, 0.1}}, 60, 0.04},
	{"a tenth of few samples", {{"udp", 17, 0, 0.9}, {"icmp", 1, 0, 0.1}}, 8, 0.05},
	{"seven services",
	 {{"udp from port 53 (dns)", 17, 53, 0.2},
	  {"udp from port 123 (ntp)", 17, 123, 0.2},
	  {"udp from port 11211 (memcached)", 17, 11211, 0.12},
	  {"udp from port 1900 (ssdp)", 17, 1900, 0.12},
	  {"udp from port 389 (cldap)", 17, 389, 0.12},
	  {"udp from port 161 (snmp)", 17, 161, 0.12},
	  {"udp from port 19 (chargen)", 17, 19, 0.12}},
	 60,
	 0.04},
	{"a service and what comes from anywhere",
	 {{"udp from port 123 (ntp)", 17, 123, 0.88}, {"udp", 17, 0, 0.12}},
	 60,
	 0.04},
	{"what matters nowhere is other",
	 {{"udp", 17, 0, 0.95}, {"other", 1, 0, 0.02}, {"other", 47, 0, 0.015}, {"other", 50, 0, 0.015}},
	 60,
	 0.04},
};

/* Nothing of one vector is said of another, whatever a single step looks like. */
Test(attack_shares, are_what_was_sent)
{
	for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
		for (uint64_t seed = 1; seed <= 2; seed++) {
			struct scene *scene = open_scene();
			const struct fw_attack *attack = &scene->attacks->active[0];
			double sent[KINDS] = {0}, all = 0;
			uint64_t state = seed * 7919;

			for (int step = 0; step < 120; step++)
				pour_mix(scene, &mixes[i], 24000, &state, sent);
			cr_assert_eq(scene->attacks->active_count, 1);
			for (size_t kind = 0; kind < KINDS; kind++)
				all += sent[kind];
			cr_expect_float_eq(said_of(attack, NULL), all, all / 1000, "%s: %.0f of %.0f",
					   mixes[i].name, said_of(attack, NULL), all);
			for (size_t kind = 0; kind < KINDS && mixes[i].kinds[kind].words; kind++) {
				const char *words = mixes[i].kinds[kind].words;
				double want = 0;

				for (size_t like = 0; like < KINDS && mixes[i].kinds[like].words; like++)
					if (!strcmp(mixes[i].kinds[like].words, words))
						want += sent[like];
				cr_expect_float_eq(said_of(attack, words), want, mixes[i].within * all,
						   "%s, %s: said %.3f, sent %.3f", mixes[i].name, words,
						   said_of(attack, words) / all, want / all);
			}
			close_scene(scene);
		}
}

/* The small ones do not pay for a flood that ended a moment ago. */
Test(attack_shares, of_a_step_are_by_its_own_samples)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	for (int i = 0; i < 10; i++) {
		steps(scene, 4, (struct flood){.pps = 80000, .first = "203.0.113.9", .protocol = 17});
		steps(scene, 4, (struct flood){.pps = 4000, .first = "203.0.113.9", .protocol = 1});
	}
	cr_expect_float_eq(said_of(attack, "icmp"), 40 * 1000, 400, "%.0f", said_of(attack, "icmp"));
	cr_expect_float_eq(said_of(attack, "udp"), 40 * 20000, 400, "%.0f", said_of(attack, "udp"));
	close_scene(scene);
}

/* What was said of a port stays that port's when another one takes its place. */
Test(attack_shares, of_a_port_stay_with_it)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	steps(scene, 12, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 123});
	steps(scene, 12, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 53});
	cr_expect_float_eq(said_of(attack, "udp from port 123 (ntp)"), 12000, 10, "%.0f",
			   said_of(attack, "udp from port 123 (ntp)"));
	cr_expect_float_eq(said_of(attack, "udp from port 53 (dns)"), 12000, 10, "%.0f",
			   said_of(attack, "udp from port 53 (dns)"));
	close_scene(scene);
}

/* Nor is it lost when the attack becomes part of a wider one. */
Test(attack_shares, of_attacks_that_become_one_are_kept)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	for (int i = 0; i < 12; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .source_port = 123});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.77", .source_port = 53});
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.77", .source_port = 19});
		pour(scene, (struct flood){.pps = 400, .first = "203.0.113.77", .protocol = 1});
		look(scene);
	}
	cr_assert_eq(scene->attacks->active_count, 2);
	steps(scene, 12, (struct flood){.pps = 8000, .first = "203.0.113.0", .spread = 256, .protocol = 47});
	cr_assert_eq(scene->attacks->active_count, 1);
	cr_expect_float_eq(said_of(attack, "udp from port 123 (ntp)"), 12000, 150, "%.0f",
			   said_of(attack, "udp from port 123 (ntp)"));
	cr_expect_float_eq(said_of(attack, "udp from port 53 (dns)"), 12000, 150, "%.0f",
			   said_of(attack, "udp from port 53 (dns)"));
	cr_expect_float_eq(said_of(attack, "udp from port 19 (chargen)"), 12000, 150, "%.0f",
			   said_of(attack, "udp from port 19 (chargen)"));
	cr_expect_float_eq(said_of(attack, "gre"), 24000, 2500, "%.0f", said_of(attack, "gre"));
	cr_expect_float_eq(said_of(attack, NULL), (double)(scene->causes[0].dropped - 5000000), 1500);
	close_scene(scene);
}

/* More kinds than have a vector: the rest is in one that says so, and the sum is right. */
Test(attack_shares, of_more_kinds_than_there_is_room_for)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];
	double all = 0;

	steps(scene, 2, (struct flood){.pps = 4000, .first = "203.0.113.9", .protocol = 100});
	for (uint8_t protocol = 101; protocol < 130; protocol++)
		steps(scene, 8, (struct flood){.pps = 4000, .first = "203.0.113.9", .protocol = protocol});
	cr_expect_leq(attack->vector_count, FW_ATTACK_VECTORS);
	all = (double)(scene->causes[0].dropped - 5000000);
	cr_expect_float_eq(said_of(attack, NULL), all, 1);
	cr_expect_float_eq(said_of(attack, "protocol 101"), 8000, 1);
	cr_expect_gt(said_of(attack, "other"), 10 * 8000);
	cr_expect_str_neq(fw_attack_main_vector(attack)->cause, "");
	cr_expect_not(fw_attack_main_vector(attack)->other);
	close_scene(scene);
}

/* What has no samples is more of all that was dropped before. */
Test(attack_shares, without_samples_go_on)
{
	struct scene *scene = open_scene();
	const struct fw_attack *attack = &scene->attacks->active[0];

	for (int i = 0; i < 20; i++) {
		scene->now_ns += STEP;
		pour(scene, (struct flood){.pps = 4000, .first = "203.0.113.9", .protocol = 1});
		pour(scene, (struct flood){.pps = 12000, .first = "203.0.113.9", .protocol = 17});
		look(scene);
	}
	steps(scene, 80, (struct flood){.pps = 4000, .first = "203.0.113.9", .blind = true});
	cr_expect_float_eq(said_of(attack, "icmp") / said_of(attack, NULL), 0.25, 0.02, "%.3f",
			   said_of(attack, "icmp") / said_of(attack, NULL));
	close_scene(scene);
}
