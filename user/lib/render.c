// SPDX-License-Identifier: Apache-2.0
/* Complaints as text: a GNU first line, the quoted source with a caret, hints. Reads the files again, changes
 * nothing. */
#include "lib/diag.h"

#include <stdint.h>
#include <string.h>

#include "lib/cleanup.h"

#define SNIPPET_COLUMNS 100
#define TAB_COLUMNS	8
#define HINT_BESIDE_MAX 60 /* a longer hint gets a line of its own */

/* Decodes one code point, advancing *text; an invalid byte stands for itself. */
static uint32_t next_code_point(const char **text)
{
	const unsigned char *byte = (const unsigned char *)*text;
	int more = *byte >= 0xf0 ? 3 : *byte >= 0xe0 ? 2 : *byte >= 0xc0 ? 1 : 0;
	uint32_t code = more ? *byte & (0x3f >> more) : *byte;

	for (int i = 1; i <= more; i++) {
		if ((byte[i] & 0xc0) != 0x80) {
			(*text)++;
			return *byte;
		}
		code = code << 6 | (byte[i] & 0x3f);
	}
	*text += more + 1;
	return code;
}

/* Terminal columns of a code point; wcwidth() would depend on the locale. */
static int width_of(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
		    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

	if (code >= 0x300 && code <= 0x36f)
		return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (code >= wide[i].first && code <= wide[i].last)
			return 2;
	return 1;
}

/* Terminal columns from the start of the line to a code point index. */
static int columns_to(const char *line, int index)
{
	int columns = 0;

	while (*line && index-- > 0) {
		uint32_t code = next_code_point(&line);

		columns += code == '\t' ? TAB_COLUMNS - columns % TAB_COLUMNS : width_of(code);
	}
	return columns + (index > 0 ? index : 0);
}

/* A byte that is no UTF-8 comes alone with its high bit set. */
static bool is_printable(uint32_t code, ptrdiff_t bytes)
{
	return bytes == 1 ? code >= 0x20 && code < 0x7f : code >= 0xa0;
}

/* Prints the columns [from, from + SNIPPET_COLUMNS) of a line, tabs expanded, control characters made
 * visible. */
static void print_clipped(const char *line, int from, FILE *out)
{
	int column = 0;

	while (*line && column < from + SNIPPET_COLUMNS) {
		const char *start = line;
		uint32_t code = next_code_point(&line);
		int width = code == '\t' ? TAB_COLUMNS - column % TAB_COLUMNS : width_of(code);

		if (column >= from) {
			if (code == '\t')
				fprintf(out, "%*s", width, "");
			else if (!is_printable(code, line - start))
				fputc('?', out);
			else
				fwrite(start, 1, (size_t)(line - start), out);
		}
		column += width;
	}
	fputc('\n', out);
}

static void print_snippet(const char *before, const char *line, const struct fw_diag *diag, FILE *out)
{
	const struct fw_mark *mark = &diag->mark;
	int start = columns_to(line, mark->column - 1);
	int end = mark->end_column > mark->column ? columns_to(line, mark->end_column - 1) : start + 1;
	int from = start > SNIPPET_COLUMNS - 20 ? start - 40 : 0;

	if (end > from + SNIPPET_COLUMNS)
		end = from + SNIPPET_COLUMNS;
	if (before) {
		fprintf(out, "%6d | ", mark->line - 1);
		print_clipped(before, from, out);
	}
	fprintf(out, "%6d | ", mark->line);
	print_clipped(line, from, out);
	fprintf(out, "%6s | %*s", "", start - from, "");
	for (int i = start; i < end || i == start; i++)
		fputc('^', out);
	if (diag->hint && strlen(diag->hint) <= HINT_BESIDE_MAX)
		fprintf(out, " %s", diag->hint);
	fputc('\n', out);
}

/* Copies line `number` of the file and the one before; false if it has no such line. */
static bool read_lines(const char *path, int number, char **ret_before, char **ret_line)
{
	FW_FCLOSE FILE *file = fopen(path, "re");
	FW_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t length;

	if (!file)
		return false;
	for (int i = 1; i <= number; i++) {
		length = getline(&line, &capacity, file);
		if (length < 0) {
			/* The end of the file is a position too. */
			if (i != number || !*ret_before)
				return false;
			*ret_line = strdup("");
			return *ret_line;
		}
		while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
			line[--length] = '\0';
		if (i == number - 1)
			*ret_before = strdup(line);
	}
	*ret_line = line ? TAKE_PTR(line) : NULL;
	return *ret_line;
}

static void render_one(const struct fw_diag *diag, FILE *out)
{
	static const char *const words[] = {[FW_SEVERITY_WARNING] = "warning",
					    [FW_SEVERITY_ERROR] = "error",
					    [FW_SEVERITY_NOTE] = "note"};
	FW_FREE char *before = NULL;
	FW_FREE char *line = NULL;
	const struct fw_mark *mark = &diag->mark;
	bool quoted;

	if (mark->file)
		fprintf(out, "%s:", mark->file);
	if (mark->line)
		fprintf(out, "%d:", mark->line);
	if (mark->line && mark->column)
		fprintf(out, "%d:", mark->column);
	fprintf(out, "%s%s: %s [%s]\n", mark->file || mark->line ? " " : "", words[diag->severity],
		diag->message, diag->code);
	quoted = mark->file && mark->line && mark->column &&
		 read_lines(mark->file, mark->line, &before, &line);
	if (quoted)
		print_snippet(before, line, diag, out);
	if (diag->hint && (!quoted || strlen(diag->hint) > HINT_BESIDE_MAX))
		fprintf(out, "       = %s\n", diag->hint);
	if (diag->note)
		fprintf(out, "       = %s\n", diag->note);
}

void fw_diags_render(const struct fw_diags *diags, FILE *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < diags->count; i++) {
		render_one(&diags->items[i], out);
		shown += diags->items[i].severity != FW_SEVERITY_NOTE;
	}
	if (diags->errors + diags->warnings > shown)
		fprintf(out, "and %zu more; only the first %d are shown\n",
			diags->errors + diags->warnings - shown, FW_DIAGS_MAX);
}
