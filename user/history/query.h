/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the history: the busiest sources per window, and everything as JSON lines. */
#ifndef FW_HISTORY_QUERY_H
#define FW_HISTORY_QUERY_H

#include <jansson.h>
#include <stdio.h>

#include "history/store.h"

#define FW_HISTORY_ENTRIES_MAX 100000

struct fw_history_question {
	int64_t since, until; /* Unix seconds, until excluded */
	int64_t window_s;     /* multiple of 10, with a rule of 300 */
	const char *rule;     /* NULL: all traffic */
	size_t limit;	      /* entries */
};

/* The document of `floodwall history top`: busiest first, over all windows. -EINVAL: a window that was not
 * recorded; -ENOENT: no such rule. New reference in *ret. */
int fw_history_top(struct fw_history *history, const struct fw_history_question *question, json_t **ret,
		   struct fw_err *err);
/* Where a page of the export begins: a table, "" for the first, and the start of a step in it. */
struct fw_history_cursor {
	char table[24];
	int64_t start;
};

/* "source_10s:1700000100"; -EINVAL. */
int fw_history_cursor_parse(const char *text, struct fw_history_cursor *ret);
/* Every row of every table between two moments as a JSON object a line, {"table": NAME, COLUMN: value, …}:
 * from *cursor on until `most` bytes are written, whole steps; *cursor is the next page's, its table "" after
 * the last. */
int fw_history_export_page(struct fw_history *history, int64_t since, int64_t until,
			   struct fw_history_cursor *cursor, long most, FILE *out, struct fw_err *err);

#endif
