// SPDX-License-Identifier: Apache-2.0
/* A kernel that does not list TCP sockets is told from one that has none: nobody is unprotected in silence.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/needed_hosts.h"
#include "lib/tcp_sockets.h"

/* What the kernel answers to the first two questions, by IPv4 and by IPv6; type 0: as it likes. */
static struct {
	uint16_t type;
	int error[2];
	size_t asked;
	bool odd; /* before that a message whose length is no multiple of 4, the last of its datagram */
} says;

static ssize_t odd_message(void *buffer)
{
	struct nlmsghdr *header = buffer;

	says.odd = false;
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(1), .nlmsg_type = SOCK_DIAG_BY_FAMILY};
	memset(NLMSG_DATA(header), 0, 1);
	return header->nlmsg_len;
}

/* In place of libc's. */
ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	struct nlmsghdr *header = buffer;
	int error;

	if (!says.type)
		return recvfrom(fd, buffer, size, flags, NULL, NULL);
	if (says.odd)
		return odd_message(buffer);
	cr_assert_lt(says.asked, 2);
	error = says.error[says.asked++];
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
				    .nlmsg_type = says.type};
	memset(NLMSG_DATA(header), 0, sizeof(struct nlmsgerr));
	memcpy(NLMSG_DATA(header), &error, sizeof(error));
	return header->nlmsg_len;
}

Test(tcp_sockets, a_kernel_that_lists_none_says_so)
{
	static const struct {
		int error[2], want;
	} cases[] = {
		{{0, 0}, 0},
		{{-ENOENT, -ENOENT}, -ENOENT}, /* no inet_diag, or none for TCP */
		{{0, -ENOENT}, 0},	       /* no IPv6 */
		{{-EINVAL, 0}, -EINVAL},
		{{0, -EINVAL}, -EINVAL},
		{{INT_MIN, 0}, -EBADMSG},
	};
	static const uint16_t types[] = {NLMSG_ERROR, NLMSG_DONE}; /* at once, and by the walk itself */
	static const uint16_t ports[] = {22};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) * 2; i++) {
		struct fw_listening listening;
		struct fw_spared_list peers = {};
		struct fw_err err = {};

		says.type = types[i % 2];
		memcpy(says.error, cases[i / 2].error, sizeof(says.error));
		says.asked = 0;
		cr_expect_eq(fw_listening_read(&listening), cases[i / 2].want, "case %zu", i / 2);
		says.asked = 0;
		cr_expect_eq(fw_spared_ssh_peers(&peers, ports, 1, &err), cases[i / 2].want, "case %zu",
			     i / 2);
		cr_expect_eq(!err.code, !cases[i / 2].want);
		free(peers.items);
	}
}

/* What is behind a datagram is no message. */
Test(tcp_sockets, a_datagram_ends_where_it_ends)
{
	static const struct fw_listening none;
	struct fw_listening listening;

	says.type = NLMSG_DONE;
	says.odd = true;
	cr_expect_eq(fw_listening_read(&listening), 0);
	cr_expect_eq(memcmp(&listening, &none, sizeof(none)), 0);
}
