// SPDX-License-Identifier: Apache-2.0
/* One message to a program. It runs in a process group of its own, which is killed in the end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "notify/work.h"

#define OUTPUT_SHOWN 200

struct run {
	pid_t pid;
	int pidfd, output_fd, error_fd;
	char output[OUTPUT_SHOWN + 1]; /* its last bytes */
	size_t used;
};

static int message_file(const char *body)
{
	FW_CLOSE int fd = memfd_create("floodwall-message", MFD_CLOEXEC);
	size_t length = strlen(body);

	if (fd < 0 || write(fd, body, length) != (ssize_t)length || write(fd, "\n", 1) != 1 ||
	    lseek(fd, 0, SEEK_SET))
		return -1;
	return TAKE_FD(fd);
}

/* Tells why by errno over error_fd, which a successful exec closes. */
static void become(const struct fw_notify_job *job, char *const *environment, int message_fd, int output_fd,
		   int error_fd, pid_t parent)
{
	sigset_t none;
	int error;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Above the standard three, so that none is overwritten before it was used. */
	message_fd = fcntl(message_fd, F_DUPFD_CLOEXEC, 10);
	output_fd = fcntl(output_fd, F_DUPFD_CLOEXEC, 10);
	error_fd = fcntl(error_fd, F_DUPFD_CLOEXEC, 10);
	if (dup2(message_fd, STDIN_FILENO) == STDIN_FILENO && dup2(output_fd, STDOUT_FILENO) > 0 &&
	    dup2(output_fd, STDERR_FILENO) > 0 && !close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) &&
	    !chdir("/"))
		execve(job->argv[0], job->argv, environment);
	error = errno;
	(void)!write(error_fd, &error, sizeof(error));
	_exit(127);
}

static int start(const struct fw_notify_job *job, char *const *environment, struct run *run)
{
	FW_CLOSE int message_fd = message_file(job->body);
	FW_CLOSE int output_far = -1;
	FW_CLOSE int error_far = -1;
	int output[2], error[2];
	pid_t parent = getpid();

	if (message_fd < 0 || pipe2(output, O_CLOEXEC))
		return -errno;
	run->output_fd = output[0];
	output_far = output[1];
	if (pipe2(error, O_CLOEXEC))
		return -errno;
	run->error_fd = error[0];
	error_far = error[1];
	run->pid = fork();
	if (run->pid < 0)
		return -errno;
	if (!run->pid)
		become(job, environment, message_fd, output_far, error_far, parent);
	setpgid(run->pid, run->pid); /* whoever is first */
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	fcntl(run->output_fd, F_SETFL, O_NONBLOCK);
	return run->pidfd < 0 ? -errno : 0;
}

/* Keeps the end of what it says, and never lets it wait for a reader. False: nobody writes any more. */
static bool take_output(struct run *run)
{
	char bytes[4096];
	ssize_t got = read(run->output_fd, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	for (ssize_t i = 0; i < got; i++) {
		if (run->used == OUTPUT_SHOWN)
			memmove(run->output, run->output + 1, --run->used);
		run->output[run->used++] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : ' ';
	}
	run->output[run->used] = '\0';
	return got > 0;
}

/* False: it still runs at the deadline. */
static bool wait_for(struct run *run, uint64_t deadline_ns)
{
	bool talks = true;

	for (;;) {
		struct pollfd fds[] = {{.fd = run->pidfd, .events = POLLIN},
				       {.fd = talks ? run->output_fd : -1, .events = POLLIN}};
		uint64_t now = fw_monotonic_ns();

		if (now >= deadline_ns)
			return false;
		if (poll(fds, 2, (int)((deadline_ns - now) / 1000000ULL) + 1) < 0)
			continue;
		if (fds[1].revents)
			talks = take_output(run);
		if (fds[0].revents)
			return true;
	}
}

static void judge(const struct run *run, const struct fw_notify_job *job, bool ended, int exit_status,
		  struct fw_notify_status *status)
{
	const char *said = run->used ? ", it said: " : "", *output = run->output;

	status->outcome = FW_NOTIFY_FAILED;
	if (!ended)
		snprintf(status->error, sizeof(status->error),
			 "'%.160s' did not end within %llu ms and was killed%s%s", job->argv[0],
			 (unsigned long long)job->timeout_ms, said, output);
	else if (WIFSIGNALED(exit_status))
		snprintf(status->error, sizeof(status->error), "'%.160s' died of signal %d (%s)%s%s",
			 job->argv[0], WTERMSIG(exit_status), strsignal(WTERMSIG(exit_status)), said, output);
	else if (WEXITSTATUS(exit_status))
		snprintf(status->error, sizeof(status->error), "'%.160s' exited with %d%s%s", job->argv[0],
			 WEXITSTATUS(exit_status), said, output);
	else
		status->outcome = FW_NOTIFY_DELIVERED;
}

static void run_program(const struct fw_notify_job *job, struct run *run, char *const *environment,
			struct fw_notify_status *status)
{
	uint64_t deadline = fw_monotonic_ns() + job->timeout_ms * 1000000ULL;
	int r = start(job, environment, run), exit_status = 0, error = 0;
	bool ended;

	if (r) {
		status->outcome = FW_NOTIFY_FAILED;
		snprintf(status->error, sizeof(status->error), "cannot start a process: %s", strerror(-r));
		return;
	}
	ended = wait_for(run, deadline);
	kill(-run->pid, SIGKILL); /* and what it left behind */
	while (waitpid(run->pid, &exit_status, 0) < 0 && errno == EINTR)
		;
	run->pid = 0;
	fcntl(run->error_fd, F_SETFL, O_NONBLOCK);
	if (read(run->error_fd, &error, sizeof(error)) == sizeof(error)) {
		status->outcome = FW_NOTIFY_REFUSED;
		snprintf(status->error, sizeof(status->error), "cannot execute '%.160s': %s", job->argv[0],
			 strerror(error));
		return;
	}
	while (run->output_fd >= 0 && run->used < OUTPUT_SHOWN && take_output(run) && errno != EAGAIN)
		;
	judge(run, job, ended, exit_status, status);
}

void fw_notify_exec(const struct fw_notify_job *job, struct fw_notify_status *status)
{
	struct run run = {.pidfd = -1, .output_fd = -1, .error_fd = -1};
	struct fw_notify_environment environment;
	struct fw_err err = {0};
	const int *const fds[] = {&run.pidfd, &run.output_fd, &run.error_fd};

	if (fw_notify_environment(job->body, &environment, &err)) {
		status->outcome = FW_NOTIFY_REFUSED;
		snprintf(status->error, sizeof(status->error), "%.400s", err.text);
		return;
	}
	run_program(job, &run, environment.list, status);
	if (run.pid > 0)
		kill(run.pid, SIGKILL);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	fw_notify_environment_done(&environment);
}
