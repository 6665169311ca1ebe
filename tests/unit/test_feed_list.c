// SPDX-License-Identifier: Apache-2.0
/* Lists of entries against a model that is an array: merging, ageing, expiry and random deltas. */
#include <criterion/criterion.h>
#include <string.h>

#include "feeds/entry.h"

#define PREFIXES 64
#define STEPS	 300

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* Prefix number i: IPv4 and IPv6 in turn. */
static struct fw_prefix numbered(unsigned int i)
{
	struct fw_prefix prefix;

	cr_assert_not(fw_prefix_parse(i % 2 ? "2a0e::" : "45.1.0.0", &prefix, NULL));
	prefix.addr.w[3] = i % 2 ? __builtin_bswap32(i) : prefix.addr.w[3] | __builtin_bswap32(i);
	return prefix;
}

static void add(struct fw_feed_list *list, unsigned int i, uint32_t line, uint32_t expires, enum fw_tier tier)
{
	struct fw_feed_entry entry = {
		.prefix = numbered(i), .line = line, .expires = expires, .tier = (uint8_t)tier};

	cr_assert_not(fw_feed_list_append(list, &entry));
}

Test(feed_list, what_is_listed_twice_becomes_one)
{
	struct fw_feed_list list = {0};

	add(&list, 2, 9, 100, FW_TIER_LOW);
	add(&list, 1, 1, 0, FW_TIER_NONE);
	add(&list, 2, 3, 200, FW_TIER_HIGH);
	add(&list, 1, 2, 50, FW_TIER_MEDIUM);
	fw_feed_list_normalize(&list);
	cr_assert_eq(list.count, 2);
	for (size_t i = 0; i < 2; i++) {
		bool v4 = fw_addr_is_v4(&list.items[i].prefix.addr);

		cr_expect_eq(list.items[i].line, v4 ? 3 : 1);
		cr_expect_eq(list.items[i].expires, v4 ? 200 : 0);
		cr_expect_eq(list.items[i].tier, v4 ? FW_TIER_HIGH : FW_TIER_MEDIUM);
	}
	fw_feed_list_done(&list);
}

struct model {
	bool listed[PREFIXES];
	uint32_t expires[PREFIXES], first_seen[PREFIXES];
};

static void compare(const struct fw_feed_list *list, const struct model *model)
{
	size_t count = 0;

	for (unsigned int i = 0; i < PREFIXES; i++) {
		struct fw_prefix prefix = numbered(i);
		const struct fw_feed_entry *entry = fw_feed_list_find(list, &prefix.addr);

		count += model->listed[i];
		cr_assert_eq(entry != NULL, model->listed[i], "prefix %u", i);
		if (!entry)
			continue;
		cr_assert_eq(entry->expires, model->expires[i], "prefix %u", i);
		cr_assert_eq(entry->first_seen, model->first_seen[i], "prefix %u", i);
	}
	cr_assert_eq(list->count, count);
}

/* One delta of a stream: some new, some taken back, some both. */
static void step(struct fw_feed_list *list, struct model *model, uint64_t *state, uint32_t now)
{
	struct fw_feed_list added = {0}, removed = {0}, next = {0};

	for (unsigned int i = 0; i < 5; i++) {
		unsigned int which = random_next(state) % PREFIXES;

		add(&removed, which, 0, 0, FW_TIER_NONE);
		model->listed[which] = false;
	}
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int which = random_next(state) % PREFIXES;
		uint32_t expires = random_next(state) % 3 ? now + 1 + random_next(state) % 20 : 0;

		for (size_t j = 0; j < added.count; j++)
			if (!fw_prefix_compare(&added.items[j].prefix,
					       &(struct fw_prefix){numbered(which).addr, 128}))
				expires = added.items[j].expires;
		add(&added, which, i + 1, expires, FW_TIER_LOW);
		model->listed[which] = true;
		model->expires[which] = expires;
	}
	cr_assert_not(fw_feed_list_apply(list, &added, &removed, &next));
	fw_feed_list_expire(&next, now);
	fw_feed_list_age(&next, list, now);
	/* The model: who was not there when the step began is new now. */
	for (unsigned int i = 0; i < PREFIXES; i++) {
		struct fw_prefix prefix = numbered(i);

		if (model->listed[i] && model->expires[i] && model->expires[i] <= now)
			model->listed[i] = false;
		if (model->listed[i] && !fw_feed_list_find(list, &prefix.addr))
			model->first_seen[i] = now;
	}
	fw_feed_list_done(list);
	fw_feed_list_done(&added);
	fw_feed_list_done(&removed);
	*list = next;
}

