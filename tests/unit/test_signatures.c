// SPDX-License-Identifier: Apache-2.0
/* The list of signatures: what is refused and where, what becomes of it in the image, and its way through
 * text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/describe.h"
#include "policy/match.h"
#include "policy/signatures.h"

#define DATA	FW_TESTS_DIR "/data/signatures/"
#define SHIPPED FW_SOURCE_DIR "/configs/signatures.yaml"

/* "CODE LINE:COLUMN" of every error, in order. */
static void findings(const struct fw_diags *diags, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < diags->count && used < size; i++)
		if (diags->items[i].severity == FW_SEVERITY_ERROR)
			used += (size_t)snprintf(text + used, size - used, "%s%s %d:%d", used ? ", " : "",
						 diags->items[i].code, diags->items[i].mark.line,
						 diags->items[i].mark.column);
}

static void expect_findings(const char *path, const char *expected)
{
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {0};
	char found[1024];

	cr_expect_eq(fw_signatures_read(path, &diags, &list), -EINVAL, "%s", path);
	cr_expect_null(list);
	findings(&diags, found, sizeof(found));
	cr_expect_str_eq(found, expected, "%s:\n%s\nexpected\n%s", path, found, expected);
	fw_diags_done(&diags);
}

Test(signatures, what_is_refused_and_where)
{
	expect_findings(
		DATA "bad/fields.yaml",
		"duplicate-name 4:12, bad-bytes 5:49, bad-bytes 6:50, bad-bytes 7:65, bad-bytes 8:63, "
		"bad-number 9:63, bad-name 10:12, bad-range 11:45, bad-word 12:46, missing-key 13:5, "
		"unknown-key 14:35, empty-value 15:44, bad-bytes 16:61");
	expect_findings(DATA "bad/shape.yaml", "bad-version 1:10, bad-type 2:13");
	expect_findings(DATA "bad/empty.yaml", "empty-file 0:0");
	expect_findings(DATA "bad/types.yaml", "bad-type 2:14, bad-type 2:17, bad-type 2:29, bad-type 2:47");
}

Test(signatures, the_shipped_list_is_good)
{
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {0};

	cr_assert_eq(fw_signatures_read(SHIPPED, &diags, &list), 0);
	cr_expect_eq(diags.count, 0);
	cr_expect_geq(list->count, 25);
	cr_expect(list->revision);
	fw_signatures_free(list);
	fw_diags_done(&diags);
	cr_expect_eq(fw_signatures_read(DATA "none.yaml", &diags, &list), -ENOENT);
}

static struct fw_policy *policy_of(const char *rules, const char *list, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	char text[2048];

	snprintf(text, sizeof(text), "version: 1\nsignatures: {file: %s}\nrules:\n%s", list, rules);
	if (fw_policy_parse(text, strlen(text), "test.yaml", "/nowhere", diags, &policy))
		fw_diags_render(diags, stderr);
	return policy;
}

static char *match_text(const struct fw_policy *policy)
{
	return fw_aspect_text(policy, &policy->rules[0], FW_ASPECT_MATCH);
}

