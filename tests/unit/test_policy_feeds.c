// SPDX-License-Identifier: Apache-2.0
/* Feeds of a policy: what is read, what plan says of a change, when two definitions are the same. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/describe_feed.h"
#include "policy/image.h"

#define RULES "rules: [{name: a, match: {source: [x, y]}, action: block}]\n"

static struct fw_policy *parse(const char *feeds, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	char text[4096];

	snprintf(text, sizeof(text), "version: 1\n%s", feeds);
	fw_policy_parse(text, strlen(text), "text", "/etc/floodwall", diags, &policy);
	return policy;
}

static struct fw_policy *good(const char *feeds)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = parse(feeds, &diags);

	cr_assert(policy, "%s: %s", feeds, diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return policy;
}

Test(policy_feeds, every_key_is_read)
{
	struct fw_policy *policy = good(
		"feeds: {x: {url: \"https://a/b\", format: csv, every: 12h, column: 2, score: s, expires: e, "
		"delimiter: tab, tier: medium, ttl: 2d, header: X-Key, secret: key, proxy: none, ca_file: "
		"/ca, "
		"md5: 0123456789abcdef0123456789abcdef, max_entries: 5k, max_bytes: 1MiB, timeout: 9s, "
		"shortest_prefix: {ipv4: 9, ipv6: 20}, growth: 150%, shrink: 40, allow_private: true, trial: "
		"3d, "
		"stale_after: 7d}, y: {url: /y, format: aws-ip-ranges, services: [A, B], regions: "
		"C}}\n" RULES);
	const struct fw_feed *x = &policy->feeds[0], *y = &policy->feeds[1];

	cr_assert_eq(policy->feed_count, 2);
	cr_expect_str_eq(x->url, "https://a/b");
	cr_expect_eq(x->format, FW_FEED_CSV);
	cr_expect_eq(x->every_ns, 12 * 3600 * FW_NS_PER_SEC);
	cr_expect(x->fields.count == 1 && !strcmp(x->fields.items[0], "2"));
	cr_expect_str_eq(x->score, "s");
	cr_expect_str_eq(x->expires, "e");
	cr_expect_eq(x->delimiter, '\t');
	cr_expect_eq(x->tier, FW_TIER_MEDIUM);
	cr_expect_eq(x->ttl_ns, 172800 * FW_NS_PER_SEC);
	cr_expect_str_eq(x->header, "X-Key");
	cr_expect_str_eq(x->secret, "/etc/floodwall/key");
	cr_expect_str_eq(x->proxy, "");
	cr_expect_str_eq(x->ca_file, "/ca");
	cr_expect_eq(strlen(x->md5), 32);
	cr_expect_eq(x->max_entries, 5000);
	cr_expect_eq(x->max_bytes, 1 << 20);
	cr_expect_eq(x->timeout_ns, 9 * FW_NS_PER_SEC);
	cr_expect(x->shortest4 == 9 && x->shortest6 == 20 && x->growth == 150 && x->shrink == 40);
	cr_expect(x->allow_private);
	cr_expect_eq(x->trial_ns, 3 * 86400 * FW_NS_PER_SEC);
	cr_expect_eq(x->stale_after_ns, 7 * 86400 * FW_NS_PER_SEC);
	cr_expect_eq(y->every_ns, FW_FEED_EVERY_DEFAULT_NS);
	cr_expect(y->services.count == 2 && y->regions.count == 1);
	cr_expect_eq(policy->sets[x->set].kind, FW_SET_FEED);
	cr_expect_str_eq(policy->sets[y->set].name, "y");
	cr_expect_eq(policy->rules[0].match.source.items[0], x->set);
	fw_policy_free(policy);
}

Test(policy_feeds, warnings_are_no_errors)
{
	static const struct {
		const char *feeds, *code;
		enum fw_severity severity;
	} cases[] = {
		{"feeds: {x: {url: /x}, y: {url: /y}}\nnever_block: {sets: [x], limit: 1k "
		 "packets/1s}\n" RULES,
		 "never-block-feed", FW_SEVERITY_WARNING},
		{"feeds: {x: {url: \"http://a/b\"}, y: {url: /y}}\n" RULES, "feed-unencrypted",
		 FW_SEVERITY_NOTE},
		{"feeds: {x: {url: \"http://a/b\", secret: k}, y: {url: /y}}\n" RULES,
		 "feed-secret-unencrypted", FW_SEVERITY_WARNING},
		{"feeds: {x: {url: /x, every: 12h, stale_after: 1h}, y: {url: /y}}\n" RULES,
		 "feed-always-stale", FW_SEVERITY_WARNING},
		{"feeds: {x: {url: /x, every: 12h, ttl: 1h}, y: {url: /y}}\n" RULES, "feed-gaps",
		 FW_SEVERITY_WARNING},
		{"feeds: {x: {url: /x}, y: {url: /y}, z: {url: /z, tier: high}}\n" RULES, "unused-set",
		 FW_SEVERITY_NOTE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(cases[i].feeds, &diags);
		bool found = false;

		cr_expect(policy, "%s", cases[i].feeds);
		for (size_t j = 0; j < diags.count; j++)
			found |= !strcmp(diags.items[j].code, cases[i].code) &&
				 diags.items[j].severity == cases[i].severity;
		cr_expect(found, "%s: no %s", cases[i].feeds, cases[i].code);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

Test(policy_feeds, a_tier_that_is_asked_for_uses_its_feed)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = parse(
		"feeds: {x: {url: \"https://h/x\", tier: high}}\nrules: [{name: a, match: {tier: high}, "
		"limit: 5 packets/1s, action: block}]\n",
		&diags);

	cr_assert(policy);
	cr_expect_eq(diags.count, 0, "%s", diags.count ? diags.items[0].message : "");
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

/* Every key by itself makes another definition, and plan names it. */
Test(policy_feeds, plan_names_what_changed)
{
	static const struct {
		const char *key, *detail;
	} cases[] = {
		{"format: csv", "format default -> csv"},
		{"every: 2h", "every 1h -> 2h"},
		{"fields: [a, b]", "fields default -> [a, b]"},
		{"score: s", "score default -> s"},
		{"expires: e", "expires default -> e"},
		{"delimiter: \";\"", "delimiter default -> \";\""},
		{"services: S", "services default -> [S]"},
		{"regions: R", "regions default -> [R]"},
		{"tier: low", "tier default -> low"},
		{"ttl: 2h", "ttl default -> 2h"},
		{"proxy: none", "proxy default -> none"},
		{"ca_file: /c", "ca_file default -> /c"},
		{"md5: 0123456789abcdef0123456789abcdef", "md5 default -> 0123456789abcdef0123456789abcdef"},
		{"max_entries: 7", "max_entries default -> 7"},
		{"max_bytes: 2MiB", "max_bytes default -> 2MiB"},
		{"timeout: 3s", "timeout default -> 3s"},
		{"shortest_prefix: {ipv4: 9}", "shortest_prefix.ipv4 default -> 9"},
		{"shortest_prefix: {ipv6: 33}", "shortest_prefix.ipv6 default -> 33"},
		{"growth: 300%", "growth default -> 300%"},
		{"shrink: 10%", "shrink default -> 10%"},
		{"allow_private: true", "allow_private default -> true"},
		{"trial: 3d", "trial default -> 3d"},
		{"stale_after: 5d", "stale_after default -> 5d"},
	};
	struct fw_policy *before = good("feeds: {x: {url: /x}, y: {url: /y}}\n" RULES);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_plan plan = {0};
		struct fw_policy *after;
		struct fw_feed copy;
		char text[512];

		snprintf(text, sizeof(text), "feeds: {x: {url: /x, %s}, y: {url: /y}}\n" RULES, cases[i].key);
		after = good(text);
		cr_expect_not(fw_feed_same(&before->feeds[0], &after->feeds[0]), "%s", cases[i].key);
		cr_assert_eq(fw_policy_feed_copy(&after->feeds[0], &copy), 0);
		cr_expect(fw_feed_same(&copy, &after->feeds[0]), "%s", cases[i].key);
		fw_policy_feed_done(&copy);
		cr_assert_eq(fw_plan_diff(before, after, &plan), 0);
		cr_assert_eq(plan.count, 1, "%s", cases[i].key);
		cr_expect_eq(plan.lines[0].kind, '~');
		cr_expect_str_eq(plan.lines[0].object, "feed");
		cr_expect_str_eq(plan.lines[0].detail, cases[i].detail);
		fw_plan_done(&plan);
		fw_policy_free(after);
	}
	fw_policy_free(before);
}

