// SPDX-License-Identifier: Apache-2.0
/* Complaints: collected, capped, sorted, and rendered with a caret under the right columns. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"

/* Writes text to a fresh file, renders one complaint at it, returns what was printed. */
static char *render_at(const char *text, int line, int column, int end_column, const char *hint)
{
	char path[] = "/tmp/fw-test-diag-XXXXXX";
	struct fw_diags diags = {0};
	struct fw_mark mark;
	char *out = NULL, *from;
	size_t size = 0;
	FILE *stream = open_memstream(&out, &size);
	int fd = mkstemp(path);

	cr_assert(stream && fd >= 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	mark = (struct fw_mark){fw_diags_file(&diags, path), line, column, end_column};
	fw_diag_add(&diags, mark, FW_SEVERITY_ERROR, "some-code", hint, "something '%s'", "here");
	fw_diags_render(&diags, stream);
	fclose(stream);
	unlink(path);
	fw_diags_done(&diags);
	/* The path is random: compare from the position on. */
	from = strdup(out + strlen(path) + 1);
	free(out);
	return from;
}

static const struct render_case {
	const char *name, *text;
	int line, column, end_column;
	const char *hint, *want;
} render_cases[] = {
	{"first line", "abc: def\n", 1, 6, 9, NULL,
	 "1:6: error: something 'here' [some-code]\n     1 | abc: def\n       |      ^^^\n"},
	{"line before, hint beside", "one\n  two: 2\n", 2, 3, 6, "did you mean 'too'?",
	 "2:3: error: something 'here' [some-code]\n     1 | one\n     2 |   two: 2\n       |   ^^^ did you "
	 "mean 'too'?\n"},
	{"note below", "one\n", 1, 1, 4, "try\nkeys here: a b",
	 "1:1: error: something 'here' [some-code]\n     1 | one\n       | ^^^ try\n       = keys here: a "
	 "b\n"},
	{"only a note", "one\n", 1, 1, 0, "\nkeys here: a b",
	 "1:1: error: something 'here' [some-code]\n     1 | one\n       | ^\n       = keys here: a b\n"},
	{"tabs are expanded", "\tx: y\n", 1, 5, 6, NULL,
	 "1:5: error: something 'here' [some-code]\n     1 |         x: y\n       |            ^\n"},
	{"columns count code points", "\xc3\xbc\xc3\xb6: z\n", 1, 5, 6, NULL,
	 "1:5: error: something 'here' [some-code]\n     1 | \xc3\xbc\xc3\xb6: z\n       |     ^\n"},
	{"wide characters take two", "\xe6\xbc\xa2: z\n", 1, 4, 5, NULL,
	 "1:4: error: something 'here' [some-code]\n     1 | \xe6\xbc\xa2: z\n       |     ^\n"},
	{"control characters are shown", "a\x1b[2Jb: z\n", 1, 9, 10, NULL,
	 "1:9: error: something 'here' [some-code]\n     1 | a?[2Jb: z\n       |         ^\n"},
	{"broken UTF-8", "\xff\xfe: z\n", 1, 5, 6, NULL,
	 "1:5: error: something 'here' [some-code]\n     1 | ??: z\n       |     ^\n"},
	{"end of the file", "abc: [\n", 2, 1, 0, NULL,
	 "2:1: error: something 'here' [some-code]\n     1 | abc: [\n     2 | \n       | ^\n"},
	{"line that is not there", "abc\n", 9, 1, 0, "look",
	 "9:1: error: something 'here' [some-code]\n       = look\n"},
	{"no column", "abc\n", 1, 0, 0, NULL, "1: error: something 'here' [some-code]\n"},
};

Test(diag, rendering)
{
	for (size_t i = 0; i < sizeof(render_cases) / sizeof(render_cases[0]); i++) {
		const struct render_case *c = &render_cases[i];
		FW_FREE char *got = render_at(c->text, c->line, c->column, c->end_column, c->hint);

		cr_expect_str_eq(got, c->want, "%s: got\n%s", c->name, got);
	}
}

Test(diag, long_lines_are_clipped_around_the_caret)
{
	static char text[5001];
	FW_FREE char *got = NULL;

	memset(text, '[', 5000);
	text[4000] = '!';
	got = render_at(text, 1, 4001, 4002, NULL);
	cr_expect_lt(strlen(got), 400, "got %zu bytes", strlen(got));
	cr_expect(strchr(got, '!'), "the place is not shown: %s", got);
}

Test(diag, escapes_in_messages_do_not_reach_the_terminal)
{
	struct fw_diags diags = {0};

	fw_diag_add(&diags, (struct fw_mark){0}, FW_SEVERITY_ERROR, "x", NULL, "key '%s'", "a\x1b[31m\n");
	cr_expect_str_eq(diags.items[0].message, "key 'a?[31m?'");
	fw_diags_done(&diags);
}

Test(diag, capped_but_counted_and_errors_come_first)
{
	struct fw_diags diags = {0};
	FW_FREE char *out = NULL;
	size_t size = 0, errors = 0;
	FILE *stream = open_memstream(&out, &size);

	for (int i = 0; i < FW_DIAGS_MAX; i++)
		fw_diag_add(&diags, (struct fw_mark){.line = i + 1}, FW_SEVERITY_WARNING, "w", "h\nn",
			    "warning");
	for (int i = 0; i < 3; i++)
		fw_diag_add(&diags, (struct fw_mark){.line = 500}, FW_SEVERITY_ERROR, "e", "h\nn", "error");
	cr_expect_eq(diags.count, FW_DIAGS_MAX);
	cr_expect_eq(diags.errors, 3);
	cr_expect_eq(diags.warnings, FW_DIAGS_MAX);
	for (size_t i = 0; i < diags.count; i++)
		errors += diags.items[i].severity == FW_SEVERITY_ERROR;
	cr_expect_eq(errors, 3);
	fw_diags_render(&diags, stream);
	fclose(stream);
	cr_expect(strstr(out, "and 3 more"), "got: %s", out);
	fw_diags_done(&diags);
}

Test(diag, sorted_by_file_line_and_column)
{
	static const int places[][3] = {{1, 9, 1}, {0, 7, 4}, {0, 7, 2}, {1, 1, 1}, {0, 2, 9}};
	struct fw_diags diags = {0};
	const char *files[2];

	files[0] = fw_diags_file(&diags, "a");
	files[1] = fw_diags_file(&diags, "b");
	cr_expect_eq(fw_diags_file(&diags, "a"), files[0], "interned");
	for (size_t i = 0; i < 5; i++)
		fw_diag_add(&diags, (struct fw_mark){files[places[i][0]], places[i][1], places[i][2], 0},
			    FW_SEVERITY_ERROR, "x", NULL, "x");
	fw_diags_sort(&diags);
	cr_expect_eq(diags.items[0].mark.line, 2);
	cr_expect_eq(diags.items[1].mark.column, 2);
	cr_expect_eq(diags.items[2].mark.column, 4);
	cr_expect_str_eq(diags.items[3].mark.file, "b");
	cr_expect_eq(diags.items[4].mark.line, 9);
	fw_diags_done(&diags);
}

static const struct {
	const char *word, *near;
} typos[] = {
	{"limti", "limit"}, {"limits", "limit"},       {"actoin", "action"}, {"sorce", "source"},
	{"src", NULL},	    {"dst_port", "dest_port"}, {"nam", "name"},	     {"xyz", NULL},
	{"", NULL},	    {"per_source", NULL},      {"priority", NULL},   {"dest_prot", "dest_port"},
};

Test(diag, did_you_mean)
{
	static const char *const words[] = {"name", "match", "limit", "per", "action", "source", "dest_port"};

	for (size_t i = 0; i < sizeof(typos) / sizeof(typos[0]); i++) {
		const char *near = fw_did_you_mean(typos[i].word, words, 7);

		if (typos[i].near)
			cr_expect(near && !strcmp(near, typos[i].near), "%s: got %s", typos[i].word,
				  near ? near : "-");
		else
			cr_expect_null(near, "%s: got %s", typos[i].word, near ? near : "-");
	}
}
