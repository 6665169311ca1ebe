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

/* Only what a policy says of an interface that --interface names is a change of it. */
static void settle_interfaces(const struct fw_agent *agent, struct fw_plan *plan)
{
	for (size_t i = plan->count; agent->options.interface_count && i-- > 0;) {
		if (strcmp(plan->lines[i].object, "interface") != 0)
			continue;
		if (fw_options_name(&agent->options, plan->lines[i].name))
			make_change(plan, &plan->lines[i]);
		else
			drop_line(plan, i);
	}
}

json_t *fw_changes_in_vain(const struct fw_agent *agent, const struct fw_policy *policy)
{
	for (size_t i = 0; agent->options.interface_count && i < policy->interface_count; i++)
		if (!fw_options_name(&agent->options, policy->interfaces[i].name))
			return json_sprintf(
				"the agent was started with --interface, so that interfaces: of the policy "
				"does not count: '%s' is not filtered by it; 'floodwall attach %s' does, or "
				"start the agent without --interface",
				policy->interfaces[i].name, policy->interfaces[i].name);
	return NULL;
}

int fw_changes_plan(const struct fw_agent *agent, const struct fw_policy *next, struct fw_plan *ret)
{
	int r = fw_plan_diff(agent->loaded->policy, next, ret);

	if (!r)
		settle_interfaces(agent, ret);
	return r;
}

static json_t *take(struct fw_plan *plan)
{
	json_t *list = fw_changes_to_json(plan);

	fw_plan_done(plan);
	return list;
}

json_t *fw_changes_to(const struct fw_agent *agent, const struct fw_policy *next)
{
	struct fw_plan plan = {};

	return fw_changes_plan(agent, next, &plan) ? NULL : take(&plan);
}

json_t *fw_changes_reread(const struct fw_agent *agent, const struct fw_loaded *next)
{
	const struct fw_loaded *running = agent->loaded;
	struct fw_plan plan = {};

	if (fw_plan_diff_live(running->policy, running->image, next->policy, next->image, &plan))
		return NULL;
	settle_interfaces(agent, &plan);
	return take(&plan);
}
