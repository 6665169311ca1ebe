// SPDX-License-Identifier: Apache-2.0
/* Evidence out of the database. */
#include "history/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/database.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/policy.h"

#define SQL_MAX 4096

/* " AND NOT (start >= … AND start < …)" for every span left out; the step that holds its beginning goes too.
 */
static void write_exclusions(const struct fw_advice_question *question, const char *column, char *sql,
			     size_t size)
{
	size_t used = 0;

	sql[0] = '\0';
	for (size_t i = 0; i < question->excluded_count && used < size; i++)
		used += (size_t)snprintf(sql + used, size - used, " AND NOT (%s > %lld AND %s < %lld)",
					 column, (long long)(question->excluded[i].since - FW_HISTORY_LONG_S),
					 column, (long long)question->excluded[i].until);
}

static enum fw_unit unit_of(const char *word)
{
	for (enum fw_unit unit = FW_UNIT_PACKETS; unit < FW_UNIT_MAX_; unit++)
		if (word && !strcmp(word, fw_unit_word(unit)))
			return unit;
	return FW_UNIT_NONE;
}

static enum fw_per per_of(const char *word)
{
	for (enum fw_per per = 0; per < FW_PER_MAX_; per++)
		if (word && !strcmp(word, fw_per_word(per)))
			return per;
	return FW_PER_SOURCE;
}

static int load_rule(struct fw_history *history, const char *name, int64_t *ret_id,
		     struct fw_history_rule *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(
		history,
		"SELECT r.id, r.unit, r.per, r.window_ms, l.amount, l.enforced FROM rule r JOIN"
		" limit_in_force l ON l.rule = r.id WHERE r.name = ? ORDER BY l.start DESC LIMIT 1",
		err);
	int r;

	if (!statement)
		return err->code;
	r = fw_history_step_rule(history, statement, name, err);
	if (r)
		return r;
	*ret_id = sqlite3_column_int64(statement, 0);
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->unit = unit_of((const char *)sqlite3_column_text(statement, 1));
	ret->per = per_of((const char *)sqlite3_column_text(statement, 2));
	ret->window_ns = (uint64_t)sqlite3_column_int64(statement, 3) * 1000000;
	ret->limit = (uint64_t)sqlite3_column_int64(statement, 4);
	ret->enforced = sqlite3_column_int(statement, 5);
	return 0;
}

static sqlite3_stmt *ask(struct fw_history *history, const struct fw_advice_question *question, int64_t id,
			 const char *format_head, const char *column, const char *tail, struct fw_err *err)
{
	char exclusions[SQL_MAX], sql[2 * SQL_MAX];
	sqlite3_stmt *statement;

	write_exclusions(question, column, exclusions, sizeof(exclusions));
	snprintf(sql, sizeof(sql), "%s%s%s", format_head, exclusions, tail);
	statement = fw_history_prepare(history, sql, err);
	if (statement) {
		sqlite3_bind_int64(statement, 1, question->span.since);
		sqlite3_bind_int64(statement, 2, question->span.until);
		sqlite3_bind_int64(statement, 3, id);
	}
	return statement;
}

static int load_seen(struct fw_history *history, const struct fw_advice_question *question, int64_t id,
		     struct fw_evidence *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		ask(history, question, id,
		    "SELECT h.source, max(h.amount) AS a, count(*), sum(h.dropped * coalesce(l.enforced, 0))"
		    " FROM highest h LEFT JOIN limit_in_force l ON l.start = h.start AND l.rule = h.rule"
		    " WHERE h.start >= ?1 AND h.start < ?2 AND h.rule = ?3",
		    "h.start", " GROUP BY h.source ORDER BY a DESC LIMIT 100000", err);
	int r;

	if (!statement)
		return err->code;
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		struct fw_seen seen = {.highest = (uint64_t)sqlite3_column_int64(statement, 1),
				       .windows = (uint64_t)sqlite3_column_int64(statement, 2),
				       .dropped = (uint64_t)sqlite3_column_int64(statement, 3)};

		snprintf(seen.source, sizeof(seen.source), "%s", text ? text : "");
		if (FW_APPEND(ret->seen, ret->seen_count, seen))
			return fw_err_set(err, -ENOMEM, "out of memory for the history");
	}
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

/* All samples, those of blocked traffic too: statistics look at them up to the highest honest window. */
static int load_buckets(struct fw_history *history, const struct fw_advice_question *question, int64_t id,
			struct fw_evidence *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = ask(history, question, id,
						   "SELECT least, sum(samples), sum(amount) FROM distribution"
						   " WHERE start >= ?1 AND start < ?2 AND rule = ?3",
						   "start", " GROUP BY least ORDER BY least", err);
	int r;

	if (!statement)
		return err->code;
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		struct fw_seen_bucket bucket = {.least = (uint64_t)sqlite3_column_int64(statement, 0),
						.samples = (uint64_t)sqlite3_column_int64(statement, 1),
						.amount = (uint64_t)sqlite3_column_int64(statement, 2)};

		if (FW_APPEND(ret->buckets, ret->bucket_count, bucket))
			return fw_err_set(err, -ENOMEM, "out of memory for the history");
	}
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

static int load_recorded(struct fw_history *history, const struct fw_advice_question *question,
			 struct fw_evidence *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		ask(history, question, 0,
		    "SELECT coalesce(sum(seconds), 0) FROM recording WHERE start >= ?1 AND start < ?2 AND"
		    " ?3 = 0",
		    "start", "", err);

	if (!statement)
		return err->code;
	if (sqlite3_step(statement) != SQLITE_ROW)
		return fw_history_refused(history, "read", err);
	ret->recorded_s = (uint64_t)sqlite3_column_int64(statement, 0);
	ret->span_s = (uint64_t)(question->span.until - question->span.since);
	for (size_t i = 0; i < question->excluded_count; i++) {
		const struct fw_moments *out = &question->excluded[i];
		int64_t since = out->since > question->span.since ? out->since : question->span.since;
		int64_t until = out->until < question->span.until ? out->until : question->span.until;

		if (until > since && ret->span_s > (uint64_t)(until - since))
			ret->span_s -= (uint64_t)(until - since);
	}
	return 0;
}

int fw_evidence_load(struct fw_history *history, const struct fw_advice_question *question, const char *rule,
		     struct fw_evidence *ret, struct fw_err *err)
{
	int64_t id = 0;
	int r;

	*ret = (struct fw_evidence){0};
	r = load_rule(history, rule, &id, &ret->rule, err);
	if (!r)
		r = load_seen(history, question, id, ret, err);
	if (!r)
		r = load_buckets(history, question, id, ret, err);
	if (!r)
		r = load_recorded(history, question, ret, err);
	if (r)
		fw_evidence_done(ret);
	return r;
}

void fw_history_rules_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

int fw_history_rules(struct fw_history *history, const struct fw_moments *span, char ***ret,
		     struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history,
				   "SELECT DISTINCT name FROM rule JOIN limit_in_force l ON l.rule = id"
				   " WHERE l.start >= ?1 AND l.start < ?2 ORDER BY id",
				   err);
	char **names = NULL, *name;
	size_t count = 0;
	int r;

	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, span->since);
	sqlite3_bind_int64(statement, 2, span->until);
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		name = strdup(text ? text : "");
		if (!name || FW_APPEND(names, count, name)) {
			free(name);
			break;
		}
	}
	if (FW_APPEND(names, count, NULL)) {
		for (size_t i = 0; i < count; i++)
			free(names[i]);
		free(names);
		return fw_err_set(err, -ENOMEM, "out of memory for the history");
	}
	*ret = names;
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}
