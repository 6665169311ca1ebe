// SPDX-License-Identifier: Apache-2.0
/* A limit out of packets: Zipf-distributed honest sources and a known attack, by seed, through the real
 * program into a real history; the limit it recommends, in the real program, drops every attacker and nobody
 * else. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/gather.h"
#include "history/evidence.h"
#include "lab.h"

#define NOON	  1700000100LL
#define SECONDS_  600
#define HONEST_	  400
#define ATTACKERS 12
#define TOP	  300.0 /* packets a minute of the busiest honest source */
#define EXPONENT  1.0
#define ATTACK	  60.0 /* packets a second of an attacker */
#define FROM	  200
#define TO	  290

static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((double)(state * 0x2545f4914f6cdd1dULL >> 11) + 0.5) / 9007199254740992.0;
}

struct traffic {
	uint64_t seed;
	bool left_out[HONEST_ + ATTACKERS]; /* sources of another part of the data */
	uint64_t dropped[HONEST_ + ATTACKERS];
};

static double rate_of(size_t source, int second)
{
	if (source < HONEST_)
		return TOP / 60 / pow((double)source + 1, EXPONENT);
	return second >= FROM && second < TO ? ATTACK * (0.8 + 0.03 * (double)(source - HONEST_)) : 0;
}

static struct packet packet_of(size_t source)
{
	struct packet packet = PACKET(.from = "10.0.0.0");

	packet.bytes[packet.ip + 14] = (unsigned char)(source >> 8);
	packet.bytes[packet.ip + 15] = (unsigned char)source;
	return packet;
}

/* One second of everybody; the draws do not depend on who is left out. */
static void send_second(struct lab *lab, struct traffic *traffic, int second)
{
	for (size_t source = 0; source < HONEST_ + ATTACKERS; source++) {
		double rate = rate_of(source, second);
		int count = (int)(rate + uniform());
		struct packet packet;

		if (!count || traffic->left_out[source])
			continue;
		packet = packet_of(source);
		for (int i = 0; i < count; i++)
			traffic->dropped[source] += lab_run(lab, &packet) == FW_REASON_RULE_BLOCK ||
						    lab->trace.verdict == FW_VERDICT_DROP;
	}
	lab->now_ns += SECONDS;
}

struct recorder {
	struct fw_gather *gather;
	char directory[32], path[64];
};

static void record_step(struct recorder *recorder, struct lab *lab, const struct fw_history_rule *rule,
			int64_t start)
{
	struct fw_gather_step *step = calloc(1, sizeof(*step));

	*step = (struct fw_gather_step){.datapath = lab->datapath,
					.path = recorder->path,
					.bounds = {.keep_s = 90 * 86400, .bytes = 64 << 20},
					.start = start,
					.seconds = start ? 10 : 0};
	step->rules = malloc(sizeof(*step->rules));
	*step->rules = *rule;
	step->rule_count = step->metered_count = 1;
	step->metered[0].kernel = lab->image->slot->rules[0];
	fw_gather_step(recorder->gather, step);
	cr_assert_eq(step->r, 0, "%s", step->err.text);
	fw_gather_step_free(step);
}

static const struct fw_history_rule blanket = {.name = "blanket",
					       .unit = FW_UNIT_PACKETS,
					       .per = FW_PER_SOURCE,
					       .window_ns = 60 * FW_NS_PER_SEC,
					       .limit = 1000000,
					       .enforced = true};

static void open_lab(struct lab *lab, uint64_t limit)
{
	char policy[160];

	snprintf(policy, sizeof(policy),
		 "version: 1\nrules: [{name: blanket, limit: %lu packets/1m, action: block}]\n",
		 (unsigned long)limit);
	lab_open_with(lab, policy, (struct fw_datapath_options){.sources = 1 << 14, .bans = 1024}, false);
}

