/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the history: asked by a route, answered by a thread with a connection of its own, while the
 * route's answer is put off. */
#ifndef FW_AGENT_QUESTION_H
#define FW_AGENT_QUESTION_H

#include <uv.h>

#include "agent/errand.h"
#include "agent/request.h"
#include "history/evidence.h"
#include "history/query.h"

/* At the same time: of libuv's four threads feeds take up to two and the recorder one; others wait. */
#define FW_QUESTIONS_MAX 1

struct fw_policy_rule;

struct fw_question {
	struct fw_errand errand;
	struct fw_agent *agent;
	bool done;
	/* What is asked; runs in the thread and fills json or text. */
	int (*ask)(struct fw_history *history, struct fw_question *question, struct fw_err *err);
	struct fw_history_question top;
	struct fw_advice_question advice;
	struct fw_history_cursor cursor;
	char rule[FW_HISTORY_NAME_MAX];
	struct fw_prefix *good;	       /* advice.good, owned */
	struct fw_history_rule *rules; /* a plan's changed limits, or advice.live; owned */
	size_t rule_count;
	json_t *context; /* what the route has so far; the thread leaves it alone */

	int r;
	struct fw_err err;
	json_t *json;
	char *text;
	size_t size;
};

/* NULL when out of memory. */
struct fw_question *fw_question_new(struct fw_agent *agent);
/* Starts when there is a thread for it; puts the answer off. Call again each time the route is asked. */
bool fw_question_is_done(struct fw_question *question, struct fw_answer *answer);
/* The same; an error has been answered and gives false. */
bool fw_question_is_answered(struct fw_question *question, struct fw_answer *answer);
/* Whoever asked is gone, or has the answer. NULL is fine. */
void fw_question_drop(struct fw_question *question);

/* The first time a route is asked: its question, filled by `read`; false: answered. */
bool fw_question_begin(struct fw_request *request, struct fw_answer *answer,
		       bool (*read)(struct fw_request *request, struct fw_answer *answer));
/* known_good.c: advice.good from the policy in force. 0 or -ENOMEM. */
int fw_question_take_good(struct fw_question *question);
/* plan_history.c: a rule with a limit as the history knows rules, appended to question->rules. -ENOMEM. */
int fw_question_take_rule(struct fw_question *question, const struct fw_policy_rule *rule);
/* With what was recorded of rules whose limit is another one in `wanted`. true: the document
 * is taken over and request->question set, which fw_plan_looked_back answers, asked again until it does. */
struct fw_policy;
bool fw_plan_looks_back(struct fw_request *request, const struct fw_policy *wanted, json_t *document);
void fw_plan_looked_back(struct fw_question *question, struct fw_answer *answer);
/* rule=NAME of the query into the question; false: answered. */
bool fw_question_rule(struct fw_request *request, struct fw_answer *answer);
/* A point in time of the query; a bad one is answered and gives false. */
bool fw_question_moment(const struct fw_request *request, const char *key, int64_t now, int64_t fallback,
			int64_t *ret, struct fw_answer *answer);

#endif
