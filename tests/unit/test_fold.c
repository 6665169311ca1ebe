// SPDX-License-Identifier: Apache-2.0
/* Bitmaps of lists take as many words as their marks need: what is listed is marked, of the rest hardly
 * anything; and who was added or taken away in place is answered alike. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "walk.h"

#define ALL_WORDS (FW_LIST_BITMAP_WORDS - 1)

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static struct fw_listed listed4(uint32_t addr, unsigned int length)
{
	struct fw_listed one = {.list_class = 7};

	one.prefix.addr.w[2] = htonl(0xffff);
	one.prefix.addr.w[3] = htonl(addr);
	one.prefix.bits = (uint8_t)(FW_V4_BITS + length);
	return one;
}

static int compare(const void *a, const void *b)
{
	return fw_prefix_compare(&((const struct fw_listed *)a)->prefix,
				 &((const struct fw_listed *)b)->prefix);
}

static bool is_marked4(const struct fw_list_tables *tables, uint32_t addr)
{
	return fw_list4_is_marked(tables->bitmap4[addr >> 14 & tables->shape.bitmap_mask4], addr);
}

/* So many single addresses, at random. */
static struct fw_list_tables built(uint32_t count, struct fw_listed **ret_listed)
{
	struct fw_listed *listed = calloc(count + 1, sizeof(*listed));
	struct fw_list_tables tables;
	struct fw_err err = {0};
	uint64_t state = 4711;
	uint32_t kept = 0;

	cr_assert(listed);
	for (uint32_t i = 0; i < count; i++)
		listed[i] = listed4((uint32_t)(next(&state) >> 20), 32);
	qsort(listed, count, sizeof(*listed), compare);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || compare(&listed[kept - 1], &listed[i]))
			listed[kept++] = listed[i];
	cr_assert_eq(fw_list_tables_build(listed, kept, &tables, &err), 0, "%s", err.text);
	for (uint32_t i = 0; i < kept; i++)
		cr_assert_eq(walk4(&tables, ntohl(listed[i].prefix.addr.w[3])), 7);
	*ret_listed = listed;
	return tables;
}

Test(fold, few_marks_take_few_words_and_raise_few_false_alarms)
{
	static const struct {
		uint32_t count, words;
	} cases[] = {{10, 8192},      {10000, 8192},	{60000, 32768},
		     {100000, 65536}, {200000, 262144}, {1000000, 262144}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t alarms = 0, asked = 100000;
		struct fw_listed *listed;
		struct fw_list_tables tables = built(cases[i].count, &listed);
		uint64_t state = 99;

		cr_expect_eq(tables.shape.bitmap_mask4 + 1, cases[i].words, "%u prefixes: %u words",
			     cases[i].count, tables.shape.bitmap_mask4 + 1);
		for (uint32_t n = 0; n < asked; n++)
			alarms += is_marked4(&tables, (uint32_t)(next(&state) >> 20));
		cr_expect_leq(alarms, asked / 25, "%u prefixes: %u of %u", cases[i].count, alarms, asked);
		for (uint32_t word = cases[i].words; word < FW_LIST_BITMAP_WORDS; word++)
			cr_assert_eq(tables.bitmap4[word], 0);
		fw_list_tables_done(&tables);
		free(listed);
	}
}

/* One line that covers a lot must not mark everybody. */
Test(fold, a_large_block_keeps_to_itself)
{
	struct fw_listed block = listed4(0x0b000000, 8);
	uint32_t alarms = 0, outside = 0;
	struct fw_list_tables tables;
	struct fw_err err = {0};
	uint64_t state = 12345;

	cr_assert_eq(fw_list_tables_build(&block, 1, &tables, &err), 0);
	for (uint32_t n = 0; n < 100000; n++) {
		uint32_t addr = (uint32_t)(next(&state) >> 20);

		cr_assert_eq(walk4(&tables, addr), addr >> 24 == 11 ? 7 : 0);
		outside += addr >> 24 != 11;
		alarms += addr >> 24 != 11 && is_marked4(&tables, addr);
	}
	cr_expect_leq(alarms, outside / 25, "%u of %u", alarms, outside);
	fw_list_tables_done(&tables);
}

static int change(struct fw_list_tables *tables, uint32_t addr, const struct fw_listed *listed, size_t count)
{
	const struct fw_list_region region = {
		.prefix = listed4(addr & 0xffffc000, 18).prefix, .listed = listed, .count = count};

	return fw_list_tables_patch(tables, &region, 1);
}

