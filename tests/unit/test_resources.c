// SPDX-License-Identifier: Apache-2.0
/* resources: what they make of rules, and that tuning follows and saving finds them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/describe.h"
#include "policy/image.h"

#define RULES                                                                                                \
	"version: 1\n"                                                                                       \
	"sets: {all: [203.0.113.0/24]}\n"                                                                    \
	"rules:\n"                                                                                           \
	"  - {name: web, match: {destination: all, dest_port: 80}, limit: 100 packets/1s, action: block}\n"  \
	"  - {name: blanket, limit: 7000 packets/5m, action: block, ban: 10m}   # everybody\n"
static const char text[] = RULES "resources:\n"
				 "  big:   # a customer\n"
				 "    destination: [203.0.113.50, \"2001:db8::50\"]\n"
				 "    rules:\n"
				 "      blanket: {limit: 80k packets/5m, ban: none}   # the number\n"
				 "      web: {action: count}\n"
				 "  rest:\n"
				 "    destination: all\n"
				 "    rules:\n"
				 "      blanket:\n"
				 "        action: count   # for now\n";

static struct fw_policy *parse(const char *from)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(from, strlen(from), "text", "/nonexistent", &diags, &policy);

	cr_assert_eq(r, 0, "%s", diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return policy;
}

static const struct fw_policy_rule *rule_of(const struct fw_policy *policy, const char *name)
{
	int index = fw_policy_rule_find(policy, name);

	cr_assert_geq(index, 0, "no rule %s", name);
	return &policy->rules[index];
}

static void expect_aspect(const struct fw_policy *policy, const char *rule, enum fw_aspect aspect,
			  const char *want)
{
	FW_FREE char *got = fw_aspect_text(policy, rule_of(policy, rule), aspect);

	cr_expect_str_eq(got, want, "%s of %s: got %s, wanted %s", fw_aspect_key(aspect), rule, got, want);
}

Test(resources, become_rules_before_those_they_stand_in_for)
{
	static const struct {
		const char *name, *match, *limit, *action, *ban;
	} wanted[] = {
		{"web@big",
		 "{destination: [all], dest_port: [80], any: [{destination: [\"203.0.113.50\", "
		 "\"2001:db8::50\"]}]}",
		 "100 packets/1s", "count", "none"},
		{"web",
		 "{destination: [all], destination_not: [\"203.0.113.50\", \"2001:db8::50\"], dest_port: "
		 "[80]}",
		 "100 packets/1s", "block", "none"},
		{"blanket@big", "{destination: [\"203.0.113.50\", \"2001:db8::50\"]}", "80k packets/5m",
		 "block", "none"},
		{"blanket@rest",
		 "{destination: [all], destination_not: [\"203.0.113.50\", \"2001:db8::50\"]}",
		 "7000 packets/5m", "count", "10m"},
		{"blanket", "{destination_not: [\"203.0.113.50\", \"2001:db8::50\", all]}", "7000 packets/5m",
		 "block", "10m"},
	};
	struct fw_policy *policy = parse(text);

	cr_assert_eq(policy->rule_count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < policy->rule_count; i++) {
		cr_expect_str_eq(policy->rules[i].name, wanted[i].name);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_MATCH, wanted[i].match);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_LIMIT, wanted[i].limit);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_ACTION, wanted[i].action);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_BAN, wanted[i].ban);
	}
	fw_policy_free(policy);
}

/* A /56 may send so many times what the resource gives a /64, not what everybody gets. */
Test(resources, what_wider_made_follows)
{
	static const struct {
		const char *name, *limit, *action, *ban, *per;
	} wanted[] = {
		{"all@big", "80k packets/5m", "block", "10m", "source"},
		{"all@soft", "7000 packets/5m", "count", "10m", "source"},
		{"all@dest", "7000 packets/5m", "police", "none", "destination"},
		{"all@mild", "7000 packets/5m", "block", "none", "source"},
		{"all@own", "10k packets/5m", "block", "10m", "source"},
		{"all-56@big", "320k packets/5m", "block", "none", "{source_prefix: {ipv4: 32, ipv6: 56}}"},
		{"all-56@soft", "28k packets/5m", "count", "none", "{source_prefix: {ipv4: 32, ipv6: 56}}"},
		{"all-56@own", "11k packets/5m", "block", "none", "{source_prefix: {ipv4: 32, ipv6: 56}}"},
		{"all-56", "28k packets/5m", "block", "none", "{source_prefix: {ipv4: 32, ipv6: 56}}"},
		{"all-48@big", "1280k packets/5m", "block", "none", "{source_prefix: {ipv4: 32, ipv6: 48}}"},
		{"all-48@own", "160k packets/5m", "block", "none", "{source_prefix: {ipv4: 32, ipv6: 48}}"},
	};
	struct fw_policy *policy = parse(
		"version: 1\nrules:\n"
		"  - {name: all, limit: 7000 packets/5m, action: block, ban: 10m, wider: {ipv6_56: 4, "
		"ipv6_48: 16}}\n"
		"resources:\n"
		"  big: {destination: \"2001:db8::50\", rules: {all: {limit: 80k packets/5m}}}\n"
		"  soft: {destination: \"2001:db8::51\", rules: {all: {action: count}}}\n"
		"  dest: {destination: \"2001:db8::52\", rules: {all: {per: destination, action: police, "
		"ban: none}}}\n"
		"  mild: {destination: \"2001:db8::53\", rules: {all: {ban: none}}}\n"
		"  own: {destination: \"2001:db8::54\", rules: {all: {limit: 10k packets/5m}, all-56: "
		"{limit: 11k packets/5m}}}\n");
	struct fw_err err = {0};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		expect_aspect(policy, wanted[i].name, FW_ASPECT_LIMIT, wanted[i].limit);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_ACTION, wanted[i].action);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_BAN, wanted[i].ban);
		expect_aspect(policy, wanted[i].name, FW_ASPECT_PER, wanted[i].per);
	}
	cr_expect_lt(fw_policy_rule_find(policy, "all-56@dest"), 0);
	cr_expect_lt(fw_policy_rule_find(policy, "all-56@mild"), 0);
	expect_aspect(policy, "all-56", FW_ASPECT_MATCH,
		      "{destination_not: [\"2001:db8::50\", \"2001:db8::51\", \"2001:db8::52\", "
		      "\"2001:db8::54\"], packet_not: [ipv4]}");
	/* What they do not say follows the rule that wider made. */
	cr_expect_eq(fw_policy_tune(policy, "all-56", "limit", "9k/5m", &err), 0, "%s", err.text);
	expect_aspect(policy, "all-56@soft", FW_ASPECT_LIMIT, "9000 packets/5m");
	expect_aspect(policy, "all-56@big", FW_ASPECT_LIMIT, "320k packets/5m");
	fw_policy_free(policy);
}