static uint64_t ask(const char *path, size_t *ret_apart)
{
	struct fw_advice_question question = {
		.span = {NOON, NOON + SECONDS_ + 10}, .rule = "blanket", .buffer = 2};
	struct fw_history *history = NULL;
	struct fw_err err = {0};
	json_t *document = NULL, *rule;
	uint64_t limit;

	cr_assert_eq(fw_history_open_read(path, &history, &err), 0, "%s", err.text);
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	fw_history_close(history);
	rule = json_array_get(json_object_get(document, "rules"), 0);
	limit = (uint64_t)json_integer_value(json_object_get(rule, "amount"));
	*ret_apart = (size_t)json_integer_value(json_object_get(json_object_get(rule, "set_apart"), "apart"));
	json_decref(document);
	return limit;
}

/* Ten minutes under a limit that stops nobody, recorded; then the limit that follows. */
static uint64_t learn(struct traffic *traffic, size_t *ret_apart)
{
	struct recorder recorder = {.gather = fw_gather_new(), .directory = "/tmp/fw-learn-XXXXXX"};
	static const char *const endings[] = {"", "-wal", "-shm"};
	struct lab lab;
	char other[80];
	uint64_t limit;

	cr_assert(mkdtemp(recorder.directory));
	snprintf(recorder.path, sizeof(recorder.path), "%s/history.db", recorder.directory);
	open_lab(&lab, blanket.limit);
	record_step(&recorder, &lab, &blanket, 0);
	state = traffic->seed;
	for (int second = 0; second < SECONDS_; second++) {
		send_second(&lab, traffic, second);
		if (second % 10 == 9)
			record_step(&recorder, &lab, &blanket, NOON + second - 9);
	}
	fw_gather_free(recorder.gather);
	limit = ask(recorder.path, ret_apart);
	for (size_t i = 0; i < 3; i++) {
		snprintf(other, sizeof(other), "%s%s", recorder.path, endings[i]);
		unlink(other);
	}
	rmdir(recorder.directory);
	lab_close(&lab);
	return limit;
}

/* The same ten minutes of everybody under that limit. */
static void judge(uint64_t seed, uint64_t limit, const char *what)
{
	struct traffic traffic = {.seed = seed};
	struct lab lab;

	open_lab(&lab, limit);
	state = seed;
	for (int second = 0; second < SECONDS_; second++)
		send_second(&lab, &traffic, second);
	lab_close(&lab);
	for (size_t source = 0; source < HONEST_ + ATTACKERS; source++)
		if (source < HONEST_)
			cr_expect_eq(traffic.dropped[source], 0,
				     "%s: limit %lu drops %lu of honest source %zu", what,
				     (unsigned long)limit, (unsigned long)traffic.dropped[source], source);
		else
			cr_expect_gt(traffic.dropped[source], 0,
				     "%s: limit %lu stops nothing of attacker %zu", what,
				     (unsigned long)limit, source - HONEST_);
}

Test(recommend_real, the_limit_drops_every_attacker_and_no_honest_source, .timeout = 1800)
{
	struct traffic traffic = {.seed = 4711};
	size_t apart = 0;
	uint64_t limit;

	lab_needs_root();
	limit = learn(&traffic, &apart);
	cr_expect_eq(apart, ATTACKERS, "%zu set apart", apart);
	for (size_t source = 0; source < HONEST_ + ATTACKERS; source++)
		cr_expect_eq(traffic.dropped[source], 0, "the high limit stops nobody");
	judge(traffic.seed, limit, "all of the data");
}

/* A random fifth of the sources is not there while it learns; the limit must do for them. */
Test(recommend_real, so_it_does_for_sources_it_has_not_seen, .timeout = 1800)
{
	lab_needs_root();
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct traffic traffic = {.seed = 815 * seed};
		size_t apart = 0;
		char what[48];

		state = seed * 424242;
		for (size_t source = 0; source < HONEST_ + ATTACKERS; source++)
			traffic.left_out[source] = uniform() < 0.2;
		snprintf(what, sizeof(what), "split %lu", (unsigned long)seed);
		judge(traffic.seed, learn(&traffic, &apart), what);
	}
}
