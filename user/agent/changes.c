// SPDX-License-Identifier: Apache-2.0
#include "agent/changes.h"

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

static json_t *take(struct fw_plan *plan)
{
	json_t *list = fw_changes_to_json(plan);

	fw_plan_done(plan);
	return list;
}

json_t *fw_changes_between(const struct fw_policy *running, const struct fw_policy *next)
{
	struct fw_plan plan = {};

	return fw_plan_diff(running, next, &plan) ? NULL : take(&plan);
}

json_t *fw_changes_reread(const struct fw_loaded *running, const struct fw_loaded *next)
{
	struct fw_plan plan = {};
	int r = fw_plan_diff_live(running->policy, running->image, next->policy, next->image, &plan);

	return r ? NULL : take(&plan);
}
