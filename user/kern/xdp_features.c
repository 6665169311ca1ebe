// SPDX-License-Identifier: Apache-2.0
/* The generic netlink family "netdev": one question by name, one by number. */
#include "kern/xdp_features.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* linux/netdev.h */
#define FAMILY		 "netdev"
#define CMD_DEV_GET	 1
#define DEV_IFINDEX	 1
#define DEV_XDP_FEATURES 3

#define BUFFER 8192

struct question {
	struct nlmsghdr header;
	struct genlmsghdr command;
	struct nlattr attribute;
	char value[16];
};

static int ask(int fd, uint16_t family, uint8_t command, uint16_t attribute, const void *value, size_t size,
	       char *answer)
{
	struct question question = {
		.header = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
		.command = {.cmd = command, .version = 1},
		.attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = attribute},
	};
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
	ssize_t length;

	memcpy(question.value, value, size);
	question.header.nlmsg_len =
		(uint32_t)(offsetof(struct question, value) + NLA_ALIGN(size)); /* no longer than the value */
	if (send(fd, &question, question.header.nlmsg_len, 0) < 0)
		return -errno;
	length = recv(fd, answer, BUFFER, 0);
	if (length < 0)
		return -errno;
	if (!NLMSG_OK(header, (size_t)length))
		return -EBADMSG;
	return header->nlmsg_type == NLMSG_ERROR ? ((const struct nlmsgerr *)NLMSG_DATA(header))->error : 0;
}

/* False: the answer does not say. */
static bool find(const char *answer, uint16_t wanted, void *ret, size_t size)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	struct nlattr attribute;

	for (; at + NLA_HDRLEN <= header->nlmsg_len; at += NLA_ALIGN(attribute.nla_len)) {
		memcpy(&attribute, answer + at, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > header->nlmsg_len)
			return false;
		if ((attribute.nla_type & NLA_TYPE_MASK) != wanted || attribute.nla_len < NLA_HDRLEN + size)
			continue;
		memcpy(ret, answer + at + NLA_HDRLEN, size);
		return true;
	}
	return false;
}

int fw_xdp_features(unsigned int ifindex, uint64_t *ret)
{
	char answer[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct timeval patience = {.tv_sec = 5};
	FW_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint32_t index = ifindex;
	uint16_t family;
	int r;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -errno;
	r = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, FAMILY, sizeof(FAMILY), answer);
	if (r)
		return r;
	if (!find(answer, CTRL_ATTR_FAMILY_ID, &family, sizeof(family)))
		return -ENOENT;
	r = ask(fd, family, CMD_DEV_GET, DEV_IFINDEX, &index, sizeof(index), answer);
	if (r)
		return r;
	return find(answer, DEV_XDP_FEATURES, ret, sizeof(*ret)) ? 0 : -ENOENT;
}
