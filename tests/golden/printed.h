/* SPDX-License-Identifier: Apache-2.0 */
/* What the CLI prints, caught and compared with tests/golden/. FW_GOLDEN_UPDATE=1 writes what is printed now;
 * read the diff before you commit it. */
#ifndef FW_TESTS_GOLDEN_PRINTED_H
#define FW_TESTS_GOLDEN_PRINTED_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show.h"

#define GOLDEN FW_TESTS_DIR "/golden/"

struct printed {
	char *text;
	size_t length;
};

static inline char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 20);
	size_t length;

	cr_assert(file && text, "%s can be read", path);
	length = fread(text, 1, (1 << 20) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static inline void compare(const char *name, const char *got)
{
	char path[512], *want;
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "%s.txt", name);
	if (getenv("FW_GOLDEN_UPDATE")) {
		file = fopen(path, "we");
		cr_assert(file && fputs(got, file) >= 0 && !fclose(file), "%s can be written", path);
		return;
	}
	want = read_file(path);
	cr_assert_str_eq(got, want, "%s differs\n--- want\n%s--- got\n%s", path, want, got);
	free(want);
}

static inline int run(const char *line, FILE *out, FILE *err)
{
	char *words = strdup(line), *argv[32] = {(char *)"floodwall"}, *save = NULL;
	int argc = 1, exit;

	for (char *word = strtok_r(words, " ", &save); word && argc < 31; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	exit = fw_cli_main(argc, argv, out, err);
	free(words);
	return exit;
}

#endif
