// SPDX-License-Identifier: Apache-2.0
#include "agent/set_undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

static bool is_the_same(const struct fw_set_change *a, const struct fw_set_change *b)
{
	return !strcmp(a->set, b->set) && !fw_prefix_compare(&a->prefix, &b->prefix) &&
	       a->removed == b->removed && a->expires_ns == b->expires_ns;
}

size_t fw_set_edits_kept(const struct fw_set_edits *before, const struct fw_set_edits *after, bool *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < before->count; i++) {
		bool stays = kept < after->count &&
			     is_the_same(&before->edits[i].change, &after->edits[kept].change);

		kept += stays;
		if (gone)
			gone[i] = !stays;
	}
	return kept;
}

static void say(struct fw_undo *undo, const char *verb, const struct fw_set_change *change,
		const char *options)
{
	char command[sizeof(undo->commands[0].command)], prefix[FW_ADDR_TEXT_MAX];

	snprintf(command, sizeof(command), "sets %s %s", verb, change->set);
	fw_undo_add(undo, command, fw_prefix_format(&change->prefix, prefix, sizeof(prefix)), options);
}

/* Those that must be said again: they are gone, or lie on something that will be said behind them. */
static size_t choose(const char *set, const struct fw_set_edits *before, const bool *gone, uint64_t now_ns,
		     const struct fw_set_change **chosen)
{
	size_t count = 0;

	for (size_t i = 0; i < before->count; i++) {
		const struct fw_set_change *change = &before->edits[i].change;
		bool again = gone[i];

		if (strcmp(change->set, set) || (change->expires_ns && change->expires_ns <= now_ns))
			continue;
		for (size_t j = 0; j < count && !again; j++)
			again = fw_prefix_overlaps(&chosen[j]->prefix, &change->prefix);
		if (again)
			chosen[count++] = change;
	}
	return count;
}

static void take_back(const struct fw_set_change *made, bool leaves_nothing, bool saved, struct fw_undo *undo)
{
	const char *opposite = made->removed ? "add" : "del";

	if (saved)
		say(undo, opposite, made, " --save");
	else if (leaves_nothing)
		say(undo, opposite, made, "");
	if (!leaves_nothing)
		say(undo, "forget", made, "");
}

/* Out of the file again; what that takes along of the live changes is gone, and must be said again. */
static void take_back_written(const struct fw_set_change *written, const struct fw_set_edits *before,
			      bool *gone, struct fw_undo *undo)
{
	bool replaced = false;

	for (size_t i = 0; i < before->count; i++) {
		const struct fw_set_change *change = &before->edits[i].change;

		if (strcmp(change->set, written->set) || !fw_prefix_covers(&written->prefix, &change->prefix))
			continue;
		gone[i] = true;
		replaced |= !change->expires_ns && !fw_prefix_compare(&change->prefix, &written->prefix);
	}
	take_back(written, replaced, true, undo);
}

void fw_set_undo(const char *set, const struct fw_set_edits *before, const struct fw_set_edits *after,
		 const bool *leaves_nothing, const bool *said, const struct fw_set_edits *written,
		 uint64_t now_ns, struct fw_undo *undo)
{
	FW_FREE bool *gone = calloc(before->count + 1, sizeof(*gone));
	FW_FREE const struct fw_set_change **chosen = calloc(before->count + 1, sizeof(const void *));
	size_t kept, count;

	undo->failed |= !gone || !chosen;
	if (undo->failed)
		return;
	kept = fw_set_edits_kept(before, after, gone);
	undo->keeps_order = true;
	for (size_t i = 0; written && i < written->count; i++)
		take_back_written(&written->edits[i].change, before, gone, undo);
	count = choose(set, before, gone, now_ns, chosen);
	for (size_t i = kept; i < after->count; i++) {
		const struct fw_set_change *made = &after->edits[i].change;
		/* What is said first takes the place of this one anyway. */
		bool replaced = !written && count && !fw_prefix_compare(&chosen[0]->prefix, &made->prefix);

		if (!replaced)
			take_back(made, leaves_nothing[i - kept], written && !said[i - kept], undo);
	}
	for (size_t i = 0; i < count; i++) {
		char left[48] = "";

		if (chosen[i]->expires_ns)
			fw_undo_for(chosen[i]->expires_ns - now_ns, left, sizeof(left));
		say(undo, chosen[i]->removed ? "del" : "add", chosen[i], left);
	}
}
