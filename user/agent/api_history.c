// SPDX-License-Identifier: Apache-2.0
/* GET /v1/history/top, /v1/history/export. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/question.h"
#include "agent/request.h"
#include "lib/clock.h"
#include "lib/units.h"

#define TOP_SPAN_S  3600
#define TOP_DEFAULT 100
#define PAGE_BYTES  (4u << 20)

static int64_t wall_seconds(void)
{
	return (int64_t)(fw_wall_ns() / FW_NS_PER_SEC);
}

static int ask_top(struct fw_history *history, struct fw_question *question, struct fw_err *err)
{
	return fw_history_top(history, &question->top, &question->json, err);
}

static bool read_window(const struct fw_request *request, int64_t *ret, struct fw_answer *answer)
{
	const char *text = fw_request_query(request, "window");
	uint64_t ns = FW_HISTORY_LONG_S * FW_NS_PER_SEC;
	struct fw_err err = {0};

	if (text && fw_duration_parse(text, &ns, &err)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-duration", NULL, "window: %s", err.text);
		return false;
	}
	*ret = (int64_t)(ns / FW_NS_PER_SEC);
	return true;
}

static bool read_top(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_question *question = request->question;
	struct fw_history_question *top = &question->top;
	int64_t now = wall_seconds();

	if (!fw_question_rule(request, answer) || !read_window(request, &top->window_s, answer) ||
	    !fw_question_moment(request, "until", now, now, &top->until, answer) ||
	    !fw_question_moment(request, "since", now, top->until - TOP_SPAN_S, &top->since, answer) ||
	    !fw_request_number(request, "limit", TOP_DEFAULT, FW_HISTORY_ENTRIES_MAX, &top->limit, answer))
		return false;
	top->rule = *question->rule ? question->rule : NULL;
	question->ask = ask_top;
	return true;
}

void fw_api_history_top(struct fw_request *request, struct fw_answer *answer)
{
	if (fw_question_begin(request, answer, read_top) &&
	    fw_question_is_answered(request->question, answer))
		fw_reply(answer, json_incref(request->question->json));
}

static int ask_export(struct fw_history *history, struct fw_question *question, struct fw_err *err)
{
	FILE *out = open_memstream(&question->text, &question->size);
	int r;

	if (!out)
		return fw_err_set(err, -ENOMEM, "out of memory for the export");
	r = fw_history_export_page(history, question->top.since, question->top.until, &question->cursor,
				   PAGE_BYTES, out, err);
	if (!r && question->cursor.table[0])
		fprintf(out, "{\"next\":\"%s:%lld\"}\n", question->cursor.table,
			(long long)question->cursor.start);
	return fclose(out) && !r ? fw_err_set(err, -ENOMEM, "out of memory for the export") : r;
}

static bool read_export(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_question *question = request->question;
	const char *from = fw_request_query(request, "from");
	int64_t now = wall_seconds();

	if (!fw_question_moment(request, "until", now, now + 1, &question->top.until, answer) ||
	    !fw_question_moment(request, "since", now, 0, &question->top.since, answer))
		return false;
	if (from && fw_history_cursor_parse(from, &question->cursor)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"from: expected what 'next' of the page before says, got '%.60s'", from);
		return false;
	}
	question->ask = ask_export;
	return true;
}

void fw_api_history_export(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_question *question;

	if (!fw_question_begin(request, answer, read_export) ||
	    !fw_question_is_answered(request->question, answer))
		return;
	question = request->question;
	answer->text = question->text;
	answer->text_type = "application/x-ndjson";
	question->text = NULL;
}
