// SPDX-License-Identifier: Apache-2.0
/* From a policy's text to offences: the job's way through JSON, rules in order, what is told and when. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "logs/event.h"
#include "logs/judge.h"
#include "logs/reader.h"

#define S 1000000000ULL

#define POLICY                                                                                               \
	"version: 1\n"                                                                                       \
	"sets: {cdn: [10.0.0.0/8, 10.1.0.0/16], vpn: [198.51.100.0/24]}\n"                                   \
	"logs: {web: {path: /a, format: vcombined, trusted_proxies: cdn}, other: {path: /b}}\n"              \
	"rules:\n"                                                                                           \
	"  - {name: packets, match: {source: vpn}, limit: 7 packets/1s, action: block}\n"                    \
	"  - {name: login, match: {log: web, uri: {prefix: /LogIn}, method: [GET, POST]}, limit: 3 "         \
	"requests/10s, action: block, ban: 1m}\n"                                                            \
	"  - {name: host, match: {log: web, host: [\"*.example\", a.test]}, limit: 5 requests/10s, action: " \
	"block}\n"                                                                                           \
	"  - {name: codes, match: {log: web, status: [401, 500-599]}, limit: 2 requests/10s, action: "       \
	"count}\n"                                                                                           \
	"  - {name: other, match: {log: other}, limit: 1 requests/10s, action: block}\n"

struct heard {
	struct fw_log_record records[64];
	size_t count;
	bool deaf;
};

static bool hear(void *context, const struct fw_log_record *record)
{
	struct heard *heard = context;

	if (heard->deaf)
		return false;
	cr_assert_lt(heard->count, 64);
	heard->records[heard->count++] = *record;
	return true;
}

struct stage {
	struct fw_log_job job;
	struct fw_log_judge judge;
	struct fw_log_reader reader;
	struct heard heard;
	uint64_t counts[FW_LOG_COUNT_MAX_];
	uint16_t ids[5];
};

static void load(const char *text, struct fw_rule_ids *ids, struct fw_log_job *ret, uint16_t rule_ids[5],
		 unsigned int *ret_terms)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	FW_FREE char *json = NULL;

	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0, "%s",
		     diags.count ? diags.items[0].message : "");
	cr_assert_eq(fw_image_compile(policy, NULL, ids, &diags, &image), 0);
	cr_assert_eq(fw_log_job_encode(policy, image, &json), 0);
	cr_assert_eq(fw_log_job_decode(json, strlen(json), ret), 0, "%s", json);
	*ret_terms = image->term_count;
	for (size_t i = 0; i < 5 && i < policy->rule_count; i++)
		rule_ids[i] = image->slot->rules[i].id;
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

static void set_up(struct stage *stage)
{
	static struct fw_rule_ids ids;
	unsigned int terms;

	*stage = (struct stage){0};
	load(POLICY, &ids, &stage->job, stage->ids, &terms);
	cr_expect_eq(terms, 1, "log rules use no terms, got %u", terms);
	cr_assert_eq(fw_log_judge_init(&stage->judge, 64, 1, hear, &stage->heard), 0);
	fw_log_judge_set_job(&stage->judge, &stage->job, 1);
	cr_assert_eq(fw_log_reader_init(&stage->reader, &stage->job.logs[0], NULL), 0);
}

static void tear_down(struct stage *stage)
{
	fw_log_reader_done(&stage->reader);
	fw_log_judge_done(&stage->judge);
	fw_log_job_done(&stage->job);
}

/* One line of log web. */
static void say(struct stage *stage, uint64_t now_ns, const char *host, const char *client,
		const char *request, int status)
{
	struct fw_log_event event;
	char line[512];

	snprintf(line, sizeof(line), "%s %s - - [x] \"%s HTTP/1.1\" %d 1 \"-\" \"-\"", host, client, request,
		 status);
	cr_assert_eq(fw_log_read(&stage->reader, line, strlen(line), &event), 0, "%s", line);
	if (event.has_client)
		fw_log_judge_event(&stage->judge, 0, &event, now_ns, stage->counts);
}

