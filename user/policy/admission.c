// SPDX-License-Identifier: Apache-2.0
/* Who is admitted beside a flood, and how soon: see admission.h. */
#include "policy/admission.h"

#include <math.h>
#include <stdio.h>

#include "lib/units.h"
#include "policy/words.h"

#define UNIT_SECONDS ((double)(1ULL << FW_KNOWN_TIME_SHIFT) / (double)FW_NS_PER_SEC)
#define PAUSE	     (FW_GATE_CANDIDATE_UNITS * UNIT_SECONDS) /* of a bucket between two candidates */
#define FAST_KEPT    (FW_KNOWN_FAST * PAUSE - UNIT_SECONDS)   /* at least: time is told in whole units */
#define SLOW_SHARE   (1.0 / FW_KNOWN_SLOW_SHARE)
#define FRAME_MOST   1514.0

/* That fewer than FW_KNOWN_SLOW slow candidates come between two packets of a key; others follow at random.
 */
static double is_kept_slowly(double between, double gap)
{
	double expected = gap / between * SLOW_SHARE, term = exp(-expected), sum = 0;

	for (int i = 0; i < FW_KNOWN_SLOW; i++) {
		sum += term;
		term *= expected / (i + 1);
	}
	return sum;
}

/* Of one packet: that it makes its key a candidate, and that the next one, in even steps, comes in time. */
static double chance(double unknown, double key_rate)
{
	double per_bucket = unknown / FW_KNOWN_BUCKETS, gap = 1 / key_rate;
	double between = PAUSE + FW_GATE_CANDIDATE_PACKETS / per_bucket;
	double fast = gap <= FAST_KEPT;

	return 1 / (per_bucket * PAUSE + FW_GATE_CANDIDATE_PACKETS) *
	       ((1 - SLOW_SHARE) * fast + SLOW_SHARE * is_kept_slowly(between, gap));
}

/* Over twice the limit, sent within the window: admitted while the limit is still to come. */
static bool holds(double unknown, double window, uint64_t limit)
{
	double each = chance(unknown, 2 * (double)limit / window);

	return pow(1 - each, (double)limit - 1) <= 1 - FW_ADMISSION_SURE;
}

uint64_t fw_admission_least(double unknown, uint64_t window_ns)
{
	double window = (double)window_ns / (double)FW_NS_PER_SEC;
	uint64_t below = 0, enough = 1;

	while (!holds(unknown, window, enough) && enough < 1ULL << 50) {
		below = enough;
		enough *= 2;
	}
	while (enough - below > 1) {
		uint64_t middle = below + (enough - below) / 2;

		if (holds(unknown, window, middle))
			enough = middle;
		else
			below = middle;
	}
	return enough;
}

uint64_t fw_admission_packets(const struct fw_limit *limit)
{
	if (limit->unit == FW_UNIT_BYTES)
		return (uint64_t)ceil((double)limit->amount / FRAME_MOST);
	return limit->amount;
}

static bool is_admitted(const struct fw_policy_rule *rule)
{
	return rule->limit.unit != FW_UNIT_NONE && rule->per != FW_PER_TOTAL && !rule->match.log;
}

void fw_admission_check(const struct fw_policy *policy, const struct fw_image *image, uint64_t flood,
			struct fw_diags *diags)
{
	char limit[128], least[128], rate[32];

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		struct fw_limit enough = rule->limit;
		uint64_t packets;

		if (!is_admitted(rule))
			continue;
		packets = fw_admission_least((double)flood * image->keys_worst, rule->limit.window_ns);
		if (fw_admission_packets(&rule->limit) >= packets)
			continue;
		enough.amount =
			enough.unit == FW_UNIT_BYTES ? (uint64_t)((double)packets * FRAME_MOST) : packets;
		fw_diag_add(
			diags, rule->mark, FW_SEVERITY_NOTE, "below-guarantee",
			"it is caught later; keys known before the flood, bans and total limits hold at once",
			"rule '%s': beside a flood of %s packets/s from keys never seen, the smallest limit "
			"that "
			"surely catches a new key within its window is %s; this is %s",
			rule->name, fw_amount_exact(flood, false, rate, sizeof(rate)),
			fw_limit_format(&enough, least, sizeof(least)),
			fw_limit_format(&rule->limit, limit, sizeof(limit)));
	}
}
