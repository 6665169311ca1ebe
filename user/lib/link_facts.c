// SPDX-License-Identifier: Apache-2.0
/* RTM_GETLINK for one interface of this network namespace. */
#include "lib/link_facts.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/cleanup.h"

static uint32_t number_in(const struct rtattr *attribute)
{
	uint32_t number = 0;

	if (RTA_PAYLOAD(attribute) >= sizeof(number))
		memcpy(&number, RTA_DATA(attribute), sizeof(number));
	return number;
}

static void read_kind(const struct rtattr *info, struct fw_link_facts *facts)
{
	const struct rtattr *inner = RTA_DATA(info);
	int length = (int)RTA_PAYLOAD(info);

	for (; RTA_OK(inner, length); inner = RTA_NEXT(inner, length))
		if ((inner->rta_type & NLA_TYPE_MASK) == IFLA_INFO_KIND)
			snprintf(facts->kind, sizeof(facts->kind), "%.*s", (int)RTA_PAYLOAD(inner),
				 (const char *)RTA_DATA(inner));
}

static void read_attributes(const struct nlmsghdr *header, struct fw_link_facts *facts)
{
	const struct ifinfomsg *link = NLMSG_DATA(header);
	const struct rtattr *attribute = IFLA_RTA(link);
	int length = (int)IFLA_PAYLOAD(header);

	facts->hardware = link->ifi_type;
	facts->up = link->ifi_flags & IFF_UP;
	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		switch (attribute->rta_type & NLA_TYPE_MASK) {
		case IFLA_LINKINFO:
			read_kind(attribute, facts);
			break;
		case IFLA_MASTER:
			if_indextoname(number_in(attribute), facts->master);
			break;
		case IFLA_LINK:
			if_indextoname(number_in(attribute), facts->parent);
			break;
		case IFLA_NUM_RX_QUEUES:
			facts->rx_queues = number_in(attribute);
			break;
		default:
			break;
		}
	}
}

int fw_link_socket(void)
{
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* The answer to this request; those to earlier ones that came too late are passed over. */
static int read_answer(int fd, uint32_t sequence, struct fw_link_facts *ret)
{
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
	const struct nlmsgerr *error = NLMSG_DATA(header);
	ssize_t length;

	do {
		length = recv(fd, buffer, sizeof(buffer), 0);
		if (length < 0)
			return -errno;
		if (!NLMSG_OK(header, (size_t)length))
			return -EBADMSG;
	} while (header->nlmsg_seq != sequence);
	if (header->nlmsg_type == NLMSG_ERROR && header->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) &&
	    error->error < 0)
		return error->error;
	if (header->nlmsg_type != RTM_NEWLINK)
		return -EBADMSG;
	read_attributes(header, ret);
	return 0;
}

int fw_link_facts_by(int fd, unsigned int ifindex, struct fw_link_facts *ret)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST,
			   .nlmsg_seq = ifindex},
		.link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
	};

	memset(ret, 0, sizeof(*ret));
	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		return -errno;
	return read_answer(fd, request.header.nlmsg_seq, ret);
}

int fw_link_facts(unsigned int ifindex, struct fw_link_facts *ret)
{
	FW_CLOSE int fd = fw_link_socket();

	memset(ret, 0, sizeof(*ret));
	return fd < 0 ? fd : fw_link_facts_by(fd, ifindex, ret);
}

bool fw_link_is_loopback(const struct fw_link_facts *facts)
{
	return facts->hardware == ARPHRD_LOOPBACK;
}

bool fw_link_is_ethernet(const struct fw_link_facts *facts)
{
	return facts->hardware == ARPHRD_ETHER || fw_link_is_loopback(facts);
}
