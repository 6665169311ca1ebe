// SPDX-License-Identifier: Apache-2.0
/* Honest sources told from attackers, and the limit between them. */
#include "history/recommend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fw_types.h"

#define REST_MIN	8   /* sources that must remain below a gap */
#define FALL_WIDTH	100 /* spacings below a gap that say how the crowd falls off */
#define FALL_LEAST	0.5 /* a flat crowd would make every difference a gap */
#define FALL_MOST	2.0
#define GAP_MIN		1.5
#define GAP_FLOOR	4 /* below it whole numbers leave gaps of their own */
#define ROUNDS		8
#define HEAD		25 /* sources that tell how the crowd falls off at its top */
#define UNSEEN_RANKS	10
#define SHORT_OF_ATTACK 1.5 /* other attackers may be weaker than those seen */
#define FEW_SOURCES	30
#define SHORT_SPAN_S	86400
#define COVERED_PERCENT 90
#define DIRTY_PERCENT	10
#define CAPPED_RATIO	0.95

static int by_highest(const void *a, const void *b)
{
	const struct fw_seen *left = a, *right = b;

	if (left->highest != right->highest)
		return left->highest < right->highest ? 1 : -1;
	return strcmp(left->source, right->source);
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double ratio(uint64_t larger, uint64_t smaller)
{
	return (double)(larger ? larger : 1) / (double)(smaller ? smaller : 1);
}

/* 1/a by Hill's estimator over the head of a crowd, 0: it has none. */
static double fall_of_head(const uint64_t *peaks, size_t count)
{
	double sum = 0;

	if (count <= HEAD)
		return 0;
	for (size_t i = 0; i < HEAD; i++)
		sum += log(ratio(peaks[i], peaks[HEAD]));
	return sum / HEAD < FALL_MOST ? sum / HEAD : FALL_MOST;
}

/* Mean spacing below the first `above`, as if they belonged to the crowd: by the median of many, so that a
 * few that are odd do not count, and at least what the head says, which noise flattens less. */
static double fall_below(const uint64_t *peaks, size_t count, size_t above)
{
	double spacings[FALL_WIDTH], fall, head = fall_of_head(peaks + above, count - above);
	size_t used = 0;

	for (size_t i = 1; i < FALL_WIDTH + 1 && above + i < count; i++)
		spacings[used++] = (double)(above + i) * log(ratio(peaks[above + i - 1], peaks[above + i]));
	if (!used)
		return FALL_MOST;
	qsort(spacings, used, sizeof(*spacings), by_value);
	fall = spacings[used / 2] / M_LN2; /* median of an exponential distribution is ln 2 × its mean */
	fall = fall < head ? head : fall;
	return fall < FALL_LEAST ? FALL_LEAST : fall > FALL_MOST ? FALL_MOST : fall;
}

/* How much larger than the crowd's own a spacing must be. One source alone above a gap needs a factor of 13
 * in a crowd that falls off as 1/rank; from five on one in a thousand such crowds would show it. */
static double demanded(size_t above)
{
	double demand = 2.6 + 1.05 * (double)(above - 1);

	return demand > 7 ? 7 : demand;
}

/* How many of the first stand above the highest gap that is clear, 0: none is. Not the clearest: the many
 * above it would vouch for a gap below them too, and the largest honest source with it. What is below is
 * asked again, by itself. */
static size_t find_gap(const uint64_t *peaks, size_t count)
{
	for (size_t above = 1; above + REST_MIN <= count; above++) {
		double gap = ratio(peaks[above - 1], peaks[above]);

		if (peaks[above] < GAP_FLOOR)
			break;
		if (gap >= GAP_MIN &&
		    (double)above * log(gap) > demanded(above) * fall_below(peaks, count, above))
			return above;
	}
	return 0;
}

static bool was_blocked(const struct fw_evidence *evidence, const struct fw_seen *seen)
{
	return seen->dropped && !seen->known_good && seen->highest > evidence->rule.limit;
}

/* Known-good sources pass by other rules whatever they send: they neither set a limit nor are set apart. */
static void set_apart(struct fw_evidence *evidence)
{
	uint64_t *peaks = calloc(evidence->seen_count + 1, sizeof(*peaks)), bar = UINT64_MAX;
	size_t count = 0, first = 0, above;

	for (size_t i = 0; i < evidence->seen_count; i++) {
		struct fw_seen *seen = &evidence->seen[i];

		seen->standing = was_blocked(evidence, seen) ? FW_STANDING_BLOCKED : FW_STANDING_HONEST;
		if (peaks && seen->standing == FW_STANDING_HONEST && !seen->known_good)
			peaks[count++] = seen->highest;
	}
	for (int round = 0; peaks && round < ROUNDS; round++) {
		above = find_gap(peaks + first, count - first);
		if (!above)
			break;
		first += above;
		bar = peaks[first - 1];
	}
	for (size_t i = 0; i < evidence->seen_count; i++)
		if (evidence->seen[i].standing == FW_STANDING_HONEST && !evidence->seen[i].known_good &&
		    evidence->seen[i].highest >= bar)
			evidence->seen[i].standing = FW_STANDING_APART;
	free(peaks);
}

static double fall_of_honest(const struct fw_evidence *evidence)
{
	uint64_t *peaks = calloc(evidence->seen_count + 1, sizeof(*peaks));
	size_t count = 0;
	double fall;

	for (size_t i = 0; peaks && i < evidence->seen_count; i++)
		if (evidence->seen[i].standing == FW_STANDING_HONEST && !evidence->seen[i].known_good)
			peaks[count++] = evidence->seen[i].highest;
	fall = count > HEAD ? fall_below(peaks, count, 0) : 0;
	free(peaks);
	return fall;
}

static void count_standing(const struct fw_evidence *evidence, struct fw_recommendation *ret)
{
	for (size_t i = 0; i < evidence->seen_count; i++) {
		const struct fw_seen *seen = &evidence->seen[i];

		ret->honest += seen->standing == FW_STANDING_HONEST;
		ret->blocked += seen->standing == FW_STANDING_BLOCKED;
		ret->apart += seen->standing == FW_STANDING_APART;
		ret->good_dropped |= seen->known_good && seen->dropped;
		if (seen->standing == FW_STANDING_HONEST && !seen->known_good &&
		    seen->highest > ret->honest_highest)
			ret->honest_highest = seen->highest;
	}
	for (size_t i = 0; i < evidence->seen_count; i++) {
		const struct fw_seen *seen = &evidence->seen[i];

		if (seen->standing != FW_STANDING_HONEST && seen->highest > ret->honest_highest &&
		    (!ret->attack_lowest || seen->highest < ret->attack_lowest))
			ret->attack_lowest = seen->highest;
	}
}

static uint64_t ceiling_of(const struct fw_evidence *evidence, size_t bucket)
{
	return bucket + 1 < evidence->bucket_count
		       ? evidence->buckets[bucket + 1].least - 1
		       : evidence->buckets[bucket].least + evidence->buckets[bucket].least / 4;
}

static uint64_t samples_to(const struct fw_evidence *evidence, uint64_t most)
{
	uint64_t samples = 0;

	for (size_t i = 0; i < evidence->bucket_count && evidence->buckets[i].least <= most; i++)
		samples += evidence->buckets[i].samples;
	return samples;
}

/* The amount that `share` of the samples up to `most` do not exceed; a bucket answers with its middle. */
static uint64_t quantile(const struct fw_evidence *evidence, uint64_t most, double share)
{
	double wanted = share * (double)samples_to(evidence, most), passed = 0;
	uint64_t answer = 0;

	for (size_t i = 0; i < evidence->bucket_count && evidence->buckets[i].least <= most; i++) {
		uint64_t width = evidence->buckets[i].least >= 8 ? evidence->buckets[i].least / 5 : 0;

		answer = evidence->buckets[i].least + width / 2;
		passed += (double)evidence->buckets[i].samples;
		if (passed >= wanted)
			break;
	}
	return answer < most ? answer : most;
}

/* Median absolute deviation: the least distance that half of the samples keep to the median. */
static uint64_t deviation(const struct fw_evidence *evidence, uint64_t most, uint64_t median)
{
	uint64_t low = 0, high = most, half = (samples_to(evidence, most) + 1) / 2;

	while (low < high) {
		uint64_t distance = low + (high - low) / 2, within = 0;

		for (size_t i = 0; i < evidence->bucket_count && evidence->buckets[i].least <= most; i++) {
			uint64_t least = evidence->buckets[i].least;
			uint64_t middle = least + (least >= 8 ? least / 10 : 0);

			if ((middle > median ? middle - median : median - middle) <= distance)
				within += evidence->buckets[i].samples;
		}
		if (within >= half)
			high = distance;
		else
			low = distance + 1;
	}
	return low;
}

/* Keys that are not recorded one by one: the head of the samples, unless it is far above the rest. */
static uint64_t highest_of_buckets(const struct fw_evidence *evidence)
{
	uint64_t top, p999 = quantile(evidence, UINT64_MAX, 0.999);

	if (!evidence->bucket_count)
		return 0;
	top = ceiling_of(evidence, evidence->bucket_count - 1);
	return top > 4 * p999 ? p999 : top;
}

/* Two leading digits, upwards: 7 312 becomes 7 400. */
static uint64_t rounded(uint64_t amount)
{
	uint64_t unit = 1;

	while (amount / unit >= 100)
		unit *= 10;
	return (amount + unit - 1) / unit * unit;
}

/* Into the empty gap, as far as the crowd's fall explains. */
static uint64_t widen(struct fw_recommendation *ret, uint64_t limit)
{
	double reach = (double)ret->honest_highest * pow(UNSEEN_RANKS, ret->fall);
	double most = (double)ret->attack_lowest / SHORT_OF_ATTACK;
	uint64_t wider = rounded((uint64_t)(reach < most ? reach : most));

	if (wider <= limit || wider >= ret->attack_lowest)
		return limit;
	ret->gap_used = true;
	return wider;
}

static uint64_t choose(struct fw_recommendation *ret, double buffer)
{
	double highest = (double)ret->honest_highest, wanted = highest * buffer;
	uint64_t limit = rounded((uint64_t)ceil(wanted));

	if (!ret->honest_highest)
		return 0;
	if (!ret->attack_lowest)
		return limit;
	if (limit < ret->attack_lowest)
		return widen(ret, limit);
	ret->buffer_cut = true;
	limit = (uint64_t)sqrt(highest * (double)ret->attack_lowest);
	return limit > ret->honest_highest ? limit : ret->honest_highest;
}

void fw_counterfactual(const struct fw_evidence *evidence, uint64_t limit, struct fw_recommendation *ret)
{
	ret->over_sources = ret->over_known_good = 0;
	ret->over_amount = 0;
	for (size_t i = 0; i < evidence->seen_count; i++)
		if (evidence->seen[i].highest > limit) {
			ret->over_sources++;
			ret->over_known_good += evidence->seen[i].known_good;
		}
	for (size_t i = 0; i < evidence->bucket_count; i++)
		if (evidence->buckets[i].least > limit)
			ret->over_amount += evidence->buckets[i].amount;
}

static void judge_data(const struct fw_evidence *evidence, struct fw_recommendation *ret)
{
	const struct fw_history_rule *rule = &evidence->rule;

	ret->short_span = evidence->recorded_s < SHORT_SPAN_S;
	ret->gaps_in_recording = evidence->recorded_s * 100 < evidence->span_s * COVERED_PERCENT;
	ret->few_sources = ret->honest < FEW_SOURCES && !ret->no_keys;
	ret->dirty = (ret->blocked + ret->apart) * 100 > evidence->seen_count * DIRTY_PERCENT;
	ret->capped = rule->limit && rule->enforced &&
		      (double)ret->honest_highest >= CAPPED_RATIO * (double)rule->limit;
}

void fw_recommend(struct fw_evidence *evidence, double buffer, struct fw_recommendation *ret)
{
	uint64_t median;

	*ret = (struct fw_recommendation){.no_keys = !evidence->seen_count};
	if (evidence->seen_count)
		qsort(evidence->seen, evidence->seen_count, sizeof(*evidence->seen), by_highest);
	set_apart(evidence);
	count_standing(evidence, ret);
	if (ret->no_keys)
		ret->honest_highest = highest_of_buckets(evidence);
	if (ret->attack_lowest && ret->honest_highest)
		ret->gap = (double)ret->attack_lowest / (double)ret->honest_highest;
	ret->fall = fall_of_honest(evidence);
	ret->limit = choose(ret, buffer);
	ret->p99 = quantile(evidence, ret->honest_highest, 0.99);
	ret->p999 = quantile(evidence, ret->honest_highest, 0.999);
	median = quantile(evidence, ret->honest_highest, 0.5);
	ret->median_3mad = median + 3 * deviation(evidence, ret->honest_highest, median);
	fw_counterfactual(evidence, ret->limit, ret);
	judge_data(evidence, ret);
}

void fw_evidence_done(struct fw_evidence *evidence)
{
	free(evidence->seen);
	free(evidence->buckets);
	*evidence = (struct fw_evidence){0};
}
