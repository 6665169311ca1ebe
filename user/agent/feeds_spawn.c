// SPDX-License-Identifier: Apache-2.0
/* A feed's worker, started by the nursery and waited for by a thread. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/feeds_inside.h"
#include "agent/nursery.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

/* 0 when there are news; waits at most until `end`. */
static int await(const struct fw_feed_nest *nest, int fd, uint64_t end, struct fw_nursery_news *news,
		 struct fw_err *err)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = nest->stop_fd, .events = POLLIN}};

	for (;;) {
		uint64_t now = fw_monotonic_ns();
		int ready = now < end ? poll(fds, 2, (int)((end - now) / 1000000) + 1) : 0;
		ssize_t got;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return -ETIMEDOUT;
		if (fds[1].revents)
			return fw_err_set(err, -ECANCELED, "the agent ends");
		got = recv(fd, news, sizeof(*news), MSG_DONTWAIT);
		if (got == sizeof(*news))
			return 0;
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		return fw_err_set(err, -EPIPE,
				  "the process that starts workers is gone: start the agent again to fetch "
				  "feeds, filtering goes on");
	}
}

int fw_feed_run_in_nursery(void *user, const struct fw_feed_process *process, int *ret_status,
			   struct fw_err *err)
{
	const struct fw_feed_nest *nest = user;
	uint64_t end = fw_monotonic_ns() + process->seconds * FW_NS_PER_SEC;
	struct fw_nursery_order order = {.kind = FW_NURSERY_FEED};
	struct fw_nursery_news news = {0};
	FW_CLOSE int near = -1;
	FW_CLOSE int far = -1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fw_err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	near = pair[0];
	far = pair[1];
	snprintf(order.program, sizeof(order.program), "%.255s", process->worker);
	r = fw_nursery_send(nest->nursery_fd, &order,
			    (const int[]){far, process->job_fd, process->status_fd, process->result_fd,
					  process->secret_fd},
			    process->secret_fd >= 0 ? 5 : 4);
	close(TAKE_FD(far));
	if (r)
		return fw_err_set(err, -EPIPE,
				  "the process that starts workers is gone: start the agent again to fetch "
				  "feeds, filtering goes on");
	while (!news.ended) {
		/* Closing our end is what kills a worker that takes too long. */
		r = await(nest, near, end, &news, err);
		if (r)
			return r;
		if (news.error)
			return fw_err_set(err, -news.error, "the worker could not be started: %s",
					  strerror(news.error));
	}
	*ret_status = news.status;
	return 0;
}
