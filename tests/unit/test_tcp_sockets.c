// SPDX-License-Identifier: Apache-2.0
/* A kernel that does not list TCP sockets is told from one that has none: nobody is unprotected in silence.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <arpa/inet.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/needed_hosts.h"
#include "lib/tcp_sockets.h"

/* What the kernel answers to the one question; type 0: as it likes. */
static struct {
	uint16_t type;
	int error;
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
	cr_assert_eq(says.asked++, 0);
	error = says.error;
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)),
				    .nlmsg_type = says.type};
	memset(NLMSG_DATA(header), 0, sizeof(struct nlmsgerr));
	memcpy(NLMSG_DATA(header), &error, sizeof(error));
	return header->nlmsg_len;
}

Test(tcp_sockets, a_kernel_that_lists_none_says_so)
{
	static const struct {
		int error, want;
	} cases[] = {
		{0, 0},
		{-ENOENT, -ENOENT}, /* no inet_diag, or none for TCP */
		{-EINVAL, -EINVAL},
		{INT_MIN, -EBADMSG},
	};
	static const uint16_t types[] = {NLMSG_ERROR, NLMSG_DONE}; /* at once, and by the walk itself */
	static const uint16_t ports[] = {22};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) * 2; i++) {
		struct fw_listening listening;
		struct fw_spared_list peers = {};
		struct fw_err err = {};

		says.type = types[i % 2];
		says.error = cases[i / 2].error;
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

static uint16_t listen_on(int family, int *ret_fd)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
	socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	const int on = 1;

	*ret_fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*ret_fd < 0)
		return 0;
	if (family == AF_INET6)
		setsockopt(*ret_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(*ret_fd, (struct sockaddr *)&address, size) || listen(*ret_fd, 1) ||
	    getsockname(*ret_fd, (struct sockaddr *)&address, &size))
		return 0;
	return ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
				       : ((struct sockaddr_in6 *)&address)->sin6_port);
}

/* One question is for both. */
Test(tcp_sockets, those_of_both_families_are_found)
{
	struct fw_listening listening;
	int fds[2], r;
	uint16_t four = listen_on(AF_INET, &fds[0]), six = listen_on(AF_INET6, &fds[1]);

	says.type = 0;
	r = fw_listening_read(&listening);
	if (r == -ENOENT || !four)
		cr_skip_test("this kernel does not list TCP sockets, or has none");
	cr_assert_eq(r, 0);
	cr_expect(fw_listens(&listening, four));
	if (six)
		cr_expect(fw_listens(&listening, six));
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}
