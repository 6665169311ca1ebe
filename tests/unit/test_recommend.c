// SPDX-License-Identifier: Apache-2.0
/* Limits out of mixed traffic, whole, in random halves of its rows and in fifths of its sources. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/evidence.h"
#include "mixes.h"

/* The rows as a recorder would write them, window by window, the busiest thousand of each. */
static void record(struct fw_history *history, const struct rows *rows)
{
	struct fw_history_peak *peaks = calloc(rows->count + 1, sizeof(*peaks));
	struct fw_history_spread spread;
	struct fw_err err = {0};

	for (uint32_t window = 0; window < WINDOWS; window++) {
		size_t count = 0;

		memset(&spread, 0, sizeof(spread));
		for (size_t i = 0; i < rows->count; i++) {
			if (rows->items[i].window != window)
				continue;
			spread.grown.samples[fw_spread_bucket(rows->items[i].amount)]++;
			spread.grown.amount[fw_spread_bucket(rows->items[i].amount)] += rows->items[i].amount;
			peaks[count++] = (struct fw_history_peak){.key = prefix_of(rows->items[i].source),
								  .peak = rows->items[i].amount};
		}
		cr_assert_eq(fw_history_write(history,
					      &(struct fw_history_batch){.now = NOON + 300 * window,
									 .rules = &rule,
									 .rule_count = 1,
									 .seconds = 300,
									 .spreads = &spread,
									 .spread_count = 1,
									 .peaks = peaks,
									 .peak_count = count},
					      &err),
			     0, "%s", err.text);
	}
	free(peaks);
}

static struct fw_recommendation recommend(const struct rows *rows, double buffer)
{
	struct fw_advice_question question = {.span = {NOON, NOON + 300 * WINDOWS}, .buffer = buffer};
	static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	char directory[] = "/tmp/fw-recommend-XXXXXX", path[64], other[80];
	struct fw_recommendation advice;
	struct fw_evidence evidence;
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/history.db", directory);
	cr_assert_eq(fw_history_open(path, &bounds, &history, &err), 0, "%s", err.text);
	record(history, rows);
	cr_assert_eq(fw_evidence_load(history, &question, "blanket", &evidence, &err), 0, "%s", err.text);
	cr_assert_eq(fw_recommend(&evidence, buffer, &advice), 0);
	fw_evidence_done(&evidence);
	fw_history_close(history);
	unlink(path);
	snprintf(other, sizeof(other), "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", path);
	unlink(other);
	rmdir(directory);
	return advice;
}

/* An attacker is blocked if any of its windows is over, an honest source must not be in any. */
static void judge(const struct mix *mix, const struct rows *rows, uint64_t limit, const char *what)
{
	bool *caught = calloc(mix->honest + mix->attackers, sizeof(*caught)),
	     *there = calloc(mix->honest + mix->attackers, sizeof(*there));

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		there[row->source] = true;
		caught[row->source] |= row->amount > limit;
		cr_assert(row->source >= mix->honest || row->amount <= limit,
			  "%s: limit %lu blocks honest source %u with %lu", what, (unsigned long)limit,
			  row->source, (unsigned long)row->amount);
	}
	for (size_t i = mix->honest; i < mix->honest + mix->attackers; i++)
		cr_assert(!there[i] || caught[i], "%s: limit %lu misses attacker %zu", what,
			  (unsigned long)limit, i - mix->honest);
	free(caught);
	free(there);
}

#define SEEDS 2
#define PARTS 5

Test(recommend, blocks_every_attacker_and_no_honest_source, .timeout = 1800)
{
	for (size_t i = 0; i < MIXES; i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			char what[64];
			struct rows rows;
			struct fw_recommendation advice;

			state = seed * 1000003 + i;
			rows = make(&mixes[i]);
			advice = recommend(&rows, 2);
			snprintf(what, sizeof(what), "mix %zu seed %lu", i, (unsigned long)seed);
			judge(&mixes[i], &rows, advice.limit, what);
			cr_assert_eq(advice.apart, mixes[i].attackers, "%s: %zu set apart", what,
				     advice.apart);
			cr_assert_eq(advice.over_sources, mixes[i].attackers, "%s", what);
			free(rows.items);
		}
}

