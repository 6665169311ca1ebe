// SPDX-License-Identifier: Apache-2.0
/* Who is told what: rates, waits, messages, jobs and statuses, and what a target's definition says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/notifier.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "notify/payload.h"
#include "notify/work.h"
#include "policy/describe_notify.h"
#include "policy/image.h"

#define S FW_NS_PER_SEC

Test(notify, a_rate_lets_so_many_and_counts_the_others)
{
	struct fw_notify_budget budget = {0};
	uint64_t now = 1000 * S;

	for (int i = 0; i < 3; i++)
		cr_expect(fw_notify_budget_take(&budget, 3, 60 * S, now + (uint64_t)i * S));
	for (int i = 0; i < 7; i++)
		cr_expect_not(fw_notify_budget_take(&budget, 3, 60 * S, now + 10 * S));
	cr_expect_eq(fw_notify_budget_due(&budget, 60 * S, now + 59 * S), 0, "not before its time");
	cr_expect_not(fw_notify_budget_take(&budget, 3, 60 * S, now + 61 * S), "the held ones come first");
	cr_expect_eq(fw_notify_budget_due(&budget, 60 * S, now + 61 * S), 8);
	cr_expect_eq(fw_notify_budget_due(&budget, 60 * S, now + 62 * S), 0, "told once");
	cr_expect(fw_notify_budget_take(&budget, 3, 60 * S, now + 62 * S));
	cr_expect(fw_notify_budget_take(&budget, 3, 60 * S, now + 62 * S));
	cr_expect_not(fw_notify_budget_take(&budget, 3, 60 * S, now + 62 * S), "the telling was the third");
	cr_expect_eq(fw_notify_budget_due(&budget, 60 * S, now + 200 * S), 1);
}

Test(notify, a_quiet_window_begins_anew)
{
	struct fw_notify_budget budget = {0};

	cr_expect(fw_notify_budget_take(&budget, 1, 60 * S, 5 * S));
	cr_expect(fw_notify_budget_take(&budget, 1, 60 * S, 65 * S));
	cr_expect_not(fw_notify_budget_take(&budget, 1, 60 * S, 66 * S));
}

Test(notify, waits_grow_to_five_minutes)
{
	static const uint64_t want[] = {2, 8, 32, 128, 300, 300};

	for (unsigned int i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		cr_expect_eq(fw_notify_backoff_ns(i + 1), want[i] * S, "attempt %u", i + 1);
	cr_expect_eq(fw_notify_backoff_ns(1000), 300 * S);
}

static json_t *told(const json_t *event, uint64_t held, uint64_t dropped, size_t *ret_length)
{
	struct fw_notify_about about = {
		.host = "gate", .target = "ops", .held_back = held, .dropped = dropped};
	char *text = fw_notify_payload(event, &about);
	json_t *json = json_loads(text, 0, NULL);

	cr_assert(json, "%s", text);
	*ret_length = strlen(text);
	free(text);
	return json;
}

Test(notify, a_message_says_who_and_what)
{
	json_t *event = json_pack("{s:s, s:s, s:s}", "event_type", "ban", "src_ip", "192.0.2.1", "message",
				  "ban 192.0.2.1");
	size_t length;
	json_t *json = told(event, 0, 0, &length);

	cr_expect_str_eq(json_string_value(json_object_get(json, "text")),
			 "floodwall on gate: ban 192.0.2.1");
	cr_expect_str_eq(json_string_value(json_object_get(json, "host")), "gate");
	cr_expect_str_eq(json_string_value(json_object_get(json, "notify_target")), "ops");
	cr_expect_str_eq(json_string_value(json_object_get(json, "src_ip")), "192.0.2.1");
	cr_expect_null(json_object_get(json, "held_back"));
	json_decref(json);
	json = told(event, 7, 2, &length);
	cr_expect_eq(json_integer_value(json_object_get(json, "held_back")), 7);
	cr_expect_eq(json_integer_value(json_object_get(json, "dropped")), 2);
	json_decref(json);
	json_decref(event);
}

Test(notify, a_long_message_is_cut_between_characters)
{
	json_t *event = json_pack("{s:s, s:s}", "event_type", "set", "src_ip", "192.0.2.1");
	json_t *cidrs = json_array(), *json;
	char text[20001];
	size_t length;

	for (int i = 0; i < 5000; i++)
		json_array_append_new(cidrs, json_sprintf("192.0.2.%d/32", i & 255));
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "ö", 2);
	text[sizeof(text) - 1] = '\0';
	json_object_set_new(event, "cidrs", cidrs);
	json_object_set_new(event, "message", json_string(text));
	json = told(event, 0, 0, &length);
	cr_expect_leq(length, FW_NOTIFY_BODY_MAX);
	cr_expect(json_is_true(json_object_get(json, "truncated")));
	cr_expect_null(json_object_get(json, "cidrs"));
	cr_expect_str_eq(json_string_value(json_object_get(json, "src_ip")), "192.0.2.1");
	cr_expect_gt(json_string_length(json_object_get(json, "message")), 1000);
	json_decref(json);
	json_decref(event);
}

Test(notify, a_thousand_members_are_bounded_too)
{
	json_t *event = json_object(), *json;
	size_t length;

	for (int i = 0; i < 2000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "member-%d", i);
		json_object_set_new(event, key, json_integer(i));
	}
	json = told(event, 0, 0, &length);
	cr_expect_leq(length, FW_NOTIFY_BODY_MAX);
	json_decref(json);
	json_decref(event);
}

static const char *variable(const struct fw_notify_environment *environment, const char *name)
{
	for (size_t i = 0; environment->list[i]; i++)
		if (!strncmp(environment->list[i], name, strlen(name)) &&
		    environment->list[i][strlen(name)] == '=')
			return environment->list[i] + strlen(name) + 1;
	return "";
}

Test(notify, members_become_variables)
{
	struct fw_notify_environment environment;
	struct fw_err err = {0};

	cr_assert_eq(fw_notify_environment("{\"src_ip\":\"192.0.2.1\",\"strikes\":3,\"ok\":false,\"a-b=c\":"
					   "[1],\"none\":null,\"text\":\"two\\nlines\"}",
					   &environment, &err),
		     0);
	cr_expect_str_eq(variable(&environment, "FLOODWALL_SRC_IP"), "192.0.2.1");
	cr_expect_str_eq(variable(&environment, "FLOODWALL_STRIKES"), "3");
	cr_expect_str_eq(variable(&environment, "FLOODWALL_OK"), "false");
	cr_expect_str_eq(variable(&environment, "FLOODWALL_A_B_C"), "[1]");
	cr_expect_str_eq(variable(&environment, "FLOODWALL_NONE"), "null");
	cr_expect_str_eq(variable(&environment, "FLOODWALL_TEXT"), "two\nlines");
	cr_expect(strstr(variable(&environment, "PATH"), "/usr/bin"));
	cr_expect_eq(strncmp(environment.list[0], "PATH=", 5), 0);
	fw_notify_environment_done(&environment);
	cr_expect_eq(fw_notify_environment("[1]", &environment, &err), -EINVAL);
	cr_expect_eq(fw_notify_environment("{", &environment, &err), -EINVAL);
}

Test(notify, jobs_come_back_as_they_went)
{
	struct fw_notify_job job = {.url = (char *)"https://h/x",
				    .header = (char *)"X-Key",
				    .proxy = (char *)"",
				    .body = (char *)"{\"a\":\"ä\"}",
				    .has_secret = true,
				    .timeout_ms = 1500},
			     back;
	struct fw_err err = {0};
	FW_FREE char *text = NULL;

	cr_assert_eq(fw_notify_job_encode(&job, &text, &err), 0, "%s", err.text);
	cr_assert_eq(fw_notify_job_decode(text, &back, &err), 0, "%s", err.text);
	cr_expect_str_eq(back.url, job.url);
	cr_expect_str_eq(back.header, job.header);
	cr_expect_str_eq(back.proxy, "");
	cr_expect_null(back.ca_file);
	cr_expect_str_eq(back.body, job.body);
	cr_expect(back.has_secret);
	cr_expect_eq(back.timeout_ms, 1500);
	fw_notify_job_done(&back);
}

Test(notify, jobs_of_nobody_are_refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"nonsense",
		/* neither */
		"{\"argv\":[],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":1}",
		/* both */
		"{\"url\":\"https://h\",\"argv\":[\"/"
		"x\"],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":1}",
		/* no absolute path */
		"{\"argv\":[\"x\"],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":1}",
		/* no text */
		"{\"argv\":[7],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":1}",
		/* no time, too much of it */
		"{\"argv\":[\"/x\"],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":0}",
		"{\"argv\":[\"/x\"],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":99999999}",
		/* a member of another version */
		"{\"argv\":[\"/x\"],\"body\":\"{}\",\"has_secret\":false,\"timeout_ms\":1,\"user\":\"root\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fw_notify_job job;
		struct fw_err err = {0};

		cr_expect_neq(fw_notify_job_decode(texts[i], &job, &err), 0, "%s", texts[i]);
		cr_expect(err.text[0], "%s", texts[i]);
	}
}

