// SPDX-License-Identifier: Apache-2.0
/* Writing a batch: one transaction, roll-up and deletion included. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history/database.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/policy.h"

static int64_t step_of(int64_t second, int64_t step)
{
	return second - ((second % step) + step) % step;
}

static int step(struct fw_history *history, sqlite3_stmt *statement, struct fw_err *err)
{
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	return r == SQLITE_DONE || r == SQLITE_ROW ? 0 : fw_history_refused(history, "write", err);
}

static void bind_rule(sqlite3_stmt *statement, const struct fw_history_rule *rule)
{
	sqlite3_bind_text(statement, 1, rule->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, rule->unit == FW_UNIT_NONE ? "" : fw_unit_word(rule->unit), -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, rule->unit == FW_UNIT_NONE ? "" : fw_per_word(rule->per), -1,
			  SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4,
			   (int64_t)(rule->unit == FW_UNIT_NONE ? 0 : rule->window_ns / 1000000));
}

/* ids[i]: the row of batch->rules[i], made where missing. */
static int find_rules(struct fw_history *history, const struct fw_history_batch *batch, int64_t *ids,
		      struct fw_err *err)
{
	sqlite3_stmt *insert FW_STATEMENT = fw_history_prepare(
		history, "INSERT OR IGNORE INTO rule(name, unit, per, window_ms) VALUES(?,?,?,?)", err);
	sqlite3_stmt *find FW_STATEMENT = fw_history_prepare(
		history, "SELECT id FROM rule WHERE name=? AND unit=? AND per=? AND window_ms=?", err);

	if (!insert || !find)
		return err->code;
	for (size_t i = 0; i < batch->rule_count; i++) {
		int r;

		bind_rule(find, &batch->rules[i]);
		r = sqlite3_step(find);
		if (r == SQLITE_DONE) {
			sqlite3_reset(find);
			bind_rule(insert, &batch->rules[i]);
			r = step(history, insert, err);
			if (r)
				return r;
			bind_rule(find, &batch->rules[i]);
			r = sqlite3_step(find);
		}
		if (r != SQLITE_ROW)
			return fw_history_refused(history, "read", err);
		ids[i] = sqlite3_column_int64(find, 0);
		sqlite3_reset(find);
	}
	return 0;
}

static int add_traffic(struct fw_history *history, const char *sql, int64_t width,
		       const struct fw_history_batch *batch, const int64_t *ids, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(history, sql, err);
	int r = statement ? 0 : err->code;

	for (size_t i = 0; i < batch->traffic_count && !r; i++) {
		const struct fw_history_traffic *traffic = &batch->traffic[i];

		sqlite3_bind_int64(statement, 1, step_of(traffic->second, width));
		sqlite3_bind_int64(statement, 2, ids[traffic->rule]);
		sqlite3_bind_int64(statement, 3, (int64_t)traffic->packets);
		sqlite3_bind_int64(statement, 4, (int64_t)traffic->bytes);
		sqlite3_bind_int64(statement, 5, (int64_t)traffic->dropped);
		sqlite3_bind_int64(statement, 6, (int64_t)traffic->would_drop);
		r = step(history, statement, err);
	}
	return r;
}

#define ADD_TRAFFIC(table)                                                                                   \
	"INSERT INTO " table " VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"                                \
	" packets=packets+excluded.packets, bytes=bytes+excluded.bytes,"                                     \
	" dropped=dropped+excluded.dropped, would_drop=would_drop+excluded.would_drop"

static int write_traffic(struct fw_history *history, const struct fw_history_batch *batch, const int64_t *ids,
			 struct fw_err *err)
{
	int r = add_traffic(history, ADD_TRAFFIC("traffic_1s"), 1, batch, ids, err);

	if (!r)
		r = add_traffic(history, ADD_TRAFFIC("traffic_10s"), FW_HISTORY_SHORT_S, batch, ids, err);
	if (!r)
		r = add_traffic(history, ADD_TRAFFIC("traffic_5m"), FW_HISTORY_LONG_S, batch, ids, err);
	if (r || !batch->seconds)
		return r;
	return FW_HISTORY_DO(history, err,
			     "INSERT INTO recording VALUES(?1,?2) ON CONFLICT DO UPDATE SET"
			     " seconds=min(seconds+excluded.seconds, 300)",
			     step_of(batch->now, FW_HISTORY_LONG_S), batch->seconds);
}

