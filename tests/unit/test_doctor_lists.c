// SPDX-License-Identifier: Apache-2.0
/* What doctor says of a policy: where it is wrong, and no more than was looked at. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor_lists.h"

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

static void expect_finding(size_t index)
{
	json_t *findings = json_array();
	const char *level, *detail;

	cr_assert_eq(fw_doctor_lists(findings, "policy.yaml", "none0"), 0);
	cr_assert_eq(json_array_size(findings), 1, "%s", cases[index].name);
	level = json_string_value(json_object_get(json_array_get(findings, 0), "level"));
	detail = json_string_value(json_object_get(json_array_get(findings, 0), "detail"));
	cr_expect_str_eq(level, cases[index].level, "%s: %s", cases[index].name, detail);
	cr_expect(strstr(detail, cases[index].says), "%s: %s", cases[index].name, detail);
	if (cases[index].silent_of)
		cr_expect_not(strstr(detail, cases[index].silent_of), "%s: %s", cases[index].name, detail);
	json_decref(findings);
}

Test(doctor_lists, says_where_and_no_more_than_it_saw)
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
