// SPDX-License-Identifier: Apache-2.0
/* What the kernel's list of routes says of this host's own addresses. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/local_routes.h"

struct datagram {
	char bytes[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t length;
};

static void add_attribute(struct datagram *datagram, struct nlmsghdr *header, unsigned short type,
			  const void *value, unsigned short bytes)
{
	struct rtattr *attribute = (void *)(datagram->bytes + datagram->length);

	*attribute = (struct rtattr){.rta_len = (unsigned short)RTA_LENGTH(bytes), .rta_type = type};
	memcpy(RTA_DATA(attribute), value, bytes);
	datagram->length += RTA_ALIGN(attribute->rta_len);
	header->nlmsg_len = (uint32_t)(datagram->bytes + datagram->length - (char *)header);
}

/* prefix: as `ip route` writes it, "default" and "default6" for every address. */
static struct nlmsghdr *add_route(struct datagram *datagram, const char *prefix, unsigned char type,
				  uint32_t table)
{
	struct nlmsghdr *header = (void *)(datagram->bytes + datagram->length);
	struct rtmsg *route = NLMSG_DATA(header);
	struct fw_prefix parsed = {};
	bool all = !strncmp(prefix, "default", 7), v4;

	if (!all)
		cr_assert_eq(fw_prefix_parse(prefix, &parsed, NULL), 0, "%s", prefix);
	v4 = all ? !prefix[7] : fw_prefix_family(&parsed) == FW_FAMILY_V4;
	*header = (struct nlmsghdr){.nlmsg_type = RTM_NEWROUTE};
	*route = (struct rtmsg){.rtm_family = v4 ? AF_INET : AF_INET6,
				.rtm_dst_len = (unsigned char)(all  ? 0
							       : v4 ? parsed.bits - FW_V4_BITS
								    : parsed.bits),
				.rtm_table = table < 256 ? (unsigned char)table : RT_TABLE_COMPAT,
				.rtm_type = type};
	datagram->length += NLMSG_LENGTH(sizeof(*route));
	header->nlmsg_len = NLMSG_LENGTH(sizeof(*route));
	if (!all)
		add_attribute(datagram, header, RTA_DST,
			      v4 ? (void *)&parsed.addr.w[3] : (void *)&parsed.addr, v4 ? 4 : 16);
	add_attribute(datagram, header, RTA_TABLE, &table, sizeof(table));
	return header;
}

static void add_end(struct datagram *datagram, uint16_t type, int error, uint16_t flags)
{
	struct nlmsghdr *header = (void *)(datagram->bytes + datagram->length);

	*header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_LENGTH(sizeof(error)), .nlmsg_type = type, .nlmsg_flags = flags};
	memcpy(NLMSG_DATA(header), &error, sizeof(error));
	datagram->length += header->nlmsg_len;
}

static bool holds(const struct fw_local_routes *routes, const char *text)
{
	struct fw_addr addr;

	cr_assert_eq(fw_addr_parse(text, &addr, NULL), 0);
	return fw_local_routes_hold(routes, &addr);
}

Test(local_routes, of_every_table_and_nothing_else)
{
	struct fw_local_routes routes = {};
	struct datagram datagram = {};

	add_route(&datagram, "192.0.2.1", RTN_LOCAL, RT_TABLE_LOCAL);
	add_route(&datagram, "10.0.0.0/8", RTN_LOCAL, RT_TABLE_LOCAL); /* AnyIP */
	add_route(&datagram, "198.51.100.9", RTN_LOCAL, 1001);	       /* of a VRF */
	add_route(&datagram, "192.0.2.255", RTN_BROADCAST, RT_TABLE_LOCAL);
	add_route(&datagram, "203.0.113.0/24", RTN_UNICAST, RT_TABLE_MAIN);
	add_route(&datagram, "default", RTN_UNICAST, RT_TABLE_MAIN);
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes), 1);
	cr_expect_eq(routes.count, 3);
	cr_expect(holds(&routes, "192.0.2.1") && holds(&routes, "10.200.0.1") &&
		  holds(&routes, "198.51.100.9"));
	cr_expect(!holds(&routes, "192.0.2.2") && !holds(&routes, "192.0.2.255") &&
		  !holds(&routes, "203.0.113.1"));
	datagram.length = 0;
	add_route(&datagram, "2001:db8::1", RTN_LOCAL, RT_TABLE_LOCAL);
	add_route(&datagram, "2001:db8::", RTN_ANYCAST, RT_TABLE_LOCAL);
	add_route(&datagram, "192.0.2.9", RTN_LOCAL, RT_TABLE_LOCAL); /* of no interest to the question */
	add_end(&datagram, NLMSG_DONE, 0, 0);
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET6, &routes), 0);
	cr_expect_eq(routes.count, 4);
	cr_expect(holds(&routes, "2001:db8::1") && !holds(&routes, "2001:db8::") &&
		  !holds(&routes, "192.0.2.9"));
	cr_expect_eq(routes.proxy_table, 0);
	fw_local_routes_done(&routes);
}

