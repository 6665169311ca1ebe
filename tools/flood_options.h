/* SPDX-License-Identifier: Apache-2.0 */
/* What floodgen was asked for. */
#ifndef FW_TOOLS_FLOOD_OPTIONS_H
#define FW_TOOLS_FLOOD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct flood {
	struct plan_wish wish;
	const char *iface;
	uint64_t count;	     /* 0: until the time is over */
	uint64_t seconds_ns; /* 0: until the count is reached */
	uint64_t rate;
	int cpu;
	bool live;
};

extern const char flood_usage[];

/* 0: go on; 1: usage was asked for; negative: err says why. */
int flood_options_read(int argc, char **argv, struct flood *flood, struct fw_err *err);

#endif
