// SPDX-License-Identifier: Apache-2.0
/* The log worker: started, given its job and descriptors, heard, and started again when it ends. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/logs.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#define PROGRAM	       "floodwall-log"
#define INSTALLED      "/usr/bin/" PROGRAM
#define BACKOFF_MS     500
#define BACKOFF_MAX_MS 60000
#define STABLE_NS      (60 * FW_NS_PER_SEC)
#define START_NS       (5 * FW_NS_PER_SEC)
#define RECORDS_A_TURN 4096 /* other work of the loop waits no longer */

struct fw_log_worker {
	uv_poll_t poll;
	int fd;
	struct fw_agent *agent;
};

/* Beside the agent, as in a build tree, else where it is installed. */
static void find_program(char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	if ((size_t)snprintf(path, size, "%.*s/" PROGRAM, (int)(slash ? slash - self : 0), self) >= size ||
	    access(path, X_OK))
		snprintf(path, size, "%s", INSTALLED);
}

static void on_closed(uv_handle_t *handle)
{
	struct fw_log_worker *worker = handle->data;

	close(worker->fd);
	free(worker);
}

static void drop(struct fw_logs *logs)
{
	if (logs->worker)
		uv_close((uv_handle_t *)&logs->worker->poll, on_closed);
	logs->worker = NULL;
	logs->worker_pid = 0;
}

