// SPDX-License-Identifier: Apache-2.0
/* How a process beside the agent begins. */
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void begin(const struct fw_child *child, int socket_fd, pid_t parent)
{
	/* The agent's standard output is for "ready": nobody may wait for us to close it. */
	close(STDOUT_FILENO);
	open("/dev/null", O_WRONLY);
	dup2(socket_fd, FW_CHILD_FD);
	close_range(FW_CHILD_FD + 1, ~0U, 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* systemd signals the whole group; the agent's end is ours */
	prctl(PR_SET_NAME, child->name);
	if (child->become())
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of user, which clears it */
	if (getppid() != parent)
		_exit(0);
	fcntl(FW_CHILD_FD, F_SETFD, FD_CLOEXEC);
	child->live(FW_CHILD_FD);
}

int fw_child_fork(const struct fw_child *child, struct fw_err *err)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fw_err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		int r = -errno;

		close(pair[0]);
		close(pair[1]);
		return fw_err_set(err, r, "cannot fork: %s", strerror(-r));
	}
	if (pid) {
		close(pair[1]);
		return pair[0];
	}
	begin(child, pair[1], parent);
	return 0;
}

int fw_child_deaths_fd(void)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	return signalfd(-1, &children, SFD_CLOEXEC);
}
