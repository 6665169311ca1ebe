// SPDX-License-Identifier: Apache-2.0
/* Events against the suppressions of the policy in force. */
#include "agent/suppressed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "policy/event_kinds.h"
#include "policy/lists.h"
#include "policy/suppress.h"

static bool local_now(struct tm *ret)
{
	time_t now = (time_t)(fw_wall_ns() / FW_NS_PER_SEC);

	return localtime_r(&now, ret) != NULL;
}

static bool holds_source(const struct fw_agent *agent, const struct fw_suppression *suppression,
			 const struct fw_prefix *source)
{
	const struct fw_all_members *members = &agent->loaded->image->truth->members;

	for (size_t i = 0; i < suppression->source.count && source; i++)
		if (fw_members_hold(members, suppression->source.items[i], source))
			return true;
	return !suppression->source.count;
}

static void count(struct fw_suppressed *suppressed, const char *name)
{
	size_t i = 0;

	while (i < suppressed->count && strcmp(suppressed->items[i].name, name))
		i++;
	if (i == suppressed->count) {
		if (i == FW_SUPPRESSED_MAX)
			return;
		snprintf(suppressed->items[i].name, sizeof(suppressed->items[i].name), "%s", name);
		suppressed->items[i].events = 0;
		suppressed->count++;
	}
	suppressed->items[i].events++;
}

static uint64_t counted(const struct fw_agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->suppressed.count; i++)
		if (!strcmp(agent->suppressed.items[i].name, name))
			return agent->suppressed.items[i].events;
	return 0;
}

const char *fw_suppressed_by(struct fw_agent *agent, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "event_type"));
	const char *rule = json_string_value(json_object_get(event, "rule"));
	const char *source = json_string_value(json_object_get(event, "src_ip"));
	const struct fw_policy *policy = agent->loaded ? agent->loaded->policy : NULL;
	bool has_source = false;
	struct fw_prefix prefix;
	struct tm now;

	if (!policy || !policy->suppression_count || !type || !fw_event_is_finding(type) || !local_now(&now))
		return NULL;
	has_source = source && !fw_prefix_parse(source, &prefix, NULL);
	for (size_t i = 0; i < policy->suppression_count; i++) {
		const struct fw_suppression *suppression = &policy->suppressions[i];

		if (!fw_suppression_is_about(suppression, type, rule) ||
		    !fw_suppression_holds_at(suppression, &now) ||
		    !holds_source(agent, suppression, has_source ? &prefix : NULL))
			continue;
		count(&agent->suppressed, suppression->name);
		return suppression->name;
	}
	return NULL;
}

json_t *fw_suppressed_to_json(const struct fw_agent *agent, json_t *warnings)
{
	const struct fw_policy *policy = agent->loaded->policy;
	json_t *list = json_array();
	char about[512];
	struct tm now;

	if (!local_now(&now))
		return list;
	for (size_t i = 0; i < policy->suppression_count; i++) {
		const struct fw_suppression *suppression = &policy->suppressions[i];
		bool over = fw_suppression_is_over(suppression, &now);

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:s}", "name", suppression->name, "state",
					over					     ? "over"
					: fw_suppression_holds_at(suppression, &now) ? "active"
										     : "waiting",
					"events", (json_int_t)counted(agent, suppression->name), "about",
					fw_suppression_format(policy, suppression, about, sizeof(about))));
		if (over && warnings)
			json_array_append_new(
				warnings, json_sprintf("suppression '%s' is over: its findings are raised "
						       "again; remove it from the policy, or move until",
						       suppression->name));
	}
	return list;
}

json_t *fw_suppressed_explain(const struct fw_agent *agent, const struct fw_addr *addr, const char *rule)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_prefix source = {.addr = *addr, .bits = 128};
	char about[512];
	struct tm now;

	for (size_t i = 0; i < policy->suppression_count && local_now(&now); i++) {
		const struct fw_suppression *suppression = &policy->suppressions[i];
		bool named = suppression->source.count ||
			     (rule && fw_suppression_is_about(suppression, "ban", rule));

		if (named && fw_suppression_holds_at(suppression, &now) &&
		    holds_source(agent, suppression, &source))
			return json_sprintf("findings about it are expected, by suppression '%s': %s",
					    suppression->name,
					    fw_suppression_format(policy, suppression, about, sizeof(about)));
	}
	return NULL;
}

void fw_suppressed_snapshot(const struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	const struct fw_policy *policy = agent->loaded->policy;

	for (size_t i = 0; i < policy->suppression_count && i < FW_SUPPRESSED_MAX; i++) {
		snapshot->suppressions[i].word = policy->suppressions[i].name;
		snapshot->suppressions[i].count = counted(agent, policy->suppressions[i].name);
		snapshot->suppression_count = i + 1;
	}
}