Test(fold, changes_in_place_until_it_is_crowded)
{
	struct fw_listed *listed, one;
	struct fw_list_tables tables = built(10, &listed);
	uint32_t changes = 0;
	int r = 0;

	tables.live = true;
	/* Two /18s that share a word, and the same /24 in each. */
	one = listed4(0x55000000, 32);
	cr_assert_eq(change(&tables, 0x55000000, &one, 1), 0);
	one = listed4(0x75000000, 32);
	cr_assert_eq(change(&tables, 0x75000000, &one, 1), 0);
	cr_assert_eq((0x55000000 >> 14) & 8191, (0x75000000 >> 14) & 8191);
	cr_assert_eq(change(&tables, 0x75000000, NULL, 0), 0);
	cr_expect_eq(walk4(&tables, 0x75000000), 0, "taken away");
	cr_expect_eq(walk4(&tables, 0x55000000), 7, "its neighbour in the word stays");
	for (uint32_t addr = 0x80000000; addr < 0xa0000000 && !r; addr += 256) {
		one = listed4(addr, 32);
		r = change(&tables, addr, &one, 1);
		changes += !r;
		cr_assert_eq(walk4(&tables, addr), r ? 0 : 7);
	}
	cr_expect_eq(r, -ENOSPC, "%u changes and no word of laying it out again", changes);
	cr_expect_gt(changes, 10000);
	tables.live = false;
	fw_list_tables_done(&tables);
	free(listed);
}

/* A word of its own is set anew: what was taken away leaves no false alarm. */
Test(fold, changes_in_place_of_all_words)
{
	struct fw_listed *listed;
	struct fw_list_tables tables = built(500000, &listed);
	uint32_t free32 = 0x50000000, slash18, count;
	struct fw_listed *with;
	size_t before = 0, at;
	uint64_t word;

	cr_assert(fw_list_is_ample(tables.shape.bitmap_mask4));
	while (is_marked4(&tables, free32))
		free32 += 256;
	slash18 = free32 & 0xffffc000;
	while (ntohl(listed[before].prefix.addr.w[3]) < slash18)
		before++;
	for (count = 0; ntohl(listed[before + count].prefix.addr.w[3]) < slash18 + 0x4000; count++)
		;
	with = calloc(count + 1, sizeof(*with));
	cr_assert(with);
	for (at = 0; at < count && ntohl(listed[before + at].prefix.addr.w[3]) < free32; at++)
		with[at] = listed[before + at];
	with[at] = listed4(free32, 32);
	memcpy(with + at + 1, listed + before + at, (count - at) * sizeof(*with));
	word = tables.bitmap4[slash18 >> 14];
	tables.live = true;
	cr_assert_eq(change(&tables, free32, with, count + 1), 0);
	for (size_t i = 0; i <= count; i++)
		cr_expect_eq(walk4(&tables, ntohl(with[i].prefix.addr.w[3])), 7);
	cr_assert_eq(change(&tables, free32, listed + before, count), 0);
	cr_expect_eq(walk4(&tables, free32), 0, "taken away");
	cr_expect_eq(tables.bitmap4[slash18 >> 14], word);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(walk4(&tables, ntohl(listed[before + i].prefix.addr.w[3])), 7);
	tables.live = false;
	fw_list_tables_done(&tables);
	free(listed);
	free(with);
}

/* Marks of IPv6 come with groups, whose table is full before; that its size bounds them is no business of the
 * bitmap's. */
Test(fold, either_bitmap_that_is_crowded_stops_the_changes_of_both)
{
	static const struct {
		const char *name;
		size_t bitmap;
		int result;
	} cases[] = {{"neither", SIZE_MAX, 0}, {"IPv4", 0, -ENOSPC}, {"IPv6", 1, -ENOSPC}};
	struct fw_prefix in6 = {{{htonl(0x20010db8), 0, 0, 0}}, 48};
	/* Sorted: IPv4 is ::ffff:0:0/96. */
	struct fw_listed both[] = {listed4(0x0a000001, 32), {.prefix = in6, .list_class = 7}};
	struct fw_list_region regions[] = {
		{.prefix = listed4(0x0a000000, 18).prefix, .listed = &both[0], .count = 1},
		{.prefix = in6, .listed = &both[1], .count = 1}};

	regions[1].prefix.bits = 32;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_list_tables tables;
		struct fw_err err = {0};

		cr_assert_eq(fw_list_tables_build(both, 2, &tables, &err), 0, "%s", err.text);
		if (cases[i].bitmap != SIZE_MAX)
			memset(cases[i].bitmap ? tables.bitmap6 : tables.bitmap4, 0xff,
			       8192 * sizeof(uint64_t));
		for (size_t family = 0; family < 2; family++)
			cr_expect_eq(fw_list_tables_patch(&tables, &regions[family], 1), cases[i].result,
				     "%s is crowded, a change of IPv%c", cases[i].name, family ? '6' : '4');
		fw_list_tables_done(&tables);
	}
}
