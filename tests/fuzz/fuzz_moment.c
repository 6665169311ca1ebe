// SPDX-License-Identifier: Apache-2.0
/* Points in time and places in an export, as a command line or a query brings them: what is read can be
 * written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "history/query.h"
#include "lib/moment.h"

#define NOW 1795132800 /* 2026-11-20 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[FW_MOMENT_TEXT_MAX];
	struct fw_history_cursor cursor = {0};
	struct fw_err err = {0};
	int64_t moment, second;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (fw_moment_parse(text, NOW, &moment, &err)) {
		if (!err.code || !err.text[0])
			abort();
	} else if (fw_moment_parse(fw_moment_format(moment, again), NOW, &second, &err) || second != moment) {
		abort();
	}
	if (!fw_history_cursor_parse(text, &cursor) && !memchr(cursor.table, '\0', sizeof(cursor.table)))
		abort();
	free(text);
	return 0;
}
