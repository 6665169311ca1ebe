// SPDX-License-Identifier: Apache-2.0
/* The agent's part in telling people: a real loop, a real nursery and real workers, under the sanitizers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/nursery.h"
#include "lib/clock.h"
#include "lib/log.h"

static char dir[] = "/tmp/fw-unit-notifier-XXXXXX";

static struct fw_loaded *load(const char *targets)
{
	struct fw_stand stand = {.name = strdup("text"), .base_dir = strdup(".")};
	struct fw_loaded *loaded;

	cr_assert_geq(asprintf(&stand.text,
			       "version: 1\nrules: [{name: blanket, limit: 5 packets/1s, action: count}]\n"
			       "suppress: {x: {source: 198.51.100.0/24}}\nnotify: {%s}\n",
			       targets),
		      0);
	stand.length = strlen(stand.text);
	loaded = fw_loaded_new(&stand);
	cr_assert(loaded && loaded->policy, "%s",
		  loaded && loaded->diags.count ? loaded->diags.items[0].message : "?");
	return loaded;
}

static void compile(struct fw_agent *agent)
{
	struct fw_image_input input = {0};

	cr_assert_eq(fw_image_compile(agent->loaded->policy, &input, &agent->ids, &agent->loaded->diags,
				      &agent->loaded->image),
		     0);
}

static struct fw_agent *agent_new(const char *targets)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));
	char self[PATH_MAX] = "";
	struct fw_err err = {0};

	fw_log_init("test", FW_LOG_ERROR);
	cr_assert_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	for (int up = 0; up < 3; up++)
		*strrchr(self, '/') = '\0';
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chmod(dir, 0777), 0);
	agent->web.nursery_fd = fw_nursery_fork(&err);
	agent->notifier.changer_fd = -1;
	cr_assert_geq(agent->web.nursery_fd, 0, "%s", err.text);
	uv_loop_init(&agent->loop);
	agent->loaded = load(targets);
	compile(agent);
	fw_notifier_start(agent);
	snprintf(agent->notifier.program, sizeof(agent->notifier.program), "%.4000s/floodwall-notify", self);
	if (access(agent->notifier.program, X_OK))
		cr_skip_test("floodwall-notify is not built: make");
	return agent;
}

static void agent_free(struct fw_agent *agent)
{
	char command[128];

	fw_notifier_stop(agent);
	uv_close((uv_handle_t *)&agent->notifier.tick, NULL);
	uv_run(&agent->loop, UV_RUN_DEFAULT); /* what was abandoned is closed */
	cr_expect_eq(uv_loop_close(&agent->loop), 0, "something of it is still open");
	close(agent->web.nursery_fd);
	fw_event_log_done(&agent->events);
	fw_loaded_free(agent->loaded);
	free(agent);
	snprintf(command, sizeof(command), "%s/told", dir);
	unlink(command);
	rmdir(dir);
}

static void ban(struct fw_agent *agent, int number, const char *network)
{
	fw_event(agent, "ban", "agent",
		 json_pack("{s:o, s:s}", "src_ip", json_sprintf("%s.%d", network, number & 255), "rule",
			   "blanket"),
		 "ban number %d", number);
}

/* Until a target has nothing left to do, or a minute. */
static void settle(struct fw_agent *agent, const struct fw_notify_watch *watch)
{
	uint64_t end = fw_monotonic_ns() + 60 * FW_NS_PER_SEC;

	while ((watch->queued || watch->flight || watch->test == FW_NOTIFY_TEST_WANTED) &&
	       fw_monotonic_ns() < end)
		uv_run(&agent->loop, UV_RUN_ONCE);
}

static size_t lines_told(char *last, size_t size)
{
	char path[128];
	size_t lines = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/told", dir);
	file = fopen(path, "re");
	while (file && fgets(last, (int)size, file))
		lines++;
	if (file)
		fclose(file);
	return lines;
}

static void targets_text(char *text, size_t size, const char *more)
{
	snprintf(text, size, "t: {exec: [/bin/sh, -c, \"cat >>%s/told\"], events: ban, rate: 3/2s%s}", dir,
		 more);
}

