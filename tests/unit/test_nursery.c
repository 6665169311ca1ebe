// SPDX-License-Identifier: Apache-2.0
/* The process that starts workers: a worker that does not end costs it nothing. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/nursery.h"

/* Clock ticks that a process has used. */
static unsigned long ticks_of(pid_t pid)
{
	char path[64], line[1024] = "";
	unsigned long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	cr_assert_not_null(file);
	cr_assert_not_null(fgets(line, sizeof(line), file));
	fclose(file);
	cr_assert_eq(sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &user, &system),
		     2, "%s", line);
	return user + system;
}

static pid_t only_child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid = 0, more = 0;

	cr_assert_not_null(file);
	cr_assert_eq(fscanf(file, "%d %d", &pid, &more), 1);
	fclose(file);
	return pid;
}

/* The kernel does not let a killed process go while somebody traces it: as good as one stuck in a system
 * call. */
Test(nursery, a_worker_that_cannot_end_is_waited_for_asleep)
{
	struct fw_nursery_order order = {.kind = FW_NURSERY_FEED, .program = "/bin/cat"};
	struct fw_nursery_news news = {0};
	struct fw_err err = {0};
	int nursery_fd = fw_nursery_fork(&err), pair[2], hang[2], out;
	unsigned long before;
	pid_t nursery;

	cr_assert_geq(nursery_fd, 0, "%s", err.text);
	nursery = only_child();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(pipe(hang), 0);
	out = hang[1];
	cr_assert_eq(fw_nursery_send(nursery_fd, &order, (const int[]){pair[1], hang[0], out, out}, 4), 0);
	close(pair[1]);
	cr_assert_eq(recv(pair[0], &news, sizeof(news), 0), sizeof(news));
	cr_assert(news.pid > 0 && !news.ended && !news.error, "%s", strerror(news.error));
	if (ptrace(PTRACE_SEIZE, news.pid, NULL, NULL)) {
		kill(nursery, SIGKILL);
		cr_skip_test("ptrace is refused here");
	}
	before = ticks_of(nursery);
	close(pair[0]);
	usleep(400 * 1000);
	cr_expect_leq(ticks_of(nursery) - before, 5, "%lu ticks of 40", ticks_of(nursery) - before);
	cr_expect_eq(waitpid(news.pid, NULL, __WALL), news.pid, "it was killed all the same");
	close(nursery_fd);
	cr_expect_eq(waitpid(nursery, NULL, 0), nursery, "the nursery ends with its agent");
}