Test(log_judge, job_goes_through_json)
{
	struct stage stage;

	set_up(&stage);
	cr_assert_eq(stage.job.log_count, 2);
	cr_assert_eq(stage.job.rule_count, 4);
	cr_expect_str_eq(stage.job.logs[0].name, "web");
	cr_expect_eq(stage.job.logs[0].format, FW_LOG_VCOMBINED);
	cr_expect_eq(stage.job.logs[0].trust.count, 1, "what is inside another prefix is said once");
	cr_expect_eq(stage.job.rules[0].limit, 3);
	cr_expect_not(stage.job.rules[0].leases);
	cr_expect(stage.job.rules[1].leases);
	cr_expect_not(stage.job.rules[2].leases);
	cr_expect_not(stage.job.rules[2].ends, "a count rule ends nothing");
	cr_expect_eq(stage.job.rules[3].log, 1);
	tear_down(&stage);
}

Test(log_judge, offence_at_the_line_that_crosses)
{
	struct stage stage;

	set_up(&stage);
	for (int i = 0; i < 3; i++)
		say(&stage, 100 * S + i, "h", "192.0.2.1", i ? "GET /%6cogin?a" : "GET /LOGIN", 200);
	say(&stage, 100 * S, "h", "192.0.2.1", "HEAD /login", 200);
	say(&stage, 100 * S, "h", "192.0.2.1", "GET /other", 200);
	say(&stage, 100 * S, "h", "192.0.2.2", "GET /login", 200);
	cr_expect_eq(stage.heard.count, 0);
	say(&stage, 100 * S + 4, "h", "192.0.2.1", "POST //./login/x", 200);
	cr_assert_eq(stage.heard.count, 1);
	cr_expect_eq(stage.heard.records[0].kind, FW_LOG_OFFENCE);
	cr_expect_eq(stage.heard.records[0].rule, stage.ids[1]);
	cr_expect_eq(stage.heard.records[0].values[FW_LOG_AMOUNT], 4);
	say(&stage, 100 * S + 5, "h", "192.0.2.1", "POST /login", 200);
	cr_expect_eq(stage.heard.count, 1, "told once");
	say(&stage, 102 * S, "h", "192.0.2.1", "POST /login", 200);
	cr_expect_eq(stage.heard.count, 2, "and again a second later: a ban may be over");
	cr_expect_eq(stage.counts[FW_LOG_COUNT_OFFENCES], 2);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].matched, 7);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys, 2);
	say(&stage, 200 * S, "h", "192.0.2.1", "POST /login", 200);
	cr_expect_eq(stage.heard.count, 2, "the window is empty");
	tear_down(&stage);
}

Test(log_judge, leases_follow_the_window)
{
	struct stage stage;
	uint64_t now = 100 * S, until = 0;

	set_up(&stage);
	for (int i = 0; i < 40; i++, now += S / 4) {
		size_t before = stage.heard.count;

		say(&stage, now, i % 2 ? "WWW.Example:443" : "a.test", "2001:db8::1", "GET /", 200);
		for (size_t j = before; j < stage.heard.count; j++)
			until = now + stage.heard.records[j].values[FW_LOG_LASTS_NS];
		cr_expect(i < 5 || until > now, "line %d: a lease is in force", i);
	}
	cr_expect_lt(stage.heard.count, 25, "told as often as cells close, not per line: %zu",
		     stage.heard.count);
	cr_expect(until > now + 6 * S && until < now + 12 * S);
	tear_down(&stage);
}

