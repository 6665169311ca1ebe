// SPDX-License-Identifier: Apache-2.0
/* tune: all or nothing, and what is shown can be written. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/describe.h"
#include "policy/policy.h"

static struct fw_policy *parse(const char *text)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(text, strlen(text), "text", "/nonexistent", &diags, &policy);

	cr_assert_eq(r, 0, "%s", diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return policy;
}

static const struct tune_case {
	const char *rule, *key, *value;
	int result;
	const char *says; /* in the error's text */
} tune_cases[] = {
	{"blanket", "limit", "2000/10s", 0, NULL},
	{"blanket", "limit", "1MiB bytes/1s", 0, NULL},
	{"blanket", "action", "count", 0, NULL},
	{"blanket", "mode", "count", 0, NULL},
	{"blanket", "mode", "enforce", 0, NULL},
	{"blanket", "ban", "20m", 0, NULL},
	{"blanket", "ban", "1m,1h", 0, NULL},
	{"blanket", "ban", "none", 0, NULL},
	{"blanket", "ban", "{for: 10m, escalate: [10m, 1h], unverified: true}", 0, NULL},
	{"blanket", "ban", "{for: 10m, escalate: [1h]}", -EINVAL, "they differ"},
	{"blanket", "ban", "{for: 500d}", -EINVAL, "365d"},
	{"blanket", "ban", "{for: 10m", -EINVAL, "ban: "},
	{"blanket", "ban", "{for: '10m'}", -EINVAL, "without '"},
	{"blanket", "ban", "{for: 10m} # \n", -EINVAL, "without '"},
	{"blanket", "ban",
	 "{for: 10m,                                                                                         "
	 " "
	 "                                      unverified: true}",
	 -EINVAL, "at most 120"},
	{"blanket", "ban", "{}", -EINVAL, "no duration"},
	{"blanket", "per", "{source_prefix: {ipv4: 24, ipv6: 48}}", 0, NULL},
	{"blanket", "per", "{source_prefix: {ipv4: 33}}", -EINVAL, "32"},
	{"blanket", "per", "[source, port]", -EINVAL, "nothing to count by"},
	{"blanket", "per", "source,dest_port", 0, NULL},
	{"blanket", "force", "true", 0, NULL},
	{"blankte", "limit", "2000/10s", -ENOENT, "'blanket'"},
	{"blanket", "limti", "2000/10s", -EINVAL, "limit, action"},
	{"blanket", "name", "x", -EINVAL, "cannot be tuned"},
	{"blanket", "limit", "2000", -EINVAL, "expects"},
	{"blanket", "limit", "99999999999999/5m", -EINVAL, "the most is 720G packets/5m"},
	{"blanket", "limit", "none", -EINVAL, "ban"},
	{"blanket", "action", "challenge", -EINVAL, "only SYNs"},
	{"blanket", "action", "drop", -EINVAL, "did you mean 'block'?"},
	{"blanket", "per", "ip", -EINVAL, "did you mean 'source'?"},
	{"world", "action", "challenge", -EINVAL, "limit"},
	{"blanket", "action", "police", -EINVAL, "does not ban"},
	{"blanket", "per", "total", -EINVAL, "whom to ban"},
	{"blanket", "ban", "10", -EINVAL, "unit"},
	{"blanket", "ban", "500d", -EINVAL, "365d"},
	{"blanket", "ban", "99999999d", -EINVAL, "365d"},
	{"blanket", "ban", "1m,1m,1m,1m,1m,1m,1m", -EINVAL, "at most"},
	{"blanket", "mode", "attack", 0, NULL},
	{"blanket", "mode", "off", -EINVAL, "enforce, count"},
	{"blanket", "force", "yes", -EINVAL, "true"},
	{"world", "action", "block", -EINVAL, "'floodwall tune world force=true'"},
	{"total", "action", "block", -EINVAL, "police"},
	{"total", "action", "block", -EINVAL, "'floodwall tune total force=true'"},
};

