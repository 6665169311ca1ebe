// SPDX-License-Identifier: Apache-2.0
/* journalctl with the right to read the journal and nothing else; the log worker with no right. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/log_keeper.h"
#include "logs/worker.h"

#define JOURNALCTL "/usr/bin/journalctl"
#define NULL_FD	   0

/* Standard input is /dev/null, errors go where the agent's go. */
static void become_child(pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	if (null >= 0)
		dup2(null, NULL_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

static void exec_journal(const char *unit, int pipe_fd)
{
	/* Not --lines=0: of a unit that has said nothing yet it misses the first messages. */
	char *const argv[] = {JOURNALCTL,      "--follow",   "--since=now",
			      "--no-tail",     "--quiet",    "--no-pager",
			      "--output=json", "--all",	     "--output-fields=MESSAGE",
			      "--unit",	       (char *)unit, NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

	dup2(pipe_fd, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	/* An ordinary program keeps a capability only when it is ambient. Without it (an agent that is not
	 * root) the journal is what this user may see. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0);
	execve(JOURNALCTL, argv, environment);
	_exit(127);
}

pid_t fw_keeper_start_journal(const char *unit, int *ret_pipe)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = _Fork();
	if (!pid) {
		become_child(parent);
		exec_journal(unit, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		pid = -errno;
		close(ends[0]);
		return pid;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret_pipe = ends[0];
	return pid;
}

/* Not libcap-ng: it remembers the process that first asked it, and _Fork does not tell it of another. */
static int drop_all(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

static void exec_worker(const char *program, int socket)
{
	char *const argv[] = {(char *)program, NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

	if (dup2(socket, FW_LOG_WORKER_FD) < 0 || fcntl(FW_LOG_WORKER_FD, F_SETFD, 0))
		_exit(126);
	close_range(FW_LOG_WORKER_FD + 1, ~0U, 0);
	if (drop_all())
		_exit(126);
	execve(program, argv, environment);
	_exit(errno == EACCES ? 126 : 127);
}

pid_t fw_keeper_start_worker(const char *program, int *ret_socket)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = _Fork();
	if (!pid) {
		become_child(parent);
		exec_worker(program, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		pid = -errno;
		close(pair[0]);
		return pid;
	}
	*ret_socket = pair[0];
	return pid;
}