Test(log_judge, order_and_deafness)
{
	struct stage stage;

	set_up(&stage);
	stage.heard.deaf = true;
	for (int i = 0; i < 6; i++)
		say(&stage, 100 * S, "h", "192.0.2.1", "GET /login", 401);
	cr_expect_eq(stage.counts[FW_LOG_COUNT_OFFENCES], 0);
	cr_expect_eq(stage.judge.totals[stage.ids[3]].matched, 3,
		     "what a rule over its limit keeps, later ones do not see");
	stage.heard.deaf = false;
	say(&stage, 100 * S, "h", "192.0.2.1", "GET /login", 401);
	cr_expect_eq(stage.heard.count, 1, "what could not be told is told at the next line");
	tear_down(&stage);
}

Test(log_judge, proxies_and_hosts)
{
	struct stage stage;

	set_up(&stage);
	for (int i = 0; i < 9; i++) {
		say(&stage, 100 * S, "b.test", "192.0.2.1", "GET http://a.test/x", 200);
		say(&stage, 100 * S, "a.test", "192.0.2.1", "GET http://b.test/x", 200);
		say(&stage, 100 * S, "example", "192.0.2.1", "GET /", 200);
		say(&stage, 100 * S, "a.test", "10.1.2.3", "GET /", 200);
	}
	cr_expect_eq(stage.judge.totals[stage.ids[2]].matched, 9,
		     "the target's own host counts, a nameless proxy does not");
	tear_down(&stage);
}

Test(log_judge, meters_survive_changes_of_their_rule_and_no_other)
{
	static struct fw_rule_ids ids;
	static const char looser[] =
		"version: 1\nlogs: {web: {path: /a, format: vcombined}}\nrules:\n"
		"  - {name: login, match: {log: web}, limit: 4 requests/20s, action: block, ban: 1m}\n";
	static const char renamed[] =
		"version: 1\nlogs: {web: {path: /a, format: vcombined}}\nrules:\n"
		"  - {name: log-in, match: {log: web}, limit: 4 requests/20s, action: block, ban: 1m}\n";
	struct fw_log_job job = {0}, last = {0};
	struct stage stage;
	uint16_t rule_ids[5];
	unsigned int terms;

	set_up(&stage);
	for (int i = 0; i < 3; i++)
		say(&stage, 100 * S, "h", "192.0.2.1", "GET /login", 200);
	memset(&ids, 0, sizeof(ids));
	snprintf(ids.name[stage.ids[1]], FW_NAME_MAX, "login");
	load(looser, &ids, &job, rule_ids, &terms);
	cr_assert_eq(rule_ids[0], stage.ids[1]);
	fw_log_judge_set_job(&stage.judge, &job, 2);
	say(&stage, 100 * S + 1, "h", "192.0.2.1", "GET /", 200);
	cr_expect_eq(stage.heard.count, 0);
	say(&stage, 100 * S + 2, "h", "192.0.2.1", "GET /", 200);
	cr_assert_eq(stage.heard.count, 1, "three of before and two of now are five");
	cr_expect_eq(stage.heard.records[0].values[FW_LOG_AMOUNT], 5);
	memset(&ids, 0, sizeof(ids));
	snprintf(ids.name[stage.ids[1]], FW_NAME_MAX, "log-in");
	load(renamed, &ids, &last, rule_ids, &terms);
	fw_log_judge_set_job(&stage.judge, &last, 3);
	say(&stage, 100 * S + 3, "h", "192.0.2.1", "GET /", 200);
	cr_expect_eq(stage.heard.count, 1, "another rule with the same id begins at zero");
	tear_down(&stage);
	fw_log_job_done(&job);
	fw_log_job_done(&last);
}

