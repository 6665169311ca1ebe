// SPDX-License-Identifier: Apache-2.0
/* Every file in data/policy/bad yields exactly the errors its first lines announce; every good file and every
 * shipped configuration none. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "policy/fields.h"
#include "policy/image.h"

#define BAD_DIR	   FW_TESTS_DIR "/data/policy/bad"
#define GOOD_DIR   FW_TESTS_DIR "/data/policy/good"
#define CONFIG_DIR FW_SOURCE_DIR "/configs"
#define LINES_MAX  64
#define TEXT_MAX   128

/* "CODE [FILE:]LINE:COLUMN", sorted. */
struct findings {
	char lines[LINES_MAX][TEXT_MAX];
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void read_expected(const char *path, struct findings *findings)
{
	FW_FCLOSE FILE *file = fopen(path, "re");
	char line[512];

	cr_assert(file, "%s", path);
	while (fgets(line, sizeof(line), file) && !strncmp(line, "# expect: ", 10)) {
		line[strcspn(line, "\n")] = '\0';
		cr_assert_lt(findings->count, LINES_MAX);
		snprintf(findings->lines[findings->count++], TEXT_MAX, "%.100s", line + 10);
	}
	cr_assert_gt(findings->count, 0, "%s expects nothing", path);
	qsort(findings->lines, findings->count, TEXT_MAX, compare);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void read_found(const char *path, const struct fw_diags *diags, struct findings *findings)
{
	for (size_t i = 0; i < diags->count && findings->count < LINES_MAX; i++) {
		const struct fw_diag *diag = &diags->items[i];
		bool here = diag->mark.file && !strcmp(diag->mark.file, path);

		if (diag->severity != FW_SEVERITY_ERROR)
			continue;
		cr_expect(strlen(diag->message) > 10, "%s: no message", path);
		snprintf(findings->lines[findings->count++], TEXT_MAX, "%s %.60s%s%d:%d", diag->code,
			 here ? "" : base_name(diag->mark.file), here ? "" : ":", diag->mark.line,
			 diag->mark.column);
	}
	qsort(findings->lines, findings->count, TEXT_MAX, compare);
}

static void check_bad(const char *path)
{
	struct findings want = {0}, got = {0};
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	size_t i = 0, j = 0;
	int r = fw_policy_load(path, &diags, &policy);

	cr_expect_neq(r, 0, "%s was accepted", path);
	cr_expect_null(policy, "%s left a policy behind", path);
	read_expected(path, &want);
	read_found(path, &diags, &got);
	while (i < want.count || j < got.count) {
		int order = i == want.count ? 1 : j == got.count ? -1 : strcmp(want.lines[i], got.lines[j]);

		cr_expect_eq(order, 0, "%s: %s '%s'", base_name(path), order < 0 ? "missing" : "unexpected",
			     order < 0 ? want.lines[i] : got.lines[j]);
		i += order <= 0;
		j += order >= 0;
	}
	fw_diags_done(&diags);
}

static void check_good(const char *path)
{
	static struct fw_rule_ids ids;
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;

	cr_expect_eq(fw_policy_load(path, &diags, &policy), 0, "%s: %s", path,
		     diags.count ? diags.items[0].message : "");
	cr_expect_eq(diags.errors, 0, "%s", path);
	/* Secrets are in nobody's repository. */
	for (size_t i = 0; i < diags.count; i++)
		cr_expect(diags.items[i].severity != FW_SEVERITY_WARNING ||
				  !strcmp(diags.items[i].code, "missing-file"),
			  "%s: %s", path, diags.items[i].message);
	if (policy) {
		cr_expect_eq(fw_image_compile(policy, NULL, &ids, &diags, &image), 0, "%s", path);
		fw_image_free(image);
	}
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

static size_t for_each_yaml(const char *directory, void (*check)(const char *path))
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	size_t count = 0;

	cr_assert(stream, "%s", directory);
	while ((entry = readdir(stream))) {
		const char *dot = strrchr(entry->d_name, '.');
		char path[1024];

		if (!dot || strcmp(dot, ".yaml") || !strcmp(entry->d_name, "signatures.yaml"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		check(path);
		count++;
	}
	closedir(stream);
	return count;
}

Test(policy_files, bad_files_yield_what_they_announce)
{
	cr_expect_gt(for_each_yaml(BAD_DIR, check_bad), 15);
}

Test(policy_files, good_files_and_shipped_configurations_load)
{
	cr_expect_geq(for_each_yaml(GOOD_DIR, check_good), 3);
	cr_expect_geq(for_each_yaml(CONFIG_DIR, check_good), 2);
	cr_expect_geq(for_each_yaml(CONFIG_DIR "/examples", check_good), 2);
}

/* Every key that can be written stands in reference.yaml. */
Test(policy_files, reference_names_every_key)
{
	FW_FCLOSE FILE *file = fopen(CONFIG_DIR "/reference.yaml", "re");
	static char text[65536];
	size_t count, length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	const struct fw_policy_field *fields = fw_policy_fields(&count);

	cr_assert_gt(length, 1000);
	for (size_t i = 0; i < count; i++) {
		char key[64];

		cr_expect(*fields[i].doc, "%s has no documentation", fields[i].name);
		snprintf(key, sizeof(key), "%s:", fields[i].name);
		cr_expect(strstr(text, key), "reference.yaml does not show '%s' of '%s'", fields[i].name,
			  fields[i].object);
	}
}

static int parse_text(const char *text, size_t length, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(text, length, "text", ".", diags, &policy);

	fw_policy_free(policy);
	return r;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* libyaml needs a minute for this when asked to build the document. */
Test(policy_files, hostile_nesting_is_refused_at_once)
{
	static const char *const openings[] = {"[", "{a: ", "- ", "? ", "[{a: "};

	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		size_t length = strlen(openings[i]) * 200000 / strlen(openings[i]);
		FW_FREE char *text = malloc(length + 16);
		struct fw_diags diags = {0};
		double start = seconds();

		for (size_t j = 0; j < length; j++)
			text[j] = openings[i][j % strlen(openings[i])];
		cr_expect_neq(parse_text(text, length, &diags), 0, "'%s' was accepted", openings[i]);
		cr_expect_lt(seconds() - start, 0.25, "'%s' took %.3f s", openings[i], seconds() - start);
		cr_expect_gt(diags.errors, 0);
		fw_diags_done(&diags);
	}
}

Test(policy_files, depth_is_bounded_exactly)
{
	for (size_t depth = 32; depth <= 33; depth++) {
		struct fw_diags diags = {0};
		char text[80];

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		cr_expect_eq(parse_text(text, 2 * depth, &diags), -EINVAL);
		cr_assert_eq(diags.count, 1);
		cr_expect_str_eq(diags.items[0].code, depth > 32 ? "too-deep" : "bad-type");
		fw_diags_done(&diags);
	}
}

Test(policy_files, sizes_are_bounded)
{
	size_t length = (1 << 20) + 1;
	FW_FREE char *text = malloc(length);
	struct fw_diags diags = {0};

	memset(text, '#', length);
	cr_expect_eq(parse_text(text, length, &diags), -EINVAL);
	cr_assert_eq(diags.count, 1);
	cr_expect_str_eq(diags.items[0].code, "too-large");
	cr_expect_str_eq(diags.items[0].message,
			 "the file has more than 1 MiB (1048576 bytes), which is the most");
	fw_diags_done(&diags);
}

static const struct bytes_case {
	const char *name, *text, *code;
	size_t length;
} byte_cases[] = {
	{"NUL in the text", "version: 1\n\0", "encoding", 12},
	{"NUL escaped", "version: \"1\\0\"\n", "nul-byte", 15},
	{"not UTF-8", "version: 1 # \xff\n", "encoding", 15},
	{"UTF-16", "\xff\xfev\0e\0r\0", "encoding", 8},
	{"empty", "", "empty-file", 0},
	{"only a comment", "# nothing\n", "empty-file", 10},
	{"a scalar", "nothing\n", "bad-type", 8},
};

Test(policy_files, bytes_that_are_no_text)
{
	for (size_t i = 0; i < sizeof(byte_cases) / sizeof(byte_cases[0]); i++) {
		const struct bytes_case *c = &byte_cases[i];
		struct fw_diags diags = {0};

		cr_expect_eq(parse_text(c->text, c->length, &diags), -EINVAL, "%s", c->name);
		cr_assert_gt(diags.count, 0, "%s", c->name);
		cr_expect_str_eq(diags.items[0].code, c->code, "%s: got %s", c->name, diags.items[0].code);
		fw_diags_done(&diags);
	}
}

Test(policy_files, files_that_cannot_be_read)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;

	cr_expect_eq(fw_policy_load("/nonexistent/policy.yaml", &diags, &policy), -ENOENT);
	cr_expect_eq(fw_policy_load(CONFIG_DIR, &diags, &policy), -EISDIR);
	cr_expect_eq(diags.errors, 2);
	fw_diags_done(&diags);
}
