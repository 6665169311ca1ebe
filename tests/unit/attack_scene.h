/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that is only its counters and samples, and floods for it: what the tests of attacks are made of.
 */
#ifndef FW_TESTS_UNIT_ATTACK_SCENE_H
#define FW_TESTS_UNIT_ATTACK_SCENE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "observe/attack.h"

#define STEP   FW_ATTACK_STEP_NS
#define START  (1000 * FW_NS_PER_SEC)
#define CARPET 7 /* rule ids */
#define OTHER  9
#define POLICE 11
#define BANNED FW_ATTACK_REASON_LANE(FW_REASON_BANNED)

/* A filter that is only its counters. */
struct scene {
	struct fw_attacks *attacks;
	uint64_t now_ns, started, changed, ended, would_drop;
	struct fw_attack_cause causes[4];
	size_t without; /* causes at the front that the policy does not have for now */
	struct fw_drop_sample samples[8192];
	size_t sample_count;
	struct fw_attack last; /* of the last news */
};

static inline void on_news(void *context, enum fw_attack_news news, const struct fw_attack *attack)
{
	struct scene *scene = context;

	scene->started += news == FW_ATTACK_STARTED;
	scene->changed += news == FW_ATTACK_CHANGED;
	scene->ended += news == FW_ATTACK_ENDED;
	scene->last = *attack;
}

static inline void look(struct scene *scene)
{
	struct fw_attack_step step = {.now_ns = scene->now_ns,
				      .wall_ns = scene->now_ns,
				      .causes = scene->causes + scene->without,
				      .cause_count = 4 - scene->without,
				      .would_drop = scene->would_drop,
				      .samples = scene->samples,
				      .sample_count = scene->sample_count};

	fw_attacks_step(scene->attacks, &step, on_news, scene);
	scene->sample_count = 0;
}

static inline struct scene *open_scene(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const struct fw_attack_cause cause = {
		.start = 1000,
		.dropped = 5000000, /* from before: nobody's attack */
		.bits = {[FW_FAMILY_V4] = FW_V4_BITS + 24, [FW_FAMILY_V6] = 48}};

	scene->attacks = calloc(1, sizeof(*scene->attacks));
	scene->now_ns = START;
	for (int i = 0; i < 4; i++)
		scene->causes[i] = cause;
	scene->causes[0].lane = CARPET;
	scene->causes[0].name = "carpet";
	scene->causes[1].lane = OTHER;
	scene->causes[1].name = "other";
	scene->causes[2].lane = BANNED;
	scene->causes[2].name = "banned";
	scene->causes[3].lane = POLICE;
	scene->causes[3].name = "police";
	look(scene);
	return scene;
}

static inline void close_scene(struct scene *scene)
{
	free(scene->attacks);
	free(scene);
}

/* A hundred samples of what one cause drops in a step; `spread` destinations from `first` on. again: another
 * cause would have dropped these packets before it, or drops them behind it. */
struct flood {
	int cause;
	double pps;
	const char *first;
	unsigned int spread; /* 0 is 1 */
	uint8_t protocol;
	uint16_t source_port, dest_port;
	uint8_t tcp_flags;
	bool would, blind, again;
	bool answered; /* what does not pass is sent back as something else */
};

static inline void pour(struct scene *scene, struct flood flood)
{
	struct fw_attack_cause *cause = &scene->causes[flood.cause];
	uint64_t packets = (uint64_t)(flood.pps * STEP / 1e9);
	size_t count = flood.blind || flood.again ? 0 : packets < 100 ? packets : 100;
	unsigned int spread = flood.spread ? flood.spread : 1;

	*(flood.would ? &cause->would_drop : &cause->dropped) += packets;
	if (flood.would && !flood.again && cause->lane < FW_RULE_IDS)
		scene->would_drop += packets;
	for (size_t i = 0; i < count; i++) {
		struct fw_drop_sample *sample = &scene->samples[scene->sample_count++];
		uint32_t at = (uint32_t)i * 2654435761u % spread;

		*sample = (struct fw_drop_sample){
			.at_ns = scene->now_ns - STEP + i * (STEP / 100),
			.weight = (uint32_t)(packets / count),
			.length = 100,
			.rule = cause->lane < FW_RULE_IDS ? cause->lane : FW_RULE_NONE,
			.reason = flood.answered	      ? FW_REASON_CHALLENGED
				  : cause->lane < FW_RULE_IDS ? FW_REASON_POLICED
							      : FW_REASON_BANNED,
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

static inline void steps(struct scene *scene, unsigned int count, struct flood flood)
{
	for (unsigned int i = 0; i < count; i++) {
		scene->now_ns += STEP;
		if (flood.pps > 0)
			pour(scene, flood);
		look(scene);
	}
}

static inline void quiet(struct scene *scene, unsigned int count)
{
	steps(scene, count, (struct flood){.pps = 0});
}

static inline void expect_target(const struct fw_attack *attack, const char *want)
{
	char text[FW_ATTACK_TEXT_MAX];

	cr_expect_str_eq(fw_attack_target_text(&attack->target, text, sizeof(text)), want);
}

static inline void expect_vector(const struct fw_attack_vector *vector, const char *want)
{
	char text[FW_ATTACK_TEXT_MAX];

	cr_expect_str_eq(fw_attack_vector_text(vector, NULL, text, sizeof(text)), want);
}

#endif
