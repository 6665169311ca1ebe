// SPDX-License-Identifier: Apache-2.0
/* GET /v1/rules/keys: answered when the walk that the first asking begins is over. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/key_walk.h"
#include "agent/request.h"
#include "policy/words.h"

#define KEYS_DEFAULT 100
#define KEYS_MAX     1000000000
#define LOOK_MS	     10

static int find_rule(struct fw_agent *agent, const char *name, struct fw_answer *answer)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = name ? fw_policy_rule_find(policy, name) : -1;
	const char *names[FW_RULES_MAX], *near;
	char hint[128];
	size_t count = 0;

	if (index >= 0)
		return index;
	if (!name) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "which rule? name=NAME is missing");
		return -1;
	}
	for (size_t i = 0; i < policy->rule_count && count < FW_RULES_MAX; i++)
		names[count++] = policy->rules[i].name;
	near = fw_did_you_mean(name, names, count);
	snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near : "");
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-rule", near ? hint : "'floodwall rules' lists them",
		"there is no rule '%.80s'", name);
	return -1;
}

static bool is_over_only(const struct fw_request *request)
{
	const char *over = fw_request_query(request, "over");

	return over && !strcmp(over, "1");
}

/* A rule that limits nothing meters nobody. */
static json_t *no_keys(const struct fw_policy_rule *rule)
{
	return json_pack("{s:s, s:i, s:n, s:f, s:[], s:b, s:i}", "rule", rule->name, "limit", 0, "unit",
			 "window_seconds", 0.0, "keys", "truncated", 0, "total", 0);
}

/* True once there is something to wait for. */
static bool begin(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	bool over = is_over_only(request);
	int index = find_rule(agent, fw_request_query(request, "name"), answer);
	const struct fw_policy_rule *rule = index < 0 ? NULL : &agent->loaded->policy->rules[index];
	struct fw_err err = {};
	size_t limit;

	/* All that are over, unless told otherwise: who is over is the question an attack asks. */
	if (!rule || !fw_request_number(request, "limit", over ? 0 : KEYS_DEFAULT, KEYS_MAX, &limit, answer))
		return false;
	if (rule->limit.unit == FW_UNIT_NONE) {
		fw_reply(answer, no_keys(rule));
		return false;
	}
	if (agent->key_walks.running == FW_KEY_WALKS)
		return true;
	if (!fw_key_walk_start(agent, (size_t)index, over, limit, &request->walk, &err))
		return true;
	fw_fail_err(answer, &err);
	return false;
}

void fw_api_rule_keys(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_err err = {};
	int r;

	if (!request->walk) {
		if (begin(request, answer))
			answer->defer_ms = LOOK_MS;
		return;
	}
	r = fw_key_walk_result(request->walk, &answer->text, &err);
	if (r == -EAGAIN) {
		answer->defer_ms = LOOK_MS;
		return;
	}
	answer->text_type = "application/json";
	if (r)
		fw_fail_err(answer, &err);
}
