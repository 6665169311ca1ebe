/* SPDX-License-Identifier: Apache-2.0 */
/* Mixed traffic by seed: Zipf-distributed honest sources, a known attack. */
#ifndef FW_TESTS_UNIT_MIXES_H
#define FW_TESTS_UNIT_MIXES_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "history/recommend.h"
#include "recorded.h"

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL;
}

static double uniform(void)
{
	return ((double)(draw() >> 11) + 0.5) / 9007199254740992.0;
}

/* Noise of a rate that is counted: about its square root, for the large ones normal. */
static uint64_t noisy(double rate)
{
	double normal = sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
	double value = rate + sqrt(rate) * normal + 0.5;

	return value < 1 ? 1 : (uint64_t)value;
}

struct mix {
	size_t honest, attackers;
	double exponent, top; /* honest source of rank r: top / r^exponent in a window */
	double attack;	      /* of each attacker, in a window */
	int from, to;	      /* windows of the attack */
};

/* One row: a source's highest amount in one window. */
struct row {
	uint32_t source, window; /* sources from `honest` on are attackers */
	uint64_t amount;
};

struct rows {
	struct row *items;
	size_t count;
};

static struct rows make(const struct mix *mix)
{
	struct rows rows = {calloc((mix->honest + mix->attackers) * WINDOWS, sizeof(struct row)), 0};

	for (uint32_t window = 0; window < WINDOWS; window++)
		for (uint32_t source = 0; source < mix->honest + mix->attackers; source++) {
			bool attacks = source >= mix->honest;
			double rate = attacks ? mix->attack * (0.8 + 0.4 * uniform())
					      : mix->top / pow(source + 1, mix->exponent);

			if (attacks && ((int)window < mix->from || (int)window >= mix->to))
				continue;
			if (!attacks && rate < 1 && uniform() > rate)
				continue;
			rows.items[rows.count++] = (struct row){source, window, noisy(rate)};
		}
	return rows;
}

static const struct mix mixes[] = {
	/* honest, attackers, exponent, top, attack, from, to */
	{3000, 40, 1.0, 5000, 40000, 6, 9},   {3000, 40, 1.2, 5000, 20000, 0, WINDOWS},
	{1000, 200, 0.8, 2000, 9000, 3, 4},   {500, 900, 1.0, 3000, 30000, 10, 14},
	{2000, 3, 1.0, 4000, 120000, 5, 9},   {2000, 1, 1.0, 4000, 200000, 5, 9},
	{3000, 20, 1.5, 20000, 100000, 2, 8}, {200, 10, 0.5, 300, 3000, 2, 8},
};

#define MIXES (sizeof(mixes) / sizeof(mixes[0]))

static struct fw_seen seen(const char *source, uint64_t highest, uint64_t dropped)
{
	struct fw_seen one = {.highest = highest, .dropped = dropped, .windows = 1};

	snprintf(one.source, sizeof(one.source), "%s", source);
	return one;
}

#endif
