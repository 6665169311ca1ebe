/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that put back what a request changed: "floodwall ban A B --for 58m && floodwall unban C". Pure. */
#ifndef FW_AGENT_UNDO_H
#define FW_AGENT_UNDO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_types.h"
#include "lib/addr.h"

struct fw_undo_command {
	char command[96], options[160]; /* "ban", "sets add NAME"; " --for 58m" */
	char *names;			/* each behind a space: addresses, 'KEY=VALUE'; owned */
	size_t length, room;
};

/* Zero-initialise. Those that are alike but for the name share a command, where the order matters only
 * neighbours. It holds all of them, or nothing once memory has failed: half an undo is none. */
struct fw_undo {
	struct fw_undo_command *commands;
	size_t count;
	bool keeps_order, failed;
};

/* name: "192.0.2.1", "'KEY=VALUE'" */
void fw_undo_add(struct fw_undo *undo, const char *command, const char *name, const char *options);
void fw_undo_done(struct fw_undo *undo);
/* Caller frees; "" when there is nothing to undo, NULL without memory. */
char *fw_undo_text(const struct fw_undo *undo);
/* For the answer of a request; null when there is nothing to undo. */
json_t *fw_undo_to_json(const struct fw_undo *undo);

/* One word for a shell, between quotes where it needs them; false: it cannot be written so, or is too long.
 */
bool fw_undo_word(const char *text, char *buffer, size_t size);
/* " --for 58m", whole seconds, rounded up. */
const char *fw_undo_for(uint64_t left_ns, char *buffer, size_t size);
/* What brings a lease back as it is at now_ns. says_none: that it has no strikes must be said, too. reason:
 * its text; one that a shell line cannot hold is left out. */
const char *fw_undo_lease(const struct fw_ban *ban, bool says_none, uint64_t now_ns, const char *reason,
			  char *buffer, size_t size);

#endif
