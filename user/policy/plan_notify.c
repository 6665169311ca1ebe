// SPDX-License-Identifier: Apache-2.0
/* What would change about who is told what. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/describe_notify.h"
#include "policy/plan_line.h"

static const struct fw_suppression *find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->suppression_count; i++)
		if (!strcmp(policy->suppressions[i].name, name))
			return &policy->suppressions[i];
	return NULL;
}

int fw_plan_suppressions(struct fw_plan *plan, const struct fw_policy *running,
			 const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < wanted->suppression_count && !r; i++) {
		const struct fw_suppression *new = &wanted->suppressions[i], *old = find(running, new->name);
		FW_FREE char *after = fw_suppression_text(wanted, new);
		FW_FREE char *before = old ? fw_suppression_text(running, old) : NULL;

		if (!after || (old && !before))
			return -ENOMEM;
		if (!old)
			r = fw_plan_line(plan, '+', "suppression", new->name, "%s", after);
		else if (strcmp(before, after))
			r = fw_plan_line(plan, '~', "suppression", new->name, "%s -> %s", before, after);
	}
	for (size_t i = 0; i < running->suppression_count && !r; i++)
		if (!find(wanted, running->suppressions[i].name))
			r = fw_plan_line(plan, '-', "suppression", running->suppressions[i].name, "%s",
					 "its findings are raised again");
	return r;
}
