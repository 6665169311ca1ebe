// SPDX-License-Identifier: Apache-2.0
/* The part of a plan that looks back: what changed limits would have stopped of what is recorded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/question.h"
#include "lib/clock.h"
#include "lib/grow.h"

#define SPAN_S (7 * 86400)

/* Rules that nothing is recorded of say nothing. */
static int ask_plan(struct fw_history *history, struct fw_question *question, struct fw_err *err)
{
	question->json = json_array();
	for (size_t i = 0; i < question->rule_count; i++) {
		json_t *line = NULL;
		int r = fw_history_plan(history, &question->advice, &question->rules[i], &line, err);

		if (r && r != -ENOENT)
			return r;
		if (!r)
			json_array_append_new(question->json, line);
	}
	return 0;
}

int fw_question_take_rule(struct fw_question *question, const struct fw_policy_rule *rule)
{
	struct fw_history_rule taken = {.unit = rule->limit.unit,
					.per = rule->per,
					.window_ns = rule->limit.window_ns,
					.limit = rule->limit.amount};

	snprintf(taken.name, sizeof(taken.name), "%s", rule->name);
	return FW_APPEND(question->rules, question->rule_count, taken);
}

static int note_changed(struct fw_question *question, const struct fw_policy *running,
			const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < wanted->rule_count && !r; i++) {
		const struct fw_policy_rule *rule = &wanted->rules[i];
		int old = fw_policy_rule_find(running, rule->name);

		if (rule->limit.unit == FW_UNIT_NONE || rule->match.log || old < 0 ||
		    running->rules[old].limit.amount == rule->limit.amount)
			continue;
		r = fw_question_take_rule(question, rule);
	}
	return r;
}

bool fw_plan_looks_back(struct fw_request *request, const struct fw_policy *wanted, json_t *document)
{
	struct fw_question *question = fw_question_new(request->agent);
	int64_t now = (int64_t)(fw_wall_ns() / FW_NS_PER_SEC);

	if (!question || note_changed(question, request->agent->loaded->policy, wanted) ||
	    !question->rule_count || fw_question_take_good(question)) {
		fw_question_drop(question);
		return false;
	}
	question->advice.span = (struct fw_moments){now - SPAN_S, now + 1};
	question->advice.buffer = 1;
	question->advice.attacks_too = true;
	question->ask = ask_plan;
	question->context = document;
	request->question = question;
	return true;
}

void fw_plan_looked_back(struct fw_question *question, struct fw_answer *answer)
{
	if (!fw_question_is_done(question, answer))
		return;
	if (!question->r)
		json_object_set(question->context, "history", question->json);
	else if (question->r != -ENOENT)
		json_object_set_new(question->context, "history_error", json_string(question->err.text));
	fw_reply(answer, json_incref(question->context));
}
