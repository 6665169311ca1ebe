// SPDX-License-Identifier: Apache-2.0
/* What would change about signatures that rules ask for. Pure. */
#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/plan_line.h"
#include "policy/signatures.h"

static const struct fw_signature_def *find(const struct fw_signature_list *list, const char *name)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (!strcmp(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

static int added_or_changed(struct fw_plan *plan, const struct fw_signature_def *old,
			    const struct fw_signature_def *new)
{
	FW_FREE char *after = fw_signature_text(new);
	FW_FREE char *before = old ? fw_signature_text(old) : NULL;

	if (!after || (old && !before))
		return -ENOMEM;
	if (!old)
		return fw_plan_line(plan, '+', "signature", new->name, "%s", after);
	return strcmp(before, after)
		       ? fw_plan_line(plan, '~', "signature", new->name, "%s -> %s", before, after)
		       : 0;
}

/* A first rule that asks brings the whole list, the last one takes it away: the rule's own line says that. */
int fw_plan_signatures(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	const struct fw_signature_list *old = running->signatures.list, *new = wanted->signatures.list;
	int r = 0;

	if (!old || !new)
		return 0;
	for (size_t i = 0; i < new->count && !r; i++)
		r = added_or_changed(plan, find(old, new->items[i].name), &new->items[i]);
	for (size_t i = 0; i < old->count && !r; i++)
		if (!find(new, old->items[i].name))
			r = fw_plan_line(plan, '-', "signature", old->items[i].name, "%s",
					 "not known any more");
	return r;
}