Test(notify, statuses_are_not_trusted)
{
	static const char *const bad[] = {
		"",
		"{}",
		"{\"outcome\":\"won\",\"error\":\"\",\"http\":200,\"retry_after\":0,\"milliseconds\":1}",
		"{\"outcome\":\"failed\",\"error\":\"\",\"http\":-1,\"retry_after\":0,\"milliseconds\":1}",
		"{\"outcome\":\"failed\",\"error\":\"\",\"http\":0,\"retry_after\":-1,\"milliseconds\":1}",
		"{\"outcome\":\"failed\",\"error\":\"\",\"http\":0,\"retry_after\":0,\"milliseconds\":1,"
		"\"x\":1}",
	};
	struct fw_notify_status status;
	struct fw_err err = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_neq(fw_notify_status_decode(bad[i], &status, &err), 0, "%s", bad[i]);
	cr_assert_eq(
		fw_notify_status_decode("{\"outcome\":\"failed\",\"error\":\"a\\u001b[31mb\",\"http\":503,"
					"\"retry_after\":99999999,\"milliseconds\":1}",
					&status, &err),
		0);
	cr_expect_str_eq(status.error, "a?[31mb");
	cr_expect_eq(status.retry_after, 86400);
	cr_expect_eq(status.outcome, FW_NOTIFY_FAILED);
}

