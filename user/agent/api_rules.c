// SPDX-License-Identifier: Apache-2.0
/* GET /v1/rules, /v1/top. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/filtering.h"
#include "agent/request.h"
#include "agent/snapshot.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "policy/describe.h"

static json_t *text_aspect(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			   enum fw_aspect aspect)
{
	FW_FREE char *text = fw_aspect_text(policy, rule, aspect);

	return text && strcmp(text, "none") ? json_string(text) : json_null();
}

/* What keeps it from enforcing, NULL: nothing does. */
static const char *counts_by(const struct fw_agent *agent, const struct fw_policy_rule *rule)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_filtering filtering;

	fw_filtering_look(agent, &filtering);
	if (filtering.by_policy)
		return "policy";
	if (rule->mode == FW_MODE_COUNT)
		return "rule";
	if (filtering.attached && filtering.counting == filtering.attached)
		return "interfaces";
	return fw_rule_counts(policy, rule) ? "no_attack" : NULL;
}

static json_t *rule_to_json(struct fw_agent *agent, size_t index, const struct fw_rule_count *count,
			    const struct fw_key_stats *keys)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_policy_rule *rule = &policy->rules[index];
	bool limited = rule->limit.unit != FW_UNIT_NONE;
	const char *by = counts_by(agent, rule);
	json_t *labels = json_array(), *json;

	for (size_t i = 0; i < rule->labels.count; i++)
		json_array_append_new(labels, json_string(rule->labels.items[i]));
	json = json_pack(
		"{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I}",
		"name", rule->name, "action", fw_action_word(rule->action), "mode",
		rule->mode == FW_MODE_ATTACK   ? "attack"
		: fw_rule_counts(policy, rule) ? "count"
					       : "enforce",
		"enforcing", (int)!by, "limit",
		limited ? json_integer((json_int_t)rule->limit.amount) : json_null(), "unit",
		limited ? json_string(fw_unit_word(rule->limit.unit)) : json_null(), "window_seconds",
		limited ? json_real((double)rule->limit.window_ns / 1e9) : json_null(), "per",
		text_aspect(policy, rule, FW_ASPECT_PER), "packets", (json_int_t)count->packets, "dropped",
		(json_int_t)count->dropped, "would_drop", (json_int_t)count->would_drop, "keys_over",
		(json_int_t)keys->over, "id", (json_int_t)agent->loaded->image->slot->rules[index].id,
		"bytes", (json_int_t)count->bytes, "labels", labels, "ban",
		text_aspect(policy, rule, FW_ASPECT_BAN), "keys_tracked", (json_int_t)keys->tracked);
	json_object_set_new(json, "counts_by", by ? json_string(by) : json_null());
	json_object_set_new(json, "resource",
			    rule->stands_in_for ? json_string(strchr(rule->name, '@') + 1) : json_null());
	if (limited && rule->limit.window_ns % FW_NS_PER_SEC == 0)
		json_object_set_new(json, "window_seconds",
				    json_integer((json_int_t)(rule->limit.window_ns / FW_NS_PER_SEC)));
	return json;
}

void fw_api_rules(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE struct fw_rule_count *counts = calloc(FW_RULE_IDS, sizeof(*counts));
	FW_FREE struct fw_key_stats *keys = calloc(policy->rule_count + 1, sizeof(*keys));
	json_t *list;

	if (!counts || !keys) {
		fw_reply(answer, NULL);
		return;
	}
	if (fw_key_stats_read(agent, keys)) {
		fw_fail(answer, 500, FW_EXIT_KERNEL, "kernel-refused", NULL,
			"the kernel's counters could not be read");
		return;
	}
	fw_stats_rules(agent->datapath, counts);
	fw_logs_add_counts(agent, counts);
	fw_logs_add_keys(agent, keys);
	list = json_array();
	for (size_t i = 0; i < policy->rule_count; i++)
		json_array_append_new(
			list,
			rule_to_json(agent, i, &counts[agent->loaded->image->slot->rules[i].id], &keys[i]));
	fw_reply(answer, list);
}

void fw_api_top(struct fw_request *request, struct fw_answer *answer)
{
	const char *by = fw_request_query(request, "by");
	enum fw_top_by order = FW_TOP_PACKETS;
	struct fw_err err = {};
	size_t limit;

	if (by && !strcmp(by, "bytes"))
		order = FW_TOP_BYTES;
	else if (by && !strcmp(by, "drops"))
		order = FW_TOP_DROPS;
	else if (by && strcmp(by, "packets")) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"by: expected packets, bytes or drops, got '%.40s'", by);
		return;
	}
	if (!fw_request_number(request, "limit", 20, 65536, &limit, answer))
		return;
	answer->defer_ms = fw_top_wait_ms(request->agent, &err);
	if (answer->defer_ms)
		return;
	if (err.code)
		fw_fail_err(answer, &err);
	else
		fw_reply(answer, fw_top_list(request->agent, order, limit));
}
