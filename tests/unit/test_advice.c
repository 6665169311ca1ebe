// SPDX-License-Identifier: Apache-2.0
/* Recommendations and plans out of a history: which times count, which rules, and what is said of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/evidence.h"
#include "recorded.h"

/* An attack of half an hour that no gap gives away: as many as the crowd, a little more each. */
static struct fw_history *record_attack(char *directory, char *path, size_t size)
{
	static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert(mkdtemp(directory));
	snprintf(path, size, "%s/history.db", directory);
	cr_assert_eq(fw_history_open(path, &bounds, &history, &err), 0, "%s", err.text);
	for (uint32_t window = 0; window < WINDOWS; window++) {
		bool attack = window >= 6 && window < 12;
		struct fw_history_peak peaks[100];

		for (uint32_t i = 0; i < 100; i++)
			peaks[i] = (struct fw_history_peak){.key = prefix_of(i),
							    .peak = 1000 - i + attack * 500};
		cr_assert_eq(fw_history_write(history,
					      &(struct fw_history_batch){.now = NOON + 300 * window,
									 .rules = &rule,
									 .rule_count = 1,
									 .seconds = 300,
									 .peaks = peaks,
									 .peak_count = 100},
					      &err),
			     0, "%s", err.text);
	}
	return history;
}

static void remove_all(const char *directory, const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char other[80];

	for (size_t i = 0; i < 3; i++) {
		snprintf(other, sizeof(other), "%s%s", path, endings[i]);
		unlink(other);
	}
	rmdir(directory);
}

static uint64_t highest_of(struct fw_history *history, const struct fw_advice_question *question,
			   struct fw_evidence *evidence)
{
	struct fw_recommendation advice;
	struct fw_err err = {0};

	cr_assert_eq(fw_evidence_load(history, question, "blanket", evidence, &err), 0, "%s", err.text);
	cr_assert_eq(fw_recommend(evidence, 2, &advice), 0);
	fw_evidence_done(evidence);
	return advice.honest_highest;
}

Test(advice, times_of_attacks_are_left_out_with_what_meters_remember)
{
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS}, .buffer = 2};
	struct fw_history_attack attack = {
		.start = NOON + 6 * 300, .end = NOON + 12 * 300, .target = "192.0.2.1", .vector = "udp"};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	struct fw_evidence evidence;
	struct fw_err err = {0};

	cr_expect_eq(highest_of(history, &question, &evidence), 1500);
	question.excluded[0] = (struct fw_moments){NOON + 6 * 300 + 7, NOON + 12 * 300 - 7};
	question.excluded_count = 1;
	cr_expect_eq(highest_of(history, &question, &evidence), 1000);
	question.excluded_count = 0;
	cr_assert_eq(fw_history_write(history,
				      &(struct fw_history_batch){
					      .now = NOON + 7000, .attacks = &attack, .attack_count = 1},
				      &err),
		     0, "%s", err.text);
	cr_expect_eq(highest_of(history, &question, &evidence), 1000);
	question.attacks_too = true;
	cr_expect_eq(highest_of(history, &question, &evidence), 1500);
	fw_history_close(history);
	remove_all(directory, path);
}

/* Text of the document about the rule "blanket", from a history with one declared attack. */
static char *advice_with_attack(const struct fw_history_attack *attack, struct fw_advice_question *question)
{
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64], *text;
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	struct fw_history_batch batch = {.now = NOON + 7000, .attacks = attack, .attack_count = 1};
	json_t *document = NULL;
	struct fw_err err = {0};

	question->buffer = 2;
	question->rule = "blanket";
	cr_assert_eq(fw_history_write(history, &batch, &err), 0, "%s", err.text);
	cr_assert_eq(fw_advice(history, question, &document, &err), 0, "%s", err.text);
	text = json_dumps(document, 0);
	json_decref(document);
	fw_history_close(history);
	remove_all(directory, path);
	return text;
}

static void expect_words(char *text, const char *words)
{
	cr_expect(strstr(text, words), "expected '%s' in %s", words, text);
}

Test(advice, says_how_many_attacks_were_left_out)
{
	struct fw_history_attack attack = {
		.start = NOON + 6 * 300 + 60, .end = NOON + 12 * 300, .target = "192.0.2.1", .vector = "udp"};
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS},
					      .excluded = {{NOON, NOON + 300}, {NOON - 900, NOON - 600}},
					      .excluded_count = 2};
	char *text = advice_with_attack(&attack, &question);

	expect_words(text, "\"limit\": \"2000 packets/5m\"");
	expect_words(text, "\"excluded_attacks\": 1");
	expect_words(text, "\"excluded_times\": 1"); /* the other one is not of this span */
	free(text);
}

