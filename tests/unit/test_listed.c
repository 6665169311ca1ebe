// SPDX-License-Identifier: Apache-2.0
/* Who lists an address, in words. */
#include <criterion/criterion.h>
#include <string.h>

#include "observe/listed.h"
#include "policy/users.h"

static char *names[] = {"bad", "drop", "spare"};
static unsigned int refs[] = {0};

static struct fw_feed feeds[] = {{.set = 1, .tier = FW_TIER_HIGH}};

/* Rule known-bad names set 0, rule tiers asks for what feeds say; nobody names set 2. */
static void fill(struct fw_policy *policy, struct fw_set *sets, struct fw_policy_rule *rules)
{
	for (size_t i = 0; i < 3; i++)
		sets[i] = (struct fw_set){.name = names[i], .kind = i == 1 ? FW_SET_FEED : FW_SET_STATIC};
	rules[0] = (struct fw_policy_rule){.name = "known-bad", .match.source = {refs, 1}};
	rules[1] = (struct fw_policy_rule){.name = "tiers", .match.tiers = 1 << FW_TIER_HIGH};
	rules[2] = (struct fw_policy_rule){.name = "blanket"};
	*policy = (struct fw_policy){.sets = sets,
				     .set_count = 3,
				     .feeds = feeds,
				     .feed_count = 1,
				     .rules = rules,
				     .rule_count = 3};
}

static const struct listed_case {
	unsigned int set;
	struct fw_listing listing;
	const char *want;
} cases[] = {
	{0,
	 {.entry = "192.0.2.0/24", .file = "sets/bad.txt", .line = 17},
	 "set 'bad' (sets/bad.txt:17, 192.0.2.0/24); named by known-bad"},
	{0,
	 {.entry = "192.0.2.0/24", .file = "sets/bad.txt", .outdated = true},
	 "set 'bad' (sets/bad.txt, 192.0.2.0/24, from its last good content); named by known-bad"},
	{0,
	 {.kind = FW_LISTING_ADDED, .entry = "192.0.2.1", .by = "root", .left_ns = 90 * FW_NS_PER_SEC},
	 "set 'bad' (192.0.2.1, added live by root, ends in 1m 30s); named by known-bad"},
	{0,
	 {.kind = FW_LISTING_REMOVED, .entry = "192.0.2.1", .by = "root"},
	 "not in set 'bad' (192.0.2.1, taken out live by root); named by known-bad"},
	{1,
	 {.kind = FW_LISTING_FEED,
	  .entry = "198.51.100.0/24",
	  .line = 42,
	  .tier = FW_TIER_HIGH,
	  .first_seen = 1795132800, /* 2026-11-20 */
	  .left_ns = 3 * 3600 * FW_NS_PER_SEC},
	 "feed 'drop' (entry 198.51.100.0/24, line 42, tier high, first seen 2026-11-20, expires in 3h); "
	 "named by tiers"},
	{1,
	 {.kind = FW_LISTING_FEED, .entry = "10.0.0.0/8", .line = 7, .idle = true},
	 "feed 'drop' (entry 10.0.0.0/8, line 7, NOT in force: expired or taken out by a guard); named by "
	 "tiers"},
	{1,
	 {.kind = FW_LISTING_FEED, .entry = "198.51.100.9", .on_trial = true},
	 "feed 'drop' (entry 198.51.100.9, on trial: counts only); named by tiers"},
	{2,
	 {.entry = "192.0.2.1", .file = "floodwall.yaml", .line = 9},
	 "set 'spare' (floodwall.yaml:9, 192.0.2.1); no rule names it, so it changes nothing"},
};

Test(listed, words)
{
	struct fw_policy_rule rules[3];
	struct fw_policy policy;
	struct fw_set sets[3];
	char text[512], small[20];

	fill(&policy, sets, rules);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(
			fw_listing_format(&policy, cases[i].set, &cases[i].listing, text, sizeof(text)),
			cases[i].want);
	fw_listing_format(&policy, 0, &cases[0].listing, small, sizeof(small));
	cr_expect_eq(strlen(small), sizeof(small) - 1, "cut, not overrun");
}

Test(listed, users)
{
	struct fw_policy_rule rules[3];
	struct fw_policy policy;
	struct fw_set sets[3];
	const char *users[1];

	fill(&policy, sets, rules);
	policy.never_block = (struct fw_set_refs){refs, 1};
	cr_expect_eq(fw_set_users(&policy, 0, users, 1), 2, "all are counted, however many fit");
	cr_expect_str_eq(users[0], "never_block");
	cr_expect_eq(fw_set_users(&policy, 2, users, 1), 0);
	cr_expect_eq(fw_set_users(&policy, 1, users, 1), 1);
	feeds[0].tier = FW_TIER_NONE;
	cr_expect_eq(fw_set_users(&policy, 1, users, 1), 0, "without tiers nobody uses it for tiers");
}
