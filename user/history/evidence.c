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

#define EPOCHS_S 35 /* a peak is read up to two epochs and a step after it was reached */
#define UNTOLD_S 10 /* an attack has gone on for a moment when it is declared */
#define OVERLAPS " WHERE since < ?2 AND until > ?1"

/* What is left out stands in a table of the connection, merged, so that queries need not be built. */
static int note_exclusion(struct fw_history *history, const struct fw_moments *out, struct fw_err *err)
{
	return FW_HISTORY_DO(history, err, "INSERT INTO temp.excluded VALUES(?1, ?2)", out->since,
			     out->until);
}

static int count_exclusions(struct fw_history *history, const struct fw_moments *span, size_t *ret,
			    struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history, "SELECT count(*) FROM temp.excluded" OVERLAPS, err);

	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, span->since);
	sqlite3_bind_int64(statement, 2, span->until);
	if (sqlite3_step(statement) != SQLITE_ROW)
		return fw_history_refused(history, "read", err);
	*ret = (size_t)sqlite3_column_int64(statement, 0);
	return 0;
}

/* --exclude, and declared attacks; one that lasts has no end yet. */
static int gather_exclusions(struct fw_history *history, const struct fw_advice_question *question,
			     struct fw_evidence *ret, struct fw_err *err)
{
	size_t all = 0;
	int r = fw_history_run(history,
			       "CREATE TEMP TABLE IF NOT EXISTS excluded(since INTEGER, until INTEGER);"
			       "DELETE FROM temp.excluded",
			       err);

	for (size_t i = 0; i < question->excluded_count && !r; i++)
		r = note_exclusion(history, &question->excluded[i], err);
	if (!r)
		r = count_exclusions(history, &question->span, &ret->excluded_times, err);
	if (r || question->attacks_too)
		return r;
	r = FW_HISTORY_DO(history, err,
			  "INSERT INTO temp.excluded SELECT start - ?3, coalesce(\"end\", ?2) FROM attacks"
			  " WHERE start - ?3 < ?2 AND coalesce(\"end\", ?2) > ?1",
			  question->span.since, question->span.until, UNTOLD_S);
	if (!r)
		r = count_exclusions(history, &question->span, &all, err);
	ret->excluded_attacks = all - ret->excluded_times;
	return r;
}

/* Seconds of the span in steps that are left out, each once. */
static int sum_exclusions(struct fw_history *history, const struct fw_moments *span, int64_t after_s,
			  uint64_t *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history,
				   "SELECT max(since / 300 * 300, ?1), min((until + ?3 + 299) / 300 * 300, "
				   "?2) FROM temp.excluded" OVERLAPS " ORDER BY 1",
				   err);
	int64_t reached = span->since;
	int r;

	*ret = 0;
	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, span->since);
	sqlite3_bind_int64(statement, 2, span->until);
	sqlite3_bind_int64(statement, 3, after_s);
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t since = sqlite3_column_int64(statement, 0),
			until = sqlite3_column_int64(statement, 1);

		if (since < reached)
			since = reached;
		if (until <= since)
			continue;
		*ret += (uint64_t)(until - since);
		reached = until;
	}
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

/* A step goes when any of it is left out. The meters remember an attack for a window after its end. */
#define EXCLUDED(column)                                                                                     \
	" EXISTS (SELECT 1 FROM temp.excluded e WHERE " column " > e.since - 300 AND " column                \
	" < e.until + ?4)"
#define NOT_EXCLUDED(column) " AND NOT" EXCLUDED(column)

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
			 int64_t after_s, const char *sql, struct fw_err *err)
{
	sqlite3_stmt *statement = fw_history_prepare(history, sql, err);

	if (statement) {
		sqlite3_bind_int64(statement, 1, question->span.since);
		sqlite3_bind_int64(statement, 2, question->span.until);
		sqlite3_bind_int64(statement, 3, id);
		sqlite3_bind_int64(statement, 4, after_s);
	}
	return statement;
}

static int64_t aftermath(const struct fw_history_rule *rule)
{
	return (int64_t)(rule->window_ns / FW_NS_PER_SEC) + EPOCHS_S;
}

static int load_seen(struct fw_history *history, const struct fw_advice_question *question, int64_t id,
		     struct fw_evidence *ret, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		ask(history, question, id, aftermath(&ret->rule),
		    "SELECT h.source, max(h.amount) AS a, count(*), sum(h.dropped * coalesce(l.enforced, 0))"
		    " FROM highest h LEFT JOIN limit_in_force l ON l.start = h.start AND l.rule = h.rule"
		    " WHERE h.start >= ?1 AND h.start < ?2 AND h.rule = ?3" NOT_EXCLUDED(
			    "h.start") " GROUP BY h.source ORDER BY a DESC LIMIT 100000",
		    err);
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
	sqlite3_stmt *statement FW_STATEMENT =
		ask(history, question, id, aftermath(&ret->rule),
		    "SELECT least, sum(samples), sum(amount) FROM distribution d"
		    " WHERE d.start >= ?1 AND d.start < ?2 AND rule = ?3" NOT_EXCLUDED(
			    "d.start") " GROUP BY least ORDER BY least",
		    err);
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
	sqlite3_stmt *statement FW_STATEMENT = ask(
		history, question, 0, aftermath(&ret->rule),
		"SELECT coalesce(sum(seconds), 0), coalesce(sum(seconds * " EXCLUDED(
			"w.start") "), 0) FROM recording w WHERE w.start >= ?1 AND w.start < ?2 AND ?3 = 0",
		err);
	uint64_t excluded;

	if (!statement)
		return err->code;
	if (sqlite3_step(statement) != SQLITE_ROW)
		return fw_history_refused(history, "read", err);
	ret->excluded_recorded_s = (uint64_t)sqlite3_column_int64(statement, 1);
	ret->recorded_s = (uint64_t)sqlite3_column_int64(statement, 0) - ret->excluded_recorded_s;
	ret->span_s = (uint64_t)(question->span.until - question->span.since);
	if (sum_exclusions(history, &question->span, aftermath(&ret->rule), &excluded, err))
		return err->code;
	ret->excluded_s = excluded;
	ret->span_s -= excluded;
	/* Recorded by epochs, of which the first and the last reach over the ends of the time asked for. */
	if (ret->recorded_s > ret->span_s)
		ret->recorded_s = ret->span_s;
	return 0;
}

int fw_evidence_load(struct fw_history *history, const struct fw_advice_question *question, const char *rule,
		     struct fw_evidence *ret, struct fw_err *err)
{
	int64_t id = 0;
	int r;

	*ret = (struct fw_evidence){0};
	r = gather_exclusions(history, question, ret, err);
	if (!r)
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
