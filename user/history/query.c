// SPDX-License-Identifier: Apache-2.0
/* The busiest sources, and the export. */
#include "history/query.h"

#include <errno.h>
#include <string.h>

#include "history/database.h"
#include "lib/cleanup.h"
#include "lib/moment.h"

static const char *text_at(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static int check(const struct fw_history_question *question, struct fw_err *err)
{
	int64_t step = question->rule ? FW_HISTORY_LONG_S : FW_HISTORY_SHORT_S;

	if (question->window_s < step || question->window_s % step)
		return fw_err_set(err, -EINVAL, "a window of %llds is not recorded: %s",
				  (long long)question->window_s,
				  question->rule ? "with a rule take 5m or a multiple of it"
						 : "take a multiple of 10s, and of 5m for more than a day");
	if (question->since >= question->until)
		return fw_err_set(err, -EINVAL, "the time asked for is empty: since is not before until");
	return 0;
}

static int add_rows(struct fw_history *history, sqlite3_stmt *statement, const char *const *names,
		    json_t *entries, struct fw_err *err)
{
	char moment[FW_MOMENT_TEXT_MAX];
	int r;

	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		json_t *entry = json_pack("{s:s, s:I, s:s}", "start",
					  fw_moment_format(sqlite3_column_int64(statement, 0), moment),
					  "start_seconds", (json_int_t)sqlite3_column_int64(statement, 0),
					  "source", text_at(statement, 1));

		for (int i = 0; names[i]; i++)
			json_object_set_new(entry, names[i],
					    json_integer(sqlite3_column_int64(statement, i + 2)));
		json_array_append_new(entries, entry);
	}
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

static int top_of_all(struct fw_history *history, const struct fw_history_question *question, json_t *entries,
		      struct fw_err *err)
{
	static const char *const names[] = {"packets", "bytes", "dropped", NULL};
	bool coarse = question->window_s % FW_HISTORY_LONG_S == 0;
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(
		history,
		coarse ? "SELECT start - start % ?1 AS w, source, sum(packets) AS p, sum(bytes), sum(dropped)"
			 " FROM source_5m WHERE start >= ?2 AND start < ?3 GROUP BY w, source"
			 " ORDER BY p DESC, w, source LIMIT ?4"
		       : "SELECT start - start % ?1 AS w, source, sum(packets) AS p, sum(bytes), sum(dropped)"
			 " FROM source_10s WHERE start >= ?2 AND start < ?3 GROUP BY w, source"
			 " ORDER BY p DESC, w, source LIMIT ?4",
		err);

	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, question->window_s);
	sqlite3_bind_int64(statement, 2, question->since);
	sqlite3_bind_int64(statement, 3, question->until);
	sqlite3_bind_int64(statement, 4, (int64_t)question->limit);
	return add_rows(history, statement, names, entries, err);
}

/* The series of the rule that was written last: what it counts now. */
static int find_rule(struct fw_history *history, const char *name, int64_t *ret_id, json_t *document,
		     struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(
		history,
		"SELECT id, unit, window_ms FROM rule LEFT JOIN (SELECT rule, max(start) AS last FROM"
		" limit_in_force GROUP BY rule) ON rule = id WHERE name = ? AND unit <> ''"
		" ORDER BY last DESC, id DESC LIMIT 1",
		err);
	int r;

	if (!statement)
		return err->code;
	r = fw_history_step_rule(history, statement, name, err);
	if (r)
		return r;
	*ret_id = sqlite3_column_int64(statement, 0);
	json_object_set_new(document, "unit", json_string(text_at(statement, 1)));
	json_object_set_new(document, "rule_window_seconds",
			    json_real((double)sqlite3_column_int64(statement, 2) / 1000));
	return 0;
}

static int top_of_rule(struct fw_history *history, const struct fw_history_question *question,
		       json_t *document, json_t *entries, struct fw_err *err)
{
	static const char *const names[] = {"amount", "dropped", NULL};
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(
		history,
		"SELECT start - start % ?1 AS w, source, max(amount) AS a, sum(dropped) FROM highest"
		" WHERE start >= ?2 AND start < ?3 AND rule = ?5 GROUP BY w, source"
		" ORDER BY a DESC, w, source LIMIT ?4",
		err);
	int64_t id = 0;
	int r = statement ? find_rule(history, question->rule, &id, document, err) : err->code;

	if (r)
		return r;
	sqlite3_bind_int64(statement, 1, question->window_s);
	sqlite3_bind_int64(statement, 2, question->since);
	sqlite3_bind_int64(statement, 3, question->until);
	sqlite3_bind_int64(statement, 4, (int64_t)question->limit);
	sqlite3_bind_int64(statement, 5, id);
	return add_rows(history, statement, names, entries, err);
}

int fw_history_top(struct fw_history *history, const struct fw_history_question *question, json_t **ret,
		   struct fw_err *err)
{
	char since[FW_MOMENT_TEXT_MAX], until[FW_MOMENT_TEXT_MAX];
	json_t *document, *entries;
	int r = check(question, err);

	if (r)
		return r;
	document = json_pack(
		"{s:s, s:s, s:I, s:s?, s:s, s:b}", "since", fw_moment_format(question->since, since), "until",
		fw_moment_format(question->until, until), "window_seconds", (json_int_t)question->window_s,
		"rule", question->rule, "unit", "packets", "estimated", !question->rule);
	entries = json_array();
	r = question->rule ? top_of_rule(history, question, document, entries, err)
			   : top_of_all(history, question, entries, err);
	json_object_set_new(document, "entries", entries);
	if (r) {
		json_decref(document);
		return r;
	}
	*ret = document;
	return 0;
}
