/* SPDX-License-Identifier: Apache-2.0 */
/* What operators change live is also on disk, or they are told that it is not. */
#ifndef FW_AGENT_KEPT_H
#define FW_AGENT_KEPT_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "lib/err.h"

struct fw_agent;

/* Each is a document of the state directory. */
enum fw_kept {
	FW_KEPT_POLICY,
	FW_KEPT_DRIFT,
	FW_KEPT_UNDER_ATTACK,
	FW_KEPT_ALLOWED,
	FW_KEPT_SYSCTLS,
	FW_KEPT_BANS,
	FW_KEPT_MAX_
};

struct fw_keeping {
	char why_not[FW_KEPT_MAX_][FW_ERR_TEXT_MAX]; /* "": it is on disk */
	uv_timer_t again;
	bool ends; /* what cannot be written now is not tried again */
};

void fw_kept_init(struct fw_agent *agent);
/* The agent is about to end: what is written from now on is written once. */
void fw_kept_end(struct fw_agent *agent);
/* For a document that is written by its owner: err says how that went. */
void fw_kept_note(struct fw_agent *agent, enum fw_kept which, const struct fw_err *err);
/* Written, or noted why not, said once and tried again until it is. Takes document; NULL: it could not be
 * made. */
void fw_keep(struct fw_agent *agent, enum fw_kept which, json_t *document);
/* NULL where there is none, or none that can be believed, which is logged. Caller decrefs. */
json_t *fw_kept_read(struct fw_agent *agent, enum fw_kept which, bool *ret_same_boot);
/* Adds "not_kept": why a restart of the agent would not bring it back. Returns reply, which may be NULL. */
json_t *fw_kept_reply(const struct fw_agent *agent, enum fw_kept which, json_t *reply);
/* Appends a sentence for each that is not on disk. */
void fw_kept_warn(const struct fw_agent *agent, json_t *warnings);

#endif