/* A transparent proxy's: by its table every address would be this host's. */
Test(local_routes, for_every_address_in_a_table_of_somebodys)
{
	struct fw_local_routes routes = {};
	struct datagram datagram = {};

	add_route(&datagram, "default", RTN_LOCAL, 100);
	add_route(&datagram, "default", RTN_LOCAL, RT_TABLE_LOCAL); /* but here they are meant */
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes), 1);
	cr_expect_eq(routes.proxy_table, 100);
	cr_expect_eq(routes.count, 1);
	cr_expect(holds(&routes, "203.0.113.1") && !holds(&routes, "2001:db8::1"));
	datagram.length = 0;
	add_route(&datagram, "default6", RTN_LOCAL, 4000);
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET6, &routes), 1);
	cr_expect_eq(routes.proxy_table, 4000);
	cr_expect(!holds(&routes, "2001:db8::1"));
	fw_local_routes_done(&routes);
}

Test(local_routes, a_list_that_breaks_off_says_so)
{
	static const struct {
		uint16_t type, flags;
		int error, want;
	} cases[] = {
		{NLMSG_DONE, 0, 0, 0},
		{NLMSG_DONE, 0, -EINVAL, -EINVAL},
		{NLMSG_ERROR, 0, -EPERM, -EPERM},
		{NLMSG_ERROR, 0, INT32_MIN, -EBADMSG},
		{NLMSG_DONE, NLM_F_DUMP_INTR, 0, -EINTR},
	};
	struct fw_local_routes routes = {};
	struct datagram datagram = {};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		datagram.length = 0;
		add_end(&datagram, cases[i].type, cases[i].error, cases[i].flags);
		cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes),
			     cases[i].want, "case %zu", i);
	}
	datagram.length = 0;
	add_route(&datagram, "192.0.2.1", RTN_LOCAL, RT_TABLE_LOCAL)->nlmsg_flags = NLM_F_DUMP_INTR;
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes), -EINTR);
	/* One that claims more than there is, or more bits than an address has. */
	datagram.length = 0;
	add_route(&datagram, "192.0.2.1", RTN_LOCAL, RT_TABLE_LOCAL)->nlmsg_len += 8;
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes), 1);
	cr_expect_eq(routes.count, 0);
	datagram.length = 0;
	((struct rtmsg *)NLMSG_DATA(add_route(&datagram, "192.0.2.1", RTN_LOCAL, RT_TABLE_LOCAL)))
		->rtm_dst_len = 33;
	cr_expect_eq(fw_local_routes_take(datagram.bytes, datagram.length, AF_INET, &routes), -EBADMSG);
	fw_local_routes_done(&routes);
}

/* What the kernel answers to one question after the other. */
static struct {
	bool on;
	int error[6];
	size_t asked;
} says;

/* In place of libc's. */
ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	struct datagram datagram = {};

	if (!says.on)
		return recvfrom(fd, buffer, size, flags, NULL, NULL);
	cr_assert_lt(says.asked, sizeof(says.error) / sizeof(says.error[0]));
	if (says.error[says.asked] == -EINTR)
		add_end(&datagram, NLMSG_DONE, 0, NLM_F_DUMP_INTR);
	else
		add_end(&datagram, NLMSG_ERROR, says.error[says.asked], 0);
	says.asked++;
	memcpy(buffer, datagram.bytes, datagram.length);
	return (ssize_t)datagram.length;
}

Test(local_routes, a_kernel_that_lists_none_says_so)
{
	static const struct {
		int error[6];
		size_t asked;
		int want;
	} cases[] = {
		{{0, 0}, 2, 0},
		{{0, -EOPNOTSUPP}, 2, 0}, /* no IPv6 */
		{{0, -EAFNOSUPPORT}, 2, 0},
		{{-EOPNOTSUPP}, 1, -EOPNOTSUPP},
		{{0, -EPERM}, 2, -EPERM},
		{{-EINTR, 0, -EINTR, 0, 0}, 5, 0},     /* asked again while they change, */
		{{-EINTR, -EINTR, -EINTR}, 3, -EINTR}, /* but not for ever */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_local_routes routes = {};

		says.on = true;
		says.asked = 0;
		memcpy(says.error, cases[i].error, sizeof(says.error));
		cr_expect_eq(fw_local_routes_read(&routes), cases[i].want, "case %zu", i);
		cr_expect_eq(says.asked, cases[i].asked, "case %zu: asked %zu times", i, says.asked);
		cr_expect_eq(routes.count, 0);
		fw_local_routes_done(&routes);
	}
}

/* Every namespace whose loopback is up has its own. */
Test(local_routes, of_this_host)
{
	struct fw_local_routes routes = {}, again = {};

	cr_assert_eq(fw_local_routes_read(&routes), 0);
	cr_assert_eq(fw_local_routes_read(&again), 0);
	cr_expect(fw_local_routes_equal(&routes, &again));
	cr_expect(!holds(&routes, "203.0.113.77") && !holds(&routes, "2001:db8:77::77"));
	for (size_t i = 1; i < routes.count; i++)
		cr_expect_lt(fw_prefix_compare(&routes.items[i - 1], &routes.items[i]), 0,
			     "sorted, each once");
	if (again.count) {
		again.count--;
		cr_expect(!fw_local_routes_equal(&routes, &again));
	}
	fw_local_routes_done(&routes);
	fw_local_routes_done(&again);
}
