/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to lines: whatever their length, in bounded memory. */
#ifndef FW_LOGS_LINES_H
#define FW_LOGS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FW_LINES_READ 65536

struct fw_lines {
	char *buffer; /* FW_LOG_LINE_MAX + FW_LINES_READ */
	size_t used;
	bool skipping; /* the rest of a line that was cut */
};

/* The line's bytes may be rewritten; no newline at its end. cut: more came that nobody sees. */
typedef void fw_line_taker(void *context, char *line, size_t length, bool cut);

int fw_lines_init(struct fw_lines *lines);
void fw_lines_done(struct fw_lines *lines);
/* Where the next bytes go: *ret_room of them fit, never 0. */
char *fw_lines_room(struct fw_lines *lines, size_t *ret_room);
/* `count` bytes were put there. */
void fw_lines_add(struct fw_lines *lines, size_t count, fw_line_taker *take, void *context);
/* Forgets an unfinished line. */
void fw_lines_reset(struct fw_lines *lines);

#endif