/* all, any and not over what a line says, through the job's JSON. */
Test(log_judge, alternatives_and_opposites)
{
	static const struct {
		const char *match, *request;
		int status;
		bool counted;
	} cases[] = {
		{"any: [{uri: {prefix: /wp-}, status: 404}, {method: [PUT, DELETE]}]", "GET /wp-admin", 404,
		 true},
		{"any: [{uri: {prefix: /wp-}, status: 404}, {method: [PUT, DELETE]}]", "GET /wp-admin", 200,
		 false},
		{"any: [{uri: {prefix: /wp-}, status: 404}, {method: [PUT, DELETE]}]", "GET /", 404, false},
		{"any: [{uri: {prefix: /wp-}, status: 404}, {method: [PUT, DELETE]}]", "PUT /", 200, true},
		{"not: {uri: {prefix: /static}}", "GET /static/a", 200, false},
		{"not: {uri: {prefix: /static}}", "GET /login", 200, true},
		{"not: {uri: {prefix: /static}}", "garbage", 400, true},
		{"status: 400-499, not: [{status: 404}, {method: HEAD}]", "GET /", 404, false},
		{"status: 400-499, not: [{status: 404}, {method: HEAD}]", "HEAD /", 403, false},
		{"status: 400-499, not: [{status: 404}, {method: HEAD}]", "GET /", 403, true},
		{"status: 400-499, not: [{status: 404}, {method: HEAD}]", "GET /", 500, false},
		{"all: [{uri: {contains: a}}, {uri: {contains: b}}], host: x.test", "GET /ab", 200, true},
		{"all: [{uri: {contains: a}}, {uri: {contains: b}}], host: x.test", "GET /a", 200, false},
		{"not: {host: x.test}", "GET /", 200, false},
		{"not: {host: x.test, status: 200}", "GET /", 201, true},
		{"not: {host: x.test, status: 200}", "GET /", 200, false},
		{"source_not: 192.0.2.1, any: [{status: 200}, {status: 201}]", "GET /", 201, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
		struct stage stage = {0};
		unsigned int terms;
		char text[512];

		snprintf(text, sizeof(text),
			 "version: 1\nlogs: {web: {path: /a, format: vcombined}}\nrules:\n"
			 "  - {name: r, match: {log: web, %s}, limit: 1 requests/10s, action: block}\n",
			 cases[i].match);
		load(text, ids, &stage.job, stage.ids, &terms);
		cr_assert_eq(fw_log_judge_init(&stage.judge, 64, 1, hear, &stage.heard), 0);
		fw_log_judge_set_job(&stage.judge, &stage.job, 1);
		cr_assert_eq(fw_log_reader_init(&stage.reader, &stage.job.logs[0], NULL), 0);
		for (int line = 0; line < 2; line++)
			say(&stage, S, "x.test", "203.0.113.1", cases[i].request, cases[i].status);
		cr_expect_eq(stage.heard.count, cases[i].counted, "case %zu: {%s} %s %d", i, cases[i].match,
			     cases[i].request, cases[i].status);
		tear_down(&stage);
	}
}

#define PART                                                                                                 \
	"{\"uri\":[],\"uri_not\":[],\"method\":[],\"method_not\":[],\"host\":[],\"host_not\":[],"            \
	"\"status\":[],\"status_not\":[]}"
#define LOG_AND_RULE(any)                                                                                    \
	"{\"clients\":4,\"logs\":[{\"name\":\"a\",\"source\":0,\"format\":0,\"regex\":null,\"fields\":[],"   \
	"\"trusted\":[]}],\"rules\":[{\"id\":1,\"name\":\"r\",\"log\":0,\"limit\":1,\"sub_us\":1,\"shift\":" \
	"0,"                                                                                                 \
	"\"bits4\":128,\"bits6\":64,\"leases\":true,\"ends\":true,\"always\":" PART ",\"parts\":[" PART      \
	"],\"any\":" any "}]}"

Test(log_judge, jobs_that_are_none)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"clients\":4,\"logs\":1,\"rules\":[]}x",
		"{\"clients\":0,\"logs\":[],\"rules\":[]}",
		"{\"clients\":5000000,\"logs\":[],\"rules\":[]}",
		"{\"clients\":4,\"logs\":[],\"rules\":[{\"id\":1}]}",
		LOG_AND_RULE("[[1]]"),
		LOG_AND_RULE("[[-1]]"),
		LOG_AND_RULE("[7]"),
		"{\"clients\":4,\"logs\":[{\"name\":\"a\",\"source\":9,\"format\":0,\"regex\":null,"
		"\"fields\":[],"
		"\"trusted\":[]}],\"rules\":[]}",
	};

	struct fw_log_job good = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fw_log_job job = {0};

		cr_expect_neq(fw_log_job_decode(texts[i], strlen(texts[i]), &job), 0, "%s", texts[i]);
		cr_expect_null(job.logs);
	}
	cr_expect_eq(fw_log_job_decode(LOG_AND_RULE("[[0]]"), strlen(LOG_AND_RULE("[[0]]")), &good), 0);
	fw_log_job_done(&good);
}

