/* SPDX-License-Identifier: Apache-2.0 */
/* What changes when one policy takes the place of another, as plan, apply, reload and rollback answer it. */
#ifndef FW_AGENT_CHANGES_H
#define FW_AGENT_CHANGES_H

#include <jansson.h>

#include "agent/stand.h"

struct fw_agent;

/* From the policy in force to this one. An agent that was started with --interface filters these, whatever
 * policies list: only what a policy says of one of them is a change. fw_plan_done() frees. -ENOMEM */
int fw_changes_plan(const struct fw_agent *agent, const struct fw_policy *next, struct fw_plan *ret);
/* [{"kind": "add|change|remove", "object", "name", "detail"}] */
json_t *fw_changes_to_json(const struct fw_plan *plan);
/* Both. NULL: out of memory. */
json_t *fw_changes_to(const struct fw_agent *agent, const struct fw_policy *next);
/* From a file to itself read again: live changes stay, and one that the file has come to say is none. */
json_t *fw_changes_reread(const struct fw_agent *agent, const struct fw_loaded *next);
/* A sentence about interfaces that a policy lists in vain. NULL: there are none. Caller owns it. */
json_t *fw_changes_in_vain(const struct fw_agent *agent, const struct fw_policy *policy);

#endif