Test(policy_feeds, plan_names_who_came_and_went)
{
	struct fw_policy *before = good("feeds: {x: {url: /x}, y: {url: /y}, old: {url: /old}}\n" RULES);
	struct fw_policy *after =
		good("feeds: {x: {url: /x}, y: {url: /y}, new: {url: /new, tier: high}}\n" RULES);
	struct fw_plan plan = {0};

	cr_assert_eq(fw_plan_diff(before, after, &plan), 0);
	cr_assert_eq(plan.count, 2);
	cr_expect(plan.lines[0].kind == '+' && !strcmp(plan.lines[0].name, "new"));
	cr_expect_str_eq(plan.lines[0].detail, "url: /new, every: 1h, tier: high");
	cr_expect(plan.lines[1].kind == '-' && !strcmp(plan.lines[1].name, "old"));
	fw_plan_done(&plan);
	fw_policy_free(before);
	fw_policy_free(after);
}

static const struct file_case {
	const char *name, *keys;
	const char *code; /* NULL: silence */
} file_cases[] = {
	{"all is well", "{url: \"https://h/l\", secret: DIR/private, ca_file: DIR/list}", NULL},
	{"a list in a file", "{url: DIR/list}", NULL},
	{"no list", "{url: DIR/none}", "missing-file"},
	{"no list, as a URL", "{url: \"file://DIR/none\"}", "missing-file"},
	{"a directory", "{url: DIR}", "missing-file"},
	{"a list behind a file", "{url: DIR/list/x}", "missing-file"},
	{"no secret", "{url: \"https://h/l\", secret: DIR/none}", "missing-file"},
	{"a secret of everybody", "{url: \"https://h/l\", secret: DIR/list}", "readable-by-all"},
	{"certificates of one", "{url: \"https://h/l\", ca_file: DIR/own}", "unreadable"},
	{"certificates of a group", "{url: \"https://h/l\", ca_file: DIR/private}", NULL},
	{"no certificates", "{url: \"https://h/l\", ca_file: DIR/none}", "missing-file"},
};

