// SPDX-License-Identifier: Apache-2.0
/* A worker process: started with nothing but its descriptors, waited for, ended when it takes too long. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "feeds/update.h"
#include "lib/cleanup.h"

#define GRACE_SECONDS 10 /* beyond the worker's own limit */

static int memory_file(const char *name, const char *text, struct fw_err *err)
{
	FW_CLOSE int fd = memfd_create(name, MFD_CLOEXEC);
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET))
		return fw_err_set(err, -EIO, "cannot prepare the worker's files: %s", strerror(errno));
	return TAKE_FD(fd);
}

/* Descriptors above all targets, so that no dup2 overwrites a source. */
static int move_up(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

void fw_feed_environment(struct fw_feed_environment *ret)
{
	static const char *const names[FW_FEED_VARIABLES] = {
		"http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"};
	size_t count = 0;

	for (size_t i = 0; i < FW_FEED_VARIABLES; i++) {
		const char *value = getenv(names[i]);
		int length =
			value ? snprintf(ret->text[count], sizeof(ret->text[count]), "%s=%s", names[i], value)
			      : -1;

		if (length < 0 || (size_t)length >= sizeof(ret->text[count]))
			continue;
		ret->list[count] = ret->text[count];
		count++;
	}
	ret->list[count] = NULL;
}

static int start(const struct fw_feed_process *process, pid_t *ret)
{
	char *argv[] = {(char *)(uintptr_t) "floodwall-feed", NULL};
	struct fw_feed_environment environment;
	FW_CLOSE int job = move_up(process->job_fd);
	FW_CLOSE int status = move_up(process->status_fd);
	FW_CLOSE int result = move_up(process->result_fd);
	FW_CLOSE int secret = move_up(process->secret_fd);
	posix_spawn_file_actions_t actions;
	int r;

	fw_feed_environment(&environment);
	if (job < 0 || status < 0 || result < 0 || (process->secret_fd >= 0 && secret < 0))
		return -EMFILE;
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, job, FW_FEED_JOB_FD);
	r = r ? r : posix_spawn_file_actions_adddup2(&actions, status, FW_FEED_STATUS_FD);
	r = r ? r : posix_spawn_file_actions_adddup2(&actions, result, FW_FEED_RESULT_FD);
	if (secret >= 0)
		r = r ? r : posix_spawn_file_actions_adddup2(&actions, secret, FW_FEED_SECRET_FD);
	/* Nothing else of ours is open in the worker: maps, sockets and links close on exec, this makes sure.
	 */
	r = r ? r : posix_spawn_file_actions_addclosefrom_np(&actions, secret >= 0 ? 5 : 4);
	r = r ? r : posix_spawn(ret, process->worker, &actions, NULL, argv, environment.list);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* The exit status as waitpid gives it, or -ETIMEDOUT after killing it. */
static int wait_for(pid_t pid, uint64_t seconds, int *ret_status)
{
	FW_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd watched = {.fd = pidfd, .events = POLLIN};
	int timeout = seconds > 86400 ? 86400 * 1000 : (int)seconds * 1000, ready;

	do {
		ready = poll(&watched, 1, timeout);
	} while (ready < 0 && errno == EINTR);
	if (ready != 1)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return ready == 1 ? 0 : -ETIMEDOUT;
}

static int read_status(int fd, struct fw_feed_status *status, struct fw_err *err)
{
	char text[FW_FEED_STATUS_MAX + 1];
	ssize_t length = pread(fd, text, FW_FEED_STATUS_MAX, 0);

	if (length <= 0)
		return fw_err_set(err, -EBADMSG, "the worker said nothing");
	text[length] = '\0';
	return fw_feed_status_decode(text, status, err);
}

static int run_here(void *user, const struct fw_feed_process *process, int *ret_status, struct fw_err *err)
{
	pid_t pid;
	int r = start(process, &pid);

	(void)user;
	if (r)
		return fw_err_set(err, r, "cannot start '%.200s': %s", process->worker, strerror(-r));
	return wait_for(pid, process->seconds, ret_status);
}

static int run(const struct fw_feed_runner *runner, const struct fw_feed_job *job, int secret_fd,
	       int result_fd, struct fw_feed_status *status, struct fw_err *err)
{
	struct fw_feed_process process = {
		.worker = runner->worker,
		.result_fd = result_fd,
		.secret_fd = secret_fd,
		.seconds = (job->max_seconds ? job->max_seconds : FW_FETCH_SECONDS_DEFAULT) + GRACE_SECONDS,
	};
	FW_FREE char *text = NULL;
	FW_CLOSE int job_fd = -1;
	FW_CLOSE int status_fd = -1;
	int exit_status = 0, r = fw_feed_job_encode(job, &text, err);

	if (r)
		return r;
	job_fd = process.job_fd = memory_file("floodwall-feed-job", text, err);
	status_fd = process.status_fd = memory_file("floodwall-feed-status", "", err);
	if (job_fd < 0 || status_fd < 0)
		return -EIO;
	r = (runner->run ? runner->run : run_here)(runner->user, &process, &exit_status, err);
	if (r == -ETIMEDOUT)
		return fw_err_set(err, r, "the worker did not end within %llu s and was killed",
				  (unsigned long long)process.seconds);
	if (r)
		return r;
	if (WIFSIGNALED(exit_status))
		return fw_err_set(err, -EIO,
				  "the worker died of signal %d (%s): the list may be made to harm",
				  WTERMSIG(exit_status), strsignal(WTERMSIG(exit_status)));
	if (WEXITSTATUS(exit_status) >= 126)
		return fw_err_set(err, -ENOEXEC, "'%.200s' could not be executed", runner->worker);
	if (WEXITSTATUS(exit_status))
		return fw_err_set(err, -EIO, "the worker exited with %d", WEXITSTATUS(exit_status));
	return read_status(status_fd, status, err);
}

void fw_feed_run_worker(const struct fw_feed_runner *runner, const struct fw_feed_job *job, int secret_fd,
			int result_fd, struct fw_feed_status *status)
{
	struct fw_err err = {0};

	*status = (struct fw_feed_status){.format = job->shape.format};
	if (!run(runner, job, secret_fd, result_fd, status, &err))
		return;
	*status = (struct fw_feed_status){.format = job->shape.format};
	snprintf(status->error, sizeof(status->error), "%s", err.text);
}
