// SPDX-License-Identifier: Apache-2.0
/* Events: what is kept, who is told, and what becomes of slow readers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "lib/log.h"

static struct fw_agent *agent_new(void)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));

	fw_log_init("test", FW_LOG_ERROR);
	return agent;
}

static void say(struct fw_agent *agent, int number)
{
	fw_event(agent, "ban", "root", json_pack("{s:s, s:i}", "src_ip", "192.0.2.1", "number", number),
		 "ban number %d", number);
}

static int number_of(const json_t *events, size_t index)
{
	return (int)json_integer_value(json_object_get(json_array_get(events, index), "number"));
}

static void count_wake(void *context)
{
	++*(int *)context;
}

Test(event_log, shape)
{
	struct fw_agent *agent = agent_new();
	json_t *events, *event;

	say(agent, 5);
	events = fw_event_last(&agent->events, 10);
	cr_assert_eq(json_array_size(events), 1);
	event = json_array_get(events, 0);
	cr_expect_str_eq(json_string_value(json_object_get(event, "event_type")), "ban");
	cr_expect_str_eq(json_string_value(json_object_get(event, "by")), "root");
	cr_expect_str_eq(json_string_value(json_object_get(event, "src_ip")), "192.0.2.1");
	cr_expect_eq(strlen(json_string_value(json_object_get(event, "timestamp"))),
		     strlen("2026-01-02T03:04:05.678901Z"));
	json_decref(events);
	fw_event_log_done(&agent->events);
	free(agent);
}

Test(event_log, keeps_the_last_thousand)
{
	struct fw_agent *agent = agent_new();
	json_t *events;

	for (int i = 0; i < FW_EVENTS_KEPT + 7; i++)
		say(agent, i);
	events = fw_event_last(&agent->events, 5000);
	cr_assert_eq(json_array_size(events), FW_EVENTS_KEPT);
	cr_expect_eq(number_of(events, 0), 7);
	cr_expect_eq(number_of(events, FW_EVENTS_KEPT - 1), FW_EVENTS_KEPT + 6);
	json_decref(events);
	events = fw_event_last(&agent->events, 2);
	cr_expect_eq(number_of(events, 0), FW_EVENTS_KEPT + 5);
	json_decref(events);
	fw_event_log_done(&agent->events);
	free(agent);
}

/* In pieces of any size the stream is whole lines of JSON in order. */
Test(event_log, a_follower_reads_past_and_future)
{
	struct fw_agent *agent = agent_new();
	struct fw_follower *follower;
	char text[4096], *line, *save = NULL;
	size_t used = 0;
	int woken = 0, expected = 1;

	say(agent, 0);
	say(agent, 1);
	follower = fw_follower_new(&agent->events, 1, count_wake, &woken);
	cr_assert_not_null(follower);
	say(agent, 2);
	cr_expect_eq(woken, 1);
	for (ptrdiff_t got; (got = fw_follower_read(follower, text + used, 7)) > 0;)
		used += (size_t)got;
	text[used] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *event = json_loads(line, 0, NULL);

		cr_assert_not_null(event, "%s", line);
		cr_expect_eq(json_integer_value(json_object_get(event, "number")), expected);
		expected++;
		json_decref(event);
	}
	cr_expect_eq(expected, 3);
	cr_expect_eq(fw_follower_read(follower, text, sizeof(text)), 0, "nothing more, but not the end");
	fw_follower_free(follower);
	say(agent, 3);
	cr_expect_eq(woken, 1, "nobody wakes who has gone");
	fw_event_log_done(&agent->events);
	free(agent);
}

Test(event_log, a_reader_that_falls_behind_is_told_and_cut_off)
{
	struct fw_agent *agent = agent_new();
	int woken = 0;
	struct fw_follower *follower = fw_follower_new(&agent->events, 0, count_wake, &woken);
	char text[65536], last[65537] = "";
	ptrdiff_t got;

	for (int i = 0; i < 5000; i++)
		say(agent, i);
	while ((got = fw_follower_read(follower, text, sizeof(text))) > 0) {
		memcpy(last, text, (size_t)got);
		last[got] = '\0';
	}
	cr_expect_eq(got, -1, "the stream ends");
	cr_expect(strstr(last, "\"event_type\":\"dropped\""), "and says why");
	fw_follower_free(follower);
	fw_event_log_done(&agent->events);
	free(agent);
}

Test(event_log, followers_are_bounded)
{
	struct fw_agent *agent = agent_new();
	struct fw_follower *followers[64];
	size_t count = 0;
	int woken = 0;

	while (count < 64 && (followers[count] = fw_follower_new(&agent->events, 0, count_wake, &woken)))
		count++;
	cr_expect_eq(count, 32);
	for (size_t i = 0; i < count; i++)
		fw_follower_free(followers[i]);
	fw_event_log_done(&agent->events);
	free(agent);
}

/* What the journal gets: FLOODWALL_… fields, lists and numbers as JSON writes them. */
Test(event_log, fields_of_the_log)
{
	static const struct {
		const char *name, *value, *want;
	} cases[] = {
		{"text", "\"192.0.2.1\"", "FLOODWALL_MEMBER=192.0.2.1\n"},
		{"a number", "-7", "FLOODWALL_MEMBER=-7\n"},
		{"a fraction", "0.5", "FLOODWALL_MEMBER=0.5\n"},
		{"no", "false", "FLOODWALL_MEMBER=false\n"},
		{"a list", "[\"192.0.2.0/24\", \"2001:db8::/32\"]",
		 "FLOODWALL_MEMBER=[\"192.0.2.0/24\",\"2001:db8::/32\"]\n"},
		{"an object", "{\"key\": \"limit\"}", "FLOODWALL_MEMBER={\"key\":\"limit\"}\n"},
	};
	struct fw_agent *agent = agent_new();

	unsetenv("JOURNAL_STREAM");
	fw_log_init("test", FW_LOG_DEBUG);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *member = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
		char text[1024] = "";
		int ends[2], saved = dup(STDERR_FILENO);

		cr_assert(member && !pipe(ends));
		fflush(stderr);
		dup2(ends[1], STDERR_FILENO);
		fw_event(agent, "set", "root", json_pack("{s:o}", "member", member), "said");
		fflush(stderr);
		dup2(saved, STDERR_FILENO);
		close(ends[1]);
		cr_assert_gt(read(ends[0], text, sizeof(text) - 1), 0);
		close(ends[0]);
		close(saved);
		/* "by" comes last. */
		strcpy(strstr(text, " FLOODWALL_BY="), "\n");
		cr_expect(strlen(text) > strlen(cases[i].want) &&
				  !strcmp(text + strlen(text) - strlen(cases[i].want), cases[i].want),
			  "%s: %s", cases[i].name, text);
	}
	fw_event_log_done(&agent->events);
	free(agent);
}
