// SPDX-License-Identifier: Apache-2.0
/* RTM_SETLINK with IFLA_XDP, for nothing but the extended acknowledgement. */
#include "kern/extack.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/cleanup.h"

struct request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	struct nlattr xdp;
	struct nlattr fd_header;
	int32_t fd;
	struct nlattr flags_header;
	uint32_t flags;
};

static int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), one = 1;
	struct timeval patience = {.tv_sec = 5};

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one,
		   sizeof(one)); /* the answer without a copy of the request */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int send_program(int netlink, unsigned int ifindex, int prog_fd, uint32_t flags)
{
	struct request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_SETLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
		.xdp = {.nla_len = sizeof(request) - offsetof(struct request, xdp),
			.nla_type = IFLA_XDP | NLA_F_NESTED},
		.fd_header = {.nla_len = sizeof(struct nlattr) + sizeof(int32_t), .nla_type = IFLA_XDP_FD},
		.fd = prog_fd,
		.flags_header = {.nla_len = sizeof(struct nlattr) + sizeof(uint32_t),
				 .nla_type = IFLA_XDP_FLAGS},
		.flags = flags,
	};

	return send(netlink, &request, sizeof(request), 0) == sizeof(request) ? 0 : -errno;
}

/* Finds NLMSGERR_ATTR_MSG behind the error. */
static void copy_message(const struct nlmsghdr *header, char *text, size_t size)
{
	const char *at = (const char *)NLMSG_DATA(header) + sizeof(struct nlmsgerr);
	const char *end = (const char *)header + header->nlmsg_len;

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	while (at + sizeof(struct nlattr) <= end) {
		struct nlattr attribute;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || at + attribute.nla_len > end)
			return;
		if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
			snprintf(text, size, "%.*s", (int)(attribute.nla_len - sizeof(attribute)),
				 at + sizeof(attribute));
			return;
		}
		at += NLA_ALIGN(attribute.nla_len);
	}
}

/* The kernel's answer: 0 or -errno. */
static int receive_answer(int netlink, char *text, size_t size)
{
	char buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t length = recv(netlink, buffer, sizeof(buffer), 0);
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)buffer;
	struct nlmsgerr error;

	if (length < (ssize_t)NLMSG_LENGTH(sizeof(error)) || header->nlmsg_len > (size_t)length ||
	    header->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	memcpy(&error, NLMSG_DATA(header), sizeof(error));
	copy_message(header, text, size);
	return error.error;
}

void fw_extack_of(unsigned int ifindex, int prog_fd, uint32_t flags, char *text, size_t size)
{
	FW_CLOSE int netlink = open_netlink();
	char ignored[8];

	text[0] = '\0';
	if (netlink < 0 || send_program(netlink, ifindex, prog_fd, flags | XDP_FLAGS_UPDATE_IF_NOEXIST))
		return;
	if (receive_answer(netlink, text, size) == 0 && !send_program(netlink, ifindex, -1, flags))
		receive_answer(netlink, ignored, sizeof(ignored));
}
