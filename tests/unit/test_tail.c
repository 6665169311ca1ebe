// SPDX-License-Identifier: Apache-2.0
/* How far sources reach that were not seen, by how those that were seen fall off. */
#include <criterion/criterion.h>
#include <math.h>

#include "history/tail.h"

#define COUNT 300

struct crowd {
	const char *name;
	double exponent, top;
	size_t lacking;	    /* of the busiest */
	double least, most; /* reach over the top */
};

static const struct crowd crowds[] = {
	{"whole, as 1/rank", 1.0, 60000, 0, 10, 25},
	{"without the five busiest", 1.0, 60000, 5, 2, 20},
	{"steep, without the five busiest", 1.5, 600000, 5, 2, 60},
	{"all alike", 0, 1000, 0, 3, 3.3}, /* 10^0.5 */
};

static void fill(const struct crowd *crowd, uint64_t *peaks)
{
	for (size_t i = 0; i < COUNT; i++)
		peaks[i] = (uint64_t)(crowd->top / pow((double)(i + 1 + crowd->lacking), crowd->exponent));
}

Test(tail, reaches_beyond_the_top_also_where_that_was_not_seen)
{
	for (size_t i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
		const struct crowd *crowd = &crowds[i];
		uint64_t peaks[COUNT];
		struct fw_tail tail;
		double reach;

		fill(crowd, peaks);
		fw_tail_measure(peaks, COUNT, &tail);
		reach = fw_tail_reach(&tail);
		cr_expect(tail.known, "%s", crowd->name);
		cr_expect(reach >= crowd->least * crowd->top && reach <= crowd->most * crowd->top,
			  "%s: %.2f times the top", crowd->name, reach / crowd->top);
		cr_expect_leq(fw_tail_chance(&tail, reach), 1.0 / 11 + 1e-9, "%s: %g", crowd->name,
			      fw_tail_chance(&tail, reach));
	}
}

/* Who is left of a crowd without its five busiest says that there are larger ones. */
Test(tail, the_chance_of_more_falls_with_the_limit)
{
	uint64_t peaks[COUNT];
	struct fw_tail tail;
	double before = 1;

	fill(&crowds[1], peaks);
	fw_tail_measure(peaks, COUNT, &tail);
	cr_expect_gt(fw_tail_chance(&tail, crowds[1].top / 2), 0.5);
	for (double limit = tail.highest; limit < 100 * crowds[1].top; limit *= 2) {
		double chance = fw_tail_chance(&tail, limit);

		cr_expect(chance < before && chance > 0, "%g at %g after %g", chance, limit, before);
		before = chance;
	}
}

Test(tail, few_sources_say_nothing)
{
	static const uint64_t peaks[25] = {5, 4, 3, 2, 1};
	struct fw_tail tail;

	fw_tail_measure(peaks, 25, &tail);
	cr_expect(!tail.known);
	cr_expect_eq(tail.highest, 5);
	fw_tail_measure(peaks, 0, &tail);
	cr_expect(!tail.known);
}
