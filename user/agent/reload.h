/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the policy file again, on request and on SIGHUP. */
#ifndef FW_AGENT_RELOAD_H
#define FW_AGENT_RELOAD_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/stand.h"

struct fw_agent;

struct fw_reload_order {
	const char *by;
	bool saved; /* for a change in force that was written to the file: if the file says nothing else that
		       is new, the policy before the last apply stays the one to roll back to */
};

/* The file of the policy in force, live changes kept. On failure *ret_refused (may be NULL) has the
 * complaints, caller frees; what was in force stays. `notes` gets sentences about tunes that ended.
 * *ret_changes (may be NULL) is what is in force now and was not before, NULL without memory; the caller's.
 */
int fw_reload(struct fw_agent *agent, const struct fw_reload_order *order, json_t *notes,
	      json_t **ret_changes, struct fw_loaded **ret_refused, struct fw_err *err);
/* SIGHUP, SIGTERM and SIGINT. */
void fw_reload_on_signal(struct fw_agent *agent);

#endif
