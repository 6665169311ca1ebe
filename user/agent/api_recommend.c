// SPDX-License-Identifier: Apache-2.0
/* GET /v1/recommend. */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/question.h"
#include "agent/request.h"
#include "lib/clock.h"
#include "lib/moment.h"

#define SPAN_S	     (7 * 86400)
#define BUFFER	     2.0
#define BUFFER_MOST  100.0
#define MOMENT_BYTES 64

static int ask_advice(struct fw_history *history, struct fw_question *question, struct fw_err *err)
{
	return fw_advice(history, &question->advice, &question->json, err);
}

/* "2", "1.5", "1.125" */
static int parse_factor(const char *text, double *ret)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	double unit = 1;

	if (!whole || whole > 3 || part > 3 || (text[whole] == '.' && !part) ||
	    text[whole + (part ? part + 1 : 0)])
		return -EINVAL;
	*ret = 0;
	for (size_t i = 0; i < whole; i++)
		*ret = *ret * 10 + (text[i] - '0');
	for (size_t i = 1; i <= part; i++)
		*ret += (text[whole + i] - '0') * (unit /= 10);
	return *ret >= 1 && *ret <= BUFFER_MOST ? 0 : -EINVAL;
}

static bool read_buffer(const struct fw_request *request, double *ret, struct fw_answer *answer)
{
	const char *text = fw_request_query(request, "buffer");

	*ret = BUFFER;
	if (!text || !parse_factor(text, ret))
		return true;
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-number", NULL,
		"buffer: expected a factor from 1 to %.0f, such as 2 or 1.5, got '%.40s'", BUFFER_MOST, text);
	return false;
}

struct exclusions {
	struct fw_advice_question *advice;
	int64_t now;
	struct fw_err err;
};

/* "FROM..TO" */
static int read_exclusion(const char *text, int64_t now, struct fw_moments *ret, struct fw_err *err)
{
	const char *dots = strstr(text, "..");
	char from[MOMENT_BYTES];
	int r;

	if (!dots || (size_t)(dots - text) >= sizeof(from))
		return fw_err_set(
			err, -EINVAL,
			"exclude: expected FROM..TO, such as 3h..2h or 2026-11-25T10:00..2026-11-25T11:00, "
			"got '%.80s'",
			text);
	memcpy(from, text, (size_t)(dots - text));
	from[dots - text] = '\0';
	r = fw_moment_parse(from, now, &ret->since, err);
	r = r ? r : fw_moment_parse(dots + 2, now, &ret->until, err);
	if (!r && ret->until <= ret->since)
		r = fw_err_set(err, -EINVAL, "'%.80s' is empty: its end is not after its beginning", text);
	return r ? fw_err_prefix(err, "exclude") : 0;
}

static enum MHD_Result take_exclusion(void *context, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct exclusions *exclusions = context;
	struct fw_advice_question *advice = exclusions->advice;

	(void)kind;
	if (strcmp(key, "exclude") || exclusions->err.code)
		return MHD_YES;
	if (advice->excluded_count == FW_HISTORY_EXCLUDED_MAX)
		fw_err_set(&exclusions->err, -EINVAL, "exclude: at most %d times can be left out",
			   FW_HISTORY_EXCLUDED_MAX);
	else if (!read_exclusion(value ? value : "", exclusions->now,
				 &advice->excluded[advice->excluded_count], &exclusions->err))
		advice->excluded_count++;
	return MHD_YES;
}

static bool read_exclusions(const struct fw_request *request, int64_t now, struct fw_answer *answer)
{
	struct exclusions exclusions = {.advice = &request->question->advice, .now = now};

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_exclusion, &exclusions);
	if (exclusions.err.code)
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-time", NULL, "%s", exclusions.err.text);
	return !exclusions.err.code;
}

/* An empty list is one, too. */
static int take_live(struct fw_question *question)
{
	static const struct fw_history_rule none;
	const struct fw_policy *policy = question->agent->loaded->policy;
	int r = 0;

	for (size_t i = 0; i < policy->rule_count && !r; i++)
		if (policy->rules[i].limit.unit != FW_UNIT_NONE)
			r = fw_question_take_rule(question, &policy->rules[i]);
	question->advice.live = question->rules ? question->rules : &none;
	question->advice.live_count = question->rule_count;
	return r;
}

static bool read_advice(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_question *question = request->question;
	struct fw_advice_question *advice = &question->advice;
	int64_t now = (int64_t)(fw_wall_ns() / FW_NS_PER_SEC);

	if (!fw_question_rule(request, answer) || !read_buffer(request, &advice->buffer, answer) ||
	    !fw_question_moment(request, "until", now, now + 1, &advice->span.until, answer) ||
	    !fw_question_moment(request, "since", now, advice->span.until - SPAN_S, &advice->span.since,
				answer) ||
	    !read_exclusions(request, now, answer))
		return false;
	if (advice->span.since >= advice->span.until) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-time", NULL,
			"the time asked for is empty: since is not before until");
		return false;
	}
	advice->rule = *question->rule ? question->rule : NULL;
	if (take_live(question) || fw_question_take_good(question)) {
		fw_reply(answer, NULL);
		return false;
	}
	question->ask = ask_advice;
	return true;
}

void fw_api_recommend(struct fw_request *request, struct fw_answer *answer)
{
	if (fw_question_begin(request, answer, read_advice) &&
	    fw_question_is_answered(request->question, answer))
		fw_reply(answer, json_incref(request->question->json));
}
