// SPDX-License-Identifier: Apache-2.0
/* Who else is reached through an interface: told from kinds and places alone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/link_stack.h"

#define LINK(name_, kind_, master_, parent_)                                                                 \
	{                                                                                                    \
		.name = name_, .kind = kind_, .master = master_, .parent = parent_                           \
	}

static struct fw_stacked_link links[] = {
	LINK("alone", "", "", ""),
	/* a bridge with a guest */
	LINK("port", "", "br0", ""),
	LINK("tap0", "tun", "br0", ""),
	LINK("br0", "bridge", "", ""),
	/* one without */
	LINK("only", "", "br1", ""),
	LINK("br1", "bridge", "", ""),
	/* a bond, itself a port of a bridge with a guest; and one that carries a VLAN that is */
	LINK("slave0", "", "bond0", ""),
	LINK("slave1", "", "bond0", ""),
	LINK("bond0", "bond", "br2", ""),
	LINK("br2", "bridge", "", ""),
	LINK("tap2", "tun", "br2", ""),
	LINK("trunk0", "", "bond1", ""),
	LINK("trunk1", "", "bond1", ""),
	LINK("bond1", "bond", "", ""),
	LINK("bond1.5", "vlan", "br3", "bond1"),
	LINK("br3", "bridge", "", ""),
	LINK("tap3", "tun", "br3", ""),
	/* this host's own */
	LINK("slave2", "", "bond2", ""),
	LINK("slave3", "", "bond2", ""),
	LINK("bond2", "bond", "", ""),
	LINK("routed0", "", "vrf0", ""),
	LINK("routed1", "", "vrf0", ""),
	LINK("vrf0", "vrf", "", ""),
	LINK("base", "", "", ""),
	LINK("base.9", "vlan", "", "base"),
	LINK("mac0", "macvlan", "", "base"),
	/* a guest's */
	LINK("lower", "", "", ""),
	LINK("macvtap0", "macvtap", "", "lower"),
};
static const struct fw_link_stack stack = {.items = links, .count = sizeof(links) / sizeof(links[0])};

Test(link_stack, packets_to_others_come_by_bridges_and_guests_only)
{
	static const struct {
		const char *lower, *by;
	} cases[] = {
		{"alone", NULL},   {"port", "br0"},   {"tap0", "br0"},	     {"only", NULL},
		{"slave0", "br2"}, {"trunk1", "br3"}, {"slave2", NULL},	     {"routed0", NULL},
		{"base", NULL},	   {"base.9", NULL},  {"lower", "macvtap0"}, {"not-there", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fw_stacked_link *by = fw_link_shared_by(&stack, cases[i].lower);

		cr_expect_str_eq(by ? by->name : "nobody", cases[i].by ? cases[i].by : "nobody", "%s by %s",
				 cases[i].lower, by ? by->name : "nobody");
	}
}

Test(link_stack, what_bears_something)
{
	static const struct {
		const char *lower;
		bool bears;
	} cases[] = {{"alone", false}, {"only", true},	    {"slave2", true}, {"routed0", true},
		     {"base", true},   {"base.9", false},   {"lower", true},  {"br3", false},
		     {"bond1", true},  {"not-there", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(fw_link_bears(&stack, cases[i].lower), cases[i].bears, "%s", cases[i].lower);
}

/* Which of several filtered ones see the same packets. */
Test(link_stack, pairs_of_which_one_stands_on_the_other)
{
	static const struct {
		const char *names[4];
		const char *pairs;
	} cases[] = {
		{{"alone", "port", "tap0"}, ""},
		{{"port", "br0"}, "br0>port "},
		{{"br0", "port"}, "br0>port "},
		{{"base", "mac0", "alone"}, "mac0>base "},
		{{"base.9", "base"}, "base.9>base "},
		{{"base.9", "mac0"}, ""},
		{{"trunk0", "bond1.5"}, "bond1.5>trunk0 "},
		{{"alone", "alone"}, ""},
		{{"br2", "bond0", "slave0"}, "br2>bond0 br2>slave0 bond0>slave0 "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = 0, at = 0, upper, lower;
		char pairs[128] = "";

		while (count < 4 && cases[i].names[count])
			count++;
		while (fw_link_stacked_next(&stack, cases[i].names, count, &at, &upper, &lower))
			snprintf(pairs + strlen(pairs), sizeof(pairs) - strlen(pairs), "%s>%s ",
				 cases[i].names[upper], cases[i].names[lower]);
		cr_expect_str_eq(pairs, cases[i].pairs, "case %zu: %s", i, pairs);
	}
}

/* A host with five links, all of them the loopback; sockets run out when the test says so. */
static struct if_nameindex fives[] = {{1, "lo"}, {1, "lo"}, {1, "lo"}, {1, "lo"}, {1, "lo"}, {0, NULL}};
static int sockets, sockets_most;

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && ++sockets > sockets_most) {
		errno = EMFILE;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

struct if_nameindex *__wrap_if_nameindex(void)
{
	return fives;
}

void __wrap_if_freenameindex(struct if_nameindex *list)
{
	cr_expect_eq(list, fives);
}

Test(link_stack, is_read_over_one_socket)
{
	struct fw_link_stack all = {};

	sockets_most = 1;
	cr_expect_eq(fw_link_stack_read(&all), 0);
	cr_expect_eq(sockets, 1, "%d sockets", sockets);
	cr_expect_eq(all.count, 5);
	fw_link_stack_done(&all);
}

Test(link_stack, that_cannot_be_read_is_an_error)
{
	struct fw_link_stack all = {};

	cr_expect_eq(fw_link_stack_read(&all), -EMFILE);
	fw_link_stack_done(&all);
}
