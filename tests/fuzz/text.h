/* SPDX-License-Identifier: Apache-2.0 */
/* For targets that read text: the input as a string of its own, and what must hold whatever it is. */
#ifndef FW_TESTS_FUZZ_TEXT_H
#define FW_TESTS_FUZZ_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

/* Ends with a zero byte, may have others; the caller frees it. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