/* A flood is declared when it has gone on for a moment: its first packets may be of the step before. */
Test(advice, the_beginning_of_an_attack_is_left_out)
{
	struct fw_history_attack attack = {
		.start = NOON + 7 * 300 + 1, .end = NOON + 12 * 300, .target = "192.0.2.1", .vector = "udp"};
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS}};
	char *text = advice_with_attack(&attack, &question);

	expect_words(text, "\"honest_highest\": 1000");
	free(text);
}

Test(advice, nothing_is_proposed_when_attacks_leave_nothing)
{
	struct fw_history_attack attack = {
		.start = NOON, .end = NOON + 300 * WINDOWS, .target = "192.0.2.1", .vector = "udp"};
	struct fw_advice_question question = {.span = {NOON - 600, NOON + 300 * WINDOWS}};
	char *text = advice_with_attack(&attack, &question);

	expect_words(text, "\"limit\": null");
	expect_words(text, "\"excluded_seconds\": 7500");
	expect_words(text,
		     "[\"nothing is left: all that was recorded in that time, 2h, is left out for 1 declared "
		     "attack; no limit is proposed");
	cr_expect(!strstr(text, "less than a day"), "%s", text);
	cr_expect(!strstr(text, "no traffic"), "%s", text);
	free(text);
	question.excluded[question.excluded_count++] = (struct fw_moments){NOON, NOON + 300};
	text = advice_with_attack(&attack, &question);
	expect_words(text, "is left out for 1 declared attack and --exclude; no limit");
	free(text);
}

/* The sum of all keys: only an attack that nobody declared is still in it. */
Test(advice, a_rule_over_everything_is_not_told_that_declared_attacks_raise_its_limit)
{
	static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	struct fw_advice_question question = {.span = {NOON, NOON + 300}, .buffer = 2, .rule = "blanket"};
	const struct fw_history_spread spread = {.grown = {.samples = {[20] = 9}, .amount = {[20] = 800}}};
	struct fw_history_rule total = rule;
	struct fw_history_batch batch = {.now = NOON,
					 .rules = &total,
					 .rule_count = 1,
					 .seconds = 300,
					 .spreads = &spread,
					 .spread_count = 1};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64], *text;
	struct fw_history *history = NULL;
	json_t *document = NULL;
	struct fw_err err = {0};

	total.per = FW_PER_TOTAL;
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/history.db", directory);
	cr_assert_eq(fw_history_open(path, &bounds, &history, &err), 0, "%s", err.text);
	cr_assert_eq(fw_history_write(history, &batch, &err), 0, "%s", err.text);
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	text = json_dumps(document, 0);
	expect_words(text, "an attack that was not declared raises the limit; --exclude its time");
	free(text);
	json_decref(document);
	fw_history_close(history);
	remove_all(directory, path);
}

Test(advice, exclusions_are_counted_once)
{
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS},
					      .buffer = 2,
					      .excluded = {{NOON, NOON + 600}, {NOON + 300, NOON + 900}},
					      .excluded_count = 2};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	struct fw_evidence evidence;
	struct fw_err err = {0};

	cr_assert_eq(fw_evidence_load(history, &question, "blanket", &evidence, &err), 0, "%s", err.text);
	/* 900 s, the window of 300 s that meters remember, and what is needed for whole steps */
	cr_expect_eq(evidence.excluded_s, 1500, "%lu", (unsigned long)evidence.excluded_s);
	cr_expect_eq(evidence.span_s, 300 * WINDOWS - 1500);
	cr_expect_eq(evidence.recorded_s, evidence.span_s);
	fw_evidence_done(&evidence);
	fw_history_close(history);
	remove_all(directory, path);
}

/* Epochs of five minutes reach over the ends of what was asked for. */
Test(advice, no_more_is_recorded_than_was_asked_for)
{
	struct fw_advice_question question = {.span = {NOON - 10, NOON + 300 + 100}, .buffer = 2};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	struct fw_evidence evidence;
	struct fw_err err = {0};

	cr_assert_eq(fw_evidence_load(history, &question, "blanket", &evidence, &err), 0, "%s", err.text);
	cr_expect_eq(evidence.span_s, 410);
	cr_expect_eq(evidence.recorded_s, 410, "%lu", (unsigned long)evidence.recorded_s);
	fw_evidence_done(&evidence);
	fw_history_close(history);
	remove_all(directory, path);
}

