// SPDX-License-Identifier: Apache-2.0
/* Policies to images: limits, keys, bans, modes, features and labels. */
#include <stdio.h>

#include "compiled.h"
#include "fw_meter.h"

#define DERIVED FW_RULE_SOURCE_KEY /* not asked for, found */

#define S 1000000000ULL

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
	{RULE("limit: 2147483648 bytes/1s, action: police"), 2147483648, SUB_US(S), 7},
	{RULE("limit: 200G bytes/1s, action: police"), 200000000000, SUB_US(S), 7},
	{RULE("limit: 720T bytes/1h, action: police"), 720000000000000, SUB_US(3600 * S), 21},
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
		cr_expect_eq(fw_shape_sub_us(rule->shape), rule->sub_us, "%s", want->text);
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

static const struct fw_term *term_of(const struct fw_policy_slot *slot, unsigned int term)
{
	return &slot->terms[fw_term_place(1ULL << term)];
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
	cr_expect_eq(term_of(slot, 1)->labels_required, 1);
	cr_expect_eq(term_of(slot, 2)->labels_required, 2);
	cr_expect_eq(term_of(slot, 1)->labels_forbidden, 4);
	cr_expect_eq(term_of(slot, 3)->rule, 2);
	cr_expect_eq(slot->rules[2].labels, 4);
	done(&c);
}