/* Each row goes to one half or the other; what one half proposes must do for both. */
Test(recommend, random_halves_agree, .timeout = 1800)
{
	for (size_t i = 0; i < MIXES; i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct rows all, halves[2];

			state = seed * 7777777 + i;
			all = make(&mixes[i]);
			for (int half = 0; half < 2; half++)
				halves[half] = (struct rows){calloc(all.count, sizeof(struct row)), 0};
			for (size_t j = 0; j < all.count; j++) {
				struct rows *half = &halves[draw() >> 63];

				half->items[half->count++] = all.items[j];
			}
			for (int half = 0; half < 2; half++) {
				struct fw_recommendation advice = recommend(&halves[half], 2);
				char what[64];

				snprintf(what, sizeof(what), "mix %zu seed %lu half %d", i,
					 (unsigned long)seed, half);
				judge(&mixes[i], &halves[0], advice.limit, what);
				judge(&mixes[i], &halves[1], advice.limit, what);
			}
			free(halves[0].items);
			free(halves[1].items);
			free(all.items);
		}
}

/* One source 20 times above a crowd that falls off as 1/rank may be chance, three sources at four times of a
 * steep one may be none: both are said, with numbers. */
Test(recommend, a_doubtful_gap_is_told)
{
	struct fw_seen sources[301];
	struct fw_evidence evidence = {.rule = rule, .seen = sources, .seen_count = 301};
	struct fw_recommendation advice;

	for (size_t i = 0; i < 300; i++)
		sources[i] = seen("192.0.2.1", (uint64_t)(30000 / (double)(i + 1)), 0);
	sources[300] = seen("198.51.100.1", 600000, 0);
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.apart, 1);
	cr_assert_eq(advice.doubt.sources, 1);
	cr_expect(advice.doubt.apart);
	cr_expect_eq(advice.doubt.above, 600000);
	cr_expect_eq(advice.doubt.below, 30000);
	cr_expect_gt(advice.doubt.chance, 0.02);
	cr_expect_lt(advice.doubt.chance, 0.1);
	cr_expect_leq(advice.limit, 400000);

	for (size_t i = 0; i < 293; i++)
		sources[i] = seen("192.0.2.1", (uint64_t)(30000 / pow((double)(i + 1), 1.6)) + 1, 0);
	for (size_t i = 293; i < 301; i++)
		sources[i] = seen("198.51.100.1", 110000 + i, 0);
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.doubt.sources, 8);
	cr_expect(!advice.doubt.apart);
	cr_expect_lt(advice.doubt.chance, 0.01);
	cr_expect_eq(advice.apart, 0);
}

/* Each source goes to one of five parts; what four parts propose must do for the fifth, none of whose sources
 * they have seen. */
Test(recommend, four_fifths_of_the_sources_speak_for_the_rest, .timeout = 1800)
{
	static const size_t chosen[] = {0, 2, 3, 6}; /* mixes of which every part holds some of the attack */

	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		const struct mix *mix = &mixes[chosen[i]];
		unsigned char *part = calloc(mix->honest + mix->attackers, 1);
		struct rows all;

		state = 424242 + i;
		all = make(mix);
		for (size_t j = 0; j < mix->honest + mix->attackers; j++)
			part[j] = (unsigned char)(draw() % PARTS);
		for (unsigned int out = 0; out < PARTS; out++) {
			struct rows rest = {calloc(all.count, sizeof(struct row)), 0};
			struct fw_recommendation advice;
			char what[64];

			for (size_t j = 0; j < all.count; j++)
				if (part[all.items[j].source] != out)
					rest.items[rest.count++] = all.items[j];
			advice = recommend(&rest, 2);
			snprintf(what, sizeof(what), "mix %zu without part %u", chosen[i], out);
			judge(mix, &all, advice.limit, what);
			free(rest.items);
		}
		free(all.items);
		free(part);
	}
}

/* Without an attack nobody is set apart, whatever the seed. */
Test(recommend, a_quiet_period_has_no_attackers, .timeout = 1800)
{
	static const double exponents[] = {0.5, 0.8, 1.0, 1.2, 1.5, 2.0};

	for (size_t i = 0; i < sizeof(exponents) / sizeof(exponents[0]); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct mix mix = {.honest = 2000, .exponent = exponents[i], .top = 10000};
			struct fw_recommendation advice;
			struct rows rows;

			state = seed * 31337 + i;
			rows = make(&mix);
			advice = recommend(&rows, 2);
			cr_assert_eq(advice.apart, 0, "exponent %.1f seed %lu: %zu set apart", exponents[i],
				     (unsigned long)seed, advice.apart);
			cr_assert_geq(advice.limit, 2 * advice.honest_highest);
			cr_assert_leq(advice.limit, 2 * advice.honest_highest + advice.honest_highest / 4);
			free(rows.items);
		}
}

