// SPDX-License-Identifier: Apache-2.0
#include "agent/filtering.h"

#include <stdio.h>

#include "agent/agent.h"

void fw_filtering_look(const struct fw_agent *agent, struct fw_filtering *ret)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_attached *attached;
	size_t count = agent->attachments ? fw_attachments_list(agent->attachments, &attached) : 0, used = 0;
	uint32_t mask = fw_interfaces_counting(agent, policy);

	*ret = (struct fw_filtering){.attached = count, .by_policy = policy->mode == FW_MODE_COUNT};
	for (size_t i = 0; i < count; i++) {
		if (!ret->by_policy && !(mask >> (attached[i].iface % FW_IFACES_MAX) & 1))
			continue;
		if (used < sizeof(ret->names))
			used += (size_t)snprintf(ret->names + used, sizeof(ret->names) - used, "%s%s",
						 ret->counting ? ", " : "", attached[i].name);
		ret->counting++;
	}
}

const char *fw_filtering_word(const struct fw_filtering *filtering)
{
	return !filtering->attached			    ? "detached"
	       : filtering->counting == filtering->attached ? "counting"
							    : "enforcing";
}

const char *fw_filtering_but(const struct fw_filtering *filtering, char *text, size_t size)
{
	if (!filtering->attached)
		snprintf(text, size, "no interface is attached: nothing is filtered");
	else if (filtering->by_policy)
		snprintf(text, size, "the policy is in mode count: nothing is dropped");
	else if (filtering->counting == filtering->attached)
		snprintf(text, size, "%s %s in mode count: nothing is dropped", filtering->names,
			 filtering->counting > 1 ? "are" : "is");
	else if (filtering->counting)
		snprintf(text, size, "%s %s in mode count: nothing is dropped there", filtering->names,
			 filtering->counting > 1 ? "are" : "is");
	else
		text[0] = '\0';
	return text;
}
