/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that were built anew because those of the agent before did not fit: what that cost, for the log, for
 * `events` and, until the next start, for `status`. */
#ifndef FW_AGENT_REBUILT_H
#define FW_AGENT_REBUILT_H

#include <jansson.h>

#include "lib/err.h"

struct fw_agent;

/* Keeps what fw_datapath_open() said of adoption. */
void fw_rebuilt_note(struct fw_agent *agent, const struct fw_err *why);
/* The event, once bans are restored; nothing when the maps were not rebuilt. */
void fw_rebuilt_say(struct fw_agent *agent);
/* {"state", …} of status, and a sentence among its warnings. */
json_t *fw_rebuilt_to_json(const struct fw_agent *agent, json_t *warnings);

#endif
