// SPDX-License-Identifier: Apache-2.0
/* Text and code of one failure; never prints. */
#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fw_err_set(struct fw_err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

int fw_err_prefix(struct fw_err *err, const char *format, ...)
{
	char text[FW_ERR_TEXT_MAX];
	va_list args;
	int used;

	if (!err)
		return 0;
	va_start(args, format);
	used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (used < 0 || (size_t)used >= sizeof(text))
		return err->code;
	snprintf(text + used, sizeof(text) - (size_t)used, ": %.*s", (int)(sizeof(text) - (size_t)used),
		 err->text);
	memcpy(err->text, text, sizeof(text));
	return err->code;
}
