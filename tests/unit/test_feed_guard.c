// SPDX-License-Identifier: Apache-2.0
/* What guards take out is exactly what they say: against brute force, and case by case; what they hold. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/carve.h"
#include "feeds/guard.h"
#include "lib/cleanup.h"

#define ROUNDS	  400
#define ENTRIES	  20
#define PROTECTED 8
#define PROBES	  200

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* Few bits vary, on both sides of the mapped range, so that prefixes nest, touch and straddle. */
static struct fw_addr random_addr(uint64_t *state)
{
	struct fw_addr addr = {0};
	unsigned char *byte = (unsigned char *)&addr;

	switch (random_next(state) % 3) {
	case 0:
		memset(byte + 10, 0xff, 2);
		byte[12] = (unsigned char)(random_next(state) % 2 * 0x80);
		byte[15] = (unsigned char)(random_next(state) % 16);
		break;
	case 1:
		byte[10] = 0xff;
		byte[11] = (unsigned char)(0xfc + random_next(state) % 4);
		byte[15] = (unsigned char)(random_next(state) % 4);
		break;
	default:
		byte[0] = 0x20;
		byte[15] = (unsigned char)(random_next(state) % 16);
	}
	return addr;
}

static struct fw_prefix random_prefix(uint64_t *state)
{
	static const unsigned char short_bits[] = {0, 1, 64, 80, 94, 95, 96, 97, 104, 112};
	struct fw_addr addr = random_addr(state);
	unsigned int bits = random_next(state) % 3 ? 122 + random_next(state) % 7
						   : short_bits[random_next(state) % sizeof(short_bits)];

	return (struct fw_prefix){.addr = fw_addr_masked(&addr, bits), .bits = (unsigned char)bits};
}

static bool listed(const struct fw_feed_list *list, const struct fw_addr *addr)
{
	for (size_t i = 0; i < list->count; i++)
		if (fw_prefix_contains(&list->items[i].prefix, addr))
			return true;
	return false;
}

static struct fw_addr last_of(const struct fw_prefix *prefix)
{
	struct fw_addr mask = fw_mask(prefix->bits), addr = prefix->addr;

	for (unsigned int i = 0; i < 4; i++)
		addr.w[i] |= ~mask.w[i];
	return addr;
}

static void carve_round(uint64_t *state)
{
	struct fw_feed_list list = {0}, before = {0};
	struct fw_carve carve = {0};
	struct fw_prefix what[PROTECTED];

	for (uint32_t i = 0; i < ENTRIES; i++) {
		struct fw_feed_entry entry = {.prefix = random_prefix(state), .line = i + 1};

		cr_assert_not(fw_feed_list_append(&list, &entry));
		cr_assert_not(fw_feed_list_append(&before, &entry));
	}
	for (unsigned char i = 0; i < PROTECTED; i++) {
		what[i] = random_prefix(state);
		cr_assert_not(fw_carve_add(&carve, &what[i], i));
	}
	fw_carve_prepare(&carve);
	cr_assert_not(fw_carve_list(&list, &carve, NULL, NULL));
	for (unsigned int i = 0; i < PROBES + 4 * PROTECTED; i++) {
		struct fw_addr addr = random_addr(state);
		bool cut = false;

		/* The edges too: first and last address of everything. */
		if (i >= PROBES)
			addr = i % 2 ? what[(i - PROBES) / 4].addr : last_of(&what[(i - PROBES) / 4]);
		for (unsigned int p = 0; p < PROTECTED; p++)
			cut = cut || fw_prefix_contains(&what[p], &addr);
		cr_assert_eq(listed(&list, &addr), listed(&before, &addr) && !cut);
	}
	for (size_t i = 0; i < list.count; i++)
		cr_assert(
			fw_prefix_covers(&before.items[list.items[i].line - 1].prefix, &list.items[i].prefix),
			"a piece keeps the line of the entry it is of");
	fw_carve_done(&carve);
	fw_feed_list_done(&list);
	fw_feed_list_done(&before);
}

Test(feed_guard, carving_equals_brute_force)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL;

	for (unsigned int i = 0; i < ROUNDS; i++)
		carve_round(&state);
}

static void add(struct fw_feed_list *list, const char *text)
{
	struct fw_feed_entry entry = {.line = (uint32_t)list->count + 1};

	cr_assert_not(fw_prefix_parse(text, &entry.prefix, NULL), "%s", text);
	cr_assert_not(fw_feed_list_append(list, &entry));
}

