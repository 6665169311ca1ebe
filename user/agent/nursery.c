// SPDX-License-Identifier: Apache-2.0
/* A process of its own that starts unprivileged workers: it gave up root before it does anything, so that the
 * agent can give up the right to change users and still have a dead worker started again. */
#include "agent/nursery.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/privileges.h"
#include "feeds/job.h"
#include "feeds/update.h"
#include "lib/cleanup.h"
#include "notify/job.h"

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

/* The same user, but with what is needed to start workers as others. */
static int become_changer(void)
{
	static const unsigned int kept[] = {CAP_SETUID, CAP_SETGID, CAP_KILL};

	return fw_privileges_become_nobody(kept, sizeof(kept) / sizeof(kept[0]), false);
}

/* In the child. The capabilities go with the exec that follows: the user is not root, and the program has
 * none of its own. root is nobody to become: what is told comes from strangers. */
static int become_user(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user || !user->pw_uid || initgroups(user->pw_name, user->pw_gid) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return -EPERM;
	return 0;
}

#define WORKERS (FW_NURSERY_FEEDS + FW_NURSERY_NOTIFYS)

/* Of a feed in the first places, of a message in the others. */
struct worker {
	pid_t pid; /* 0: this place is free */
	int news_fd;
	bool killed; /* its news have no reader any more */
};

struct nursery {
	int fd;
	pid_t web;
	struct worker workers[WORKERS];
};

