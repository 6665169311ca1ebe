/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of recommendations record: a rule, two hours of five minutes each, sources by number. */
#ifndef FW_TESTS_UNIT_RECORDED_H
#define FW_TESTS_UNIT_RECORDED_H

#include <stdio.h>

#include "history/batch.h"
#include "lib/addr.h"

#define NOON	1700000100
#define WINDOWS 24

static const struct fw_history_rule rule = {.name = "blanket",
					    .unit = FW_UNIT_PACKETS,
					    .per = FW_PER_SOURCE,
					    .window_ns = 300 * FW_NS_PER_SEC,
					    .limit = 1000000,
					    .enforced = true};

static inline struct fw_prefix prefix_of(uint32_t source)
{
	struct fw_prefix prefix;
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.%u", source >> 16 & 255, source >> 8 & 255, source & 255);
	fw_prefix_parse(text, &prefix, NULL);
	return prefix;
}

#endif