Test(log_judge, as_many_meters_as_the_policy_says)
{
	static struct fw_rule_ids ids;
	struct fw_log_job job;
	struct stage stage;
	uint16_t rule_ids[5];
	unsigned int terms;

	load("version: 1\ncapacity: {log_clients: 1500}\nlogs: {web: {path: /a}}\nrules: [{name: a, match: "
	     "{log: "
	     "web}, limit: 1 requests/1s, action: block}]\n",
	     &ids, &job, rule_ids, &terms);
	cr_expect_eq(job.clients, 2048, "the next power of two: %u", job.clients);
	fw_log_job_done(&job);
	set_up(&stage);
	cr_expect_eq(stage.job.clients, 1 << 20);
	say(&stage, 100 * S, "h", "192.0.2.1", "GET /login", 200);
	cr_expect_eq(fw_log_judge_resize(&stage.judge, 64, 7), 0);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys, 1, "the same number: nothing happens");
	cr_expect_eq(fw_log_judge_resize(&stage.judge, 2048, 7), 0);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys, 0);
	for (int i = 0; i < 100; i++) {
		char client[24];

		snprintf(client, sizeof(client), "192.0.2.%d", i);
		say(&stage, 100 * S, "h", client, "GET /login", 200);
	}
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys, 100);
	cr_expect_eq(stage.counts[FW_LOG_COUNT_EVICTED], 0);
	tear_down(&stage);
}

Test(log_judge, keys_are_listed_and_those_over_counted)
{
	struct fw_log_listed keys[64];
	struct stage stage;
	uint64_t sum = 0;

	set_up(&stage);
	for (int client = 1; client <= 9; client++) {
		char address[32];

		snprintf(address, sizeof(address), "192.0.2.%d", client);
		for (int i = 0; i < client; i++)
			say(&stage, 100 * S, "h", address, "GET /login", 200);
	}
	say(&stage, 100 * S, "h", "192.0.2.100", "GET /", 500);
	cr_assert_eq(fw_log_judge_list(&stage.judge, stage.ids[1], 101 * S, keys, 64), 9);
	for (int i = 0; i < 9; i++)
		sum += keys[i].amount;
	cr_expect_eq(sum, 45);
	cr_expect_eq(fw_log_judge_list(&stage.judge, stage.ids[1], 101 * S, keys, 4), 4,
		     "as many as have room");
	cr_expect_eq(fw_log_judge_list(&stage.judge, stage.ids[3], 101 * S, keys, 64), 1);
	fw_log_judge_look(&stage.judge, 101 * S);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys_over, 6, "limit 3: clients 4 to 9");
	cr_expect_eq(stage.judge.totals[stage.ids[3]].keys_over, 0);
	fw_log_judge_look(&stage.judge, 200 * S);
	cr_expect_eq(stage.judge.totals[stage.ids[1]].keys_over, 0, "the windows are empty");
	cr_assert_eq(fw_log_judge_list(&stage.judge, stage.ids[1], 200 * S, keys, 64), 9);
	cr_expect_eq(keys[0].amount, 0);
	tear_down(&stage);
}
