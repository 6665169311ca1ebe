// SPDX-License-Identifier: Apache-2.0
/* What the kernel's lists of chains and rules say of who translates. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/nat_rules.h"
#include "unit/nat_recorded.h"

struct datagram {
	char bytes[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t length;
};

static struct datagram datagram_of(const char *hex)
{
	struct datagram datagram = {.length = strlen(hex) / 2};
	unsigned int byte;

	cr_assert_leq(datagram.length, sizeof(datagram.bytes));
	for (size_t i = 0; i < datagram.length; i++) {
		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		datagram.bytes[i] = (char)byte;
	}
	return datagram;
}

/* The bytes of the message that begins at `at`. */
static size_t message_at(const struct datagram *datagram, size_t at)
{
	const struct nlmsghdr *header = (const void *)(datagram->bytes + at);

	return NLMSG_ALIGN(header->nlmsg_len);
}

Test(nat_rules, tables_that_have_somewhere_to_translate)
{
	static const struct {
		uint8_t family;
		const char *name;
	} want[] = {{NFPROTO_IPV4, "nat"},
		    {NFPROTO_INET, "firewalld"},
		    {NFPROTO_IPV6, "n"},
		    {NFPROTO_IPV4, "sn"}};
	struct datagram all = datagram_of(recorded_chains), end = datagram_of(recorded_end);
	struct fw_nat_tables tables = {};

	cr_expect_eq(fw_nat_chains_take(all.bytes, message_at(&all, 0), &tables), 1);
	cr_expect_eq(tables.count, 0, "a chain without a rule translates nothing");
	cr_expect_eq(fw_nat_chains_take(all.bytes, all.length, &tables), 1);
	cr_expect_eq(fw_nat_chains_take(end.bytes, end.length, &tables), 0);
	cr_assert_eq(tables.count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < tables.count; i++) {
		cr_expect_eq(tables.items[i].family, want[i].family, "table %zu", i);
		cr_expect_str_eq(tables.items[i].name, want[i].name, "table %zu", i);
	}
	fw_nat_tables_done(&tables);
}

Test(nat_rules, rules_that_translate)
{
	static const struct {
		const char *rule;
		bool translates;
	} cases[] = {
		{"redirect", true}, {"NETMAP", true},	  {"accept", false}, {"return", false},
		{"jump", false},    {"masquerade", true}, {"snat", true},
	};
	struct datagram all = datagram_of(recorded_rules);
	size_t at = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t bytes = message_at(&all, at);
		bool found = false;

		cr_expect_eq(fw_nat_rules_take(all.bytes + at, bytes, &found), 1, "%s", cases[i].rule);
		cr_expect_eq(found, cases[i].translates, "%s", cases[i].rule);
		at += bytes;
	}
	cr_expect_eq(at, all.length);
}

/* The other list's messages say nothing to this question. */
Test(nat_rules, of_one_kind_of_message)
{
	struct datagram chains = datagram_of(recorded_chains), rules = datagram_of(recorded_rules);
	struct fw_nat_tables tables = {};
	bool found = false;

	cr_expect_eq(fw_nat_chains_take(rules.bytes, rules.length, &tables), 1);
	cr_expect_eq(tables.count, 0);
	cr_expect_eq(fw_nat_rules_take(chains.bytes, chains.length, &found), 1);
	cr_expect_not(found);
}

Test(nat_rules, a_list_that_breaks_off_says_so)
{
	static const struct {
		uint16_t type, flags;
		int error, want;
	} cases[] = {
		{NLMSG_DONE, 0, 0, 0},
		{NLMSG_DONE, NLM_F_DUMP_INTR, 0, -EINTR},
		{NLMSG_ERROR, 0, -EPERM, -EPERM},
		{NLMSG_ERROR, 0, INT32_MIN, -EBADMSG},
	};
	struct datagram end = datagram_of(recorded_end), all = datagram_of(recorded_rules);
	struct nlmsghdr *header = (void *)end.bytes;
	bool found = false;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		header->nlmsg_type = cases[i].type;
		header->nlmsg_flags = cases[i].flags;
		memcpy(NLMSG_DATA(header), &cases[i].error, sizeof(int));
		cr_expect_eq(fw_nat_rules_take(end.bytes, end.length, &found), cases[i].want, "case %zu", i);
	}
	header = (void *)all.bytes;
	header->nlmsg_flags |= NLM_F_DUMP_INTR;
	cr_expect_eq(fw_nat_rules_take(all.bytes, all.length, &found), -EINTR);
	/* One that claims more than there is. */
	header->nlmsg_flags = 0;
	header->nlmsg_len = (uint32_t)all.length + 4;
	cr_expect_eq(fw_nat_rules_take(all.bytes, all.length, &found), 1);
	cr_expect_not(found);
}

/* Whatever this namespace has, the answer names it. */
Test(nat_rules, of_this_host)
{
	char where[FW_NAT_WHERE_MAX];
	int r = fw_nat_rules_find(where);

	cr_expect_leq(r, 1);
	cr_expect_eq(r == 1, where[0] != '\0', "%d: '%s'", r, where);
}
