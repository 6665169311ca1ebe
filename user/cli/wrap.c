// SPDX-License-Identifier: Apache-2.0
/* Greedy line breaking at spaces. */
#include "cli/wrap.h"

#include <stdbool.h>
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

/* Up to the next space that is not between single quotes. */
static int length_of_word(const char *text)
{
	bool quoted = false;
	int length = 0;

	for (; text[length] && (quoted || text[length] != ' '); length++)
		quoted ^= text[length] == '\'';
	return length;
}

void fw_wrap_command(FILE *out, const char *text, int column, int columns)
{
	static const char broken[] = " \\\n    ";
	bool start = true;

	while (*text) {
		int length = length_of_word(text);

		if (!start && column + 1 + length + 2 > columns) {
			fputs(broken, out);
			column = 4;
		} else if (!start) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", length, text);
		column += length;
		start = false;
		text += length;
		text += *text == ' ';
	}
	fputc('\n', out);
}
