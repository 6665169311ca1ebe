// SPDX-License-Identifier: Apache-2.0
/* Honest sources told from attackers, and the limit between them. */
#include "history/recommend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fw_types.h"
#include "lib/cleanup.h"

#define FALL_LEAST	0.5 /* a flat crowd would make every difference a gap */
#define GAP_MIN		1.5
#define GAP_FLOOR	4 /* below it whole numbers leave gaps of their own */
#define SURE		7 /* spacings: one in a thousand crowds shows such a gap by itself, */
#define DOUBTED		5 /* one in 150 */
#define ROUNDS		8
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

struct gap {
	size_t above;	/* of the first, 0: there is none */
	double spacing; /* how much larger than the crowd's own */
};

/* One source alone above a gap needs a factor of 13 in a crowd that falls off as 1/rank, of which one in 13
 * shows it by itself. Below a gap that was found nothing less than a sure one counts: what chance puts there
 * would take the crowd apart step by step. */
static double demanded(size_t above, bool again)
{
	double first = 2.6 + 1.05 * (double)(above - 1);

	return again || first > SURE ? SURE : first;
}

/* The highest gap that is clear, else the clearest that is doubtful. Not the clearest of all: the many above
 * it would vouch for a gap below them too, and the largest honest source with it. What is below is asked
 * again, by itself. */
static struct gap find_gap(const uint64_t *peaks, size_t count, bool again)
{
	struct gap doubtful = {0};

	for (size_t above = 1; above + FW_TAIL_REST_MIN <= count && peaks[above] >= GAP_FLOOR; above++) {
		double factor = (double)peaks[above - 1] / (double)peaks[above], fall;
		struct gap gap = {.above = above};

		if (factor < GAP_MIN)
			continue;
		fall = fw_tail_fall_below(peaks, count, above, NULL);
		gap.spacing = (double)above * log(factor) / (fall < FALL_LEAST ? FALL_LEAST : fall);
		if (gap.spacing > demanded(above, again))
			return gap;
		if (gap.spacing > DOUBTED && gap.spacing > doubtful.spacing)
			doubtful = gap;
	}
	return doubtful;
}

static void doubt(struct fw_recommendation *ret, const uint64_t *peaks, const struct gap *gap, bool apart)
{
	ret->doubt = (struct fw_doubt){.sources = gap->above,
				       .above = peaks[gap->above - 1],
				       .below = peaks[gap->above],
				       .chance = exp(-gap->spacing),
				       .apart = apart};
}

/* The amount from which on sources stand apart, UINT64_MAX: none do. */
static uint64_t find_bar(const uint64_t *peaks, size_t count, struct fw_recommendation *ret)
{
	uint64_t bar = UINT64_MAX;
	size_t first = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct gap gap = find_gap(peaks + first, count - first, round > 0);
		bool clear = gap.above && gap.spacing > demanded(gap.above, round > 0);

		if (gap.above && gap.spacing < SURE && !ret->doubt.sources)
			doubt(ret, peaks + first, &gap, clear);
		if (!clear)
			break;
		first += gap.above;
		bar = peaks[first - 1];
	}
	return bar;
}

static bool was_blocked(const struct fw_evidence *evidence, const struct fw_seen *seen)
{
	return seen->dropped && !seen->known_good && seen->highest > evidence->rule.limit;
}

/* Amounts of whoever stands as honest into room for all that were seen; how many. Known-good sources pass by
 * other rules whatever they send: they neither set a limit nor are set apart. */
static size_t peaks_of_honest(const struct fw_evidence *evidence, uint64_t *peaks)
{
	size_t count = 0;

	for (size_t i = 0; i < evidence->seen_count; i++)
		if (evidence->seen[i].standing == FW_STANDING_HONEST && !evidence->seen[i].known_good)
			peaks[count++] = evidence->seen[i].highest;
	return count;
}

/* `peaks` has room for all that were seen. */
static void set_apart(struct fw_evidence *evidence, uint64_t *peaks, struct fw_recommendation *ret)
{
	uint64_t bar;

	for (size_t i = 0; i < evidence->seen_count; i++)
		evidence->seen[i].standing =
			was_blocked(evidence, &evidence->seen[i]) ? FW_STANDING_BLOCKED : FW_STANDING_HONEST;
	bar = find_bar(peaks, peaks_of_honest(evidence, peaks), ret);
	for (size_t i = 0; i < evidence->seen_count; i++)
		if (evidence->seen[i].standing == FW_STANDING_HONEST && !evidence->seen[i].known_good &&
		    evidence->seen[i].highest >= bar)
			evidence->seen[i].standing = FW_STANDING_APART;
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
	double reach = fw_tail_reach(&ret->tail), most = (double)ret->attack_lowest / SHORT_OF_ATTACK;
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

	ret->all_excluded = !evidence->recorded_s && evidence->excluded_recorded_s;
	if (ret->all_excluded)
		return;
	ret->short_span = evidence->recorded_s < SHORT_SPAN_S;
	ret->gaps_in_recording = evidence->recorded_s * 100 < evidence->span_s * COVERED_PERCENT;
	ret->few_sources = ret->honest < FEW_SOURCES && !ret->no_keys;
	ret->dirty = (ret->blocked + ret->apart) * 100 > evidence->seen_count * DIRTY_PERCENT;
	ret->capped = rule->limit && rule->enforced &&
		      (double)ret->honest_highest >= CAPPED_RATIO * (double)rule->limit;
}

int fw_recommend(struct fw_evidence *evidence, double buffer, struct fw_recommendation *ret)
{
	FW_FREE uint64_t *peaks = calloc(evidence->seen_count + 1, sizeof(*peaks));
	uint64_t median;

	if (!peaks)
		return -ENOMEM;
	*ret = (struct fw_recommendation){.no_keys = !evidence->seen_count};
	if (evidence->seen_count)
		qsort(evidence->seen, evidence->seen_count, sizeof(*evidence->seen), by_highest);
	set_apart(evidence, peaks, ret);
	count_standing(evidence, ret);
	if (ret->no_keys)
		ret->honest_highest = highest_of_buckets(evidence);
	if (ret->attack_lowest && ret->honest_highest)
		ret->gap = (double)ret->attack_lowest / (double)ret->honest_highest;
	fw_tail_measure(peaks, peaks_of_honest(evidence, peaks), &ret->tail);
	ret->limit = choose(ret, buffer);
	ret->unseen_known = ret->limit && ret->tail.known;
	if (ret->unseen_known) {
		ret->unseen_over = fw_tail_chance(&ret->tail, (double)ret->limit);
		ret->unseen_reach = rounded((uint64_t)fw_tail_reach(&ret->tail));
	}
	ret->p99 = quantile(evidence, ret->honest_highest, 0.99);
	ret->p999 = quantile(evidence, ret->honest_highest, 0.999);
	median = quantile(evidence, ret->honest_highest, 0.5);
	ret->median_3mad = median + 3 * deviation(evidence, ret->honest_highest, median);
	fw_counterfactual(evidence, ret->limit, ret);
	judge_data(evidence, ret);
	return 0;
}

void fw_evidence_done(struct fw_evidence *evidence)
{
	free(evidence->seen);
	free(evidence->buckets);
	*evidence = (struct fw_evidence){0};
}
