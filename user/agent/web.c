// SPDX-License-Identifier: Apache-2.0
/* Keeps floodwall-web running while the policy wants metrics on TCP. */
#include "agent/web.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/listen.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#define PROGRAM	       "floodwall-web"
#define BACKOFF_MS     500
#define BACKOFF_MAX_MS 60000
#define STABLE_NS      (60 * FW_NS_PER_SEC)

static void on_retry(uv_timer_t *timer);

static void later(struct fw_agent *agent)
{
	struct fw_web *web = &agent->web;

	uv_timer_start(&web->retry, on_retry, web->backoff_ms, 0);
	web->backoff_ms = web->backoff_ms * 2 < BACKOFF_MAX_MS ? web->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void start(struct fw_agent *agent)
{
	struct fw_web *web = &agent->web;
	struct fw_nursery_order order = {.kind = FW_NURSERY_START};
	struct fw_err err = {};
	FW_CLOSE int fd = fw_listen_tcp(web->listen, &err);

	if (fd < 0) {
		if (!web->warned)
			fw_log(FW_LOG_WARNING,
			       "no metrics on TCP for now, filtering goes on: cannot listen on %s; I keep "
			       "trying, "
			       "'metrics: {listen: …}' in the policy moves it, 'none' turns it off",
			       err.text);
		web->warned = true;
		later(agent);
		return;
	}
	fw_nursery_program(PROGRAM, order.program, sizeof(order.program));
	snprintf(order.socket, sizeof(order.socket), "%s", fw_server_read_path(agent->server));
	if (order.socket[0] != '/') {
		char directory[PATH_MAX] = "";

		if (!getcwd(directory, sizeof(directory)))
			directory[0] = '\0';
		snprintf(order.socket, sizeof(order.socket), "%.60s/%.60s", directory,
			 fw_server_read_path(agent->server));
	}
	web->warned = false;
	web->started_ns = fw_monotonic_ns();
	if (fw_nursery_send(web->nursery_fd, &order, &fd, 1))
		fw_log(FW_LOG_WARNING,
		       "no metrics on TCP until the agent restarts: the process that starts " PROGRAM
		       " is gone; "
		       "filtering goes on");
}

static void on_retry(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	if (agent->web.listen[0] && !agent->web.pid)
		start(agent);
}

static void on_ended(struct fw_agent *agent, const struct fw_nursery_news *news)
{
	struct fw_web *web = &agent->web;

	if (news->pid != web->pid)
		return; /* one that was told to go */
	web->pid = 0;
	if (!web->listen[0])
		return;
	if (fw_monotonic_ns() - web->started_ns > STABLE_NS)
		web->backoff_ms = BACKOFF_MS;
	if (WIFSIGNALED(news->status))
		fw_log(FW_LOG_WARNING,
		       PROGRAM " was ended by signal %d, starting it again in %u ms; filtering goes on",
		       WTERMSIG(news->status), web->backoff_ms);
	else
		fw_log(FW_LOG_WARNING,
		       PROGRAM " ended with code %d%s, starting it again in %u ms; filtering goes on",
		       WEXITSTATUS(news->status),
		       WEXITSTATUS(news->status) >= 126 ? " (it could not be executed)" : "",
		       web->backoff_ms);
	later(agent);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct fw_agent *agent = poll->data;
	struct fw_web *web = &agent->web;
	struct fw_nursery_news news;
	ssize_t got = recv(web->nursery_fd, &news, sizeof(news), MSG_DONTWAIT);

	(void)status;
	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(news)) {
		uv_poll_stop(poll);
		close(web->nursery_fd);
		web->nursery_fd = -1;
		web->pid = 0;
		fw_log(FW_LOG_WARNING, "the process that starts " PROGRAM
				       " is gone: no metrics on TCP until the agent restarts; "
				       "filtering goes on");
		return;
	}
	if (news.ended)
		on_ended(agent, &news);
	else if (news.pid > 0)
		web->pid = news.pid;
	else
		later(agent);
}

void fw_web_init(struct fw_agent *agent)
{
	struct fw_web *web = &agent->web;

	web->backoff_ms = BACKOFF_MS;
	uv_timer_init(&agent->loop, &web->retry);
	web->retry.data = agent;
	if (web->nursery_fd < 0)
		return;
	uv_poll_init(&agent->loop, &web->nursery, web->nursery_fd);
	web->nursery.data = agent;
	web->usable = true;
	uv_poll_start(&web->nursery, UV_READABLE, on_news);
}

void fw_web_stop(struct fw_agent *agent)
{
	struct fw_nursery_order order = {.kind = FW_NURSERY_STOP};
	struct fw_web *web = &agent->web;

	uv_timer_stop(&web->retry);
	web->listen[0] = '\0';
	web->pid = 0;
	if (web->nursery_fd >= 0)
		fw_nursery_send(web->nursery_fd, &order, NULL, 0);
}

void fw_web_follow(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const char *wanted = policy->metrics.enabled ? policy->metrics.listen : "";
	struct fw_web *web = &agent->web;

	if (!web->usable || web->nursery_fd < 0 || !strcmp(web->listen, wanted))
		return;
	fw_web_stop(agent);
	snprintf(web->listen, sizeof(web->listen), "%s", wanted);
	web->backoff_ms = BACKOFF_MS;
	if (web->listen[0])
		uv_timer_start(&web->retry, on_retry, 0, 0);
}
