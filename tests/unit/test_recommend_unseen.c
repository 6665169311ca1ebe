// SPDX-License-Identifier: Apache-2.0
/* Limits for sources that were not seen: of random halves, and of crowds without their head. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "mixes.h"

/* The evidence of the sources that `there` says, without a database. */
static struct fw_recommendation recommend_of(const struct mix *mix, const struct rows *rows,
					     const bool *there)
{
	struct fw_evidence evidence = {.rule = rule};
	struct fw_recommendation advice;
	uint64_t *highest = calloc(mix->honest + mix->attackers, sizeof(*highest));

	evidence.seen = calloc(mix->honest + mix->attackers, sizeof(*evidence.seen));
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].amount > highest[rows->items[i].source])
			highest[rows->items[i].source] = rows->items[i].amount;
	for (size_t i = 0; i < mix->honest + mix->attackers; i++) {
		struct fw_seen *one = &evidence.seen[evidence.seen_count];

		if (!there[i] || !highest[i])
			continue;
		*one = seen("", highest[i], 0);
		snprintf(one->source, sizeof(one->source), "%zu", i);
		evidence.seen_count++;
	}
	cr_assert_eq(fw_recommend(&evidence, 2, &advice), 0);
	fw_evidence_done(&evidence);
	free(highest);
	return advice;
}

static bool is_sure(const struct fw_recommendation *advice)
{
	return !advice->doubt.sources && advice->unseen_known && advice->unseen_over < 0.2;
}

/* By the highest of each source: nobody honest over the limit, every attacker. */
static bool is_right(const struct mix *mix, const struct rows *rows, uint64_t limit)
{
	bool *over = calloc(mix->honest + mix->attackers, sizeof(*over)),
	     *there = calloc(mix->honest + mix->attackers, sizeof(*there)), right = true;

	for (size_t i = 0; i < rows->count; i++) {
		there[rows->items[i].source] = true;
		over[rows->items[i].source] |= rows->items[i].amount > limit;
	}
	for (size_t i = 0; i < mix->honest + mix->attackers; i++)
		right &= !there[i] || over[i] == (i >= mix->honest);
	free(over);
	free(there);
	return right;
}

#define HALVES	 12
#define HEADLESS 24

/* Each source goes to one half or the other: what one half proposes must do for the other, or it must say
 * that it is not sure; it may err in one of a hundred. Of a crowd without a heavy tail it is sure. */
Test(recommend_unseen, a_half_of_the_sources_speaks_for_the_other_or_doubts, .timeout = 1800)
{
	size_t sure = 0, of_flat = 0, wrong = 0;

	for (size_t i = 0; i < MIXES; i++)
		for (uint64_t seed = 1; seed <= HALVES; seed++) {
			const struct mix *mix = &mixes[i];
			bool *halves[2];
			struct rows all;

			state = seed * 15485863 + i;
			all = make(mix);
			for (int half = 0; half < 2; half++)
				halves[half] = calloc(mix->honest + mix->attackers, sizeof(bool));
			for (size_t j = 0; j < mix->honest + mix->attackers; j++)
				halves[draw() >> 63][j] = true;
			for (int half = 0; half < 2; half++) {
				struct fw_recommendation advice = recommend_of(mix, &all, halves[half]);

				wrong += is_sure(&advice) && !is_right(mix, &all, advice.limit);
				sure += is_sure(&advice);
				of_flat += is_sure(&advice) && mix->exponent <= 0.5;
				free(halves[half]);
			}
			free(all.items);
		}
	cr_expect_leq(wrong * 100, MIXES * HALVES * 2, "wrong and sure of it: %zu of %zu", wrong,
		      MIXES * HALVES * 2);
	cr_expect_geq(sure * 5, MIXES * HALVES * 2 * 2, "sure of %zu of %zu", sure, MIXES * HALVES * 2);
	cr_expect_geq(of_flat, 2 * HALVES - 1, "sure of %zu flat ones of %d", of_flat, 2 * HALVES);
}

/* The five busiest of a heavy tail are all among those that were not seen, which is one case in 32: what is
 * left must not look flat for it. It may err without a word in one of fifty, and has words for few that are
 * right. */
Test(recommend_unseen, a_crowd_that_lacks_its_head_is_no_flat_one, .timeout = 1800)
{
	enum { LACKING = 5 };
	size_t wrong = 0, right = 0, doubted = 0;

	for (size_t i = 0; i < MIXES; i++)
		for (uint64_t seed = 1; seed <= HEADLESS; seed++) {
			const struct mix *mix = &mixes[i];
			bool *there = calloc(mix->honest + mix->attackers, sizeof(bool)), is_it;
			struct fw_recommendation advice;
			struct rows all;

			state = seed * 32452843 + i;
			all = make(mix);
			for (size_t j = LACKING; j < mix->honest + mix->attackers; j++)
				there[j] = draw() >> 63;
			advice = recommend_of(mix, &all, there);
			is_it = is_right(mix, &all, advice.limit);
			cr_expect(i >= 4 || seed > 2 || is_it, "mix %zu seed %lu: limit %lu", i,
				  (unsigned long)seed, (unsigned long)advice.limit);
			right += is_it;
			wrong += !is_it && is_sure(&advice);
			doubted += is_it && !is_sure(&advice);
			free(there);
			free(all.items);
		}
	cr_expect_leq(wrong * 50, MIXES * HEADLESS, "wrong and sure of it: %zu of %zu", wrong,
		      MIXES * HEADLESS);
	cr_expect_leq(doubted * 10, right, "right and doubted: %zu of %zu", doubted, right);
}