static struct fw_policy *parse(const char *keys, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "version: 1\nnotify: {x: %s}\n", keys);
	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", diags, &policy), 0, "%s: %s", keys,
		     diags->count ? diags->items[0].message : "");
	return policy;
}

Test(notify, described_and_read_again)
{
	static const char *const texts[] = {
		"{webhook: \"https://h/x?y=z\"}",
		"{exec: [\"/bin/echo\", \"a \\\"b\\\"\", \"\\\\c\"], user: \"pager\", events: [attack, ban], "
		"retries: 2}",
		"{webhook: \"https://h/x\", events: [utilisation], levels: [10%, 100%], header: \"X-Key\", "
		"secret: "
		"\"/s\", proxy: \"none\", ca_file: \"/c\", rate: 5/2h, timeout: 1m30s, retries: 0}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(texts[i], &diags);
		FW_FREE char *text = fw_notify_target_text(&policy->notify[0], false);

		cr_expect_str_eq(text, texts[i]);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

Test(notify, what_holds_without_a_word)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = parse("{exec: /bin/true}", &diags);
	const struct fw_notify_target *target = &policy->notify[0];

	cr_expect_eq(target->retries, 0, "a program may have done half of it");
	cr_expect_eq(target->timeout_ns, 10 * S);
	cr_expect_eq(target->rate, 10);
	cr_expect_eq(target->level_count, 3);
	cr_expect_eq(target->events.count, 0);
	fw_policy_free(policy);
	policy = parse("{webhook: https://h, levels: [90%, 50, 70%, 50%]}", &diags);
	cr_expect_eq(policy->notify[0].retries, 4);
	cr_expect_eq(policy->notify[0].level_count, 3);
	cr_expect_eq(policy->notify[0].levels[0], 50);
	cr_expect_eq(policy->notify[0].levels[2], 90);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

/* Plans are shown to whoever may read: a webhook's path is a credential. */
Test(notify, plan_shows_no_credential)
{
	struct fw_diags diags = {0};
	struct fw_policy *one = parse("{webhook: \"https://h/services/T1\"}", &diags);
	struct fw_policy *two = parse("{webhook: \"https://h/services/T2\"}, y: {exec: /bin/true}", &diags);
	struct fw_plan plan = {0};

	cr_assert_eq(fw_plan_diff(one, two, &plan), 0);
	cr_assert_eq(plan.count, 2);
	cr_expect_str_eq(
		plan.lines[0].detail,
		"{webhook: \"https://h/…\"} -> {webhook: \"https://h/…\"} (another URL of that host)");
	cr_expect_str_eq(plan.lines[1].detail, "{exec: [\"/bin/true\"]}");
	fw_plan_done(&plan);
	cr_assert_eq(fw_plan_diff(two, two, &plan), 0);
	cr_expect_eq(plan.count, 0);
	fw_plan_done(&plan);
	cr_assert_eq(fw_plan_diff(two, one, &plan), 0);
	cr_expect_eq(plan.count, 2);
	fw_plan_done(&plan);
	fw_policy_free(one);
	fw_policy_free(two);
	fw_diags_done(&diags);
}
