/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's thread: ten seconds of the loop's notes and a look at the kernel's tables become one batch.
 */
#ifndef FW_AGENT_GATHER_H
#define FW_AGENT_GATHER_H

#include <uv.h>

#include "fw_policy.h"
#include "history/batch.h"
#include "history/store.h"
#include "kern/datapath.h"

struct fw_gather; /* what the thread remembers between steps: its connection and what it saw last */

/* A rule with meters, as the packet path had it when the step ended. */
struct fw_gather_rule {
	struct fw_rule kernel;
	uint32_t index; /* into the step's rules */
};

/* One piece of work; the loop leaves it alone until it is done. */
struct fw_gather_step {
	uv_work_t work;
	struct fw_datapath *datapath;
	const char *path;
	struct fw_history_bounds bounds;
	int64_t start; /* of the ten seconds, 0: only look, so that the next step knows what is new */
	uint32_t seconds;
	bool unsettled;
	struct fw_history_rule *rules;
	size_t rule_count;
	struct fw_history_traffic *traffic;
	size_t traffic_count;
	struct fw_history_attack *attacks;
	size_t attack_count;
	struct fw_gather_rule metered[FW_RULES_MAX];
	size_t metered_count;

	int r;
	struct fw_err err;
	bool was_damaged; /* what was recorded before is PATH.bad now */
	uint64_t bytes;
	int64_t oldest;
};

struct fw_gather *fw_gather_new(void); /* NULL: out of memory */
void fw_gather_free(struct fw_gather *gather);
void fw_gather_step(struct fw_gather *gather, struct fw_gather_step *step);
void fw_gather_step_free(struct fw_gather_step *step);

#endif
