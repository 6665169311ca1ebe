// SPDX-License-Identifier: Apache-2.0
/* What does not fit is refused by name; memory and other numbers that check announces. */
#include <errno.h>
#include <stdio.h>

#include "compiled.h"
#include "lib/cleanup.h"
#include "policy/tables.h"

static void write_terms(FILE *out)
{
	fprintf(out, "  - {name: z, action: label, labels: [a, b]}\n");
	for (unsigned int i = 0; i < 33; i++)
		fprintf(out, "  - {name: r%u, action: count, match: {label: [a, b]}}\n", i);
}

static void write_ban_lengths(FILE *out)
{
	for (unsigned int i = 0; i < 9; i++)
		fprintf(out,
			"  - {name: r%u, limit: 1 packets/1s, action: block, ban: 1m, source_prefix: {ipv4: "
			"%u}}\n",
			i, 10 + i);
}

static void write_memory(FILE *out)
{
	fprintf(out, "  - {name: z, action: count}\nmemory_limit: 2MiB\n");
}

/* Each range costs some thirty prefixes. */
static void write_prefixes(FILE *out)
{
	fprintf(out,
		"  - {name: z, match: {source: s}, action: count}\ncapacity: {prefixes: 1024}\nsets: {s: [");
	for (unsigned int i = 0; i < 100; i++)
		fprintf(out, "10.%u.0.1-10.%u.255.254, ", i, i);
	fprintf(out, "192.0.2.1]}\n");
}

static const struct refusal_case {
	const char *code;
	void (*write)(FILE *out);
} refusals[] = {
	{"too-many-terms", write_terms},
	{"too-many-ban-lengths", write_ban_lengths},
	{"memory-limit", write_memory},
	{"too-many-prefixes", write_prefixes},
};

Test(compile_room, what_does_not_fit_is_refused_by_name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		FW_FREE char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		struct compiled c;

		fprintf(out, "version: 1\nrules:\n");
		refusals[i].write(out);
		fclose(out);
		c = compile(text);
		cr_expect_eq(c.result, -E2BIG, "%s: got %d", refusals[i].code, c.result);
		cr_expect_eq(c.diags.errors, 1, "%s", refusals[i].code);
		for (size_t j = 0; j < c.diags.count; j++)
			if (c.diags.items[j].severity == FW_SEVERITY_ERROR)
				cr_expect_str_eq(c.diags.items[j].code, refusals[i].code);
		done(&c);
	}
}

/* Nine rules whose port lists cut the ports into 2^9 different combinations. */
Test(compile_room, too_many_port_groups)
{
	FW_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct compiled c;

	fprintf(out, "version: 1\nrules:\n");
	for (unsigned int bit = 0; bit < 9; bit++) {
		fprintf(out, "  - {name: r%u, action: count, match: {source_port: [", bit);
		for (unsigned int port = 0; port < 512; port++)
			if (port >> bit & 1)
				fprintf(out, "%u, ", port);
		fprintf(out, "]}}\n");
	}
	fclose(out);
	c = compile(text);
	cr_expect_eq(c.result, -E2BIG);
	cr_assert_eq(c.diags.count, 1);
	cr_expect_str_eq(c.diags.items[0].code, "too-many-ranges");
	cr_expect_eq(c.diags.items[0].mark.line, 11);
	done(&c);
}

/* A policy outlives the complaints about it, and complaints outlive the policy. */
Test(compile_room, positions_survive_their_owners)
{
	static struct fw_rule_ids ids;
	struct fw_diags first = {0}, second = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	static const char text[] = "version: 1\nmemory_limit: 2MiB\nrules: [{name: a, action: count}]\n";

	cr_assert_eq(fw_policy_parse(text, strlen(text), "some file", ".", &first, &policy), 0);
	fw_diags_done(&first);
	cr_expect_str_eq(policy->rules[0].mark.file, "some file");
	cr_expect_eq(
		fw_image_compile(policy, &(struct fw_image_input){.tick_ns = TICK}, &ids, &second, &image),
		-E2BIG);
	fw_policy_free(policy);
	cr_assert_eq(second.count, 1);
	cr_expect_str_eq(second.items[0].mark.file, "some file");
	fw_diags_done(&second);
}

Test(compile_room, live_changes_cannot_block_half_the_world)
{
	static const char text[] =
		"version: 1\nsets: {bad: []}\nrules: [{name: r, match: {source: bad}, action: block}]\n";
	struct fw_set_change change = {.set = "bad"};
	struct compiled c = compile(text);
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_image *image = NULL;

	cr_assert_eq(fw_prefix_parse("0.0.0.0/1", &change.prefix, NULL), 0);
	cr_expect_eq(fw_image_compile(
			     c.policy,
			     &(struct fw_image_input){.changes = &change, .change_count = 1, .tick_ns = TICK},
			     ids, &c.diags, &image),
		     -EINVAL);
	cr_assert_gt(c.diags.count, 0);
	cr_expect_str_eq(c.diags.items[c.diags.count - 1].code, "blocks-too-much");
	free(ids);
	done(&c);
}

Test(compile_room, numbers_for_check)
{
	struct compiled c = compile(
		"version: 1\nsets: {a: [192.0.2.0/25, 192.0.2.128/25, \"2001:db8::/32\"], unused: "
		"[192.0.2.1]}\n"
		"rules:\n"
		"  - {name: tcp, match: {protocol: tcp, source: a}, limit: 1 packets/1s, action: block}\n"
		"  - {name: udp, match: {protocol: udp}, limit: 1 packets/1s, action: block}\n"
		"  - {name: all, limit: 1 packets/1s, action: block}\n"
		"  - {name: n, action: count}\n");

	cr_expect_eq(c.image->term_count, 4);
	cr_expect_eq(c.image->rule_count, 4);
	cr_expect_eq(c.image->meters_worst, 2);
	cr_expect_eq(c.image->prefixes_read, 4);
	cr_expect_eq(c.image->listed_count, 2);
	cr_expect_eq(c.image->class_count, 2);
	cr_expect_eq(c.image->set_prefixes4[0], 1);
	cr_expect_eq(c.image->set_prefixes6[0], 1);
	cr_expect_gt(c.image->memory_bytes, 100 << 20);
	done(&c);
}

/* What check announces is enough for what publishing builds, lists of both families. */
Test(compile_room, announced_memory_is_enough)
{
	FW_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct fw_list_tables tables;
	struct fw_err err = {0};
	struct compiled c;

	fprintf(out, "version: 1\nrules: [{name: r, match: {source: s}, action: count}]\nsets:\n  s:\n");
	for (unsigned int i = 0; i < 4000; i++) {
		fprintf(out, "  - 10.%u.%u.%u\n", i % 251, i % 13, i % 256);
		fprintf(out, "  - 172.%u.%u.0/%u\n", i % 256, i / 256 * 16, 20 + i % 8);
		fprintf(out, "  - \"2001:%x:%x::/48\"\n", i % 97, i);
		fprintf(out, "  - \"2a00:%x::/%u\"\n", i << 4, 28 + i % 4);
	}
	fclose(out);
	c = compile(text);
	cr_assert_eq(c.result, 0, "%s", c.diags.count ? c.diags.items[0].message : "");
	cr_assert_eq(fw_list_tables_build(c.image->listed, c.image->listed_count, &tables, &err), 0, "%s",
		     err.text);
	cr_expect_geq(c.image->list_bytes, FW_SLOTS * fw_list_tables_bytes(&tables));
	cr_expect_leq(c.image->list_bytes, 8 * FW_SLOTS * fw_list_tables_bytes(&tables));
	fw_list_tables_done(&tables);
	done(&c);
}