static struct fw_feed_list list_of(const char *texts)
{
	struct fw_feed_list list = {0};
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", texts);
	for (char *text = strtok_r(copy, " ", &save); text; text = strtok_r(NULL, " ", &save))
		add(&list, text);
	return list;
}

static void describe(const struct fw_feed_list *list, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count && used < size; i++) {
		char prefix[FW_ADDR_TEXT_MAX];

		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
					 fw_prefix_format(&list->items[i].prefix, prefix, sizeof(prefix)));
	}
}

struct filter_case {
	const char *list, *own, *want, *words;
	struct fw_guard guard;
};

static const struct filter_case filters[] = {
	{.list = "45.1.0.0/24 45.2.0.1", .want = "45.1.0.0/24 45.2.0.1", .words = ""},
	{.list = "44.0.0.0/7 45.0.0.0/8",
	 .want = "45.0.0.0/8",
	 .words = "1 entry refused: 1 too_wide; line 1: 44.0.0.0/7 is a prefix shorter than this feed may "
		  "list"},
	{.list = "2a00::/18 2a00::/19", .want = "2a00::/19", .words = "1 too_wide"},
	{.list = "2a00::/19 2a00::/32",
	 .want = "2a00::/32",
	 .guard = {.shortest_v6 = 32},
	 .words = "1 too_wide"},
	{.list = "45.1.0.0/16 45.1.2.0/24",
	 .want = "45.1.2.0/24",
	 .guard = {.shortest_v4 = 24},
	 .words = "1 too_wide"},
	{.list = "10.1.2.3 127.0.0.1 192.168.0.0/24 fe80::1 ::1 fd00::/32 224.0.0.0/8 0.0.0.0/8 45.1.1.1",
	 .want = "45.1.1.1",
	 .words = "8 entries refused: 8 bogon; line 1: 10.1.2.3 is within 10.0.0.0/8, a private"},
	{.list = "10.1.2.3 fd00::1",
	 .want = "10.1.2.3 fd00::1",
	 .guard = {.allow_bogons = true},
	 .words = ""},
	{.list = "192.168.0.0/15",
	 .want = "192.169.0.0/16",
	 .words = "1 entry split around what they may not list: 1 bogon"},
	{.list = "198.51.100.0/24 2001:db8::/32", .want = "198.51.100.0/24 2001:db8::/32", .words = ""},
	{.list = "45.1.1.7 45.1.2.0/24",
	 .own = "45.1.1.7",
	 .want = "45.1.2.0/24",
	 .words = "line 1: 45.1.1.7 is an address of this machine"},
	{.list = "45.1.1.4/30",
	 .own = "45.1.1.6",
	 .want = "45.1.1.4/31 45.1.1.7",
	 .words = "line 1: 45.1.1.4/30 contains 45.1.1.6, an address of this machine"},
	{.list = "2a0e::/126", .own = "2a0e::3", .want = "2a0e::/127 2a0e::2", .words = "1 own_address"},
};

Test(feed_guard, filter)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const struct filter_case *c = &filters[i];
		struct fw_feed_list list = list_of(c->list);
		struct fw_protected own = {.reason = FW_GUARD_OWN};
		struct fw_guard_report report;
		char got[512], words[1024];

		if (c->own)
			cr_assert_not(fw_prefix_parse(c->own, &own.prefix, NULL));
		cr_assert_not(fw_guard_filter(&list, &c->guard, &own, c->own ? 1 : 0, &report));
		describe(&list, got, sizeof(got));
		cr_expect_str_eq(got, c->want, "%s: %s", c->list, got);
		fw_guard_describe(&report, words, sizeof(words));
		cr_expect(*c->words ? strstr(words, c->words) != NULL : !*words, "%s: '%s'", c->list, words);
		cr_expect_eq(report.kept, list.count);
		fw_feed_list_done(&list);
	}
}

Test(feed_guard, a_description_never_overflows)
{
	struct fw_feed_list list = list_of("10.0.0.1 10.0.0.2 10.0.0.3");
	struct fw_guard_report report;
	char small[24];

	cr_assert_not(fw_guard_filter(&list, &(struct fw_guard){0}, NULL, 0, &report));
	memset(small, 'x', sizeof(small));
	fw_guard_describe(&report, small, 16);
	cr_expect_str_eq(small, "3 entries refus");
	cr_expect_eq(small[16], 'x');
	fw_feed_list_done(&list);
}

