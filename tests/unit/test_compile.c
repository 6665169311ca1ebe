// SPDX-License-Identifier: Apache-2.0
/* Policies to images: limits, keys, bans, ids, features, and what does not fit. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/image.h"
#include "policy/tables.h"

#define DERIVED FW_RULE_SOURCE_KEY /* not asked for, found */

#define S    1000000000ULL
#define TICK 4000000ULL

struct compiled {
	struct fw_policy *policy;
	struct fw_image *image;
	struct fw_diags diags;
	int result;
};

static struct compiled compile_with(const char *text, struct fw_rule_ids *ids)
{
	struct compiled c = {0};

	c.result = fw_policy_parse(text, strlen(text), "text", ".", &c.diags, &c.policy);
	cr_assert_eq(c.result, 0, "%s", c.diags.count ? c.diags.items[0].message : "");
	c.result = fw_image_compile(c.policy, &(struct fw_image_input){.tick_ns = TICK}, ids, &c.diags,
				    &c.image);
	return c;
}

static struct compiled compile(const char *text)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled c = compile_with(text, ids);

	free(ids);
	return c;
}

static void done(struct compiled *c)
{
	fw_image_free(c->image);
	fw_policy_free(c->policy);
	fw_diags_done(&c->diags);
}

#define RULE(body) "version: 1\nrules:\n  - {name: r, " body "}\n"

/* sub_us: eighths, sixteenths … of window and tick, rounded up to microseconds. */
#define SUB_US(window_ns) (((window_ns) + TICK + FW_METER_CELLS * 1000 - 1) / (FW_METER_CELLS * 1000))

static const struct limit_case {
	const char *text;
	uint64_t limit, sub_us;
	unsigned int shift;
} limit_cases[] = {
	{RULE("limit: 10 packets/1s, action: block"), 10, SUB_US(S), 0},
	{RULE("limit: 7000 packets/5m, action: block"), 7000, SUB_US(300 * S), 0},
	{RULE("limit: 1 packets/1h, action: block"), 1, SUB_US(3600 * S), 0},
	{RULE("limit: 2147483647 bytes/1s, action: police"), 2147483647, SUB_US(S), 0},
	{RULE("limit: 2147483648 bytes/1s, action: police"), 2147483648, SUB_US(S), 1},
	{RULE("limit: 200G bytes/1s, action: police"), 200000000000, SUB_US(S), 7},
	{RULE("limit: 720T bytes/1h, action: police"), 720000000000000, SUB_US(3600 * S), 19},
	{RULE("limit: 10 packets/1000.001ms, action: block"), 10, SUB_US(S + 1000), 0},
};

Test(compile, limits)
{
	for (size_t i = 0; i < sizeof(limit_cases) / sizeof(limit_cases[0]); i++) {
		const struct limit_case *want = &limit_cases[i];
		struct compiled c = compile(want->text);
		const struct fw_rule *rule = &c.image->slot->rules[0];

		cr_expect_eq(rule->limit, want->limit, "%s", want->text);
		cr_expect_eq(rule->sub_us, want->sub_us, "%s: got %u", want->text, rule->sub_us);
		cr_expect_eq(rule->sub_ns, want->sub_us * 1000, "%s", want->text);
		cr_expect_eq(rule->cell_shift, want->shift, "%s: got %u", want->text, rule->cell_shift);
		cr_expect_lt(rule->limit >> rule->cell_shift, 1ULL << 31, "%s", want->text);
		/* The closed sub-windows are never shorter than window and tick together. */
		cr_expect_geq(rule->sub_ns * FW_METER_CELLS, rule->window_ns + TICK, "%s", want->text);
		cr_expect_lt(rule->sub_us, 1u << 28, "%s", want->text);
		done(&c);
	}
}

