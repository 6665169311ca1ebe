// SPDX-License-Identifier: Apache-2.0
/* Which logs are open, what goes on to the worker, and what to try again. */
#include "agent/logs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/listen.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "logs/job.h"

#define TICK_MS	       500
#define BACKOFF_MS     500
#define BACKOFF_MAX_MS 30000

static void order(struct fw_agent *agent, enum fw_keeper_order_kind kind, const struct fw_log_state *log)
{
	struct fw_keeper_order message = {.kind = kind, .slot = log->slot, .serial = log->serial};

	snprintf(message.text, sizeof(message.text), "%s", log->place);
	(void)fw_log_send(agent->logs.keeper_fd, &message, sizeof(message), -1);
}

static void set_fd(struct fw_agent *agent, size_t index, int fd)
{
	struct fw_log_state *log = &agent->logs.logs[index];

	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	log->retry_ns = 0;
	if (log->error[0])
		fw_log(FW_LOG_NOTICE, "log '%s': %s is read again", log->name, log->place);
	log->error[0] = '\0';
	fw_log_worker_send_input(agent, index);
}

static void set_error(struct fw_log_state *log, const char *why)
{
	if (strcmp(log->error, why))
		fw_log(FW_LOG_WARNING, "log '%s': %s; its rules see nothing new until that is mended",
		       log->name, why);
	snprintf(log->error, sizeof(log->error), "%.150s", why);
}

static void try_later(struct fw_log_state *log)
{
	log->retry_ns = fw_monotonic_ns() + log->backoff_ms * 1000000ULL;
	log->backoff_ms = log->backoff_ms * 2 < BACKOFF_MAX_MS ? log->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void open_socket(struct fw_agent *agent, size_t index)
{
	struct fw_log_state *log = &agent->logs.logs[index];
	struct fw_err err = {};
	int fd = log->source == FW_LOG_SYSLOG_UDP ? fw_bind_udp(log->place, &err)
						  : fw_bind_unix_datagrams(log->place, &err);

	if (fd >= 0) {
		set_fd(agent, index, fd);
		return;
	}
	set_error(log, err.text);
	try_later(log);
}

static void open_log(struct fw_agent *agent, size_t index)
{
	struct fw_log_state *log = &agent->logs.logs[index];

	log->retry_ns = 0;
	switch (log->source) {
	case FW_LOG_FILE:
	case FW_LOG_JOURNAL:
		log->serial = ++agent->logs.serial;
		order(agent, log->source == FW_LOG_FILE ? FW_KEEPER_FOLLOW : FW_KEEPER_JOURNAL, log);
		return;
	case FW_LOG_SYSLOG_UDP:
	case FW_LOG_SYSLOG_UNIX:
		open_socket(agent, index);
	}
}

static void close_log(struct fw_agent *agent, struct fw_log_state *log)
{
	if (log->source == FW_LOG_FILE || log->source == FW_LOG_JOURNAL)
		order(agent, FW_KEEPER_FORGET, log);
	if (log->source == FW_LOG_SYSLOG_UNIX && log->fd >= 0)
		unlink(log->place);
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

static uint32_t free_slot(const struct fw_log_state *a, size_t a_count, const struct fw_log_state *b,
			  size_t b_count)
{
	bool used[FW_KEEPER_SLOTS] = {};
	uint32_t slot = 0;

	for (size_t i = 0; i < a_count; i++)
		used[a[i].slot] = true;
	for (size_t i = 0; i < b_count; i++)
		used[b[i].slot] = true;
	while (used[slot])
		slot++;
	return slot;
}

static struct fw_log_state *find_state(struct fw_logs *logs, const struct fw_log *wanted)
{
	for (size_t i = 0; i < logs->count; i++)
		if (!strcmp(logs->logs[i].name, wanted->name) && logs->logs[i].source == wanted->source &&
		    !strcmp(logs->logs[i].place, wanted->place))
			return &logs->logs[i];
	return NULL;
}

/* Logs that stay keep their place in the file and their counters. */
static void change_logs(struct fw_agent *agent, const struct fw_policy *policy, size_t wanted)
{
	struct fw_log_state next[FW_LOGS_MAX];
	struct fw_logs *logs = &agent->logs;
	bool fresh[FW_LOGS_MAX] = {}, kept[FW_LOGS_MAX] = {};

	for (size_t i = 0; i < wanted; i++) {
		struct fw_log_state *state = find_state(logs, &policy->logs[i]);

		if (state) {
			kept[state - logs->logs] = true;
			next[i] = *state;
			continue;
		}
		fresh[i] = true;
		next[i] = (struct fw_log_state){.source = policy->logs[i].source,
						.slot = free_slot(logs->logs, logs->count, next, i),
						.fd = -1,
						.backoff_ms = BACKOFF_MS};
		snprintf(next[i].name, sizeof(next[i].name), "%s", policy->logs[i].name);
		snprintf(next[i].place, sizeof(next[i].place), "%s", policy->logs[i].place);
	}
	for (size_t i = 0; i < logs->count; i++)
		if (!kept[i])
			close_log(agent, &logs->logs[i]);
	memcpy(logs->logs, next, wanted * sizeof(next[0]));
	logs->count = wanted;
	for (size_t i = 0; i < wanted; i++)
		if (fresh[i])
			open_log(agent, i);
}

static bool any_log_rule(const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].match.log)
			return true;
	return false;
}

