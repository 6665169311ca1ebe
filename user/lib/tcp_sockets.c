// SPDX-License-Identifier: Apache-2.0
/* Asked of the kernel by netlink: a state among a hundred thousand connections costs no reading of all. */
#include "lib/tcp_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/netlink.h"

/* Of either family at once, by the question that was there before SOCK_DIAG_BY_FAMILY, which knows only one
 * of them: for established sockets the kernel walks all buckets of its table, which takes milliseconds that
 * it gives nobody else on this CPU. */
static int ask(int fd, uint32_t states)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req request;
	} query = {
		.header = {.nlmsg_len = sizeof(query),
			   .nlmsg_type = TCPDIAG_GETSOCK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.idiag_family = AF_UNSPEC, .idiag_states = states},
	};

	return send(fd, &query, sizeof(query), 0) == sizeof(query) ? 0 : -errno;
}

/* 1: more to come, 0: done. */
static int take_answer(const char *buffer, size_t length, fw_tcp_socket_fn each, void *context)
{
	const struct nlmsghdr *header;

	for (size_t at = 0; (header = fw_netlink_next(buffer, length, &at));) {
		int r;

		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return fw_netlink_end(header);
		if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			continue;
		r = each(NLMSG_DATA(header), context);
		if (r)
			return r;
	}
	return 1;
}

int fw_tcp_sockets_each(uint32_t states, fw_tcp_socket_fn each, void *context)
{
	FW_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	FW_FREE char *buffer = malloc(65536);
	struct timeval patience = {.tv_sec = 1};
	int r = fd < 0 ? -errno : buffer ? ask(fd, states) : -ENOMEM;

	if (r)
		return r;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	do {
		ssize_t got = recv(fd, buffer, 65536, 0);

		if (got < 0)
			return -errno;
		r = take_answer(buffer, (size_t)got, each, context);
	} while (r > 0);
	return r;
}

static bool is_loopback(const struct inet_diag_msg *message)
{
	const unsigned char *bytes = (const unsigned char *)message->id.idiag_src;
	static const unsigned char self[16] = {[15] = 1};

	return message->idiag_family == AF_INET ? bytes[0] == 127 : !memcmp(bytes, self, sizeof(self));
}

static int take_listener(const struct inet_diag_msg *message, void *context)
{
	struct fw_listening *listening = context;
	uint16_t port = ntohs(message->id.idiag_sport);

	if (!is_loopback(message))
		listening->ports[port / 64] |= 1ULL << port % 64;
	return 0;
}

int fw_listening_read(struct fw_listening *ret)
{
	*ret = (struct fw_listening){0};
	return fw_tcp_sockets_each(1 << TCP_LISTEN, take_listener, ret);
}

struct place {
	const struct fw_addr *addr;
	uint16_t port;
	bool taken;
};

/* A listener of all IPv6 addresses takes IPv4 too, unless it was told not to, which is not asked. */
static int meet_listener(const struct inet_diag_msg *message, void *context)
{
	struct place *place = context;
	const unsigned char *wanted = (const unsigned char *)place->addr;
	unsigned char bound[16] = {}, any[16] = {};

	if (ntohs(message->id.idiag_sport) != place->port)
		return 0;
	memcpy(bound, message->id.idiag_src, sizeof(bound));
	if (message->idiag_family == AF_INET) {
		place->taken |= fw_addr_is_v4(place->addr) &&
				(!memcmp(bound, any, 4) || !memcmp(bound, wanted + 12, 4));
		return 0;
	}
	place->taken |= !memcmp(bound, any, sizeof(any)) || !memcmp(bound, wanted, sizeof(bound));
	return 0;
}

int fw_listens_at(const struct fw_addr *addr, uint16_t port)
{
	struct place place = {.addr = addr, .port = port};

	int r = fw_tcp_sockets_each(1 << TCP_LISTEN, meet_listener, &place);

	return r ? r : place.taken;
}
