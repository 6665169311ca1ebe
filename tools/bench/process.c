// SPDX-License-Identifier: Apache-2.0
/* Children of the bench: started by argument vector, ended by their own pid. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "lib/clock.h"

#define MS		 1000000ULL
#define STOP_PATIENCE_MS 5000

extern char **environ;

int process_start(const char *const argv[], const char *log, struct process *ret, struct fw_err *err)
{
	posix_spawn_file_actions_t actions;
	int pipe_fds[2];
	pid_t pid;
	int r;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return fw_err_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
	if (log)
		posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	else
		posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	if (r) {
		close(pipe_fds[0]);
		return fw_err_set(err, -r, "cannot run '%s': %s", argv[0], strerror(r));
	}
	*ret = (struct process){.pid = pid, .out = pipe_fds[0]};
	return 0;
}

/* Appends what is there; false at the end of the output. What does not fit is read and let go. */
static bool read_some(int fd, char output[PROCESS_OUTPUT], size_t *length)
{
	char rest[512];
	bool full = *length + 1 >= PROCESS_OUTPUT;
	ssize_t n;

	do {
		n = read(fd, full ? rest : output + *length,
			 full ? sizeof(rest) : PROCESS_OUTPUT - 1 - *length);
	} while (n < 0 && errno == EINTR);
	if (n > 0 && !full)
		*length += n;
	output[*length] = '\0';
	return n > 0;
}

static int collect(struct process *process)
{
	int status = 0;

	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(process->out);
	*process = (struct process){.out = -1};
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_finish(struct process *process, char output[PROCESS_OUTPUT], struct fw_err *err)
{
	size_t length = 0;

	(void)err;
	output[0] = '\0';
	while (read_some(process->out, output, &length))
		;
	return collect(process);
}

int process_run(const char *const argv[], char output[PROCESS_OUTPUT], struct fw_err *err)
{
	struct process process;
	int r = process_start(argv, NULL, &process, err);

	return r ? r : process_finish(&process, output, err);
}

int process_must(const char *const argv[], struct fw_err *err)
{
	char output[PROCESS_OUTPUT];
	int r = process_run(argv, output, err);

	if (r > 0)
		return fw_err_set(err, -EIO, "'%s %s' ended with %d: %.600s", argv[0], argv[1] ? argv[1] : "",
				  r, output);
	return r;
}

int process_await(struct process *process, const char *word, int timeout_ms, struct fw_err *err)
{
	uint64_t deadline = fw_monotonic_ns() + timeout_ms * MS, now;
	struct pollfd poll_fd = {.fd = process->out, .events = POLLIN};
	char output[PROCESS_OUTPUT] = "";
	size_t length = 0;

	while ((now = fw_monotonic_ns()) < deadline) {
		if (poll(&poll_fd, 1, (deadline - now) / MS + 1) <= 0)
			continue;
		if (!read_some(process->out, output, &length))
			return fw_err_set(err, -EIO, "it ended with %d: %.600s", collect(process), output);
		if (strstr(output, word))
			return 0;
	}
	return fw_err_set(err, -ETIMEDOUT, "no '%s' within %d ms: %.600s", word, timeout_ms, output);
}

void process_stop(struct process *process)
{
	uint64_t deadline = fw_monotonic_ns() + STOP_PATIENCE_MS * MS;
	struct timespec pause = {.tv_nsec = 5 * MS};
	siginfo_t info = {};

	if (process->pid <= 0)
		return;
	kill(process->pid, SIGTERM);
	while (fw_monotonic_ns() < deadline) {
		if (waitid(P_PID, process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
			break;
		nanosleep(&pause, NULL);
	}
	if (!info.si_pid)
		kill(process->pid, SIGKILL);
	(void)collect(process);
}