Test(recommend, an_attack_just_above_the_crowd_cuts_the_buffer)
{
	struct fw_seen sources[120];
	struct fw_evidence evidence = {.rule = rule, .seen = sources, .seen_count = 120};
	struct fw_recommendation advice;

	for (size_t i = 0; i < 120; i++)
		sources[i] = i < 100 ? seen("192.0.2.1", 500 + i * 5, 0) : seen("198.51.100.1", 1700 + i, 0);
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.apart, 20);
	cr_assert(advice.buffer_cut);
	cr_assert_gt(advice.limit, 995);
	cr_assert_lt(advice.limit, 1800);
}

Test(recommend, what_was_blocked_does_not_raise_the_limit)
{
	struct fw_seen sources[60];
	struct fw_evidence evidence = {.rule = rule, .seen = sources, .seen_count = 60};
	struct fw_recommendation advice;

	evidence.rule.limit = 2000;
	for (size_t i = 0; i < 60; i++)
		sources[i] = seen("192.0.2.1", 1000 - i, 0);
	sources[0] = seen("198.51.100.1", 2100, 40);
	sources[1] = seen("198.51.100.2", 2100, 40);
	sources[1].known_good = true;
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.blocked, 1);
	cr_assert(advice.good_dropped);
	cr_assert_eq(advice.honest_highest, 998);
	cr_assert_eq(advice.limit, 2000);
	cr_assert_eq(advice.over_known_good, 1);
}

/* Sources that all send the same leave no room for one at twice as much, which is known; of 20 it is not. */
Test(recommend, unlikely_is_not_unknown)
{
	struct fw_seen sources[60];
	struct fw_evidence evidence = {.rule = rule, .seen = sources, .seen_count = 60};
	struct fw_recommendation advice;

	for (size_t i = 0; i < 60; i++)
		sources[i] = seen("192.0.2.1", 1000, 0);
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_expect(advice.unseen_known);
	cr_expect_eq(advice.unseen_over, 0, "%g", advice.unseen_over);
	evidence.seen_count = 20;
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_expect(!advice.unseen_known);
	cr_expect_eq(advice.limit, 2000);
}

Test(recommend, nothing_seen_is_no_ground)
{
	struct fw_evidence evidence = {.rule = rule};
	struct fw_recommendation advice;

	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.limit, 0);
}

Test(recommend, statistics_of_the_samples)
{
	struct fw_seen_bucket buckets[100];
	struct fw_seen one = seen("192.0.2.1", 7, 0);
	struct fw_evidence evidence = {
		.rule = rule, .seen = &one, .seen_count = 1, .buckets = buckets, .bucket_count = 7};
	struct fw_recommendation advice;

	for (uint64_t i = 0; i < 7; i++)
		buckets[i] =
			(struct fw_seen_bucket){.least = i + 1, .samples = i == 6 ? 1 : 333, .amount = 10};
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	cr_assert_eq(advice.p99, 6);
	cr_assert_eq(advice.p999, 6);
	/* 1…6 equally often and one 7: the median is 4, half of them are within 2 of it */
	cr_assert_eq(advice.median_3mad, 4 + 3 * 2, "%lu", (unsigned long)advice.median_3mad);
}

Test(spread, buckets_are_ordered_and_a_quarter_wide)
{
	uint32_t last = 0;

	for (uint64_t value = 1; value < 1ULL << 40; value += 1 + value / 7) {
		uint32_t bucket = fw_spread_bucket(value);

		cr_assert_geq(bucket, last);
		cr_assert_leq(fw_spread_floor(bucket), value, "%lu", (unsigned long)value);
		if (value >= 8)
			cr_assert_gt(fw_spread_floor(bucket) * 5 / 4, value * 99 / 100, "%lu",
				     (unsigned long)value);
		last = bucket;
	}
	cr_assert_eq(fw_spread_bucket(1ULL << 63), FW_SPREAD_BUCKETS - 1);
}
