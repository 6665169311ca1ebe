// SPDX-License-Identifier: Apache-2.0
/* Attacks on recorded series of counters and samples: beginning, flapping, end, targets and vectors. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/attack.h"

#define STEP   FW_ATTACK_STEP_NS
#define START  (1000 * FW_NS_PER_SEC)
#define CARPET 7 /* rule ids */
#define OTHER  9
#define BANNED FW_ATTACK_REASON_LANE(FW_REASON_BANNED)

/* A filter that is only its counters. */
struct scene {
	struct fw_attacks *attacks;
	uint64_t now_ns, started, changed, ended;
	struct fw_attack_cause causes[3];
	struct fw_drop_sample samples[8192];
	size_t sample_count;
	struct fw_attack last; /* of the last news */
};

static void on_news(void *context, enum fw_attack_news news, const struct fw_attack *attack)
{
	struct scene *scene = context;

	scene->started += news == FW_ATTACK_STARTED;
	scene->changed += news == FW_ATTACK_CHANGED;
	scene->ended += news == FW_ATTACK_ENDED;
	scene->last = *attack;
}

static void look(struct scene *scene)
{
	struct fw_attack_step step = {.now_ns = scene->now_ns,
				      .wall_ns = scene->now_ns,
				      .causes = scene->causes,
				      .cause_count = 3,
				      .samples = scene->samples,
				      .sample_count = scene->sample_count};

	fw_attacks_step(scene->attacks, &step, on_news, scene);
	scene->sample_count = 0;
}

static struct scene *open_scene(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const struct fw_attack_cause cause = {
		.start = 1000,
		.dropped = 5000000, /* from before: nobody's attack */
		.bits = {[FW_FAMILY_V4] = FW_V4_BITS + 24, [FW_FAMILY_V6] = 48}};

	scene->attacks = calloc(1, sizeof(*scene->attacks));
	scene->now_ns = START;
	for (int i = 0; i < 3; i++)
		scene->causes[i] = cause;
	scene->causes[0].lane = CARPET;
	scene->causes[0].name = "carpet";
	scene->causes[1].lane = OTHER;
	scene->causes[1].name = "other";
	scene->causes[2].lane = BANNED;
	scene->causes[2].name = "banned";
	look(scene);
	return scene;
}

static void close_scene(struct scene *scene)
{
	free(scene->attacks);
	free(scene);
}

/* A hundred samples of what one cause drops in a step; `spread` destinations from `first` on. */
struct flood {
	int cause;
	double pps;
	const char *first;
	unsigned int spread; /* 0 is 1 */
	uint8_t protocol;
	uint16_t source_port, dest_port;
	uint8_t tcp_flags;
	bool would, blind;
};

static void pour(struct scene *scene, struct flood flood)
{
	struct fw_attack_cause *cause = &scene->causes[flood.cause];
	uint64_t packets = (uint64_t)(flood.pps * STEP / 1e9);
	size_t count = flood.blind ? 0 : packets < 100 ? packets : 100;
	unsigned int spread = flood.spread ? flood.spread : 1;

	*(flood.would ? &cause->would_drop : &cause->dropped) += packets;
	for (size_t i = 0; i < count; i++) {
		struct fw_drop_sample *sample = &scene->samples[scene->sample_count++];
		uint32_t at = (uint32_t)(i * 7919 % spread);

		*sample = (struct fw_drop_sample){
			.at_ns = scene->now_ns - STEP + i * (STEP / 100),
			.weight = (uint32_t)(packets / count),
			.length = 100,
			.rule = cause->lane < FW_RULE_IDS ? cause->lane : FW_RULE_NONE,
			.reason = cause->lane < FW_RULE_IDS ? FW_REASON_POLICED : FW_REASON_BANNED,
			.protocol = flood.protocol ? flood.protocol : 17,
			.source_port = flood.source_port ? flood.source_port : (uint16_t)(1024 + i),
			.dest_port = flood.dest_port,
			.tcp_flags = flood.tcp_flags,
			.would_drop = flood.would,
		};
		fw_addr_parse(flood.first, &sample->dest, NULL);
		sample->family = (uint8_t)fw_addr_family(&sample->dest);
		sample->dest.w[3] = __builtin_bswap32(__builtin_bswap32(sample->dest.w[3]) + at);
	}
}

static void steps(struct scene *scene, unsigned int count, struct flood flood)
{
	for (unsigned int i = 0; i < count; i++) {
		scene->now_ns += STEP;
		if (flood.pps > 0)
			pour(scene, flood);
		look(scene);
	}
}

static void quiet(struct scene *scene, unsigned int count)
{
	steps(scene, count, (struct flood){.pps = 0});
}

static void expect_target(const struct fw_attack *attack, const char *want)
{
	char text[FW_ATTACK_TEXT_MAX];

	cr_expect_str_eq(fw_attack_target_text(&attack->target, text, sizeof(text)), want);
}

static void expect_vector(const struct fw_attack_vector *vector, const char *want)
{
	char text[FW_ATTACK_TEXT_MAX];

	cr_expect_str_eq(fw_attack_vector_text(vector, text, sizeof(text)), want);
}

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
	expect_vector(&scene->last.vectors[0], "udp from port 53");
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
	cr_expect_float_eq(scene->last.vectors[0].dropped, 41 * 5000.0, 1, "%f",
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

/* 256 destinations, none of which stands out: the prefix is the target, also when a rule's own are wider. */
Test(attack, a_carpet_is_one_attack_on_the_prefix)
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

Test(attack, many_prefixes_are_everything)
{
	struct scene *scene = open_scene();

	steps(scene, 4, (struct flood){.pps = 5000, .first = "198.18.0.0", .spread = 131072});
	cr_assert_eq(scene->started, 1);
	expect_target(&scene->last, "everything");
	close_scene(scene);
}

/* One address first, then all of its prefix: the attack grows, its number stays. */
Test(attack, widens)
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

/* SYNs that one rule drops, reflections that another one does, and bans: one victim, one attack. */
Test(attack, vectors_of_one_target_are_merged)
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

Test(attack, two_victims_are_two_attacks)
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
Test(attack, a_small_one_beside_a_big_one)
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
	cr_expect_float_eq(scene->attacks->active[1].packets_per_second, 4000, 1200, "got %f",
			   scene->attacks->active[1].packets_per_second);
	close_scene(scene);
}

/* The rule has dropped for long, but nothing of this victim's. */
Test(attack, a_later_victim_of_the_same_rule_has_a_beginning_of_its_own)
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

/* One client that is still being dropped when the flood is over does not lend it his port. */
Test(attack, late_packets_do_not_describe_it)
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

Test(attack, counted_ones_are_seen_alike)
{
	struct scene *scene = open_scene();

	steps(scene, 4, (struct flood){.pps = 4000, .first = "203.0.113.9", .would = true});
	cr_assert_eq(scene->started, 1);
	cr_expect_eq(scene->attacks->active[0].vectors[0].dropped, 0);
	cr_expect_gt(scene->attacks->active[0].vectors[0].would_drop, 2000);
	close_scene(scene);
}

/* Counted first, then dropped: the rates say what happens now, whatever the totals say. */
Test(attack, rates_say_what_happens_now)
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
Test(attack, without_samples)
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

Test(attack, words)
{
	char tiny[8];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		expect_vector(&words[i].vector, words[i].want);
	fw_attack_vector_text(&words[6].vector, tiny, sizeof(tiny));
	cr_expect_str_eq(tiny, "udp fro");
}
