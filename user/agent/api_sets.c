// SPDX-License-Identifier: Apache-2.0
/* GET /v1/sets and /v1/sets/test. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "agent/set_members.h"
#include "lib/cleanup.h"
#include "policy/users.h"

static const char *const kind_words[] = {
	[FW_SET_STATIC] = "static", [FW_SET_FILE] = "file", [FW_SET_FEED] = "feed"};

static json_t *set_to_json(const struct fw_agent *agent, unsigned int index, uint64_t packets)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_set *set = &policy->sets[index];
	const struct fw_set_file *file = fw_set_files_find(agent, set->name);
	const struct fw_feed_watch *feed = set->kind == FW_SET_FEED ? fw_feeds_find(agent, set->name) : NULL;
	bool broken = file && file->error[0];
	const char *user;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:s?, s:s?}", "name", set->name, "kind",
			 kind_words[set->kind], "prefixes4",
			 (json_int_t)agent->loaded->image->set_prefixes4[index], "prefixes6",
			 (json_int_t)agent->loaded->image->set_prefixes6[index], "packets",
			 (json_int_t)packets, "state",
			 feed	  ? fw_feed_condition_word(fw_feed_condition(feed))
			 : broken ? "broken"
				  : "ok",
			 "used", (int)(fw_set_users(policy, index, &user, 1) > 0), "file", set->file, "error",
			 broken ? file->error : NULL);
}

void fw_api_sets(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE uint64_t *packets = calloc(policy->set_count + 1, sizeof(*packets));
	json_t *list = json_array();

	if (!packets) {
		json_decref(list);
		fw_reply(answer, NULL);
		return;
	}
	fw_set_totals_read(agent, packets);
	for (size_t i = 0; i < policy->set_count; i++)
		json_array_append_new(list, set_to_json(agent, (unsigned int)i, packets[i]));
	fw_reply(answer, list);
}

struct test {
	const struct fw_agent *agent;
	unsigned int set;
	json_t *results;
	bool all;
	struct fw_answer *answer;
	bool bad;
};

static enum MHD_Result test_one(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct test *test = context;
	struct fw_prefix prefix, by;
	char text[FW_ADDR_TEXT_MAX], by_text[FW_ADDR_TEXT_MAX];
	struct fw_err err = {};
	bool member;

	(void)kind;
	if (strcmp(key, "cidr") || !value)
		return MHD_YES;
	if (fw_prefix_parse(value, &prefix, &err)) {
		fw_fail(test->answer, 400, FW_EXIT_USAGE, "bad-address", NULL, "'%.80s': %s", value,
			err.text);
		test->bad = true;
		return MHD_NO;
	}
	member = fw_set_holds_all(test->agent, test->set, &prefix, &by);
	test->all &= member;
	json_array_append_new(test->results,
			      json_pack("{s:s, s:b, s:s?}", "cidr",
					fw_prefix_format(&prefix, text, sizeof(text)), "member", (int)member,
					"by",
					member ? fw_prefix_format(&by, by_text, sizeof(by_text)) : NULL));
	return MHD_YES;
}

void fw_api_sets_test(struct fw_request *request, struct fw_answer *answer)
{
	const char *name = fw_request_query(request, "name");
	struct test test = {.agent = request->agent, .all = true, .answer = answer};
	int set;

	if (!name) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "which set? name=NAME is missing");
		return;
	}
	set = fw_set_named(request->agent, name, answer);
	if (set < 0)
		return;
	test.set = (unsigned int)set;
	test.results = json_array();
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, test_one, &test);
	if (!test.bad && !json_array_size(test.results)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"which addresses? cidr=CIDR is missing");
		test.bad = true;
	}
	if (!test.bad)
		fw_reply(answer, json_pack("{s:s, s:O, s:b}", "name", name, "results", test.results, "member",
					   (int)test.all));
	json_decref(test.results);
}
