/* SPDX-License-Identifier: Apache-2.0 */
/* All complaints about a file at once: position, slug, message, hint; rendered GNU-style with a caret. */
#ifndef FW_LIB_DIAG_H
#define FW_LIB_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum fw_severity { FW_SEVERITY_WARNING, FW_SEVERITY_ERROR, FW_SEVERITY_NOTE };

/* Lines and columns count from 1, columns in code points; 0 = unknown. end_column is exclusive. */
struct fw_mark {
	const char *file; /* borrowed; a complaint points to the copy in its fw_diags */
	int line, column, end_column;
};

struct fw_diag {
	struct fw_mark mark;
	enum fw_severity severity;
	char *code;    /* slug such as "unknown-key" */
	char *message; /* no position in it */
	char *hint;    /* NULL or one line */
	char *note;    /* NULL or what the reader may want besides, such as the keys allowed here */
};

#define FW_DIAGS_MAX 50

struct fw_diags {
	struct fw_diag *items;
	size_t count, capacity;
	size_t errors, warnings; /* also those beyond FW_DIAGS_MAX */
	char **files;		 /* interned file names */
	size_t file_count;
};

void fw_diags_done(struct fw_diags *diags);
const char *fw_diags_file(struct fw_diags *diags, const char *file);
/* Copies everything, the mark's file name too. A hint may carry the note behind a newline. */
void fw_diag_add(struct fw_diags *diags, struct fw_mark mark, enum fw_severity severity, const char *code,
		 const char *hint, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* By file in the order they were first named, line and column. */
void fw_diags_sort(struct fw_diags *diags);
/* Reads the named files again for the quoted line; a file that cannot be read gets no snippet. */
void fw_diags_render(const struct fw_diags *diags, FILE *out);
/* Nearest of words[] within an edit distance that a typo explains, or NULL. */
const char *fw_did_you_mean(const char *word, const char *const *words, size_t count);

#endif