static void later(struct fw_logs *logs)
{
	logs->starting = false;
	logs->worker_retry_ns = fw_monotonic_ns() + logs->backoff_ms * 1000000ULL;
	logs->backoff_ms = logs->backoff_ms * 2 < BACKOFF_MAX_MS ? logs->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void start(struct fw_agent *agent)
{
	struct fw_keeper_order order = {.kind = FW_KEEPER_START};
	struct fw_logs *logs = &agent->logs;

	find_program(order.text, sizeof(order.text));
	logs->worker_started_ns = fw_monotonic_ns();
	logs->worker_retry_ns = 0;
	logs->starting = !fw_log_send(logs->keeper_fd, &order, sizeof(order), -1);
	if (!logs->starting)
		later(logs);
}

void fw_log_worker_want(struct fw_agent *agent, bool wanted)
{
	struct fw_keeper_order order = {.kind = FW_KEEPER_STOP};
	struct fw_logs *logs = &agent->logs;

	if (logs->wanted == wanted)
		return;
	logs->wanted = wanted;
	logs->backoff_ms = BACKOFF_MS;
	if (wanted) {
		start(agent);
		return;
	}
	drop(logs);
	logs->starting = false;
	logs->worker_retry_ns = 0;
	(void)fw_log_send(logs->keeper_fd, &order, sizeof(order), -1);
}

void fw_log_worker_tick(struct fw_agent *agent, uint64_t now_ns)
{
	struct fw_logs *logs = &agent->logs;

	if (logs->starting && now_ns - logs->worker_started_ns > START_NS)
		later(logs);
	if (logs->wanted && !logs->worker && !logs->starting && now_ns >= logs->worker_retry_ns)
		start(agent);
}

static int send_order(struct fw_agent *agent, enum fw_log_order_kind kind, size_t log,
		      enum fw_log_input input, int fd)
{
	const struct fw_log_order order = {
		.kind = kind, .log = (uint32_t)log, .input = input, .job = agent->logs.job_number};
	int r = fw_log_send(agent->logs.worker->fd, &order, sizeof(order), fd);

	if (r)
		fw_log(FW_LOG_WARNING, PROGRAM " does not take its orders (%s): it is started again",
		       strerror(-r));
	if (r)
		drop(&agent->logs); /* its end of the pair closes, which ends it */
	return r;
}

void fw_log_worker_send_input(struct fw_agent *agent, size_t log)
{
	static const enum fw_log_input inputs[] = {[FW_LOG_FILE] = FW_LOG_INPUT_FILE,
						   [FW_LOG_JOURNAL] = FW_LOG_INPUT_PIPE,
						   [FW_LOG_SYSLOG_UDP] = FW_LOG_INPUT_DATAGRAMS,
						   [FW_LOG_SYSLOG_UNIX] = FW_LOG_INPUT_DATAGRAMS};
	const struct fw_log_state *state = &agent->logs.logs[log];

	if (agent->logs.worker && state->fd >= 0)
		send_order(agent, FW_LOG_ORDER_INPUT, log, inputs[state->source], state->fd);
}

void fw_log_worker_send_job(struct fw_agent *agent)
{
	FW_CLOSE int fd = memfd_create("job", MFD_CLOEXEC);
	struct fw_logs *logs = &agent->logs;
	size_t length = logs->job ? strlen(logs->job) : 0;

	if (!logs->worker || !logs->job)
		return;
	if (fd < 0 || write(fd, logs->job, length) != (ssize_t)length) {
		fw_log(FW_LOG_WARNING, "out of memory: log rules go on as they were before");
		return;
	}
	if (send_order(agent, FW_LOG_ORDER_JOB, 0, FW_LOG_INPUT_FILE, fd))
		return;
	for (size_t i = 0; i < logs->count; i++)
		fw_log_worker_send_input(agent, i);
}

int fw_log_worker_ask_keys(struct fw_agent *agent, uint16_t rule, uint32_t serial, int fd)
{
	const struct fw_log_order order = {
		.kind = FW_LOG_ORDER_KEYS, .log = rule, .job = agent->logs.job_number, .serial = serial};

	return agent->logs.worker ? fw_log_send(agent->logs.worker->fd, &order, sizeof(order), fd) : -ESRCH;
}

static void on_records(uv_poll_t *poll, int status, int events)
{
	struct fw_log_worker *worker = poll->data;
	struct fw_logs *logs = &worker->agent->logs;
	struct fw_log_record record;
	int r = 1;

	(void)status;
	(void)events;
	for (int i = 0; i < RECORDS_A_TURN && r > 0; i++) {
		r = fw_log_receive(worker->fd, &record, sizeof(record), NULL);
		if (r > 0)
			fw_log_on_record(worker->agent, &record);
	}
	if (r >= 0)
		return;
	/* The keeper will say how it ended; until then nobody starts another. */
	logs->worker_retry_ns = fw_monotonic_ns() + logs->backoff_ms * 1000000ULL;
	drop(logs);
}

static void adopt(struct fw_agent *agent, pid_t pid, int fd)
{
	struct fw_log_worker *worker = calloc(1, sizeof(*worker));
	struct fw_logs *logs = &agent->logs;

	drop(logs);
	if (!worker || uv_poll_init(&agent->loop, &worker->poll, fd)) {
		free(worker);
		close(fd);
		later(logs);
		return;
	}
	worker->fd = fd;
	worker->agent = agent;
	worker->poll.data = worker;
	uv_poll_start(&worker->poll, UV_READABLE, on_records);
	logs->worker = worker;
	logs->worker_pid = pid;
	logs->starting = false;
	fw_log_worker_send_job(agent);
}

static void on_ended(struct fw_agent *agent, const struct fw_keeper_news *news)
{
	struct fw_logs *logs = &agent->logs;

	if (news->pid != logs->worker_pid && logs->worker_pid)
		return; /* one that was told to go */
	drop(logs);
	if (!logs->wanted || logs->starting)
		return;
	if (fw_monotonic_ns() - logs->worker_started_ns > STABLE_NS)
		logs->backoff_ms = BACKOFF_MS;
	if (WIFSIGNALED(news->status))
		fw_log(FW_LOG_WARNING,
		       PROGRAM " was ended by signal %d, starting it again in %u ms; its meters begin anew, "
			       "bans stay",
		       WTERMSIG(news->status), logs->backoff_ms);
	else
		fw_log(FW_LOG_WARNING,
		       PROGRAM
		       " ended with code %d%s, starting it again in %u ms; its meters begin anew, bans stay",
		       WEXITSTATUS(news->status),
		       WEXITSTATUS(news->status) >= 126 ? " (it could not be executed)" : "",
		       logs->backoff_ms);
	later(logs);
}

void fw_log_worker_on_news(struct fw_agent *agent, const struct fw_keeper_news *news, int fd)
{
	struct fw_logs *logs = &agent->logs;

	if (news->kind == FW_KEEPER_ENDED) {
		on_ended(agent, news);
	} else if (fd >= 0 && logs->wanted) {
		adopt(agent, news->pid, fd);
		return;
	} else if (fd < 0) {
		fw_log(FW_LOG_WARNING, PROGRAM " could not be started: %s; I keep trying",
		       strerror(news->error));
		later(logs);
	}
	if (fd >= 0)
		close(fd);
}