static const struct key_case {
	const char *per;
	enum fw_per want;
	unsigned int bits4, bits6;
} key_cases[] = {
	{"per: source", FW_PER_SOURCE, 128, 64},
	{"force: false", FW_PER_SOURCE, 128, 64},
	{"per: source_prefix, source_prefix: {ipv4: 24, ipv6: 48}", FW_PER_SOURCE_PREFIX, 120, 48},
	{"per: {source_prefix: {ipv4: 24}}", FW_PER_SOURCE_PREFIX, 120, 64},
	{"source_prefix: {ipv6: 128}", FW_PER_SOURCE_PREFIX, 128, 128},
	{"per: [source, dest_port]", FW_PER_SOURCE_DEST_PORT, 128, 64},
	{"per: [dest_port, source]", FW_PER_SOURCE_DEST_PORT, 128, 64},
	{"per: [total]", FW_PER_TOTAL, 0, 0},
	{"per: destination", FW_PER_DESTINATION, 128, 128},
	{"per: destination_prefix", FW_PER_DESTINATION_PREFIX, 120, 48},
	{"per: destination_prefix, destination_prefix: {ipv4: 22}", FW_PER_DESTINATION_PREFIX, 118, 48},
	{"per: {destination_prefix: {ipv6: 56}}", FW_PER_DESTINATION_PREFIX, 120, 56},
	{"destination_prefix: {ipv4: 32, ipv6: 128}", FW_PER_DESTINATION_PREFIX, 128, 128},
};

Test(compile, keys)
{
	for (size_t i = 0; i < sizeof(key_cases) / sizeof(key_cases[0]); i++) {
		const struct key_case *want = &key_cases[i];
		struct fw_addr mask4 = fw_mask(want->bits4), mask6 = fw_mask(want->bits6);
		char text[256];
		struct compiled c;
		const struct fw_rule *rule;

		snprintf(text, sizeof(text), RULE("limit: 10 packets/1s, action: police, %s"), want->per);
		c = compile(text);
		rule = &c.image->slot->rules[0];
		cr_expect_eq(rule->per, want->want, "%s", want->per);
		cr_expect_eq(memcmp(&rule->key_mask[FW_FAMILY_V4], &mask4, sizeof(mask4)), 0, "%s",
			     want->per);
		cr_expect_eq(memcmp(&rule->key_mask[FW_FAMILY_V6], &mask6, sizeof(mask6)), 0, "%s",
			     want->per);
		done(&c);
	}
}

/* A rule for each wider prefix, behind it, for IPv6 alone. */
Test(compile, wider)
{
	struct compiled c =
		compile(RULE("match: {source: [2001:db8::/32, 10.0.0.0/8], dest_port: 80}, limit: 10 "
			     "packets/10s, action: block, ban: 10m, mode: count, wider: {ipv6_56: 3, "
			     "ipv6_48: 20}"));
	struct fw_addr mask56 = fw_mask(56), mask48 = fw_mask(48);
	const struct fw_rule *rules = c.image->slot->rules;

	cr_assert_eq(c.policy->rule_count, 3);
	cr_expect_str_eq(c.policy->rules[1].name, "r-56");
	cr_expect_str_eq(c.policy->rules[2].name, "r-48");
	cr_expect_eq(rules[0].limit, 10);
	cr_expect_eq(rules[1].limit, 30);
	cr_expect_eq(rules[2].limit, 200);
	cr_expect(rules[0].flags & FW_RULE_BAN);
	cr_expect(!((rules[1].flags | rules[2].flags) & FW_RULE_BAN));
	cr_expect(rules[2].flags & FW_RULE_COUNT_MODE);
	cr_expect_eq(memcmp(&rules[1].key_mask[FW_FAMILY_V6], &mask56, sizeof(mask56)), 0);
	cr_expect_eq(memcmp(&rules[2].key_mask[FW_FAMILY_V6], &mask48, sizeof(mask48)), 0);
	for (int kind = 0; kind <= FW_KIND_ALL_; kind++)
		cr_expect(kind & FW_KIND_IPV6 ||
			  !(c.image->slot->kind_terms[kind] & (rules[1].terms | rules[2].terms)));
	done(&c);
}

/* They count in peace; whoever compiles says when they enforce. The file's own mode outweighs that. */
Test(compile, rules_for_attacks)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled c = compile_with("version: 1\nrules:\n"
					 "  - {name: a, limit: 1 packets/1s, action: police, mode: attack}\n"
					 "  - {name: b, limit: 1 packets/1s, action: block}\n",
					 ids);
	struct fw_image *sharp = NULL;
	struct fw_diags diags = {0};

	cr_expect(c.image->slot->rules[0].flags & FW_RULE_COUNT_MODE);
	cr_expect(!(c.image->slot->rules[1].flags & FW_RULE_COUNT_MODE));
	cr_expect(fw_rule_counts(c.policy, &c.policy->rules[0]));
	c.policy->under_attack = true;
	cr_expect(!fw_rule_counts(c.policy, &c.policy->rules[0]));
	cr_assert_eq(fw_image_compile_rules(c.policy, c.image, ids, TICK, &diags, &sharp), 0);
	cr_expect(!(sharp->slot->rules[0].flags & FW_RULE_COUNT_MODE));
	cr_expect_eq(sharp->slot->rules[0].id, c.image->slot->rules[0].id, "its meters go on");
	c.policy->mode = FW_MODE_COUNT;
	cr_expect(fw_rule_counts(c.policy, &c.policy->rules[0]));
	fw_image_free(sharp);
	free(ids);
	fw_diags_done(&diags);
	done(&c);
}