Test(feed_list, random_deltas_equal_the_model)
{
	uint64_t state = 0x2545f4914f6cdd1dULL;
	struct fw_feed_list list = {0};
	struct model model = {0};

	for (uint32_t now = 1; now <= STEPS; now++) {
		step(&list, &model, &state, now);
		compare(&list, &model);
	}
	fw_feed_list_done(&list);
}

Test(feed_list, next_expiry)
{
	struct fw_feed_list list = {0};

	cr_expect_eq(fw_feed_list_next_expiry(&list), 0);
	add(&list, 1, 1, 0, FW_TIER_NONE);
	cr_expect_eq(fw_feed_list_next_expiry(&list), 0);
	add(&list, 2, 1, 70, FW_TIER_NONE);
	add(&list, 3, 1, 60, FW_TIER_NONE);
	cr_expect_eq(fw_feed_list_next_expiry(&list), 60);
	cr_expect_eq(fw_feed_list_expire(&list, 60), 1);
	cr_expect_eq(fw_feed_list_next_expiry(&list), 70);
	fw_feed_list_done(&list);
}

Test(feed_list, tiers_of_scores)
{
	static const struct {
		unsigned int score;
		enum fw_tier tier;
	} cases[] = {{0, FW_TIER_NONE},	   {1, FW_TIER_LOW},   {49, FW_TIER_LOW},  {50, FW_TIER_MEDIUM},
		     {74, FW_TIER_MEDIUM}, {75, FW_TIER_HIGH}, {100, FW_TIER_HIGH}};
	enum fw_tier tier;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(fw_tier_of_score(cases[i].score), cases[i].tier, "%u", cases[i].score);
	for (unsigned int i = 0; i < FW_TIER_MAX_; i++) {
		cr_assert_eq(fw_tier_from_word(fw_tier_word((enum fw_tier)i), &tier), 0);
		cr_expect_eq(tier, i);
	}
	cr_expect_neq(fw_tier_from_word("higher", &tier), 0);
}

/* Enough for the fast path: what it makes must be what comparing makes. */
Test(feed_list, a_large_list_is_sorted_as_a_small_one)
{
	static const char *const bases[] = {"45.0.0.0", "::", "2a0e::", "255.255.0.0", "::ffff:ffff:0"};
	uint64_t state = 0x1234567;
	struct fw_feed_list list = {0};
	uint64_t lines = 0, sum = 0;

	for (unsigned int i = 0; i < 5000; i++) {
		struct fw_feed_entry entry = {.line = i + 1};
		unsigned int bits = 100 + random_next(&state) % 29;

		cr_assert_not(fw_prefix_parse(bases[random_next(&state) % 5], &entry.prefix, NULL));
		entry.prefix.addr.w[3] |= __builtin_bswap32(random_next(&state) % 0xffff);
		entry.prefix =
			(struct fw_prefix){fw_addr_masked(&entry.prefix.addr, bits), (unsigned char)bits};
		cr_assert_not(fw_feed_list_append(&list, &entry));
	}
	fw_feed_list_sort(&list);
	cr_assert_eq(list.count, 5000);
	cr_expect(fw_feed_list_is_sorted(&list));
	for (size_t i = 0; i < list.count; i++) {
		lines += list.items[i].line;
		sum += (uint64_t)list.items[i].line * list.items[i].line;
		if (i)
			cr_assert_leq(fw_prefix_compare(&list.items[i - 1].prefix, &list.items[i].prefix), 0);
	}
	cr_expect_eq(lines, 5000ULL * 5001 / 2, "every entry is still there once");
	cr_expect_eq(sum, 5000ULL * 5001 * 10001 / 6);
	fw_feed_list_normalize(&list);
	for (size_t i = 1; i < list.count; i++)
		cr_assert_lt(fw_prefix_compare(&list.items[i - 1].prefix, &list.items[i].prefix), 0);
	fw_feed_list_done(&list);
}