static int write_sources(struct fw_history *history, const char *sql, int64_t start,
			 const struct fw_history_source *sources, size_t count, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(history, sql, err);
	int r = statement ? 0 : err->code;

	for (size_t i = 0; i < count && !r; i++) {
		struct fw_prefix source = fw_source_of(&sources[i].addr);
		char text[FW_ADDR_TEXT_MAX];

		sqlite3_bind_int64(statement, 1, start);
		sqlite3_bind_text(statement, 2, fw_prefix_format(&source, text, sizeof(text)), -1,
				  SQLITE_TRANSIENT);
		sqlite3_bind_int64(statement, 3, (int64_t)sources[i].packets);
		sqlite3_bind_int64(statement, 4, (int64_t)sources[i].bytes);
		sqlite3_bind_int64(statement, 5, (int64_t)sources[i].dropped);
		r = step(history, statement, err);
	}
	return r;
}

static int write_spread(struct fw_history *history, sqlite3_stmt *statement, int64_t start, int64_t rule,
			const struct fw_spread *spread, struct fw_err *err)
{
	int r = 0;

	for (uint32_t bucket = 0; bucket < FW_SPREAD_BUCKETS && !r; bucket++) {
		if (!spread->samples[bucket])
			continue;
		sqlite3_bind_int64(statement, 1, start);
		sqlite3_bind_int64(statement, 2, rule);
		sqlite3_bind_int64(statement, 3, (int64_t)fw_spread_floor(bucket));
		sqlite3_bind_int64(statement, 4, (int64_t)spread->samples[bucket]);
		sqlite3_bind_int64(statement, 5, (int64_t)spread->amount[bucket]);
		r = step(history, statement, err);
	}
	return r;
}

static int write_spreads(struct fw_history *history, const struct fw_history_batch *batch, const int64_t *ids,
			 int64_t start, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history,
				   "INSERT INTO distribution VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET"
				   " samples=samples+excluded.samples, amount=amount+excluded.amount",
				   err);
	int r = statement ? 0 : err->code;

	for (size_t i = 0; i < batch->spread_count && !r; i++)
		r = write_spread(history, statement, start, ids[batch->spreads[i].rule],
				 &batch->spreads[i].grown, err);
	return r;
}

static int write_peaks(struct fw_history *history, const struct fw_history_batch *batch, const int64_t *ids,
		       int64_t start, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history,
				   "INSERT INTO highest VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET"
				   " amount=max(amount, excluded.amount), dropped=dropped+excluded.dropped",
				   err);
	int r = statement ? 0 : err->code;

	for (size_t i = 0; i < batch->peak_count && !r; i++) {
		const struct fw_history_peak *peak = &batch->peaks[i];
		char text[FW_ADDR_TEXT_MAX];

		sqlite3_bind_int64(statement, 1, start);
		sqlite3_bind_int64(statement, 2, ids[peak->rule]);
		sqlite3_bind_text(statement, 3, fw_prefix_format(&peak->key, text, sizeof(text)), -1,
				  SQLITE_TRANSIENT);
		sqlite3_bind_int64(statement, 4, (int64_t)peak->peak);
		sqlite3_bind_int64(statement, 5, (int64_t)peak->dropped);
		r = step(history, statement, err);
	}
	return r;
}

/* Batches of one window bring different keys; those with the highest amounts stay. */
static int keep_highest(struct fw_history *history, int64_t start, struct fw_err *err)
{
	return FW_HISTORY_DO(history, err,
			     "DELETE FROM highest WHERE start=?1 AND (rule, source) IN (SELECT rule, source"
			     " FROM (SELECT rule, source, row_number() OVER (PARTITION BY rule ORDER BY"
			     " amount DESC) AS place FROM highest WHERE start=?1) WHERE place > ?2)",
			     start, FW_HISTORY_KEYS);
}