Test(notifier, what_is_more_than_the_rate_is_told_at_its_end)
{
	char text[256], last[32768] = "";
	struct fw_agent *agent = agent_new("t: {exec: /bin/true}");
	uint64_t end = fw_monotonic_ns() + 60 * FW_NS_PER_SEC;
	struct fw_notify_watch *watch;
	json_t *told;

	targets_text(text, sizeof(text), "");
	fw_loaded_free(agent->loaded);
	agent->loaded = load(text);
	compile(agent);
	fw_notifier_follow(agent);
	watch = fw_notifier_find(agent, "t");
	cr_assert_not_null(watch);
	for (int i = 0; i < 20; i++)
		ban(agent, i, "192.0.2");
	ban(agent, 99, "198.51.100");	    /* expected: no part of it */
	cr_expect_eq(watch->held_back, 17); /* decided with the event, whenever the three are delivered */
	settle(agent, watch);
	while (watch->delivered < 4 && fw_monotonic_ns() < end)
		uv_run(&agent->loop, UV_RUN_ONCE);
	cr_expect_eq(watch->delivered, 4);
	cr_expect_eq(lines_told(last, sizeof(last)), 4);
	told = json_loads(last, 0, NULL);
	cr_assert(told, "%s", last);
	cr_expect_eq(json_integer_value(json_object_get(told, "held_back")), 17);
	cr_expect(strstr(json_string_value(json_object_get(told, "message")), "the latest: ban number 19"));
	json_decref(told);
	agent_free(agent);
}

Test(notifier, a_queue_ends)
{
	struct fw_agent *agent =
		agent_new("t: {exec: [/bin/sh, -c, \"sleep 60\"], timeout: 5m, events: ban, rate: 1000/1m}");
	struct fw_notify_watch *watch = fw_notifier_find(agent, "t");

	for (int i = 0; i < 100; i++)
		ban(agent, i, "192.0.2");
	cr_expect_eq(watch->queued, FW_NOTIFY_QUEUE);
	cr_expect_eq(watch->dropped, 100 - FW_NOTIFY_QUEUE);
	cr_expect_not_null(watch->flight);
	agent_free(agent); /* with one on its way */
}

Test(notifier, failures_are_given_up_or_tried_again)
{
	struct fw_agent *agent = agent_new("once: {exec: /bin/false, events: ban}, "
					   "again: {exec: /bin/false, events: ban, retries: 3}, "
					   "gone: {exec: /nonexistent, events: ban, retries: 3}, "
					   "user: {exec: /bin/true, user: daemon, events: ban}");
	struct fw_notify_watch *once = fw_notifier_find(agent, "once");
	struct fw_notify_watch *again = fw_notifier_find(agent, "again");
	struct fw_notify_watch *gone = fw_notifier_find(agent, "gone");
	struct fw_notify_watch *user = fw_notifier_find(agent, "user");
	uint64_t end = fw_monotonic_ns() + 60 * FW_NS_PER_SEC;

	ban(agent, 1, "192.0.2");
	while ((once->queued || gone->queued || !again->retried) && fw_monotonic_ns() < end)
		uv_run(&agent->loop, UV_RUN_ONCE);
	cr_expect_eq(once->failed, 1);
	cr_expect(once->troubled && strstr(once->error, "exited with 1"), "%s", once->error);
	cr_expect_eq(again->failed, 0);
	cr_expect_eq(again->retried, 1);
	cr_expect_gt(again->queue[again->first].not_before_ns, fw_monotonic_ns(), "after two seconds");
	cr_expect_eq(gone->failed, 1, "the same again would come to the same");
	cr_expect_eq(user->delivered, 0);
	cr_expect(strstr(user->error, "start it again"), "%s", user->error);
	agent_free(agent);
}

Test(notifier, a_test_goes_ahead_and_a_reload_keeps_what_stays)
{
	struct fw_agent *agent =
		agent_new("t: {exec: /bin/false, events: ban, retries: 5}, gone: {exec: [/bin/sh, "
			  "-c, \"sleep 60\"], timeout: 1m, events: ban}");
	struct fw_notify_watch *watch = fw_notifier_find(agent, "t");

	ban(agent, 1, "192.0.2");
	while (!watch->retried)
		uv_run(&agent->loop, UV_RUN_ONCE);
	fw_loaded_free(agent->loaded);
	agent->loaded = load("t: {exec: /bin/true, events: ban}, new: {exec: /bin/true}");
	compile(agent);
	fw_notifier_follow(agent);
	cr_expect_eq(fw_notifier_find(agent, "t"), watch);
	cr_expect_null(fw_notifier_find(agent, "gone"), "though one was on its way");
	cr_expect_not_null(fw_notifier_find(agent, "new"));
	cr_expect_eq(watch->queued, 1, "which waits for its second attempt");
	cr_assert_eq(fw_notifier_test(watch), 0);
	cr_expect_eq(fw_notifier_test(watch), -EAGAIN);
	while (watch->test == FW_NOTIFY_TEST_WANTED)
		uv_run(&agent->loop, UV_RUN_ONCE);
	cr_expect_eq(watch->test_status.outcome, FW_NOTIFY_DELIVERED, "%s", watch->test_status.error);
	cr_expect_eq(watch->queued, 1);
	cr_expect_eq(watch->delivered, 0, "a test is no message");
	agent_free(agent);
}
