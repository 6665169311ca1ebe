// SPDX-License-Identifier: Apache-2.0
/* From a feed's copy to what the compiler gets: expiry, guards, tiers; and from a definition to a worker's
 * job. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "fw_types.h"

#define NOW 1000000

static struct fw_prefix prefix(const char *text)
{
	struct fw_prefix parsed;

	cr_assert_eq(fw_prefix_parse(text, &parsed, NULL), 0, "%s", text);
	return parsed;
}

static void add(struct fw_feed_copy *copy, const char *text, enum fw_tier tier, uint32_t expires)
{
	struct fw_feed_entry entry = {.prefix = prefix(text),
				      .line = (uint32_t)copy->entries.count + 1,
				      .tier = (uint8_t)tier,
				      .expires = expires};

	cr_assert_eq(fw_feed_list_append(&copy->entries, &entry), 0);
}

static bool shares(const struct fw_feed_share *share, enum fw_tier tier, const char *text)
{
	struct fw_prefix wanted = prefix(text);

	for (size_t i = 0; i < share->counts[tier]; i++)
		if (!fw_prefix_compare(&share->prefixes[tier][i], &wanted))
			return true;
	return false;
}

Test(feed_share, expired_guarded_and_split_by_tier)
{
	struct fw_protected never[] = {{.prefix = prefix("45.1.1.128/25"), .reason = FW_GUARD_NEVER_BLOCK}};
	struct fw_feed_protected protected = {.items = never, .count = 1, .digest = 7};
	struct fw_feed_copy copy = {0};
	struct fw_guard guard = {0};
	struct fw_feed_share share;

	add(&copy, "10.0.0.0/8", FW_TIER_HIGH, 0); /* private */
	add(&copy, "44.0.0.0/7", FW_TIER_HIGH, 0); /* too wide */
	add(&copy, "45.1.0.0/24", FW_TIER_HIGH, 0);
	add(&copy, "45.1.1.0/24", FW_TIER_HIGH, NOW + 50);
	add(&copy, "45.2.0.0/24", FW_TIER_LOW, NOW); /* over */
	add(&copy, "45.3.0.0/24", FW_TIER_LOW, NOW + 10);
	fw_feed_list_normalize(&copy.entries);
	cr_assert_eq(fw_feed_share_build(&copy, &guard, &protected, NOW, &share), 0);
	cr_expect_eq(share.counts[FW_TIER_HIGH], 2);
	cr_expect(shares(&share, FW_TIER_HIGH, "45.1.0.0/24"));
	cr_expect(shares(&share, FW_TIER_HIGH, "45.1.1.0/25"), "the protected half is cut out exactly");
	cr_expect_eq(share.counts[FW_TIER_LOW], 1);
	cr_expect(shares(&share, FW_TIER_LOW, "45.3.0.0/24"));
	cr_expect_eq(share.next_expiry, NOW + 10);
	cr_expect_eq(share.protected_digest, 7);
	cr_expect_eq(share.report.refused[FW_GUARD_BOGON], 1);
	cr_expect_eq(share.report.refused[FW_GUARD_TOO_WIDE], 1);
	cr_expect_eq(share.report.split[FW_GUARD_NEVER_BLOCK], 1);
	cr_expect_eq(copy.entries.count, 6, "the copy is as the feed lists it");
	fw_feed_share_done(&share);
	fw_feed_copy_done(&copy);
}

Test(feed_share, later_some_entries_are_gone)
{
	struct fw_feed_protected protected = {0};
	struct fw_feed_copy copy = {0};
	struct fw_guard guard = {0};
	struct fw_feed_share before, after, again;

	add(&copy, "45.1.0.0/24", FW_TIER_NONE, 0);
	add(&copy, "45.3.0.0/24", FW_TIER_NONE, NOW + 10);
	cr_assert_eq(fw_feed_share_build(&copy, &guard, &protected, NOW, &before), 0);
	cr_assert_eq(fw_feed_share_build(&copy, &guard, &protected, NOW + 10, &after), 0);
	cr_assert_eq(fw_feed_share_build(&copy, &guard, &protected, NOW + 20, &again), 0);
	cr_expect_eq(after.counts[FW_TIER_NONE], 1);
	cr_expect_eq(after.next_expiry, 0);
	cr_expect_not(fw_feed_share_same(&before, &after));
	cr_expect(fw_feed_share_same(&after, &again));
	fw_feed_share_done(&before);
	fw_feed_share_done(&after);
	fw_feed_share_done(&again);
	fw_feed_copy_done(&copy);
}