Test(compile, bans)
{
	struct compiled c = compile("version: 1\nrules:\n"
				    "  - {name: a, limit: 1 packets/1s, action: block, ban: 10m}\n"
				    "  - {name: b, limit: 1 packets/1s, action: block,\n"
				    "     ban: {for: 10m, escalate: [10m, 1h, 24h], unverified: true},\n"
				    "     source_prefix: {ipv4: 24, ipv6: 48}}\n"
				    "  - {name: c, limit: 1 packets/1s, action: block}\n");
	const struct fw_rule *rules = c.image->slot->rules;

	cr_expect_eq(rules[0].flags & ~DERIVED, FW_RULE_BAN);
	cr_expect_eq(rules[0].ban_steps, 1);
	cr_expect_eq(rules[0].ban_ns[0], 600 * S);
	cr_expect_eq(rules[0].ban_bits[FW_FAMILY_V4], 128);
	cr_expect_eq(rules[0].ban_bits[FW_FAMILY_V6], 64);
	cr_expect_eq(rules[1].flags & ~DERIVED, FW_RULE_BAN | FW_RULE_BAN_UNVERIFIED);
	cr_expect_eq(rules[1].ban_steps, 3);
	cr_expect_eq(rules[1].ban_ns[2], 86400 * S);
	cr_expect_eq(rules[1].ban_bits[FW_FAMILY_V4], 120);
	cr_expect_eq(rules[1].ban_bits[FW_FAMILY_V6], 48);
	cr_expect_eq(rules[2].flags & ~DERIVED, 0);
	cr_expect_eq(rules[2].ban_steps, 0);
	done(&c);
}

static const struct feature_case {
	const char *match;
	uint32_t features;
} feature_cases[] = {
	{"{}", 0},
	{"{protocol: tcp}", 0},
	{"{source: 192.0.2.1}", FW_FEATURE_SOURCE_LISTS},
	{"{source_not: 192.0.2.1}", FW_FEATURE_SOURCE_LISTS},
	{"{destination: 192.0.2.1}", FW_FEATURE_DEST_LISTS},
	{"{source_port: 53}", FW_FEATURE_SOURCE_PORT},
	{"{dest_port_not: 53}", FW_FEATURE_DEST_PORT},
	{"{tcp_flags: syn}", FW_FEATURE_TCP_FLAGS},
	{"{length: {min: 100}}", FW_FEATURE_LENGTH},
};

Test(compile, features_follow_the_rules)
{
	struct compiled c;

	for (size_t i = 0; i < sizeof(feature_cases) / sizeof(feature_cases[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), RULE("action: count, match: %s"), feature_cases[i].match);
		c = compile(text);
		cr_expect_eq(c.image->slot->features, feature_cases[i].features, "%s: got %#x",
			     feature_cases[i].match, c.image->slot->features);
		done(&c);
	}
	c = compile(RULE("limit: 10 connections/1s, action: police"));
	cr_expect_eq(c.image->slot->features, FW_FEATURE_TCP_FLAGS);
	done(&c);
	c = compile(RULE("limit: 10 connections/1s, per: total, action: police"));
	cr_expect_eq(c.image->slot->features, FW_FEATURE_TCP_FLAGS);
	done(&c);
	c = compile("version: 1\nnever_block: {sets: 192.0.2.1, limit: 5 packets/1s}\n");
	cr_expect_eq(c.image->slot->features, FW_FEATURE_SOURCE_LISTS | FW_FEATURE_NEVER_BLOCK_LIMIT);
	cr_expect_eq(c.image->slot->never_block.id, FW_RULE_NEVER_BLOCK);
	cr_expect_eq(c.image->slot->never_block.action, FW_ACTION_ALLOW);
	cr_expect_eq(c.image->slot->never_block.limit, 5);
	done(&c);
}

