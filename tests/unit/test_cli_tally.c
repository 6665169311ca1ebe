// SPDX-License-Identifier: Apache-2.0
/* Counts per source against a plain array, through growth, in rank order. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/number.h"
#include "cli/tally.h"
#include "lib/addr.h"

#define SOURCES 5000u

static struct fw_addr v4(uint32_t number)
{
	return (struct fw_addr){.w = {0, 0, htobe32(0xffff), htobe32(0x0a000000 + number)}};
}

static struct fw_addr v6(uint32_t net, uint32_t host)
{
	return (struct fw_addr){.w = {htobe32(0x20010db8), htobe32(net), htobe32(host), htobe32(host * 7)}};
}

Test(cli_tally, exact_through_growth)
{
	struct fw_tally tally = {0};
	uint64_t packets = 0, dropped = 0;
	size_t count;

	/* Source i sends i % 13 + 1 packets, every third is dropped. */
	for (uint32_t round = 0; round < 13; round++)
		for (uint32_t i = 0; i < SOURCES; i++)
			if (round <= i % 13) {
				struct fw_addr addr = v4(i * 2654435761u);

				cr_assert_eq(fw_tally_add(&tally, &addr, round % 3 == 2), 0);
			}
	cr_assert_eq(tally.count, SOURCES);
	count = fw_tally_rank(&tally, SIZE_MAX);
	cr_assert_eq(count, SOURCES);
	for (size_t i = 0; i < count; i++) {
		const struct fw_tally_entry *entry = &tally.slots[i];

		packets += entry->packets;
		dropped += entry->dropped;
		cr_expect_eq(entry->dropped, entry->packets / 3);
		if (i)
			cr_expect(
				entry[-1].dropped > entry->dropped ||
				(entry[-1].dropped == entry->dropped && entry[-1].packets >= entry->packets));
	}
	for (uint32_t i = 0; i < SOURCES; i++) {
		packets -= i % 13 + 1;
		dropped -= (i % 13 + 1) / 3;
	}
	cr_expect_eq(packets, 0);
	cr_expect_eq(dropped, 0);
	fw_tally_done(&tally);
}

Test(cli_tally, ipv6_counts_by_its_64)
{
	struct fw_tally tally = {0};

	for (uint32_t host = 0; host < 100; host++) {
		struct fw_addr one = v6(1, host), two = v6(2, host);

		cr_assert_eq(fw_tally_add(&tally, &one, true), 0);
		cr_assert_eq(fw_tally_add(&tally, &two, false), 0);
	}
	cr_assert_eq(fw_tally_rank(&tally, 1), 1);
	cr_expect_eq(tally.count, 2);
	cr_expect_eq(tally.slots[0].packets, 100);
	cr_expect_eq(tally.slots[0].dropped, 100);
	cr_expect_eq(tally.slots[0].source.w[1], htobe32(1));
	cr_expect_eq(tally.slots[0].source.w[2], 0);
	fw_tally_done(&tally);
}

Test(cli_tally, nothing)
{
	struct fw_tally tally = {0};

	cr_expect_eq(fw_tally_rank(&tally, 10), 0);
	fw_tally_done(&tally);
}

Test(cli_number, whole_numbers_only)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} cases[] = {{"0", true, 0},	{"7", true, 7},
		     {"007", true, 7},	{"18446744073709551615", true, UINT64_MAX},
		     {"", false, 0},	{"-1", false, 0},
		     {"+1", false, 0},	{"18446744073709551616", false, 0},
		     {" 1", false, 0},	{"1 ", false, 0},
		     {"1k", false, 0},	{"0x10", false, 0},
		     {"1e3", false, 0}, {"99999999999999999999999", false, 0}};
	uint64_t value;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = 0;
		cr_expect_eq(fw_number_parse(cases[i].text, UINT64_MAX, &value), cases[i].good, "'%s'",
			     cases[i].text);
		cr_expect_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
	cr_expect(!fw_number_parse("11", 10, &value) && fw_number_parse("10", 10, &value));
}