Test(feed_share, changes_are_counted)
{
	struct fw_feed_copy a = {0}, b = {0};
	size_t added, removed;

	add(&a, "45.1.0.0/24", FW_TIER_NONE, 0);
	add(&a, "45.2.0.0/24", FW_TIER_NONE, 0);
	add(&a, "45.3.0.0/24", FW_TIER_NONE, 0);
	add(&b, "45.2.0.0/24", FW_TIER_HIGH, 0);
	add(&b, "45.2.0.0/25", FW_TIER_NONE, 0);
	fw_feed_count_changes(&a.entries, &b.entries, &added, &removed);
	cr_expect_eq(added, 1);
	cr_expect_eq(removed, 2);
	fw_feed_count_changes(&b.entries, &a.entries, &added, &removed);
	cr_expect(added == 2 && removed == 1);
	fw_feed_copy_done(&a);
	fw_feed_copy_done(&b);
}

Test(feed_share, a_definition_becomes_a_job_and_guards)
{
	char *fields[] = {(char[]){"a"}, (char[]){"b"}};
	char url[] = "https://a/b", key[] = "X-Key", proxy[] = "", score[] = "s";
	struct fw_feed feed = {.url = url,
			       .format = FW_FEED_JSON,
			       .fields = {.items = fields, .count = 2},
			       .header = key,
			       .proxy = proxy,
			       .score = score,
			       .tier = FW_TIER_LOW,
			       .ttl_ns = 60 * FW_NS_PER_SEC,
			       .timeout_ns = 5 * FW_NS_PER_SEC,
			       .max_entries = 10,
			       .shortest4 = 16,
			       .shortest6 = 32,
			       .growth = 300,
			       .shrink = 20,
			       .allow_private = true};
	struct fw_feed_job job;
	struct fw_guard guard;
	uint64_t origin;

	cr_assert_eq(fw_feed_job_of(&feed, &job), 0);
	cr_expect_str_eq(job.url, url);
	cr_expect_str_eq(job.header, key);
	cr_expect_str_eq(job.proxy, "");
	cr_expect(job.shape.format == FW_FEED_JSON && job.shape.fields.count == 2 &&
		  job.shape.tier == FW_TIER_LOW);
	cr_expect_str_eq(job.shape.score_field, "s");
	cr_expect(job.shape.ttl_seconds == 60 && job.max_seconds == 5 && job.shape.max_entries == 10);
	origin = fw_feed_origin(job.url, &job.shape);
	fw_feed_job_done(&job);
	feed.tier = FW_TIER_HIGH;
	cr_assert_eq(fw_feed_job_of(&feed, &job), 0);
	cr_expect_neq(fw_feed_origin(job.url, &job.shape), origin, "another tier: the copy is another list");
	fw_feed_job_done(&job);
	fw_feed_guard_of(&feed, &guard);
	cr_expect(guard.max_entries == 10 && guard.shortest_v4 == 16 && guard.shortest_v6 == 32 &&
		  guard.max_growth_percent == 300 && guard.max_shrink_percent == 20 && guard.allow_bogons &&
		  !guard.force);
}

Test(feed_share, explain_finds_the_entry_and_whether_it_is_in_force)
{
	struct fw_protected never[] = {{.prefix = prefix("45.1.1.1/32"), .reason = FW_GUARD_SSH_PEER}};
	struct fw_feed_protected protected = {.items = never, .count = 1};
	struct fw_feed_watch watch = {.has_copy = true};
	const struct fw_feed_entry *entry;
	struct fw_guard guard = {0};
	struct fw_addr addr;
	bool in_force;

	add(&watch.copy, "45.1.0.0/16", FW_TIER_LOW, 0);
	add(&watch.copy, "45.1.1.0/24", FW_TIER_HIGH, 0);
	cr_assert_eq(fw_feed_share_build(&watch.copy, &guard, &protected, NOW, &watch.share), 0);
	cr_assert_eq(fw_addr_parse("45.1.1.9", &addr, NULL), 0);
	entry = fw_feed_entry_of(&watch, &addr, &in_force);
	cr_assert(entry && in_force);
	cr_expect_eq(entry->line, 2);
	cr_expect_eq(entry->tier, FW_TIER_HIGH);
	cr_assert_eq(fw_addr_parse("45.1.1.1", &addr, NULL), 0);
	entry = fw_feed_entry_of(&watch, &addr, &in_force);
	cr_expect(entry && !in_force, "a guard cut it out");
	cr_assert_eq(fw_addr_parse("45.2.0.1", &addr, NULL), 0);
	cr_expect_null(fw_feed_entry_of(&watch, &addr, &in_force));
	fw_feed_share_done(&watch.share);
	fw_feed_copy_done(&watch.copy);
}
