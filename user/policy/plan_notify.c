// SPDX-License-Identifier: Apache-2.0
/* What would change about who is told what. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/describe_notify.h"
#include "policy/plan_line.h"

static const struct fw_notify_target *find_target(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->notify_count; i++)
		if (!strcmp(policy->notify[i].name, name))
			return &policy->notify[i];
	return NULL;
}

/* Compared whole, shown without what may be a credential. */
static int target_changed(struct fw_plan *plan, const struct fw_notify_target *old,
			  const struct fw_notify_target *new)
{
	FW_FREE char *before = fw_notify_target_text(old, false);
	FW_FREE char *after = fw_notify_target_text(new, false);
	FW_FREE char *before_shown = fw_notify_target_text(old, true);
	FW_FREE char *after_shown = fw_notify_target_text(new, true);

	if (!before || !after || !before_shown || !after_shown)
		return -ENOMEM;
	if (!strcmp(before, after))
		return 0;
	return fw_plan_line(plan, '~', "notify", new->name, "%s -> %s%s", before_shown, after_shown,
			    strcmp(before_shown, after_shown) ? "" : " (another URL of that host)");
}

int fw_plan_notify(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < wanted->notify_count && !r; i++) {
		const struct fw_notify_target *new = &wanted->notify[i],
					      *old = find_target(running, new->name);
		FW_FREE char *shown = fw_notify_target_text(new, true);

		if (!shown)
			return -ENOMEM;
		r = old ? target_changed(plan, old, new)
			: fw_plan_line(plan, '+', "notify", new->name, "%s", shown);
	}
	for (size_t i = 0; i < running->notify_count && !r; i++)
		if (!find_target(wanted, running->notify[i].name))
			r = fw_plan_line(plan, '-', "notify", running->notify[i].name, "%s",
					 "is told nothing any more");
	return r;
}

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
