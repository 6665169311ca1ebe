/* SPDX-License-Identifier: Apache-2.0 */
/* What changes when one policy takes the place of another, as plan, apply, reload and rollback answer it. */
#ifndef FW_AGENT_CHANGES_H
#define FW_AGENT_CHANGES_H

#include <jansson.h>

#include "agent/stand.h"

/* [{"kind": "add|change|remove", "object", "name", "detail"}] */
json_t *fw_changes_to_json(const struct fw_plan *plan);
/* The same between two policies. NULL: out of memory. */
json_t *fw_changes_between(const struct fw_policy *running, const struct fw_policy *next);
/* Between a file and itself read again: live changes stay, and one that the file has come to say is none. */
json_t *fw_changes_reread(const struct fw_loaded *running, const struct fw_loaded *next);

#endif
