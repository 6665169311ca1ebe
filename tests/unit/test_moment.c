// SPDX-License-Identifier: Apache-2.0
/* Moments as people write them: relative to now, dates, seconds since 1970. */
#include <criterion/criterion.h>

#include "lib/moment.h"

#define NOON 1700000100

Test(moment, forms)
{
	static const struct {
		const char *text;
		int64_t moment; /* -1: refused */
	} rows[] = {
		{"now", NOON},
		{"5m", NOON - 300},
		{"1h30m", NOON - 5400},
		{"-1h", NOON - 3600},
		{"--1h", -1},
		{"2026-11-25 10:00", 1795600800},
		{"@1795600800", 1795600800},
		{"@", -1},
		{"@-1", -1},
		{"@179560080000", -1},
		{"100000d", -1},
		{"1970-01-01T00:00+00:01", -1},
		{"1970-01-01T00:00", 0},
		{"9999-12-31T23:59:60", -1},
		{"9999-12-31T23:59:59Z", 253402300799},
		{"2026-11-25", 1795564800},
		{"2026-11-25T10:00", 1795600800},
		{"2026-11-25T10:00:07Z", 1795600807},
		{"2026-11-25T10:00:07+01:30", 1795595407},
		{"2026-02-31", -1},
		{"2026-11-25T", -1},
		{"2026-11-25T10:00:00Zx", -1},
		{"2026-1-25", -1},
		{"yesterday", -1},
		{"", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fw_err err = {0};
		int64_t moment = -1;
		int r = fw_moment_parse(rows[i].text, NOON, &moment, &err);

		cr_assert_eq(r ? -1 : moment, rows[i].moment, "'%s': %lld %s", rows[i].text,
			     (long long)moment, err.text);
	}
}
