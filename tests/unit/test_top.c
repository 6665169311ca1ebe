// SPDX-License-Identifier: Apache-2.0
/* What top says of a source: over only by a limit of its own, and which rates are rough. */
#include <criterion/criterion.h>

#include "agent/top.h"

static const struct {
	const char *name;
	struct fw_rule rule;
	bool own;
} rules[] = {
	{"per source", {.unit = FW_UNIT_PACKETS, .per = FW_PER_SOURCE, .action = FW_ACTION_BLOCK}, true},
	{"per network",
	 {.unit = FW_UNIT_BYTES, .per = FW_PER_SOURCE_PREFIX, .action = FW_ACTION_POLICE},
	 true},
	{"per source and port",
	 {.unit = FW_UNIT_PACKETS, .per = FW_PER_SOURCE_DEST_PORT, .action = FW_ACTION_BLOCK},
	 true},
	{"of all together",
	 {.unit = FW_UNIT_PACKETS, .per = FW_PER_TOTAL, .action = FW_ACTION_POLICE},
	 false},
	{"of a victim",
	 {.unit = FW_UNIT_PACKETS, .per = FW_PER_DESTINATION, .action = FW_ACTION_POLICE},
	 false},
	{"of a carpet",
	 {.unit = FW_UNIT_PACKETS, .per = FW_PER_DESTINATION_PREFIX, .action = FW_ACTION_POLICE},
	 false},
	{"a list", {.unit = FW_UNIT_NONE, .per = FW_PER_SOURCE, .action = FW_ACTION_BLOCK}, false},
	{"an allow", {.unit = FW_UNIT_PACKETS, .per = FW_PER_SOURCE, .action = FW_ACTION_ALLOW}, false},
};

Test(top, over_is_by_a_limit_of_its_own)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		cr_expect_eq(fw_top_is_own_limit(&rules[i].rule), rules[i].own, "%s", rules[i].name);
}

Test(top, rates_of_few_samples_are_rough)
{
	cr_expect(fw_top_is_rough(64, 64));
	cr_expect(fw_top_is_rough(4 * 64, 64));
	cr_expect_not(fw_top_is_rough(5 * 64, 64));
	cr_expect_not(fw_top_is_rough(1, 1), "counted, not drawn");
	cr_expect_not(fw_top_is_rough(1, 0), "nothing is known of it");
}
