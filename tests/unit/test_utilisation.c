// SPDX-License-Identifier: Apache-2.0
/* Levels of a limit: which are told, and when once more. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "agent/utilisation.h"

static struct fw_levels levels_of(const uint8_t *percent, size_t count)
{
	struct fw_levels levels = {0};

	for (size_t i = 0; i < count; i++)
		fw_levels_add(&levels, percent[i]);
	return levels;
}

Test(utilisation, levels_are_kept_in_order_and_once)
{
	struct fw_levels levels = levels_of((const uint8_t[]){90, 50, 70, 50, 90, 10}, 6);

	cr_assert_eq(levels.count, 4);
	cr_expect_eq(levels.percent[0], 10);
	cr_expect_eq(levels.percent[1], 50);
	cr_expect_eq(levels.percent[2], 70);
	cr_expect_eq(levels.percent[3], 90);
	for (unsigned int i = 1; i <= 100; i++)
		fw_levels_add(&levels, (uint8_t)i);
	cr_expect_eq(levels.count, 100);
	for (size_t i = 1; i < levels.count; i++)
		cr_expect_lt(levels.percent[i - 1], levels.percent[i]);
}

static const struct step_case {
	const char *name;
	uint8_t told;
	uint64_t amount, limit;
	uint8_t want;
} step_cases[] = {
	{"nothing", 0, 0, 200, 0},
	{"just below", 0, 99, 200, 0},
	{"the first level", 0, 100, 200, 50},
	{"up to the next", 50, 139, 200, 50},
	{"the second", 50, 140, 200, 70},
	{"two at once", 0, 180, 200, 90},
	{"beyond the limit", 70, 100000, 200, 90},
	{"a little below a level that was told", 90, 179, 200, 90},
	{"at four fifths of it", 90, 144, 200, 90},
	{"below, the next one holds", 90, 143, 200, 70},
	{"below that, the next", 90, 111, 200, 50},
	{"far below", 90, 79, 200, 0},
	{"a level that was not told is not held", 50, 139, 200, 50},
	{"swings: down", 50, 80, 200, 50},
	{"swings: up again", 50, 100, 200, 50},
	{"a small limit", 0, 1, 2, 50},
	{"a limit of one", 0, 1, 1, 90},
	{"a small limit is left, too", 90, 0, 4, 0},
	{"a huge limit", 0, UINT64_MAX / 2 + 100, UINT64_MAX, 50},
	{"a huge amount", 0, UINT64_MAX, UINT64_MAX, 90},
};

Test(utilisation, a_level_is_told_once_until_the_key_falls_well_below)
{
	struct fw_levels levels = levels_of((const uint8_t[]){50, 70, 90}, 3);

	for (size_t i = 0; i < sizeof(step_cases) / sizeof(step_cases[0]); i++) {
		const struct step_case *t = &step_cases[i];

		cr_expect_eq(fw_levels_step(&levels, t->told, t->amount, t->limit), t->want, "%s: %u",
			     t->name, fw_levels_step(&levels, t->told, t->amount, t->limit));
	}
}

/* Whatever can matter to a step is at or above the floor. */
Test(utilisation, nothing_below_the_floor_matters)
{
	struct fw_levels levels = levels_of((const uint8_t[]){10, 35, 100}, 3);

	for (uint64_t limit = 1; limit < 3000; limit += 7) {
		uint64_t floor = fw_levels_floor(&levels, limit);

		cr_assert_geq(floor, 1);
		for (uint8_t told = 0; told <= 100; told = (uint8_t)(told + 5))
			if (floor > 1)
				cr_assert_eq(fw_levels_step(&levels, told, floor - 1, limit), 0,
					     "limit %lu told %u", (unsigned long)limit, told);
	}
}