Test(tune, is_checked_like_a_file_and_changes_nothing_on_error)
{
	for (size_t i = 0; i < sizeof(tune_cases) / sizeof(tune_cases[0]); i++) {
		const struct tune_case *c = &tune_cases[i];
		struct fw_policy *policy =
			parse("version: 1\nsets: {all: [\"::/0\"]}\nrules:\n"
			      "  - {name: world, match: {source: all}, action: count}\n"
			      "  - {name: total, limit: 1 packets/1s, per: total, action: police}\n"
			      "  - {name: blanket, limit: 7000 packets/5m, action: block, ban: 10m}\n");
		struct fw_policy_rule before[3];
		struct fw_err err = {0};
		int r;

		memcpy(before, policy->rules, sizeof(before));
		r = fw_policy_tune(policy, c->rule, c->key, c->value, &err);
		cr_expect_eq(r, c->result, "%s %s=%s: got %d %s", c->rule, c->key, c->value, r, err.text);
		if (r)
			cr_expect_eq(memcmp(before, policy->rules, sizeof(before)), 0, "%s=%s", c->key,
				     c->value);
		if (c->says)
			cr_expect(strstr(err.text, c->says), "%s=%s: got '%s'", c->key, c->value, err.text);
		fw_policy_free(policy);
	}
}

Test(tune, short_limit_keeps_its_unit)
{
	struct fw_policy *policy =
		parse("version: 1\nrules: [{name: r, limit: 5 bytes/1s, action: police}]\n");

	cr_expect_eq(fw_policy_tune(policy, "r", "limit", "2k/10s", NULL), 0);
	cr_expect_eq(policy->rules[0].limit.unit, FW_UNIT_BYTES);
	cr_expect_eq(policy->rules[0].limit.amount, 2000);
	fw_policy_free(policy);
}

Test(tune, several_keys_are_judged_together)
{
	static const char *const keys[] = {"per", "ban", "action"}, *const values[] = {"total", "none",
										       "police"};
	struct fw_policy *policy =
		parse("version: 1\nrules: [{name: r, limit: 5 bytes/1s, action: block, ban: 1m}]\n");
	struct fw_err err = {0};

	cr_expect_eq(fw_policy_tune_keys(policy, "r", keys, values, 3, &err), 0, "%s", err.text);
	cr_expect_eq(policy->rules[0].action, FW_ACTION_POLICE);
	cr_expect_eq(policy->rules[0].per, FW_PER_TOTAL);
	cr_expect(!policy->rules[0].ban.set);
	fw_policy_free(policy);
}

/* What undo lines and drift show of a rule can be said to tune again. */
Test(tune, reads_what_is_shown)
{
	static const char *const rules[] = {
		"limit: 5 packets/1s, action: block, ban: 10m",
		"limit: 5 packets/1s, action: block, ban: {for: 10m, unverified: true}",
		"limit: 5 packets/1s, action: block, ban: {escalate: [10m, 1h, 24h]}",
		"limit: 5 packets/1s, action: block, ban: {escalate: [10m, 1h], unverified: true}",
		"limit: 20k connections/1500ms, action: police, per: {source_prefix: {ipv4: 24, ipv6: 56}}",
		"limit: 5MiB bytes/1s, action: police, per: {destination_prefix: {ipv4: 22, ipv6: 48}}",
		"limit: 5 packets/1s, action: count, mode: count, per: [source, dest_port]",
		"limit: 5 packets/1s, action: block, per: total, force: true, mode: attack",
	};
	static const enum fw_aspect aspects[] = {FW_ASPECT_MODE,   FW_ASPECT_LIMIT, FW_ASPECT_PER,
						 FW_ASPECT_ACTION, FW_ASPECT_BAN,   FW_ASPECT_FORCE};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char text[512];
		struct fw_policy *policy, *plain;
		const char *keys[6], *values[6];
		struct fw_err err = {0};

		snprintf(text, sizeof(text), "version: 1\nrules: [{name: r, %s}]\n", rules[i]);
		policy = parse(text);
		plain = parse("version: 1\nrules: [{name: r, limit: 1 packets/1s, action: block, "
			      "ban: {for: 5m, unverified: true}}]\n");
		for (size_t k = 0; k < 6; k++) {
			keys[k] = fw_aspect_key(aspects[k]);
			values[k] = fw_aspect_text(policy, &policy->rules[0], aspects[k]);
		}
		cr_expect_eq(fw_policy_tune_keys(plain, "r", keys, values, 6, &err), 0, "%s: %s", rules[i],
			     err.text);
		for (size_t k = 0; k < 6; k++) {
			FW_FREE char *now = fw_aspect_text(plain, &plain->rules[0], aspects[k]);

			cr_expect_str_eq(now, values[k], "%s", rules[i]);
			free((char *)values[k]);
		}
		fw_policy_free(policy);
		fw_policy_free(plain);
	}
}
