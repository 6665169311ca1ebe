// SPDX-License-Identifier: Apache-2.0
/* Complaints about a file ↔ the array that `check --json` prints and that the API puts into its errors. */
#include <string.h>

#include "cli/cli.h"
#include "lib/cleanup.h"

static const char *severity_word(enum fw_severity severity)
{
	return severity == FW_SEVERITY_ERROR ? "error" : severity == FW_SEVERITY_WARNING ? "warning" : "note";
}

json_t *fw_cli_diags_to_json(const struct fw_diags *diags)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < diags->count; i++) {
		const struct fw_diag *diag = &diags->items[i];

		json_array_append_new(
			array, json_pack("{s:o,s:i,s:i,s:s,s:o,s:o,s:o,s:o,s:i}", "file",
					 fw_doc_string(diag->mark.file), "line", diag->mark.line, "column",
					 diag->mark.column, "severity", severity_word(diag->severity), "code",
					 fw_doc_string(diag->code), "message", fw_doc_string(diag->message),
					 "hint", fw_doc_string(diag->hint), "note", fw_doc_string(diag->note),
					 "end_column", diag->mark.end_column));
	}
	return array;
}

/* What came over the socket may hold terminal escapes. */
static char *plain_copy(const json_t *entry, const char *name)
{
	char *copy = strdup(fw_doc_text(entry, name));

	for (char *byte = copy; byte && *byte; byte++)
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
			*byte = '?';
	return copy;
}

static enum fw_severity severity_of(const char *word)
{
	return !strcmp(word, "warning") ? FW_SEVERITY_WARNING
	       : !strcmp(word, "note")	? FW_SEVERITY_NOTE
					: FW_SEVERITY_ERROR;
}

void fw_cli_diags_from_json(const json_t *array, struct fw_diags *diags)
{
	size_t index;
	json_t *entry;

	json_array_foreach (array, index, entry) {
		FW_FREE char *file = plain_copy(entry, "file"), *code = plain_copy(entry, "code");
		FW_FREE char *hint = plain_copy(entry, "hint"), *note = plain_copy(entry, "note");
		FW_FREE char *both = NULL;
		struct fw_mark mark = {.line = (int)fw_doc_count(entry, "line"),
				       .column = (int)fw_doc_count(entry, "column"),
				       .end_column = (int)fw_doc_count(entry, "end_column")};

		if (!file || !code || !hint || !note)
			return;
		if (asprintf(&both, "%s%s%s", hint, *note ? "\n" : "", note) < 0) {
			both = NULL;
			return;
		}
		mark.file = fw_diags_file(diags, file);
		fw_diag_add(diags, mark, severity_of(fw_doc_text(entry, "severity")), code,
			    *both ? both : NULL, "%s", fw_doc_text(entry, "message"));
	}
}
