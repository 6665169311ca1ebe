// SPDX-License-Identifier: Apache-2.0
/* What the log worker sends must not cost its receiver descriptors: the worker is the one nobody trusts. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logs/record.h"

static size_t open_count(void)
{
	DIR *list = opendir("/proc/self/fd");
	size_t count = 0;

	cr_assert(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void send_with(int socket, int fd, size_t count)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct fw_log_order order = {};
	struct iovec part = {.iov_base = &order, .iov_len = sizeof(order)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
	cr_assert_eq(sendmsg(socket, &message, 0), (ssize_t)sizeof(order));
}

Test(log_record, descriptors_nobody_asked_for_are_closed)
{
	struct fw_log_order order;
	int pair[2];
	size_t before;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = open_count();
	for (size_t count = 1; count <= 4; count++) {
		send_with(pair[0], pair[0], count);
		fw_log_receive(pair[1], &order, sizeof(order), NULL);
		cr_expect_eq(open_count(), before, "%zu descriptors came, %zu are open, %zu were", count,
			     open_count(), before);
	}
	close(pair[0]);
	close(pair[1]);
}
