/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that goes away again unless somebody confirms it; the timer is the agent's, the deadline is on
 * disk. */
#ifndef FW_AGENT_CONFIRM_H
#define FW_AGENT_CONFIRM_H

#include <jansson.h>
#include <uv.h>

#include "agent/stand.h"

struct fw_agent;

struct fw_confirm {
	bool pending;
	struct fw_stand before; /* what comes back */
	uint64_t deadline_ns, deadline_wall_ns;
	uint32_t generation, previous_generation;
	const char *outcome; /* of the last one: "none", "confirmed", "rolled_back" */
	bool timed_out;	     /* rolled back because nobody confirmed in time */
	uint32_t taken_back; /* the generation that went so, until `rollback` has said it or another policy is
				in force; 0: none */
	uv_timer_t timer;
};

void fw_confirm_init(struct fw_agent *agent);
/* The policy in force since just now is on probation; takes `before` over. */
void fw_confirm_begin(struct fw_agent *agent, struct fw_stand *before, uint32_t previous_generation,
		      uint64_t timeout_ns);
/* Arms the timer for a deadline that was read from disk. */
void fw_confirm_resume(struct fw_agent *agent);
void fw_confirm_keep(struct fw_agent *agent, const char *by);
/* ret_changes, may be NULL: what that has changed, NULL without memory; the caller's. */
int fw_confirm_take_back(struct fw_agent *agent, const char *by, const char *why, json_t **ret_changes,
			 struct fw_err *err);

json_t *fw_confirm_to_json(const struct fw_confirm *confirm);
void fw_confirm_from_json(struct fw_confirm *confirm, const json_t *document, bool same_boot);

#endif
