/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that bring the live changes of a set back to what they were before a request. */
#ifndef FW_AGENT_SET_UNDO_H
#define FW_AGENT_SET_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/drift.h"
#include "agent/undo.h"

struct fw_set_edits {
	const struct fw_set_edit *edits; /* in the order they were made */
	size_t count;
};

/* How many of `before` are in `after` still: they come first there and in their order, behind them what the
 * request has made. gone, may be NULL: [before->count], whether it is none of these. */
size_t fw_set_edits_kept(const struct fw_set_edits *before, const struct fw_set_edits *after, bool *gone);

/* First what the request has made is taken back, then what it has replaced is said again, in its order, each
 * for what is left of its time; with that whatever lay on top of it. leaves_nothing: for each that was
 * made, whether the opposite would leave neither itself nor anything else behind. said: for each, whether the
 * files say so already, so that there is nothing to take back in them. written: not NULL when the request
 * writes into files, too: those it writes that were in force live before. */
void fw_set_undo(const char *set, const struct fw_set_edits *before, const struct fw_set_edits *after,
		 const bool *leaves_nothing, const bool *said, const struct fw_set_edits *written,
		 uint64_t now_ns, struct fw_undo *undo);

#endif
