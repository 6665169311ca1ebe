/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator must read before or when another policy comes in force: plan, apply, rollback, reload. */
#ifndef FW_AGENT_POLICY_WARNINGS_H
#define FW_AGENT_POLICY_WARNINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/stand.h"

struct fw_agent;

/* A policy that filters no interface is legal, and protection that is off: said in front of all else. NULL:
 * it filters some. */
json_t *fw_warnings_nothing_filtered(const struct fw_agent *agent, const struct fw_policy *policy);
/* As check has them. */
json_t *fw_warnings_of_plan(const struct fw_agent *agent, const struct fw_loaded *loaded);
/* Sentences, asked before it takes the place of the one in force. undone_by_rollback: `rollback` brings that
 * one back. */
json_t *fw_warnings_of_change(const struct fw_agent *agent, const struct fw_loaded *loaded,
			      bool undone_by_rollback);

#endif
