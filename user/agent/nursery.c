// SPDX-License-Identifier: Apache-2.0
/* A process of its own that starts unprivileged workers: it gave up root before it does anything, so that the
 * agent can give up the right to change users and still have a dead worker started again. */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/web.h"
#include "lib/cleanup.h"

#define LISTEN_FD 3 /* where a worker finds its socket */

/* floodwall, else nobody; without root there is nobody else to become. */
static int become_unprivileged(void)
{
	const struct passwd *user = getpwnam("floodwall");

	if (!user)
		user = getpwnam("nobody");
	if (!geteuid()) {
		if (!user || setgroups(0, NULL) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
		    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
			return -(errno ? errno : ENOENT);
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static void exec_worker(const struct fw_nursery_order *order, int listen_fd, pid_t parent)
{
	char *const argv[] = {(char *)order->program, "--listen-fd", "3", "--socket",
			      (char *)order->socket,  NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (dup2(listen_fd, LISTEN_FD) < 0 || fcntl(LISTEN_FD, F_SETFD, 0))
		_exit(126);
	close_range(LISTEN_FD + 1, ~0U, 0);
	execve(order->program, argv, environment);
	_exit(errno == EACCES ? 126 : 127);
}

/* _Fork: libuv's fork handler would close what it takes for its own signal pipe, and that number may be
 * listen_fd. */
static pid_t start_worker(const struct fw_nursery_order *order, int listen_fd)
{
	pid_t parent = getpid(), pid = _Fork();

	if (!pid)
		exec_worker(order, listen_fd, parent);
	return pid;
}

static int receive(int fd, struct fw_nursery_order *order, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec part = {.iov_base = order, .iov_len = sizeof(*order)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*ret_fd = -1;
	if (got != sizeof(*order))
		return -1;
	order->program[sizeof(order->program) - 1] = order->socket[sizeof(order->socket) - 1] = '\0';
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
	return 0;
}

static void tell(int fd, pid_t pid, int ended, int status, int error)
{
	struct fw_nursery_news news = {.pid = pid, .ended = ended, .status = status, .error = error};

	(void)!send(fd, &news, sizeof(news), MSG_NOSIGNAL);
}

static void obey(int fd, pid_t *child)
{
	struct fw_nursery_order order;
	FW_CLOSE int listen_fd = -1;

	if (receive(fd, &order, &listen_fd))
		_exit(0); /* the agent is gone */
	if (*child > 0)
		kill(*child, SIGKILL);
	if (order.kind == FW_NURSERY_STOP)
		return;
	*child = start_worker(&order, listen_fd);
	tell(fd, *child, 0, 0, *child < 0 ? errno : 0);
}

static void reap(int fd, pid_t *child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		tell(fd, pid, 1, status, 0);
		if (pid == *child)
			*child = 0;
	}
}

static void live(int fd)
{
	struct signalfd_siginfo info;
	sigset_t children;
	pid_t child = 0;
	int signal_fd;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	signal_fd = signalfd(-1, &children, SFD_CLOEXEC);
	for (;;) {
		struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents && read(signal_fd, &info, sizeof(info)) > 0)
			reap(fd, &child);
		if (fds[0].revents)
			obey(fd, &child);
	}
}

int fw_nursery_fork(struct fw_err *err)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fw_err_set(err, -errno, "cannot make a socket pair: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return fw_err_set(err, -errno, "cannot fork: %s", strerror(errno));
	}
	if (pid) {
		close(pair[1]);
		return pair[0];
	}
	/* The agent's standard output is for "ready": nobody may wait for us to close it. */
	close(STDOUT_FILENO);
	open("/dev/null", O_WRONLY);
	dup2(pair[1], LISTEN_FD);
	close_range(LISTEN_FD + 1, ~0U, 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN); /* systemd signals the whole group; the agent's end is ours */
	prctl(PR_SET_NAME, "floodwall-spawn");
	if (become_unprivileged())
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of user, which clears it */
	if (getppid() != parent)
		_exit(0);
	fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC);
	live(LISTEN_FD);
	return 0;
}

int fw_nursery_send(int nursery_fd, const struct fw_nursery_order *order, int pass_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec part = {.iov_base = (void *)order, .iov_len = sizeof(*order)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (pass_fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &pass_fd, sizeof(int));
	}
	return sendmsg(nursery_fd, &message, MSG_NOSIGNAL) == sizeof(*order) ? 0 : -errno;
}