/* One window of at most 300 sources that fall off as 1/rank, the last of them at `lone`, 0: there is none. */
static char *advice_on_tail(uint32_t count, uint64_t lone)
{
	static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	struct fw_advice_question question = {.span = {NOON, NOON + 300}, .buffer = 2, .rule = "blanket"};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64], *text;
	struct fw_history *history = NULL;
	struct fw_history_peak peaks[300];
	json_t *document = NULL;
	struct fw_err err = {0};

	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/history.db", directory);
	cr_assert_eq(fw_history_open(path, &bounds, &history, &err), 0, "%s", err.text);
	for (uint32_t i = 0; i < count; i++)
		peaks[i] = (struct fw_history_peak){.key = prefix_of(i), .peak = 30000 / (i + 1)};
	if (lone)
		peaks[count - 1].peak = lone;
	cr_assert_eq(fw_history_write(history,
				      &(struct fw_history_batch){.now = NOON,
								 .rules = &rule,
								 .rule_count = 1,
								 .seconds = 300,
								 .peaks = peaks,
								 .peak_count = count},
				      &err),
		     0, "%s", err.text);
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	text = json_dumps(document, 0);
	json_decref(document);
	fw_history_close(history);
	remove_all(directory, path);
	return text;
}

Test(advice, says_what_it_is_not_sure_of)
{
	char *text = advice_on_tail(300, 0);

	cr_expect(strstr(text, "not sure: a few sources send far more than the others"), "%s", text);
	cr_expect(strstr(text, "\"doubt\": null"), "%s", text);
	cr_expect(strstr(text, "\"unseen_over\": 0.3"), "%s", text);
	free(text);
	text = advice_on_tail(300, 600000);
	cr_expect(strstr(text, "not sure: the source at 600000 may be honest: 1 of"), "%s", text);
	cr_expect(strstr(text, "\"set_apart\": true"), "%s", text);
	free(text);
}

/* With so few nobody knows: that is no chance of 0. */
Test(advice, too_few_sources_say_nothing_of_the_others)
{
	char *text = advice_on_tail(12, 0);

	cr_expect(strstr(text, "\"unseen_over\": null"), "%s", text);
	cr_expect(strstr(text, "\"limit\": \"60k packets/5m\""), "%s", text);
	free(text);
}

/* Keys of a rule per source are recorded one by one: that there are none has another reason. */
Test(advice, a_rule_per_source_without_traffic_says_so)
{
	struct fw_advice_question question = {
		.span = {NOON + 300 * WINDOWS, NOON + 300 * WINDOWS + 3600}, .buffer = 2, .rule = "blanket"};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	json_t *document = NULL;
	struct fw_err err = {0};
	char *text;

	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	text = json_dumps(document, 0);
	cr_expect(!strstr(text, "one by one"), "%s", text);
	cr_expect(strstr(text, "no traffic of this rule is recorded"), "%s", text);
	free(text);
	json_decref(document);
	fw_history_close(history);
	remove_all(directory, path);
}

Test(advice, a_plan_says_what_the_limit_would_have_stopped)
{
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS}, .attacks_too = true};
	struct fw_prefix good = prefix_of(3);
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	struct fw_history_rule wanted = rule;
	json_t *line = NULL, *would;
	struct fw_err err = {0};

	question.good = &good;
	question.good_count = 1;
	wanted.limit = 1489;
	cr_assert_eq(fw_history_plan(history, &question, &wanted, &line, &err), 0, "%s", err.text);
	would = json_object_get(line, "would_block");
	cr_expect_eq(json_integer_value(json_object_get(would, "sources")), 11);
	cr_expect_eq(json_integer_value(json_object_get(would, "known_good")), 1);
	would = json_object_get(line, "would_block_now");
	cr_expect_eq(json_integer_value(json_object_get(would, "sources")), 0);
	cr_expect_str_eq(json_string_value(json_object_get(line, "limit")), "1489 packets/5m");
	json_decref(line);
	wanted.window_ns *= 2;
	cr_expect_eq(fw_history_plan(history, &question, &wanted, &line, &err), -ENOENT);
	fw_history_close(history);
	remove_all(directory, path);
}

/* The history keeps rules that the policy has no more, and limits that are others now. */
Test(advice, the_policy_in_force_says_which_rules_there_are_and_their_limits)
{
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS}, .buffer = 2};
	struct fw_history_rule live[] = {rule};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64];
	struct fw_history *history = record_attack(directory, path, sizeof(path));
	json_t *document = NULL, *first;
	struct fw_err err = {0};

	live[0].limit = 1234;
	question.live = live;
	question.live_count = 1;
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	first = json_array_get(json_object_get(document, "rules"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(first, "limit_now")), "1234 packets/5m");
	json_decref(document);
	snprintf(live[0].name, sizeof(live[0].name), "other");
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	cr_expect_eq(json_array_size(json_object_get(document, "rules")), 0);
	json_decref(document);
	/* Who asks for it by name gets it, with a word of warning. */
	question.rule = "blanket";
	cr_assert_eq(fw_advice(history, &question, &document, &err), 0, "%s", err.text);
	first = json_array_get(json_object_get(document, "rules"), 0);
	cr_expect(json_is_null(json_object_get(first, "limit_now")));
	cr_expect(strstr(json_string_value(json_array_get(json_object_get(first, "warnings"), 0)),
			 "has no such rule"));
	json_decref(document);
	fw_history_close(history);
	remove_all(directory, path);
}
