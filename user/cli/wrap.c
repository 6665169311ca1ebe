// SPDX-License-Identifier: Apache-2.0
/* Greedy line breaking at spaces. */
#include "cli/wrap.h"

#include <string.h>

void fw_wrap(FILE *out, const char *text, int column, int indent, int columns)
{
	int start = 1;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (!start && column + 1 + length > columns) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			start = 1;
		}
		if (!start) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", length, text);
		column += length;
		start = 0;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}
