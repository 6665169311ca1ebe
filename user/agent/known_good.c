// SPDX-License-Identifier: Apache-2.0
/* Whom a limit should not have met: never_block, what rules allow, and who is spared now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "policy/lists.h"
#include "agent/question.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

#define GOOD_MAX 1000000

static int add(struct fw_question *question, const struct fw_prefix *prefix)
{
	if (question->advice.good_count >= GOOD_MAX)
		return 0;
	return FW_APPEND(question->good, question->advice.good_count, *prefix);
}

static bool has_any(const uint64_t *sets, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		if (fw_bit_test(sets, refs->items[i]))
			return true;
	return false;
}

static bool is_good(const struct fw_policy *policy, const uint64_t *sets)
{
	if (has_any(sets, &policy->never_block))
		return true;
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action == FW_ACTION_ALLOW &&
		    has_any(sets, &policy->rules[i].match.source))
			return true;
	return false;
}

/* From the merged lists: files, feeds and live changes are in there. */
int fw_question_take_good(struct fw_question *question)
{
	const struct fw_agent *agent = question->agent;
	const struct fw_image *image = agent->loaded->image;
	FW_FREE bool *good = calloc(image->class_count + 1, sizeof(*good));
	int r = good ? 0 : -ENOMEM;

	for (size_t i = 1; i < image->class_count && !r; i++)
		good[i] = is_good(agent->loaded->policy, image->class_sets[i]);
	for (size_t i = 0; i < image->listed_count && !r; i++)
		if (good[image->listed[i].list_class])
			r = add(question, &image->listed[i].prefix);
	for (size_t i = 0; i < agent->spared.current_count && !r; i++)
		r = add(question, &(struct fw_prefix){.addr = agent->spared.current[i].addr, .bits = 128});
	question->advice.good = question->good;
	return r;
}