void fw_logs_follow(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_logs *logs = &agent->logs;
	bool wanted = any_log_rule(policy);
	char *job = NULL;

	if (!logs->usable || logs->keeper_fd < 0)
		return;
	if (wanted && fw_log_job_encode(policy, agent->loaded->image, &job)) {
		fw_log(FW_LOG_WARNING, "out of memory: log rules go on as they were before");
		return;
	}
	if (job && logs->job && !strcmp(job, logs->job)) {
		free(job);
		return;
	}
	free(logs->job);
	logs->job = job;
	logs->job_number++;
	/* The job first: inputs that are opened at once belong to it. */
	fw_log_worker_want(agent, wanted);
	change_logs(agent, policy, wanted ? policy->log_count : 0);
	fw_log_worker_send_job(agent);
}

static const char *why_not(int error)
{
	return error == ESPIPE ? "it is no regular file" : strerror(error);
}

static void on_log_news(struct fw_agent *agent, const struct fw_keeper_news *news, int fd)
{
	struct fw_logs *logs = &agent->logs;
	char why[160];

	for (size_t i = 0; i < logs->count; i++) {
		struct fw_log_state *log = &logs->logs[i];

		if (log->slot != news->slot || log->serial != news->serial ||
		    (log->source != FW_LOG_FILE && log->source != FW_LOG_JOURNAL))
			continue;
		if (news->kind == FW_KEEPER_OPENED && fd >= 0) {
			set_fd(agent, i, fd);
			return;
		}
		if (news->kind == FW_KEEPER_BACK) {
			log->error[0] = '\0';
			return;
		}
		snprintf(why, sizeof(why), "cannot read %.90s: %s", log->place, why_not(news->error));
		set_error(log, why);
		if (log->source == FW_LOG_JOURNAL)
			try_later(log);
	}
	if (fd >= 0)
		close(fd);
}

static void on_keeper(uv_poll_t *poll, int status, int events)
{
	struct fw_agent *agent = poll->data;
	struct fw_logs *logs = &agent->logs;
	struct fw_keeper_news news;
	int r, fd;

	(void)status;
	(void)events;
	while ((r = fw_log_receive(logs->keeper_fd, &news, sizeof(news), &fd)) > 0) {
		if (news.kind == FW_KEEPER_WORKER || news.kind == FW_KEEPER_ENDED)
			fw_log_worker_on_news(agent, &news, fd);
		else
			on_log_news(agent, &news, fd);
	}
	if (!r)
		return;
	uv_poll_stop(poll);
	close(logs->keeper_fd);
	logs->keeper_fd = -1;
	fw_log(FW_LOG_WARNING,
	       "the process that opens logs is gone: rotated logs are not found and a worker that ends "
	       "stays away until the agent restarts; filtering goes on");
}

static void on_tick(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_logs *logs = &agent->logs;
	uint64_t now = fw_monotonic_ns();

	if (logs->keeper_fd < 0) {
		fw_logs_look(agent, now);
		return;
	}
	for (size_t i = 0; i < logs->count; i++)
		if (logs->logs[i].retry_ns && now >= logs->logs[i].retry_ns)
			open_log(agent, i);
	fw_log_worker_tick(agent, now);
	fw_logs_look(agent, now);
}

void fw_logs_start(struct fw_agent *agent)
{
	struct fw_logs *logs = &agent->logs;

	logs->backoff_ms = BACKOFF_MS;
	if (logs->keeper_fd < 0)
		return;
	uv_poll_init(&agent->loop, &logs->keeper, logs->keeper_fd);
	uv_timer_init(&agent->loop, &logs->retry);
	logs->keeper.data = logs->retry.data = agent;
	logs->usable = true;
	uv_poll_start(&logs->keeper, UV_READABLE, on_keeper);
	uv_timer_start(&logs->retry, on_tick, TICK_MS, TICK_MS);
	fw_logs_follow(agent);
}

void fw_logs_stop(struct fw_agent *agent)
{
	struct fw_logs *logs = &agent->logs;

	if (!logs->usable)
		return;
	uv_poll_stop(&logs->keeper);
	uv_timer_stop(&logs->retry);
	fw_log_worker_want(agent, false);
	for (size_t i = 0; i < logs->count; i++)
		close_log(agent, &logs->logs[i]);
	logs->count = 0;
	free(logs->job);
	logs->job = NULL;
	if (logs->keeper_fd >= 0)
		close(logs->keeper_fd);
	logs->keeper_fd = -1;
	logs->usable = false;
}
