// SPDX-License-Identifier: Apache-2.0
/* One message through a worker of the nursery, watched by the loop. Closing our end of the news is what ends
 * a worker that takes too long. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/nursery.h"
#include "lib/cleanup.h"
#include "lib/secret.h"

#define GRACE_MS 5000 /* beyond the worker's own limit */

struct fw_delivery {
	struct fw_agent *agent;
	struct fw_notify_watch *watch; /* NULL: nobody cares any more */
	uv_poll_t news;
	uv_timer_t deadline;
	int near_fd, status_fd;
	unsigned int handles; /* still open */
};

static void on_closed(uv_handle_t *handle)
{
	struct fw_delivery *flight = handle->data;

	if (!--flight->handles)
		free(flight);
}

/* Over: whatever it was, the watch hears of it last, because it may begin the next one. */
static void finish(struct fw_delivery *flight, const struct fw_notify_status *status)
{
	struct fw_notify_watch *watch = flight->watch;

	flight->watch = NULL;
	flight->agent->notifier.flights--;
	uv_close((uv_handle_t *)&flight->news, on_closed);
	uv_close((uv_handle_t *)&flight->deadline, on_closed);
	close(flight->near_fd); /* a worker that still runs is killed for it */
	close(flight->status_fd);
	if (!watch)
		return;
	watch->flight = NULL;
	fw_notifier_landed(watch, status);
	fw_notifier_pump(watch->agent);
}

static void fail(struct fw_delivery *flight, enum fw_notify_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fail(struct fw_delivery *flight, enum fw_notify_outcome outcome, const char *format, ...)
{
	struct fw_notify_status status = {.outcome = outcome};
	va_list args;

	va_start(args, format);
	vsnprintf(status.error, sizeof(status.error), format, args);
	va_end(args);
	finish(flight, &status);
}

static void read_status(struct fw_delivery *flight)
{
	char text[FW_NOTIFY_STATUS_MAX + 1];
	ssize_t length = pread(flight->status_fd, text, FW_NOTIFY_STATUS_MAX, 0);
	struct fw_notify_status status;
	struct fw_err err = {};

	text[length > 0 ? length : 0] = '\0';
	if (length <= 0)
		fail(flight, FW_NOTIFY_FAILED, "the worker said nothing");
	else if (fw_notify_status_decode(text, &status, &err))
		fail(flight, FW_NOTIFY_FAILED, "%.400s", err.text);
	else
		finish(flight, &status);
}

static void on_ended(struct fw_delivery *flight, int wait_status)
{
	if (WIFSIGNALED(wait_status))
		fail(flight, FW_NOTIFY_FAILED, "the worker died of signal %d (%s)", WTERMSIG(wait_status),
		     strsignal(WTERMSIG(wait_status)));
	else if (WEXITSTATUS(wait_status) == FW_NURSERY_NO_USER)
		fail(flight, FW_NOTIFY_REFUSED,
		     "the worker could not become the user '%.60s': there is none, or it is root",
		     flight->watch && flight->watch->definition.user ? flight->watch->definition.user : "?");
	else if (WEXITSTATUS(wait_status) >= 126)
		fail(flight, FW_NOTIFY_REFUSED, "'%.200s' could not be executed: is it installed?",
		     flight->agent->notifier.program);
	else if (WEXITSTATUS(wait_status))
		fail(flight, FW_NOTIFY_FAILED, "the worker exited with %d", WEXITSTATUS(wait_status));
	else
		read_status(flight);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	struct fw_delivery *flight = poll->data;
	struct fw_nursery_news news;
	ssize_t got = recv(flight->near_fd, &news, sizeof(news), MSG_DONTWAIT);

	(void)status;
	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(news))
		fail(flight, FW_NOTIFY_FAILED,
		     "the process that starts workers is gone: start the agent again to be told, filtering "
		     "goes on");
	else if (news.error)
		fail(flight, FW_NOTIFY_FAILED, "the worker could not be started: %s", strerror(news.error));
	else if (news.ended)
		on_ended(flight, news.status);
}

static void on_deadline(uv_timer_t *timer)
{
	struct fw_delivery *flight = timer->data;

	fail(flight, FW_NOTIFY_FAILED, "the worker did not end in time and was killed");
}

static int memory_file(const char *name, const char *text)
{
	FW_CLOSE int fd = memfd_create(name, MFD_CLOEXEC);
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET))
		return -1;
	return TAKE_FD(fd);
}