Test(compile, modes)
{
	struct compiled c = compile(
		"version: 1\nmode: count\nsafety: {essential_limit: 77}\nrules:\n"
		"  - {name: a, action: block, mode: count}\n  - {name: b, action: count, mode: enforce}\n");

	cr_expect_eq(c.image->slot->count_ifaces, UINT32_MAX);
	cr_expect_eq(c.image->slot->essential_limit, 77);
	cr_expect_eq(c.image->slot->rules[0].flags & ~DERIVED, FW_RULE_COUNT_MODE);
	cr_expect_eq(c.image->slot->rules[1].flags & ~DERIVED, 0);
	cr_expect_eq(c.policy->rules[0].mode, FW_MODE_COUNT);
	done(&c);
}

Test(compile, labels_are_bits_and_alternatives_terms)
{
	struct compiled c = compile("version: 1\nrules:\n"
				    "  - {name: a, action: label, labels: [x, y]}\n"
				    "  - {name: b, action: count, match: {label: [x, y], label_not: z}}\n"
				    "  - {name: c, action: count, labels: z}\n");
	const struct fw_policy_slot *slot = c.image->slot;

	cr_expect_eq(c.diags.warnings, 1, "z is set too late for b");
	cr_assert_eq(c.image->term_count, 4);
	cr_assert_eq(c.image->labels.count, 3);
	cr_expect_eq(slot->rules[0].labels, 3);
	cr_expect_eq(slot->rules[1].terms, 6);
	cr_expect_eq(slot->terms[1].labels_required, 1);
	cr_expect_eq(slot->terms[2].labels_required, 2);
	cr_expect_eq(slot->terms[1].labels_forbidden, 4);
	cr_expect_eq(slot->terms[3].rule, 2);
	cr_expect_eq(slot->rules[2].labels, 4);
	done(&c);
}

Test(compile, ids_follow_names)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled c = compile_with(
		"version: 1\nrules:\n  - {name: a, action: count}\n  - {name: b, action: count}\n", ids);
	uint16_t a = c.image->slot->rules[0].id, b = c.image->slot->rules[1].id;

	cr_expect(a && b && a != b);
	done(&c);
	/* 252 other names pass through, 60 at a time; b stays in use, a does not. */
	for (unsigned int round = 0; round < 6; round++) {
		FW_FREE char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		bool seen[FW_RULE_IDS] = {0};

		fprintf(out, "version: 1\nrules:\n");
		for (unsigned int i = 0; i < 60; i++)
			fprintf(out, "  - {name: n%u, action: count}\n", round * 60 + i);
		fprintf(out, "  - {name: b, action: count}\n");
		fclose(out);
		c = compile_with(text, ids);
		for (unsigned int i = 0; i < c.image->rule_count; i++) {
			uint16_t id = c.image->slot->rules[i].id;

			cr_expect(id > 0 && id < FW_RULE_NEVER_BLOCK, "id %u", id);
			cr_expect(!seen[id], "id %u twice", id);
			cr_expect_str_eq(ids->name[id], c.policy->rules[i].name);
			seen[id] = true;
		}
		cr_expect_eq(c.image->slot->rules[60].id, b, "round %u", round);
		done(&c);
	}
	cr_expect_str_neq(ids->name[a], "a", "the id unused for longest is used again");
	free(ids);
}

static struct compiled compile_names(char prefix, unsigned int first, struct fw_rule_ids *ids)
{
	FW_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "version: 1\nrules:\n");
	for (unsigned int i = 0; i < FW_RULES_MAX; i++)
		fprintf(out, "  - {name: %c%u, action: count}\n", prefix, first + i);
	fclose(out);
	return compile_with(text, ids);
}

Test(compile, ids_in_force_stay_whatever_fails_after_them)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled in_force = compile_names('f', 0, ids);

	for (unsigned int round = 0; round < 8; round++) {
		struct compiled refused;

		fw_rule_ids_hold(ids, in_force.image->slot);
		refused = compile_names('n', round * FW_RULES_MAX, ids);
		for (unsigned int i = 0; i < FW_RULES_MAX; i++)
			cr_expect_str_eq(ids->name[in_force.image->slot->rules[i].id],
					 in_force.policy->rules[i].name, "round %u", round);
		done(&refused);
	}
	done(&in_force);
	free(ids);
}

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

Test(compile, what_does_not_fit_is_refused_by_name)
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
Test(compile, too_many_port_groups)
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
Test(compile, positions_survive_their_owners)
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

Test(compile, live_changes_cannot_block_half_the_world)
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

Test(compile, numbers_for_check)
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
Test(compile, announced_memory_is_enough)
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
