// SPDX-License-Identifier: Apache-2.0
#include "lib/local_routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/link_facts.h"
#include "lib/netlink.h"

#define BUFFER_BYTES 65536
#define TRIES	     3 /* while routes change under the list */

/* Of this type alone, where the kernel heeds it: a router may have a million others. */
static int ask(int fd, int family)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} query = {
		.header = {.nlmsg_len = sizeof(query),
			   .nlmsg_type = RTM_GETROUTE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.route = {.rtm_family = (unsigned char)family, .rtm_type = RTN_LOCAL},
	};
	const int on = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return send(fd, &query, sizeof(query), 0) == sizeof(query) ? 0 : -errno;
}

/* Zero bits have no attribute. */
static void read_attributes(const struct rtmsg *route, size_t length, struct fw_addr *addr, uint32_t *table)
{
	const struct rtattr *attribute = RTM_RTA(route);
	int left = (int)(length - NLMSG_ALIGN(sizeof(*route)));
	const bool v4 = route->rtm_family == AF_INET;
	const size_t bytes = v4 ? 4 : 16;

	*addr = v4 ? (struct fw_addr){.w = {0, 0, htonl(0xffff), 0}} : (struct fw_addr){};
	*table = route->rtm_table;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == RTA_DST && RTA_PAYLOAD(attribute) >= bytes)
			memcpy(v4 ? (void *)&addr->w[3] : (void *)addr, RTA_DATA(attribute), bytes);
		else if (attribute->rta_type == RTA_TABLE && RTA_PAYLOAD(attribute) >= sizeof(*table))
			memcpy(table, RTA_DATA(attribute), sizeof(*table));
	}
}

static int take_route(const struct rtmsg *route, size_t length, struct fw_local_routes *routes)
{
	unsigned int bits = route->rtm_dst_len + (route->rtm_family == AF_INET ? FW_V4_BITS : 0);
	struct fw_prefix prefix;
	uint32_t table;

	if (bits > 128)
		return -EBADMSG;
	read_attributes(route, length, &prefix.addr, &table);
	prefix.addr = fw_addr_masked(&prefix.addr, bits);
	prefix.bits = (unsigned char)bits;
	if (!route->rtm_dst_len && table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL) {
		routes->proxy_table = table;
		return 0;
	}
	return FW_APPEND(routes->items, routes->count, prefix);
}

int fw_local_routes_take(const char *buffer, size_t length, int family, struct fw_local_routes *routes)
{
	const struct nlmsghdr *header;

	for (size_t at = 0; (header = fw_netlink_next(buffer, length, &at));) {
		const struct rtmsg *route;
		int r;

		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return fw_netlink_end_unchanged(header);
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		route = NLMSG_DATA(header);
		if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len < NLMSG_LENGTH(sizeof(*route)) ||
		    route->rtm_family != family || route->rtm_type != RTN_LOCAL)
			continue;
		r = take_route(route, NLMSG_PAYLOAD(header, 0), routes);
		if (r)
			return r;
	}
	return 1;
}

static int list(int family, struct fw_local_routes *routes)
{
	FW_CLOSE int fd = fw_link_socket();
	FW_FREE char *buffer = malloc(BUFFER_BYTES);
	int r = fd < 0 ? fd : buffer ? ask(fd, family) : -ENOMEM;

	if (r)
		return r;
	do {
		ssize_t got = recv(fd, buffer, BUFFER_BYTES, MSG_TRUNC);

		if (got < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		r = got > BUFFER_BYTES ? -EMSGSIZE
				       : fw_local_routes_take(buffer, (size_t)got, family, routes);
	} while (r > 0);
	return r;
}

/* A kernel without IPv6 has no such routes. */
static int list6(struct fw_local_routes *routes)
{
	int r = list(AF_INET6, routes);

	return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 0 : r;
}

static void sort(struct fw_local_routes *routes)
{
	size_t kept = 0;

	if (routes->count)
		qsort(routes->items, routes->count, sizeof(*routes->items), fw_prefix_compare);
	for (size_t i = 0; i < routes->count; i++)
		if (!kept || fw_prefix_compare(&routes->items[kept - 1], &routes->items[i]) != 0)
			routes->items[kept++] = routes->items[i];
	routes->count = kept;
}

int fw_local_routes_read(struct fw_local_routes *ret)
{
	int r = -EINTR;

	for (int i = 0; i < TRIES && r == -EINTR; i++) {
		fw_local_routes_done(ret);
		r = list(AF_INET, ret);
		if (!r)
			r = list6(ret);
	}
	if (r) {
		fw_local_routes_done(ret);
		return r;
	}
	sort(ret);
	return 0;
}

void fw_local_routes_done(struct fw_local_routes *routes)
{
	free(routes->items);
	*routes = (struct fw_local_routes){};
}

bool fw_local_routes_equal(const struct fw_local_routes *a, const struct fw_local_routes *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; i < a->count && equal; i++)
		equal = !fw_prefix_compare(&a->items[i], &b->items[i]);
	return equal;
}

bool fw_local_routes_hold(const struct fw_local_routes *routes, const struct fw_addr *addr)
{
	for (size_t i = 0; i < routes->count; i++)
		if (fw_prefix_contains(&routes->items[i], addr))
			return true;
	return false;
}

/* The type of a route is a byte of its message; what is not local wakes nobody. */
static int attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_LOCAL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ? -errno : 0;
}

int fw_local_routes_watch(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK,
				      .nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
	FW_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int r = fd < 0 ? -errno : attach_filter(fd);

	if (r)
		return r;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return TAKE_FD(fd);
}
