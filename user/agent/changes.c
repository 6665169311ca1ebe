// SPDX-License-Identifier: Apache-2.0
#include "agent/changes.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

json_t *fw_changes_to_json(const struct fw_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct fw_plan_line *line = &plan->lines[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "kind",
						      line->kind == '+'	  ? "add"
						      : line->kind == '-' ? "remove"
									  : "change",
						      "object", line->object, "name", line->name, "detail",
						      line->detail));
	}
	return list;
}

static bool is_asked_for(const struct fw_options *options, const char *name)
{
	for (size_t i = 0; i < options->interface_count; i++)
		if (!strcmp(options->interfaces[i], name))
			return true;
	return false;
}

static void drop_line(struct fw_plan *plan, size_t index)
{
	struct fw_plan_line *line = &plan->lines[index];

	plan->added -= line->kind == '+';
	plan->changed -= line->kind == '~';
	plan->removed -= line->kind == '-';
	free(line->object);
	free(line->name);
	free(line->detail);
	memmove(line, line + 1, (--plan->count - index) * sizeof(*line));
}

/* It is filtered before and after. */
static void make_change(struct fw_plan *plan, struct fw_plan_line *line)
{
	char *detail = line->kind == '-' ? strdup("as --interface says") : NULL;

	plan->added -= line->kind == '+';
	plan->removed -= line->kind == '-';
	plan->changed += line->kind != '~';
	line->kind = '~';
	if (!detail)
		return;
	free(line->detail);
	line->detail = detail;
}

void fw_changes_of_interfaces(const struct fw_agent *agent, struct fw_plan *plan)
{
	for (size_t i = plan->count; agent->options.interface_count && i-- > 0;) {
		if (strcmp(plan->lines[i].object, "interface") != 0)
			continue;
		if (is_asked_for(&agent->options, plan->lines[i].name))
			make_change(plan, &plan->lines[i]);
		else
			drop_line(plan, i);
	}
}

json_t *fw_changes_in_vain(const struct fw_agent *agent, const struct fw_policy *policy)
{
	for (size_t i = 0; agent->options.interface_count && i < policy->interface_count; i++)
		if (!is_asked_for(&agent->options, policy->interfaces[i].name))
			return json_sprintf(
				"the agent was started with --interface, so that interfaces: of the policy "
				"does not count: '%s' is not filtered by it; 'floodwall attach %s' does, or "
				"start the agent without --interface",
				policy->interfaces[i].name, policy->interfaces[i].name);
	return NULL;
}

static json_t *take(const struct fw_agent *agent, struct fw_plan *plan)
{
	json_t *list;

	fw_changes_of_interfaces(agent, plan);
	list = fw_changes_to_json(plan);
	fw_plan_done(plan);
	return list;
}

json_t *fw_changes_to(const struct fw_agent *agent, const struct fw_policy *next)
{
	struct fw_plan plan = {};

	return fw_plan_diff(agent->loaded->policy, next, &plan) ? NULL : take(agent, &plan);
}

json_t *fw_changes_reread(const struct fw_agent *agent, const struct fw_loaded *next)
{
	const struct fw_loaded *running = agent->loaded;
	struct fw_plan plan = {};
	int r = fw_plan_diff_live(running->policy, running->image, next->policy, next->image, &plan);

	return r ? NULL : take(agent, &plan);
}
