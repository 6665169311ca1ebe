/* SPDX-License-Identifier: Apache-2.0 */
/* Puts policies in force, whole or not at all, and remembers how to go back. */
#ifndef FW_AGENT_FORCE_H
#define FW_AGENT_FORCE_H

#include <jansson.h>

#include "agent/stand.h"

struct fw_agent;

/* Loads, tunes and compiles without touching what is in force. -EINVAL with complaints in (*ret)->diags,
 * which is set unless out of memory. `notes` (may be NULL) gets sentences about tunes that ended. */
int fw_force_prepare(struct fw_agent *agent, struct fw_stand *stand, struct fw_loaded **ret, json_t *notes,
		     struct fw_err *err);
/* The same with its files read by somebody else; NULL: as they are. */
int fw_force_prepare_by(struct fw_agent *agent, struct fw_stand *stand, const struct fw_file_reader *reader,
			struct fw_loaded **ret, json_t *notes, struct fw_err *err);
/* Makes a prepared policy the one in force, interfaces included. Takes it over also on failure; then the old
 * one runs on. */
int fw_force_install(struct fw_agent *agent, struct fw_loaded *next, struct fw_err *err);
/* The same policy with other tunes (lists false, in force within milliseconds) or set changes (lists true).
 */
int fw_force_recompile(struct fw_agent *agent, bool lists, struct fw_err *err);
/* After the entries of the policy's own sets have changed, as when a file was read again: lists from the
 * beginning. */
int fw_force_relist(struct fw_agent *agent, struct fw_err *err);
/* Publishes once more, for example because an interface's mode changed. */
int fw_force_republish(struct fw_agent *agent, struct fw_err *err);

/* Decides what to run at start, by --config, what was saved and what the kernel still has. Logs what it
 * decided. */
int fw_force_start(struct fw_agent *agent, struct fw_loaded *configured, struct fw_err *err);
/* How often the lists in force were changed in place. */
uint32_t fw_force_list_changes(const struct fw_agent *agent);
/* What a generation does, as a number: equal numbers need no new generation. */
uint64_t fw_force_fingerprint(const struct fw_image *image);
/* Content of a file or text as a number. */
uint64_t fw_force_digest(const char *text, size_t length);
/* Remembers what --config holds now, so that a restart can tell whether it was edited since. */
void fw_force_note_config(struct fw_agent *agent);
/* What must outlive the process: policy in force, the one before, tunes, pending confirm, rule ids. */
void fw_force_save(struct fw_agent *agent);
/* The same once the answer is on its way, for what is kept elsewhere as well: only the fingerprint is news.
 */
void fw_force_save_soon(struct fw_agent *agent);
/* All but the fingerprint now, before anybody is told that it is kept: hashing a million lines can wait. */
void fw_force_save_tunes(struct fw_agent *agent);
/* Why changes of the policy are refused now, NULL if they are not. */
const char *fw_force_is_held(const struct fw_agent *agent);

#endif
