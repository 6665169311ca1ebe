// SPDX-License-Identifier: Apache-2.0
/* What doctor says of a policy: where it is wrong, and no more than was looked at. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor_policy.h"
#include "cli/page.h"
#include "lib/cleanup.h"
#include "policy/image.h"

#define FEEDS "feeds:\n  f: {url: \"https://example.com/f.txt\", format: auto, every: 12h}\n"

static const struct {
	const char *name, *text; /* NULL: a folder is there instead of a file */
	const char *level, *says, *silent_of;
} cases[] = {
	{"no lists", "version: 1\nrules: [{name: r, limit: 9 packets/1s, action: block}]\n", "ok",
	 "no rule of policy.yaml drops", "feeds"},
	{"feeds", "version: 1\n" FEEDS "rules: [{name: r, match: {source: [f]}, action: block}]\n", "note",
	 "what feeds hold is not known here", NULL},
	{"an error in the policy", "version: 1\nrulez: []\n", "warning", "policy.yaml:2: unknown key", NULL},
	{"an error in a file of it",
	 "version: 1\nsets: {s: {file: set.txt}}\nrules: [{name: r, match: {source: [s]}, action: block}]\n",
	 "warning", "set.txt:3: ", "policy.yaml:"},
	{"a folder", NULL, "warning", "Is a directory", "line 0"},
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

/* The only one about it; findings are released. */
static json_t *finding_about(const char *check, uint64_t available_bytes)
{
	json_t *findings = json_array(), *finding, *found = NULL;
	size_t i;

	cr_assert_eq(fw_doctor_policy(findings, "policy.yaml", "none0", available_bytes), 0);
	json_array_foreach (findings, i, finding) {
		if (strcmp(json_string_value(json_object_get(finding, "check")), check))
			continue;
		cr_assert_null(found, "two about %s", check);
		found = json_incref(finding);
	}
	cr_assert_not_null(found, "nothing about %s", check);
	json_decref(findings);
	return found;
}

static void expect_finding(size_t index)
{
	json_t *finding = finding_about("lists", 1ULL << 40);
	const char *level = json_string_value(json_object_get(finding, "level"));
	const char *detail = json_string_value(json_object_get(finding, "detail"));

	cr_expect_str_eq(level, cases[index].level, "%s: %s", cases[index].name, detail);
	cr_expect(strstr(detail, cases[index].says), "%s: %s", cases[index].name, detail);
	if (cases[index].silent_of)
		cr_expect_not(strstr(detail, cases[index].silent_of), "%s: %s", cases[index].name, detail);
	json_decref(finding);
}

Test(doctor_policy, says_where_and_no_more_than_it_saw)
{
	char folder[] = "/tmp/fw-doctor-XXXXXX";

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	write_file("set.txt", "192.0.2.0/24\n\n192.0.2.0/240\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].text)
			write_file("policy.yaml", cases[i].text);
		else
			cr_assert_eq(mkdir("policy.yaml", 0700), 0);
		expect_finding(i);
		cr_assert_eq(remove("policy.yaml"), 0);
	}
	cr_assert_eq(remove("set.txt"), 0);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(rmdir(folder), 0);
}

/* What check prints of the same text. */
static const char *memory_by_check(const char *text, char buffer[FW_SAY_MAX])
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {0};

	cr_assert_eq(fw_policy_parse(text, strlen(text), "policy.yaml", ".", &diags, &policy), 0);
	cr_assert_eq(fw_image_compile(policy, NULL, ids, &diags, &image), 0);
	fw_say_memory(image->memory_bytes, buffer);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return buffer;
}

Test(doctor_policy, memory_is_what_check_says)
{
	static const struct {
		const char *text, *same_as, *says;
	} rows[] = {
		{"version: 1\n", "version: 1\n", "the maps of policy.yaml take at most"},
		{"version: 1\ncapacity: {sources: 4M, bans: 2k}\n",
		 "version: 1\ncapacity: {sources: 4M, bans: 2k}\n", "the maps of policy.yaml take at most"},
		{"version: 1\n" FEEDS, "version: 1\n" FEEDS, "what feeds hold on top"},
		{"version: 1\nrulez: []\n", "version: 1\n", "the maps of the default capacity take at most"},
	};
	char folder[] = "/tmp/fw-doctor-XXXXXX", memory[FW_SAY_MAX], words[FW_SAY_MAX + 16];

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *finding;
		const char *detail;

		write_file("policy.yaml", rows[i].text);
		finding = finding_about("memory", 1ULL << 40);
		cr_expect_str_eq(json_string_value(json_object_get(finding, "level")), "ok");
		detail = json_string_value(json_object_get(finding, "detail"));
		snprintf(words, sizeof(words), "at most %s,", memory_by_check(rows[i].same_as, memory));
		cr_expect(strstr(detail, words), "'%s' in: %s", words, detail);
		cr_expect(strstr(detail, rows[i].says), "%s", detail);
		json_decref(finding);
		finding = finding_about("memory", 1 << 20);
		cr_expect_str_eq(json_string_value(json_object_get(finding, "level")), "warning");
		json_decref(finding);
	}
	cr_assert_eq(remove("policy.yaml"), 0);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(rmdir(folder), 0);
}