Test(signatures, rules_read_back_as_they_were)
{
	static const char *const matches[] = {
		"{signature: [any]}",
		"{signature: [dns_amplification, memcached], signature_not: [ntp_long]}",
		"{protocol: [udp], signature_not: [any]}"};

	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct fw_diags diags = {0};
		char rule[256];
		struct fw_policy *policy;

		snprintf(rule, sizeof(rule), "  - {name: a, match: %s, action: block}\n", matches[i]);
		policy = policy_of(rule, SHIPPED, &diags);
		cr_assert(policy, "%s", matches[i]);
		FW_FREE char *text = match_text(policy);
		cr_expect_str_eq(text, matches[i]);
		/* A rule that is not about signatures only counts when it says so. */
		cr_expect_eq(policy->rules[0].mode, i == 2 ? FW_MODE_INHERIT : FW_MODE_COUNT);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

static void expect_refused(const char *rule, const char *list, const char *expected)
{
	struct fw_policy *policy = NULL;
	struct fw_diags diags = {0};
	char text[1024], found[512];

	snprintf(text, sizeof(text), "version: 1\n%s%s\nrules:\n  - %s\n",
		 list ? "signatures: " : "mode: ", list ? list : "count", rule);
	cr_expect_neq(fw_policy_parse(text, strlen(text), "test.yaml", "/nowhere", &diags, &policy), 0);
	findings(&diags, found, sizeof(found));
	cr_expect_str_eq(found, expected, "%s: %s", rule, found);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(signatures, rules_that_cannot_be)
{
	expect_refused("{name: a, match: {signature: dns_amplificatoin}, action: block}", SHIPPED,
		       "unknown-signature 4:34");
	expect_refused("{name: a, match: {signature: [memcached, x]}, action: block}", SHIPPED,
		       "unknown-signature 4:46");
	expect_refused("{name: a, match: {signature: any}, action: block}", "/nowhere/list.yaml",
		       "unreadable 2:13");
	expect_refused("{name: a, match: {signature: any, signature_not: any}, action: block}", SHIPPED,
		       "never-matches 4:12");
	expect_refused("{name: a, match: {signature: any, protocol: icmp}, action: block}", SHIPPED,
		       "never-matches 4:12");
	expect_refused("{name: a, match: {signature: any, packet: later_fragment}, action: block}", SHIPPED,
		       "never-matches 4:12");
}

/* A reader that has no list: what this machine has installed does not matter. */
static int read_nothing(void *context, const char *path, struct fw_diags *diags,
			struct fw_signature_list **ret)
{
	(void)context;
	(void)path;
	(void)diags;
	(void)ret;
	return -ENOENT;
}

Test(signatures, every_place_that_was_looked_at_is_named)
{
	static const char text[] =
		"version: 1\nrules: [{name: a, match: {signature: any}, action: block, force: true}]\n";
	const struct fw_file_reader reader = {.signatures = read_nothing};
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;

	cr_expect_eq(
		fw_policy_parse_by(text, strlen(text), "policy.yaml", "/nowhere", &reader, &diags, &policy),
		-EINVAL);
	cr_assert_eq(diags.errors, 1);
	cr_expect(strstr(diags.items[0].message, "neither beside the policy, /nowhere/signatures.yaml, nor"),
		  "%s", diags.items[0].message);
	cr_expect(strstr(diags.items[0].message, "installed, /usr/share/floodwall/signatures.yaml: No such"),
		  "%s", diags.items[0].message);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(signatures, nobody_asks_nothing_is_read)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = policy_of("  - {name: a, match: {protocol: udp}, action: block}\n",
					     "/nowhere/x.yaml", &diags);
	struct fw_rule_ids ids = {0};
	struct fw_image *image = NULL;

	cr_assert(policy);
	cr_assert_eq(fw_image_compile(policy, NULL, &ids, &diags, &image), 0);
	cr_expect_null(policy->signatures.list);
	cr_expect_eq(image->slot->features & FW_FEATURE_SIGNATURES, 0);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(signatures, what_becomes_of_a_list)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = policy_of("  - {name: a, match: {signature: two}, action: block}\n"
					     "  - {name: b, match: {signature_not: one}, action: count}\n",
					     DATA "good/small.yaml", &diags);
	struct fw_rule_ids ids = {0};
	struct fw_image *image = NULL;
	const struct fw_signature_table *table;

	cr_assert(policy);
	cr_assert_eq(fw_image_compile(policy, NULL, &ids, &diags, &image), 0);
	table = &image->slot->signatures;
	cr_expect_eq(table->asking, 3);
	cr_expect_eq(table->terms[0], 2, "a packet without signature");
	cr_expect_eq(table->terms[1], 0, "one");
	cr_expect_eq(table->terms[2], 3, "two");
	cr_expect_eq(table->first[1000 % 256], 1);
	cr_expect_eq(table->items[2].source_port, 80);
	cr_expect_eq(table->items[14].source_port, 53);
	cr_expect_eq(table->items[14].bytes, 3);
	cr_expect_eq(memcmp(&table->items[14].value, "\xff\xfe\0", 3), 0);
	cr_expect_eq(memcmp(&table->items[14].mask, "\xff\xff\xf0\0\0\0\0\0", 8), 0);
	cr_expect_eq(table->items[14].offset, 512);
	cr_expect_eq(table->items[14].most, 1000);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

static void expect_too_many(const char *ports)
{
	static char text[8192];
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {0};
	struct fw_rule_ids ids = {0};
	struct fw_image *image = NULL;
	struct fw_policy *policy =
		policy_of("  - {name: a, match: {signature: any}, action: block}\n", SHIPPED, &diags);

	cr_assert(policy);
	snprintf(text, sizeof(text), "version: 1\nsignatures: [{name: a, source_port: [%s]}]\n", ports);
	cr_assert_eq(fw_signatures_parse(text, strlen(text), "list", &diags, &list), 0);
	fw_signatures_free(policy->signatures.list);
	policy->signatures.list = list;
	cr_expect_eq(fw_image_compile(policy, NULL, &ids, &diags, &image), -E2BIG);
	cr_expect_eq(diags.errors, 1);
	cr_expect_eq(diags.items[diags.count - 1].mark.line, 2);
	cr_expect(strstr(diags.items[diags.count - 1].message, "signature 'a'"));
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

/* One that another takes all packets from is no error: rules that name it get nothing. */
Test(signatures, one_that_another_takes_all_from)
{
	static const struct {
		const char *first, *later;
		size_t warnings;
	} cases[] = {
		{"source_port: 53", "source_port: 53, payload: {min: 512}", 1},
		{"source_port: 53, payload: {min: 512}", "source_port: 53", 0},
		{"source_port: 50-60", "source_port: [53, 60]", 1},
		{"source_port: 50-60", "source_port: [53, 61]", 0},
		{"source_port: 53, protocol: tcp", "source_port: 53", 0},
		{"source_port: 53, bytes: {value: 80}", "source_port: 53", 0},
		{"source_port: 53, bytes: {value: 80}", "source_port: 53, bytes: {value: 80}", 1},
		{"source_port: 53, bytes: {value: 80}", "source_port: 53, bytes: {value: 81}", 0},
		{"source_port: 53, bytes: {value: 80}", "source_port: 53, bytes: {value: 80, offset: 1}", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_signature_list *list = NULL;
		struct fw_diags diags = {0};
		char text[512];

		snprintf(text, sizeof(text),
			 "version: 1\nsignatures:\n  - {name: a, %s}\n  - {name: b, %s}\n", cases[i].first,
			 cases[i].later);
		cr_assert_eq(fw_signatures_parse(text, strlen(text), "list", &diags, &list), 0, "%s", text);
		cr_expect_eq(diags.warnings, cases[i].warnings, "%s", text);
		if (diags.warnings)
			cr_expect_eq(diags.items[0].mark.line, 4);
		fw_signatures_free(list);
		fw_diags_done(&diags);
	}
}

Test(signatures, lists_that_are_too_long)
{
	char ports[4096] = "";
	size_t used = 0;

	expect_too_many("1000-1255");
	for (unsigned int i = 0; i <= FW_SIGNATURE_CHAIN_MAX; i++)
		used += (size_t)snprintf(ports + used, sizeof(ports) - used, "%s%u", i ? ", " : "",
					 i * 256 + 7);
	expect_too_many(ports);
}

static const struct {
	const char *rule;
	bool on_trial;
} trials[] = {
	{"match: {protocol: udp}, action: block", false},
	{"match: {protocol: udp}, limit: 9 packets/1s, action: police, per: total", false},
	{"match: {protocol: udp}, limit: 9 packets/1s, action: police, per: total, mode: attack", false},
	{"match: {protocol: udp}, limit: 9 packets/1s, action: police, per: total, mode: count", true},
	{"match: {protocol: udp}, action: count", true},
	{"match: {signature: any}, action: block", true},
	{"match: {signature: any}, limit: 9 packets/1s, action: police, per: total", false},
	{"match: {signature: any}, limit: 9 packets/1s, action: police, per: total, mode: enforce", false},
	{"match: {signature_not: any}, limit: 9 packets/1s, action: police, per: total, mode: count", true},
};

/* Whose would-drops do not switch rules of mode attack on. */
Test(signatures, what_is_on_trial)
{
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		struct fw_diags diags = {0};
		char rule[160];
		struct fw_policy *policy;

		snprintf(rule, sizeof(rule), "  - {name: a, %s}\n", trials[i].rule);
		policy = policy_of(rule, DATA "good/small.yaml", &diags);
		cr_assert(policy, "%s", trials[i].rule);
		cr_expect_eq(fw_rule_is_on_trial(&policy->rules[0]), trials[i].on_trial, "%s",
			     trials[i].rule);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

Test(signatures, plan_says_what_changes)
{
	struct fw_diags diags = {0};
	const char *rule = "  - {name: a, match: {signature: any}, action: block}\n";
	struct fw_policy *before = policy_of(rule, DATA "good/small.yaml", &diags);
	struct fw_policy *after = policy_of(rule, DATA "good/changed.yaml", &diags);
	struct fw_plan plan = {0};

	cr_assert(before && after);
	cr_assert_eq(fw_plan_diff(before, after, &plan), 0);
	cr_assert_eq(plan.count, 4);
	cr_expect_str_eq(plan.lines[0].name, "signatures.file");
	cr_expect_str_eq(plan.lines[1].detail, "udp from 1000 -> udp from 1001");
	cr_expect_str_eq(plan.lines[2].name, "three");
	cr_expect_str_eq(plan.lines[2].detail, "udp from 5, payload 9-65535, 01 at 0 (mask ff)");
	cr_expect_eq(plan.lines[3].kind, '-');
	cr_expect_str_eq(plan.lines[3].name, "two");
	fw_plan_done(&plan);
	fw_policy_free(before);
	fw_policy_free(after);
	fw_diags_done(&diags);
}
