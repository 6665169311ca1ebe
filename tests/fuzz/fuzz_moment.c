// SPDX-License-Identifier: Apache-2.0
/* Points in time and places in an export, as a command line or a query brings them: what is read can be
 * written and read again. */
#include "fuzz/text.h"
#include "history/query.h"
#include "lib/moment.h"

#define NOW 1795132800 /* 2026-11-20 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), again[FW_MOMENT_TEXT_MAX];
	struct fw_history_cursor cursor = {0};
	struct fw_err err = {0};
	int64_t moment, second;

	if (fw_moment_parse(text, NOW, &moment, &err)) {
		must(err.code && err.text[0]);
	} else {
		must(!fw_moment_parse(fw_moment_format(moment, again), NOW, &second, &err));
		must(second == moment);
	}
	must(fw_history_cursor_parse(text, &cursor) || memchr(cursor.table, '\0', sizeof(cursor.table)));
	free(text);
	return 0;
}
