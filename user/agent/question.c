// SPDX-License-Identifier: Apache-2.0
/* One question at a thread, and what becomes of it when nobody waits any more. */
#include "agent/question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "history/store.h"
#include "lib/moment.h"

#define LOOK_MS	    20
#define SECONDS_MAX 30

static void question_free(struct fw_errand *errand)
{
	struct fw_question *question = (struct fw_question *)errand;

	json_decref(question->json);
	json_decref(question->context);
	free(question->text);
	free(question->good);
	free(question->rules);
	free(question);
}

/* Nothing but the question and the file is touched here. */
static void work(struct fw_errand *errand)
{
	struct fw_question *question = (struct fw_question *)errand;
	struct fw_history *history = NULL;

	question->r = fw_history_open_read(question->agent->recorder.path, &history, &question->err);
	if (question->r == -ENOENT)
		fw_err_set(&question->err, -ENOENT,
			   "nothing is recorded yet: there is no %s; the policy's history: {enabled: true} "
			   "records",
			   question->agent->recorder.path);
	if (!question->r) {
		fw_history_give_time(history, SECONDS_MAX, &question->agent->errands.stop);
		question->r = question->ask(history, question, &question->err);
	}
	fw_history_close(history);
}

static void on_done(struct fw_errand *errand)
{
	struct fw_question *question = (struct fw_question *)errand;

	question->agent->questions_running--;
	question->done = true;
}

struct fw_question *fw_question_new(struct fw_agent *agent)
{
	struct fw_question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->errand = (struct fw_errand){.run = work, .landed = on_done, .release = question_free};
	question->agent = agent;
	return question;
}

void fw_question_drop(struct fw_question *question)
{
	fw_errand_drop(question ? &question->errand : NULL);
}

/* Nothing is recorded of a name that no rule has: the name is what is wrong. */
static bool is_unknown_rule(const struct fw_question *question, struct fw_answer *answer)
{
	const struct fw_policy *policy = question->agent->loaded->policy;
	const char *names[FW_RULES_MAX], *near;
	size_t count = 0;

	if (question->r != -ENOENT || !*question->rule || fw_policy_rule_find(policy, question->rule) >= 0)
		return false;
	for (; count < policy->rule_count && count < FW_RULES_MAX; count++)
		names[count] = policy->rules[count].name;
	near = fw_did_you_mean(question->rule, names, count);
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-rule", NULL, "there is no rule '%s'%s%s%s",
		question->rule, near ? "; did you mean '" : ", and nothing is recorded of one",
		near ? near : "", near ? "'?" : "; 'floodwall rules' lists them");
	return true;
}

bool fw_question_is_answered(struct fw_question *question, struct fw_answer *answer)
{
	if (!fw_question_is_done(question, answer))
		return false;
	if (question->r && !is_unknown_rule(question, answer))
		fw_fail_err(answer, &question->err);
	return !question->r;
}

bool fw_question_is_done(struct fw_question *question, struct fw_answer *answer)
{
	struct fw_agent *agent = question->agent;

	if (question->done)
		return true;
	if (!question->errand.under_way && agent->questions_running < FW_QUESTIONS_MAX) {
		if (fw_errand_send(&agent->errands, &question->errand)) {
			fw_reply(answer, NULL);
			return false;
		}
		agent->questions_running++;
	}
	answer->defer_ms = LOOK_MS;
	return false;
}

bool fw_question_begin(struct fw_request *request, struct fw_answer *answer,
		       bool (*read)(struct fw_request *request, struct fw_answer *answer))
{
	if (request->question)
		return true;
	request->question = fw_question_new(request->agent);
	if (!request->question) {
		fw_reply(answer, NULL);
		return false;
	}
	return read(request, answer);
}

bool fw_question_rule(struct fw_request *request, struct fw_answer *answer)
{
	const char *rule = fw_request_query(request, "rule");
	struct fw_question *question = request->question;

	if (rule && strlen(rule) >= sizeof(question->rule)) {
		fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-rule", NULL, "no rule has a name that long");
		return false;
	}
	if (rule)
		snprintf(question->rule, sizeof(question->rule), "%s", rule);
	return true;
}

bool fw_question_moment(const struct fw_request *request, const char *key, int64_t now, int64_t fallback,
			int64_t *ret, struct fw_answer *answer)
{
	const char *text = fw_request_query(request, key);
	struct fw_err err = {0};

	*ret = fallback;
	if (!text || !fw_moment_parse(text, now, ret, &err))
		return true;
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-time", NULL, "%s: %s", key, err.text);
	return false;
}
