// SPDX-License-Identifier: Apache-2.0
/* A buffer that holds the line being read and what came with it. */
#include "logs/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/event.h"

int fw_lines_init(struct fw_lines *lines)
{
	*lines = (struct fw_lines){.buffer = malloc(FW_LOG_LINE_MAX + FW_LINES_READ)};
	return lines->buffer ? 0 : -ENOMEM;
}

void fw_lines_done(struct fw_lines *lines)
{
	free(lines->buffer);
	*lines = (struct fw_lines){0};
}

void fw_lines_reset(struct fw_lines *lines)
{
	lines->used = 0;
	lines->skipping = false;
}

char *fw_lines_room(struct fw_lines *lines, size_t *ret_room)
{
	*ret_room = FW_LOG_LINE_MAX + FW_LINES_READ - lines->used;
	return lines->buffer + lines->used;
}

void fw_lines_add(struct fw_lines *lines, size_t count, fw_line_taker *take, void *context)
{
	char *at = lines->buffer, *end = lines->buffer + lines->used + count;
	char *search = lines->buffer + lines->used; /* before it there is no newline */
	char *newline;

	while ((newline = memchr(search, '\n', (size_t)(end - search)))) {
		size_t length = (size_t)(newline - at);

		if (!lines->skipping)
			take(context, at, length < FW_LOG_LINE_MAX ? length : FW_LOG_LINE_MAX,
			     length > FW_LOG_LINE_MAX);
		lines->skipping = false;
		search = at = newline + 1;
	}
	lines->used = (size_t)(end - at);
	if (lines->skipping) {
		lines->used = 0;
	} else if (lines->used > FW_LOG_LINE_MAX) {
		take(context, at, FW_LOG_LINE_MAX, true);
		lines->skipping = true;
		lines->used = 0;
	} else if (at > lines->buffer && lines->used) {
		memmove(lines->buffer, at, lines->used);
	}
}
