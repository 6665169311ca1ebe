// SPDX-License-Identifier: Apache-2.0
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>

void fw_text_add(struct fw_text *text, const char *format, ...)
{
	va_list args;

	if (text->used >= text->size)
		return;
	va_start(args, format);
	text->used += (size_t)vsnprintf(text->buffer + text->used, text->size - text->used, format, args);
	va_end(args);
}