/* Of several limits in five minutes the lowest: what was under it was judged by none of them. */
static int write_limits(struct fw_history *history, const struct fw_history_batch *batch, const int64_t *ids,
			int64_t start, struct fw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < batch->rule_count && !r; i++)
		if (batch->rules[i].unit != FW_UNIT_NONE)
			r = FW_HISTORY_DO(history, err,
					  "INSERT INTO limit_in_force VALUES(?1,?2,?3,?4) ON CONFLICT DO"
					  " UPDATE SET amount=min(amount, excluded.amount),"
					  " enforced=max(enforced, excluded.enforced)",
					  start, ids[i], (int64_t)batch->rules[i].limit,
					  batch->rules[i].enforced);
	return r;
}

/* One that was not told the end of keeps it open; the same start, target and vector is the same attack. */
static int write_attacks(struct fw_history *history, const struct fw_history_batch *batch, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT =
		fw_history_prepare(history,
				   "INSERT INTO attacks VALUES(?,nullif(?,0),?,?) ON CONFLICT DO UPDATE SET"
				   " \"end\"=coalesce(excluded.\"end\", \"end\")",
				   err);
	int r = statement ? 0 : err->code;

	for (size_t i = 0; i < batch->attack_count && !r; i++) {
		sqlite3_bind_int64(statement, 1, batch->attacks[i].start);
		sqlite3_bind_int64(statement, 2, batch->attacks[i].end);
		sqlite3_bind_text(statement, 3, batch->attacks[i].target, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, batch->attacks[i].vector, -1, SQLITE_STATIC);
		r = step(history, statement, err);
	}
	return r;
}

static int write_all(struct fw_history *history, const struct fw_history_batch *batch, int64_t *ids,
		     struct fw_err *err)
{
	int64_t start = step_of(batch->now, FW_HISTORY_LONG_S);
	int r = fw_history_prune(history, batch->now, batch->unsettled,
				 err); /* first: what it frees takes the rest */

	if (!r)
		r = find_rules(history, batch, ids, err);
	if (!r)
		r = write_traffic(history, batch, ids, err);
	if (!r)
		r = write_sources(history, "INSERT OR REPLACE INTO source_10s VALUES(?,?,?,?,?)",
				  batch->short_start, batch->short_sources, batch->short_count, err);
	if (!r && batch->long_count)
		r = FW_HISTORY_DO(history, err, "DELETE FROM source_5m WHERE start=?", batch->long_start);
	if (!r)
		r = write_sources(history, "INSERT OR REPLACE INTO source_5m VALUES(?,?,?,?,?)",
				  batch->long_start, batch->long_sources, batch->long_count, err);
	if (!r)
		r = write_spreads(history, batch, ids, start, err);
	if (!r)
		r = write_peaks(history, batch, ids, start, err);
	if (!r && batch->peak_count)
		r = keep_highest(history, start, err);
	if (!r)
		r = write_limits(history, batch, ids, start, err);
	if (!r)
		r = write_attacks(history, batch, err);
	return r;
}

int fw_history_write(struct fw_history *history, const struct fw_history_batch *batch, struct fw_err *err)
{
	FW_FREE int64_t *ids = calloc(batch->rule_count + 1, sizeof(*ids));
	int r = ids ? fw_history_run(history, "BEGIN IMMEDIATE", err)
		    : fw_err_set(err, -ENOMEM, "out of memory for the history");

	if (r)
		return r;
	r = write_all(history, batch, ids, err);
	if (!r)
		r = fw_history_run(history, "COMMIT", err);
	if (r)
		sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL);
	history->shrinking |= r == -ENOSPC;
	return r;
}

int fw_history_read_sources(struct fw_history *history, int64_t start, struct fw_history_source **ret,
			    size_t *ret_count, struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(
		history, "SELECT source, packets, bytes, dropped FROM source_5m WHERE start=?", err);
	struct fw_history_source *sources = NULL;
	size_t count = 0;
	int r;

	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, start);
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		struct fw_history_source source = {.packets = (uint64_t)sqlite3_column_int64(statement, 1),
						   .bytes = (uint64_t)sqlite3_column_int64(statement, 2),
						   .dropped = (uint64_t)sqlite3_column_int64(statement, 3)};
		struct fw_prefix prefix;

		if (!text || fw_prefix_parse(text, &prefix, NULL))
			continue;
		source.addr = prefix.addr;
		if (FW_APPEND(sources, count, source)) {
			free(sources);
			return fw_err_set(err, -ENOMEM, "out of memory for the history");
		}
	}
	*ret = sources;
	*ret_count = count;
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}