/* count times a /32 (or what `bits` says) from 45.0.0.0 on. */
static struct fw_feed_list many(size_t count, unsigned char bits)
{
	struct fw_feed_list list = {0};

	for (size_t i = 0; i < count; i++) {
		struct fw_feed_entry entry = {.line = (uint32_t)i + 1};

		cr_assert_not(fw_prefix_parse("45.0.0.0/8", &entry.prefix, NULL));
		entry.prefix.addr.w[3] = __builtin_bswap32(0x2d000000u + (uint32_t)(i << (128 - bits)));
		entry.prefix.bits = bits;
		cr_assert_not(fw_feed_list_append(&list, &entry));
	}
	return list;
}

Test(feed_guard, judge)
{
	static const struct {
		size_t before, after;
		unsigned char bits_before, bits_after;
		struct fw_guard guard;
		const char *words; /* NULL: accepted */
	} cases[] = {
		{100, 100, 128, 128, {0}, NULL},
		{100, 51, 128, 128, {0}, NULL},
		{100, 50, 128, 128, {0}, "shrank from 100 to 50 entries: 50 % or more are gone"},
		{100, 50, 128, 128, {.force = true}, NULL},
		{100, 50, 128, 128, {.max_shrink_percent = 60}, NULL},
		{100, 1, 128, 128, {.max_shrink_percent = 100}, NULL},
		{4, 2, 128, 128, {0}, "shrank from 4 to 2 entries"},
		{3, 1, 128, 128, {0}, NULL},
		{10, 900, 128, 128, {0}, NULL},
		{1000, 2000, 128, 128, {0}, NULL},
		{1000, 2001, 128, 128, {0}, "grew from 1000 to 2001 entries, more than 200 % of what it was"},
		{1000, 2001, 128, 128, {.max_growth_percent = 300}, NULL},
		{100, 101, 128, 112, {0}, NULL},
		{300, 300, 128, 112, {0}, "grew from 300 to 19660800 IPv4 addresses"},
		{1, 11, 128, 128, {.max_entries = 10}, "11 entries, more than the 10 this feed may have"},
		{1, 11, 128, 128, {.max_entries = 10, .force = true}, "more than the 10"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_feed_list before = many(cases[i].before, cases[i].bits_before);
		struct fw_feed_list after = many(cases[i].after, cases[i].bits_after);
		struct fw_err err = {0};
		int r = fw_guard_judge(&after, &before, &cases[i].guard, &err);

		cr_expect_eq(r,
			     !cases[i].words		  ? 0
			     : cases[i].guard.max_entries ? -E2BIG
							  : -EPERM,
			     "case %zu: %d %s", i, r, err.text);
		cr_expect(!cases[i].words || strstr(err.text, cases[i].words), "case %zu: %s", i, err.text);
		fw_feed_list_done(&before);
		fw_feed_list_done(&after);
	}
}

/* firehol_level1 brings 224.0.0.0/3 and friends: what will not come into force is no growth. */
Test(feed_guard, bogons_are_no_growth)
{
	struct fw_feed_list before = list_of("45.1.0.0/24 45.2.0.0/24"),
			    after = list_of("45.1.0.0/24 45.2.0.0/24 "
					    "10.0.0.0/8 224.0.0.0/3");
	struct fw_guard guard = {0};

	cr_expect_eq(fw_guard_judge(&after, &before, &guard, NULL), 0);
	guard.allow_bogons = true;
	cr_expect_eq(fw_guard_judge(&after, &before, &guard, NULL), -EPERM);
	fw_feed_list_done(&before);
	fw_feed_list_done(&after);
}

Test(feed_guard, a_default_route_is_held_even_by_force)
{
	static const char *const routes[] = {"45.1.1.1 0.0.0.0/0", "45.1.1.1 ::/0"};

	for (size_t i = 0; i < 2; i++) {
		struct fw_feed_list list = list_of(routes[i]);
		struct fw_err err = {0};

		cr_expect_eq(fw_guard_judge(&list, NULL, &(struct fw_guard){.force = true}, &err), -EINVAL);
		cr_expect(strstr(err.text, "line 2 lists") && strstr(err.text, "everybody"), "%s", err.text);
		fw_feed_list_done(&list);
	}
}
