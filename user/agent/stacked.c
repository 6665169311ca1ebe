// SPDX-License-Identifier: Apache-2.0
#include "agent/stacked.h"

#include <string.h>

#include "agent/agent.h"
#include "lib/link_stack.h"
#include "lib/log.h"

#define WAY_OUT "; floodwall detach %s, or detach %s"

static json_t *find_pairs(const struct fw_agent *agent)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached), at = 0, upper, lower;
	const char *names[FW_IFACES_MAX];
	struct fw_link_stack stack = {};
	json_t *pairs = json_array();

	for (size_t i = 0; i < count; i++)
		names[i] = attached[i].name;
	/* What the kernel does not tell is not warned of. */
	if (count > 1 && !fw_link_stack_read(&stack))
		while (fw_link_stacked_next(&stack, names, count, &at, &upper, &lower))
			json_array_append_new(
				pairs, json_pack("{s:s, s:s}", "upper", names[upper], "lower", names[lower]));
	fw_link_stack_done(&stack);
	return pairs;
}

static bool is_among(const json_t *pairs, const json_t *pair)
{
	const json_t *one;
	size_t i;

	json_array_foreach (pairs, i, one)
		if (json_equal(one, pair))
			return true;
	return false;
}

static const char *text_of(const json_t *pair, const char *key)
{
	return json_string_value(json_object_get(pair, key));
}

void fw_stacked_look(struct fw_agent *agent)
{
	json_t *pairs = find_pairs(agent), *pair;
	size_t i;

	json_array_foreach (pairs, i, pair)
		if (!is_among(agent->interfaces.stacked, pair))
			fw_log(FW_LOG_WARNING, FW_STACKED_SAYS WAY_OUT, text_of(pair, "upper"),
			       text_of(pair, "lower"), text_of(pair, "upper"), text_of(pair, "lower"));
	json_decref(agent->interfaces.stacked);
	agent->interfaces.stacked = pairs;
}

void fw_stacked_warn(const struct fw_agent *agent, const char *name, json_t *warnings)
{
	const json_t *pair;
	size_t i;

	json_array_foreach (agent->interfaces.stacked, i, pair) {
		const char *upper = text_of(pair, "upper"), *lower = text_of(pair, "lower");

		if (!name || !strcmp(name, upper) || !strcmp(name, lower))
			json_array_append_new(
				warnings, json_sprintf(FW_STACKED_SAYS WAY_OUT, upper, lower, upper, lower));
	}
}