static void put(const char *dir, const char *name, mode_t mode)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && !fchmod(fd, mode) && !close(fd));
}

/* What a feed will need is looked at before it is needed, and pointed at. */
Test(policy_feeds, named_files_are_looked_at)
{
	char dir[] = "/tmp/fw-unit-feeds-XXXXXX";
	char command[64];

	cr_assert_not_null(mkdtemp(dir));
	put(dir, "list", 0644);
	put(dir, "private", 0640);
	put(dir, "own", 0600);
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *t = &file_cases[i];
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;
		const struct fw_diag *warning = NULL;
		char text[512] = "version: 1\nfeeds:\n  f: ";

		for (const char *c = t->keys; *c; c++)
			if (!strncmp(c, "DIR", 3)) {
				strcat(text, dir);
				c += 2;
			} else {
				strncat(text, c, 1);
			}
		strcat(text, "\n");
		cr_expect_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0, "%s",
			     t->name);
		for (size_t k = 0; k < diags.count; k++)
			if (diags.items[k].severity == FW_SEVERITY_WARNING)
				warning = &diags.items[k];
		cr_expect_eq(!warning, !t->code, "%s: %s", t->name,
			     warning ? warning->message : "nothing said");
		if (warning && t->code) {
			cr_expect_str_eq(warning->code, t->code, "%s: %s", t->name, warning->message);
			cr_expect(strstr(warning->message, dir), "%s: %s", t->name, warning->message);
			cr_expect_eq(warning->mark.line, 3);
			cr_expect_gt(warning->mark.column, 10);
		}
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
	snprintf(command, sizeof(command), "%s/list", dir);
	unlink(command);
	snprintf(command, sizeof(command), "%s/private", dir);
	unlink(command);
	snprintf(command, sizeof(command), "%s/own", dir);
	unlink(command);
	rmdir(dir);
}
