// SPDX-License-Identifier: Apache-2.0
#include "lib/netlink.h"

#include <errno.h>
#include <string.h>

#define ERRNO_MOST 4095 /* the kernel's MAX_ERRNO: who gets it may change its sign */

/* By hand: NLMSG_NEXT takes off the length rounded up, and of a last message of an odd length an unsigned
 * rest wraps. */
const struct nlmsghdr *fw_netlink_next(const char *buffer, size_t length, size_t *at)
{
	const struct nlmsghdr *header;

	if (*at + sizeof(*header) > length)
		return NULL;
	header = (const struct nlmsghdr *)(const void *)(buffer + *at);
	if (header->nlmsg_len < sizeof(*header) || header->nlmsg_len > length - *at)
		return NULL;
	*at += NLMSG_ALIGN(header->nlmsg_len);
	return header;
}

int fw_netlink_end(const struct nlmsghdr *header)
{
	int error = 0;

	if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(header), sizeof(error));
	if (error < -ERRNO_MOST)
		return -EBADMSG;
	return error < 0 ? error : 0;
}

int fw_netlink_end_unchanged(const struct nlmsghdr *header)
{
	int r = fw_netlink_end(header);

	return !r && header->nlmsg_flags & NLM_F_DUMP_INTR ? -EINTR : r;
}
