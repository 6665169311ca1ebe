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
	uint32_t taken_back; /* the generation that went, until `rollback` has said it or another policy is in
				force; 0: none */
	uint32_t late;	     /* taken back at start: the deadline had passed while no agent ran; 0 */
	bool late_lost;	     /* and what was before it cannot be had: the file is in force */
	uv_timer_t timer;
};

void fw_confirm_init(struct fw_agent *agent);
/* The policy in force since just now is on probation; takes `before` over. */
void fw_confirm_begin(struct fw_agent *agent, struct fw_stand *before, uint32_t previous_generation,
		      uint64_t timeout_ns);
/* Arms the timer for a deadline that was read from disk. */
void fw_confirm_resume(struct fw_agent *agent);
void fw_confirm_keep(struct fw_agent *agent, const char *by);
/* What comes back, all the caller's. */
struct fw_come_back {
	json_t *changes, *warnings;
};
/* A policy that a rollback has left before is forgotten with it: the next rollback does not go there. ret:
 * may be NULL. */
int fw_confirm_take_back(struct fw_agent *agent, const char *by, const char *why, struct fw_come_back *ret,
			 struct fw_err *err);
/* The policy that a rollback has left, if that is what the next one would go to. */
void fw_confirm_forget_left(struct fw_agent *agent);

/* The event of a rollback that a start has made, if it has. */
void fw_confirm_say_late(struct fw_agent *agent);

json_t *fw_confirm_to_json(const struct fw_confirm *confirm);
void fw_confirm_from_json(struct fw_confirm *confirm, const json_t *document, bool same_boot);

#endif
