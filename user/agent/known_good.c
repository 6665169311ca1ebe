// SPDX-License-Identifier: Apache-2.0
/* Whom a limit should not have met: never_block, what rules allow, and who is spared now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/question.h"
#include "lib/grow.h"

#define GOOD_MAX 1000000

static int add(struct fw_question *question, const struct fw_prefix *prefix)
{
	if (question->advice.good_count >= GOOD_MAX)
		return 0;
	return FW_APPEND(question->good, question->advice.good_count, *prefix);
}

static int add_sets(struct fw_question *question, const struct fw_policy *policy,
		    const struct fw_set_refs *refs)
{
	int r = 0;

	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];

		for (size_t k = 0; k < set->prefix_count && !r; k++)
			r = add(question, &set->prefixes[k]);
	}
	return r;
}

int fw_question_take_good(struct fw_question *question)
{
	const struct fw_agent *agent = question->agent;
	const struct fw_policy *policy = agent->loaded->policy;
	int r = add_sets(question, policy, &policy->never_block);

	for (size_t i = 0; i < policy->rule_count && !r; i++)
		if (policy->rules[i].action == FW_ACTION_ALLOW)
			r = add_sets(question, policy, &policy->rules[i].match.source);
	for (size_t i = 0; i < agent->drift.set_count && !r; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;
		int set = change->removed ? -1 : fw_policy_set_find(policy, change->set);

		for (size_t k = 0; set >= 0 && k < policy->never_block.count && !r; k++)
			if (policy->never_block.items[k] == (unsigned int)set)
				r = add(question, &change->prefix);
	}
	for (size_t i = 0; i < agent->spared.current_count && !r; i++)
		r = add(question, &(struct fw_prefix){.addr = agent->spared.current[i].addr, .bits = 128});
	question->advice.good = question->good;
	return r;
}