static int encode(const struct fw_notify_target *target, const char *body, char **ret, struct fw_err *err)
{
	struct fw_notify_job job = {.url = target->url,
				    .header = target->header,
				    .proxy = target->proxy,
				    .ca_file = target->ca_file,
				    .argc = target->argv.count,
				    .body = (char *)body,
				    .has_secret = target->secret != NULL,
				    .timeout_ms = target->timeout_ns / 1000000};

	for (size_t i = 0; i < target->argv.count && i < FW_NOTIFY_ARGUMENTS_MAX; i++)
		job.argv[i] = target->argv.items[i];
	return fw_notify_job_encode(&job, ret, err);
}

/* The order to the nursery; *ret_near is where it tells what becomes of it. */
static int order(const struct fw_agent *agent, const struct fw_notify_target *target, const char *body,
		 int *ret_near, int *ret_status, struct fw_err *err)
{
	struct fw_nursery_order order = {.kind = FW_NURSERY_NOTIFY};
	FW_FREE char *text = NULL;
	FW_CLOSE int secret_fd = -1;
	FW_CLOSE int job_fd = -1;
	FW_CLOSE int status_fd = -1;
	FW_CLOSE int near = -1;
	FW_CLOSE int far = -1;
	int pair[2], r = encode(target, body, &text, err);

	if (!r && target->secret) {
		secret_fd = fw_secret_open(target->secret, err);
		r = secret_fd < 0 ? secret_fd : 0;
	}
	if (r)
		return r;
	if (target->user && agent->notifier.changer_fd < 0)
		return fw_err_set(
			err, -EPERM,
			"no process may become the user '%s': the policy named nobody when the agent "
			"began; start it again, filtering goes on meanwhile",
			target->user);
	job_fd = memory_file("floodwall-notify-job", text);
	status_fd = memory_file("floodwall-notify-status", "");
	if (job_fd < 0 || status_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return fw_err_set(err, -EMFILE, "cannot prepare the worker's files: %s", strerror(errno));
	near = pair[0];
	far = pair[1];
	snprintf(order.program, sizeof(order.program), "%.255s", agent->notifier.program);
	if (target->user)
		snprintf(order.user, sizeof(order.user), "%s", target->user);
	r = fw_nursery_send(target->user ? agent->notifier.changer_fd : agent->web.nursery_fd, &order,
			    (const int[]){far, job_fd, status_fd, secret_fd}, secret_fd >= 0 ? 4 : 3);
	if (r)
		return fw_err_set(
			err, r,
			"the process that starts workers does not hear (%s): start the agent again to "
			"be told, filtering goes on",
			strerror(-r));
	*ret_near = TAKE_FD(near);
	*ret_status = TAKE_FD(status_fd);
	return 0;
}

int fw_notifier_send(struct fw_notify_watch *watch, const char *body, struct fw_notify_status *ret)
{
	struct fw_agent *agent = watch->agent;
	struct fw_delivery *flight = calloc(1, sizeof(*flight));
	struct fw_err err = {};

	*ret = (struct fw_notify_status){.outcome = FW_NOTIFY_FAILED};
	if (!flight) {
		snprintf(ret->error, sizeof(ret->error), "out of memory");
		return -ENOMEM;
	}
	*flight = (struct fw_delivery){.agent = agent, .watch = watch, .near_fd = -1, .status_fd = -1};
	if (order(agent, &watch->definition, body, &flight->near_fd, &flight->status_fd, &err)) {
		snprintf(ret->error, sizeof(ret->error), "%.500s", err.text);
		free(flight);
		return err.code;
	}
	uv_poll_init(&agent->loop, &flight->news, flight->near_fd);
	uv_timer_init(&agent->loop, &flight->deadline);
	flight->news.data = flight->deadline.data = flight;
	flight->handles = 2;
	uv_poll_start(&flight->news, UV_READABLE, on_news);
	uv_timer_start(&flight->deadline, on_deadline, watch->definition.timeout_ns / 1000000 + GRACE_MS, 0);
	watch->flight = flight;
	agent->notifier.flights++;
	return 0;
}

void fw_notifier_abandon(struct fw_delivery *flight)
{
	static const struct fw_notify_status nothing;

	flight->watch = NULL;
	finish(flight, &nothing);
}
