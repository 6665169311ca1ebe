// SPDX-License-Identifier: Apache-2.0
/* The fall of a crowd, and what it says of sources that were not seen. */
#include "history/tail.h"

#include <math.h>

#define FALL_WIDTH  100 /* spacings below a gap that say how the crowd falls off, */
#define FALL_FEW    25	/* so many even where amounts are small: */
#define FALL_FLOOR  50	/* below it noise flattens the crowd */
#define FALL_ERRORS 2	/* standard errors that the fall may be steeper than it looks */
#define FALL_MOST   2.0
#define REACH_LEAST 0.5 /* the highest of a flat crowd may be chance, too */
#define SIXTH	    (FW_TAIL_SKIPPED + 1)
#define ODDS	    10 /* to one that nobody is beyond the reach */

static double ratio(uint64_t larger, uint64_t smaller)
{
	return (double)(larger ? larger : 1) / (double)(smaller ? smaller : 1);
}

double fw_tail_fall_below(const uint64_t *peaks, size_t count, size_t above, size_t *ret_used)
{
	size_t first = above + 1 + (above + FW_TAIL_SKIPPED + FW_TAIL_REST_MIN < count ? FW_TAIL_SKIPPED : 0),
	       used = 0;
	double sum = 0;

	for (size_t i = first; i < count && used < FALL_WIDTH; i++) {
		if (used >= FALL_FEW && peaks[i] < FALL_FLOOR)
			break;
		sum += (double)i * log(ratio(peaks[i - 1], peaks[i]));
		used++;
	}
	if (ret_used)
		*ret_used = used;
	return used && sum < FALL_MOST * (double)used ? sum / (double)used : FALL_MOST;
}

void fw_tail_measure(const uint64_t *peaks, size_t count, struct fw_tail *ret)
{
	size_t used;

	*ret = (struct fw_tail){.highest = count ? (double)peaks[0] : 0, .known = count > FALL_FEW};
	if (!ret->known)
		return;
	ret->fall = fw_tail_fall_below(peaks, count, 0, &used);
	ret->steepest = ret->fall * (1 + FALL_ERRORS / sqrt((double)used));
	ret->sixth = (double)peaks[SIXTH - 1];
}

/* Over which one of as many sources again is in 1 of 11 cases, where `rank` reached the amount. */
static double reach_from(double amount, int rank, double fall)
{
	return amount * pow(expm1(log1p(1.0 / ODDS) / rank), -fall);
}

static double chance_from(double amount, int rank, double fall, double limit)
{
	return -expm1(-rank * log1p(pow(limit / amount, -1 / fall)));
}

double fw_tail_reach(const struct fw_tail *tail)
{
	return fmax(reach_from(tail->highest, 1, fmax(tail->steepest, REACH_LEAST)),
		    reach_from(tail->sixth, SIXTH, tail->steepest));
}

/* By six sources the fall as it was measured: two errors up it would doubt what it has no reason to. */
double fw_tail_chance(const struct fw_tail *tail, double limit)
{
	return fmax(chance_from(tail->highest, 1, tail->steepest, limit),
		    chance_from(tail->sixth, SIXTH, tail->fall, limit));
}
