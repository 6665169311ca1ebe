// SPDX-License-Identifier: Apache-2.0
/* Warnings about new members of sets. Nothing is refused: what is protected passes before every rule, and a
 * set may be meant for somebody else. */
#include "agent/set_warnings.h"

#include "agent/agent.h"
#include "agent/here.h"
#include "agent/sources.h"
#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/match.h"

static bool names_set(const struct fw_policy_rule *rule, unsigned int set)
{
	fw_rule_each_mention(match, rule)
	{
		for (size_t i = 0; i < match->source.count; i++)
			if (match->source.items[i] == set)
				return true;
	}
	return false;
}

/* The first rule that blocks who is in the set; NULL: none does. */
static const struct fw_policy_rule *blocker_of(const struct fw_policy *policy, unsigned int set)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		if ((rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE) &&
		    rule->mode != FW_MODE_COUNT && !rule->match.log && names_set(rule, set))
			return rule;
	}
	return NULL;
}

/* A complaint stands where its rule does. */
static bool is_about(const struct fw_policy *policy, unsigned int set, const struct fw_diag *diag)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].mark.line == diag->mark.line &&
		    policy->rules[i].mark.column == diag->mark.column && names_set(&policy->rules[i], set))
			return true;
	return false;
}

static void warn_as_check(struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefixes,
			  size_t count, json_t *warnings)
{
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE struct fw_interface *interfaces = NULL;
	struct fw_check_here here;
	struct fw_diags diags = {};

	if (!fw_here(agent, policy, &interfaces, &here))
		return;
	here.only = prefixes;
	here.only_count = count;
	fw_check_lists_here(policy, agent->loaded->image, &here, &diags);
	for (size_t i = 0; i < diags.count; i++)
		if (is_about(policy, set, &diags.items[i]))
			json_array_append_new(warnings, json_string(diags.items[i].message));
	fw_diags_done(&diags);
}

/* A range can be a thousand prefixes of one protected network. */
static void warn_of_spared(const struct fw_agent *agent, const char *rule, const struct fw_prefix *prefixes,
			   size_t count, json_t *warnings)
{
	size_t left = FW_SOURCES_NAMED_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t found = fw_sources_spared(agent, &prefixes[i], rule, left, warnings);

		if (found > left) {
			json_array_append_new(warnings,
					      json_sprintf("more of these pass before rule '%s'; of each: "
							   "floodwall explain ADDR",
							   rule));
			break;
		}
		left -= found;
	}
}

void fw_set_warnings(struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefixes, size_t count,
		     json_t *warnings)
{
	const struct fw_policy_rule *blocker = blocker_of(agent->loaded->policy, set);

	if (!blocker)
		return;
	warn_as_check(agent, set, prefixes, count, warnings);
	warn_of_spared(agent, blocker->name, prefixes, count, warnings);
}
