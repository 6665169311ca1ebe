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

static int start(const char *worker, int job_fd, int status_fd, int result_fd, int secret_fd, pid_t *ret)
{
	static char *const environment_names[] = {"http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY",
						  "NO_PROXY",	"ALL_PROXY",   "all_proxy"};
	char *argv[] = {(char *)(uintptr_t) "floodwall-feed", NULL};
	char variables[sizeof(environment_names) / sizeof(environment_names[0])][512];
	char *environment[sizeof(environment_names) / sizeof(environment_names[0]) + 1] = {0};
	FW_CLOSE int job = move_up(job_fd);
	FW_CLOSE int status = move_up(status_fd);
	FW_CLOSE int result = move_up(result_fd);
	FW_CLOSE int secret = move_up(secret_fd);
	posix_spawn_file_actions_t actions;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < sizeof(environment_names) / sizeof(environment_names[0]); i++) {
		const char *value = getenv(environment_names[i]);

		if (!value || (size_t)snprintf(variables[count], sizeof(variables[count]), "%s=%s",
					       environment_names[i], value) >= sizeof(variables[count]))
			continue;
		environment[count] = variables[count];
		count++;
	}
	if (job < 0 || status < 0 || result < 0 || (secret_fd >= 0 && secret < 0))
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
	r = r ? r : posix_spawn(ret, worker, &actions, NULL, argv, environment);
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

static int run(const char *worker, const struct fw_feed_job *job, int secret_fd, int result_fd,
	       struct fw_feed_status *status, struct fw_err *err)
{
	uint64_t seconds = job->max_seconds ? job->max_seconds : FW_FETCH_SECONDS_DEFAULT;
	FW_FREE char *text = NULL;
	FW_CLOSE int job_fd = -1;
	FW_CLOSE int status_fd = -1;
	int exit_status = 0, r = fw_feed_job_encode(job, &text, err);
	pid_t pid;

	if (r)
		return r;
	job_fd = memory_file("floodwall-feed-job", text, err);
	status_fd = memory_file("floodwall-feed-status", "", err);
	if (job_fd < 0 || status_fd < 0)
		return -EIO;
	r = start(worker, job_fd, status_fd, result_fd, secret_fd, &pid);
	if (r)
		return fw_err_set(err, r, "cannot start '%.200s': %s", worker, strerror(-r));
	r = wait_for(pid, seconds + GRACE_SECONDS, &exit_status);
	if (r)
		return fw_err_set(err, r, "the worker did not end within %llu s and was killed",
				  (unsigned long long)seconds + GRACE_SECONDS);
	if (WIFSIGNALED(exit_status))
		return fw_err_set(err, -EIO,
				  "the worker died of signal %d (%s): the list may be made to harm",
				  WTERMSIG(exit_status), strsignal(WTERMSIG(exit_status)));
	if (WEXITSTATUS(exit_status))
		return fw_err_set(err, -EIO, "the worker exited with %d", WEXITSTATUS(exit_status));
	return read_status(status_fd, status, err);
}

void fw_feed_run_worker(const char *worker, const struct fw_feed_job *job, int secret_fd, int result_fd,
			struct fw_feed_status *status)
{
	struct fw_err err = {0};

	*status = (struct fw_feed_status){.format = job->shape.format};
	if (!run(worker, job, secret_fd, result_fd, status, &err))
		return;
	*status = (struct fw_feed_status){.format = job->shape.format};
	snprintf(status->error, sizeof(status->error), "%s", err.text);
}
