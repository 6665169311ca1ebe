/* SPDX-License-Identifier: Apache-2.0 */
/* A sentence put together piece by piece in a buffer of the caller's. */
#ifndef FW_LIB_TEXT_H
#define FW_LIB_TEXT_H

#include <stddef.h>

struct fw_text {
	char *buffer; /* terminated as soon as something was added */
	size_t size, used;
};

/* What does not fit is cut off. */
void fw_text_add(struct fw_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