/* A packet meets a rule or what stands in for it, never both. */
Test(resources, cost_no_meter_more)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_policy *policy = parse(text);
	struct fw_diags diags = {0};
	struct fw_image *image = NULL;

	cr_assert_eq(fw_image_compile(policy, NULL, ids, &diags, &image), 0);
	cr_expect_eq(image->meters_worst, 2, "%u", image->meters_worst);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(resources, tuning_a_rule_takes_along_what_they_do_not_say)
{
	struct fw_policy *policy = parse(text);
	struct fw_err err = {0};

	cr_expect_eq(fw_policy_tune(policy, "blanket", "limit", "2000/10s", &err), 0, "%s", err.text);
	expect_aspect(policy, "blanket", FW_ASPECT_LIMIT, "2000 packets/10s");
	expect_aspect(policy, "blanket@rest", FW_ASPECT_LIMIT, "2000 packets/10s");
	expect_aspect(policy, "blanket@big", FW_ASPECT_LIMIT, "80k packets/5m");
	cr_expect_eq(fw_policy_tune(policy, "blanket@rest", "limit", "10/1s", &err), 0, "%s", err.text);
	expect_aspect(policy, "blanket", FW_ASPECT_LIMIT, "2000 packets/10s");
	cr_expect_eq(fw_policy_tune(policy, "blanket", "limit", "3000/10s", &err), 0, "%s", err.text);
	expect_aspect(policy, "blanket@rest", FW_ASPECT_LIMIT, "10 packets/1s");
	/* All or nothing, with the name of the one that cannot follow: it bans and would have no limit. */
	cr_expect_eq(fw_policy_tune(policy, "blanket", "per", "total", &err), -EINVAL);
	expect_aspect(policy, "blanket", FW_ASPECT_PER, "source");
	expect_aspect(policy, "blanket@big", FW_ASPECT_PER, "source");
	cr_expect_eq(fw_policy_tune(policy, "blanket@bog", "limit", "1/1s", &err), -ENOENT);
	cr_expect(strstr(err.text, "blanket@big"), "%s", err.text);
	fw_policy_free(policy);
}

/* All of them say everything for themselves, and nothing is left for the rule. */
Test(resources, a_rule_that_is_replaced_everywhere_can_still_be_tuned)
{
	struct fw_policy *policy =
		parse(RULES "resources: {every: {destination: all, rules: {web: {action: count}}}}\n");
	struct fw_err err = {0};

	cr_expect_eq(fw_policy_tune(policy, "web", "limit", "5/1s", &err), 0, "%s", err.text);
	expect_aspect(policy, "web@every", FW_ASPECT_LIMIT, "5 packets/1s");
	fw_policy_free(policy);
}

static const struct save_case {
	const char *rule, *key, *value, *old, *new;
} save_cases[] = {
	{"blanket@big", "limit", "90k/5m", "{limit: 80k packets/5m, ban: none}",
	 "{limit: 90k packets/5m, ban: none}"},
	{"blanket@big", "ban", "1h", "ban: none}", "ban: 1h}"},
	{"blanket@rest", "limit", "9/1s", "action: count   # for now\n",
	 "action: count   # for now\n        limit: 9 packets/1s\n"},
	{"blanket@rest", "ban", "none", "action: count   # for now\n",
	 "action: count   # for now\n        ban: none\n"},
	{"web@big", "mode", "count", "web: {action: count}", "web: {action: count, mode: count}"},
	{"blanket", "limit", "8000/5m", "7000 packets/5m", "8000 packets/5m"},
};

Test(resources, save_writes_below_the_resource)
{
	for (size_t i = 0; i < sizeof(save_cases) / sizeof(save_cases[0]); i++) {
		const struct save_case *c = &save_cases[i];
		const char *at = strstr(text, c->old);
		char path[] = "/tmp/fw-resources-XXXXXX", got[4096] = "";
		FW_FREE char *want = NULL;
		struct fw_err err = {0};
		FILE *file = fdopen(mkstemp(path), "w+");

		cr_assert(file && at, "%s", c->old);
		fputs(text, file);
		fclose(file);
		cr_expect_eq(fw_policy_save_tune(path, c->rule, c->key, c->value, &err), 0, "%s", err.text);
		cr_assert(asprintf(&want, "%.*s%s%s", (int)(at - text), text, c->new, at + strlen(c->old)) >
			  0);
		file = fopen(path, "re");
		cr_assert(file);
		got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
		fclose(file);
		unlink(path);
		cr_expect_str_eq(got, want, "%s %s: got\n%s", c->rule, c->key, got);
	}
}