static void begin_worker(pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static void exec_web(const struct fw_nursery_order *order, const int *fds, pid_t parent)
{
	char *const argv[] = {(char *)order->program, "--listen-fd", "3", "--socket",
			      (char *)order->socket,  NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

	begin_worker(parent);
	if (dup2(fds[0], LISTEN_FD) < 0 || fcntl(LISTEN_FD, F_SETFD, 0))
		_exit(126);
	close_range(LISTEN_FD + 1, ~0U, 0);
	execve(order->program, argv, environment);
	_exit(errno == EACCES ? 126 : 127);
}

/* Which descriptor of an order becomes which of the worker's; the last is the secret, which need not be. */
struct kind {
	const char *name;
	size_t least, count;
	int places[FW_NURSERY_FDS - 1];
};

static const struct kind *kind_of(const struct fw_nursery_order *order)
{
	static const struct kind feed = {
		"floodwall-feed",
		3,
		4,
		{FW_FEED_JOB_FD, FW_FEED_STATUS_FD, FW_FEED_RESULT_FD, FW_FEED_SECRET_FD}};
	static const struct kind notify = {
		"floodwall-notify", 2, 3, {FW_NOTIFY_JOB_FD, FW_NOTIFY_STATUS_FD, FW_NOTIFY_SECRET_FD}};

	return order->kind == FW_NURSERY_NOTIFY ? &notify : &feed;
}

/* fds: news, then those of the kind. */
static void exec_worker(const struct fw_nursery_order *order, const int *fds, pid_t parent)
{
	const struct kind *kind = kind_of(order);
	size_t count = fds[kind->count] >= 0 ? kind->count : kind->least;
	char *const argv[] = {(char *)(uintptr_t)kind->name, NULL};
	struct fw_feed_environment environment;
	int moved[FW_NURSERY_FDS - 1], last = STDERR_FILENO;

	if (order->user[0] && become_user(order->user))
		_exit(FW_NURSERY_NO_USER);
	begin_worker(parent); /* after the change of user, which clears the death signal */
	fw_feed_environment(&environment);
	/* Above all places, so that none is overwritten before it was used. */
	for (size_t i = 0; i < count; i++)
		moved[i] = fcntl(fds[i + 1], F_DUPFD_CLOEXEC, 10);
	for (size_t i = 0; i < count; i++) {
		if (moved[i] < 0 || dup2(moved[i], kind->places[i]) < 0)
			_exit(126);
		last = kind->places[i] > last ? kind->places[i] : last;
	}
	close_range((unsigned int)last + 1, ~0U, 0);
	execve(order->program, argv, environment.list);
	_exit(errno == EACCES ? 126 : 127);
}

/* _Fork: libuv's fork handler would close what it takes for its own signal pipe, and that number may be one
 * of ours. */
static pid_t start_worker(const struct fw_nursery_order *order, const int *fds)
{
	pid_t parent = getpid(), pid = _Fork();

	if (!pid && (order->kind == FW_NURSERY_FEED || order->kind == FW_NURSERY_NOTIFY))
		exec_worker(order, fds, parent);
	if (!pid)
		exec_web(order, fds, parent);
	return pid;
}

static int receive(int fd, struct fw_nursery_order *order, int fds[FW_NURSERY_FDS])
{
	union {
		char bytes[CMSG_SPACE(FW_NURSERY_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec part = {.iov_base = order, .iov_len = sizeof(*order)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 /* The padding of CMSG_SPACE has room for one more, which fds has not. */
				 .msg_controllen = CMSG_LEN(FW_NURSERY_FDS * sizeof(int))};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	for (size_t i = 0; i < FW_NURSERY_FDS; i++)
		fds[i] = -1;
	if (got != sizeof(*order))
		return -1;
	order->program[sizeof(order->program) - 1] = order->socket[sizeof(order->socket) - 1] = '\0';
	order->user[sizeof(order->user) - 1] = '\0';
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	return 0;
}

static void tell(int fd, pid_t pid, int ended, int status, int error)
{
	struct fw_nursery_news news = {.pid = pid, .ended = ended, .status = status, .error = error};

	(void)!send(fd, &news, sizeof(news), MSG_NOSIGNAL);
}

static void obey_web(struct nursery *nursery, const struct fw_nursery_order *order, const int *fds)
{
	if (nursery->web > 0)
		kill(nursery->web, SIGKILL);
	if (order->kind == FW_NURSERY_STOP)
		return;
	nursery->web = start_worker(order, fds);
	tell(nursery->fd, nursery->web, 0, 0, nursery->web < 0 ? errno : 0);
}

static void obey_worker(struct nursery *nursery, const struct fw_nursery_order *order, int *fds)
{
	size_t first = order->kind == FW_NURSERY_FEED ? 0 : FW_NURSERY_FEEDS;
	size_t end = order->kind == FW_NURSERY_FEED ? FW_NURSERY_FEEDS : WORKERS;
	struct worker *place = NULL;
	pid_t pid;

	for (size_t i = first; i < end && !place; i++)
		place = nursery->workers[i].pid ? NULL : &nursery->workers[i];
	if (!place || fds[kind_of(order)->least] < 0) {
		tell(fds[0], 0, 0, 0, place ? EINVAL : EAGAIN);
		return;
	}
	pid = start_worker(order, fds);
	tell(fds[0], pid, 0, 0, pid < 0 ? errno : 0);
	if (pid < 0)
		return;
	*place = (struct worker){.pid = pid, .news_fd = fds[0]};
	fds[0] = -1;
}

static void obey(struct nursery *nursery)
{
	struct fw_nursery_order order;
	int fds[FW_NURSERY_FDS];

	if (receive(nursery->fd, &order, fds))
		_exit(0); /* the agent is gone */
	if (order.kind == FW_NURSERY_FEED || order.kind == FW_NURSERY_NOTIFY)
		obey_worker(nursery, &order, fds);
	else
		obey_web(nursery, &order, fds);
	for (size_t i = 0; i < FW_NURSERY_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void reap(struct nursery *nursery)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct worker *worker = NULL;

		for (size_t i = 0; i < WORKERS && !worker; i++)
			worker = nursery->workers[i].pid == pid ? &nursery->workers[i] : NULL;
		tell(worker ? worker->news_fd : nursery->fd, pid, 1, status, 0);
		if (pid == nursery->web)
			nursery->web = 0;
		if (worker) {
			close(worker->news_fd);
			*worker = (struct worker){0};
		}
	}
}

static void live(int fd)
{
	struct nursery nursery = {.fd = fd};
	struct signalfd_siginfo info;
	int signal_fd = fw_child_deaths_fd();

	for (;;) {
		struct pollfd fds[2 + WORKERS] = {{.fd = fd, .events = POLLIN},
						  {.fd = signal_fd, .events = POLLIN}};

		for (size_t i = 0; i < WORKERS; i++)
			fds[2 + i].fd = nursery.workers[i].pid && !nursery.workers[i].killed
						? nursery.workers[i].news_fd
						: -1;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue;
		/* Nobody waits for it any more. The place is free once it is reaped, which may take long
		 * for one that the kernel does not let go. */
		for (size_t i = 0; i < WORKERS; i++)
			if (fds[2 + i].revents) {
				kill(nursery.workers[i].pid, SIGKILL);
				nursery.workers[i].killed = true;
			}
		if (fds[1].revents && read(signal_fd, &info, sizeof(info)) > 0)
			reap(&nursery);
		if (fds[0].revents)
			obey(&nursery);
	}
}

int fw_nursery_fork(struct fw_err *err)
{
	static const struct fw_child child = {
		.name = "floodwall-spawn", .become = become_unprivileged, .live = live};

	return fw_child_fork(&child, err);
}

int fw_nursery_fork_changer(struct fw_err *err)
{
	static const struct fw_child child = {
		.name = "floodwall-users", .become = become_changer, .live = live};

	return fw_child_fork(&child, err);
}

int fw_nursery_send(int nursery_fd, const struct fw_nursery_order *order, const int *fds, size_t count)
{
	union {
		char bytes[CMSG_SPACE(FW_NURSERY_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec part = {.iov_base = (void *)order, .iov_len = sizeof(*order)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (count) {
		struct cmsghdr *header;

		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	}
	return sendmsg(nursery_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(*order) ? 0 : -errno;
}

void fw_nursery_program(const char *name, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	snprintf(path, size, "%.*s/%s", (int)(slash ? slash - self : 0), self, name);
	if (access(path, X_OK))
		snprintf(path, size, "/usr/bin/%s", name);
}
