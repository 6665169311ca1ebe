// SPDX-License-Identifier: Apache-2.0
/* Everything that is recorded as JSON lines, a page at a time. */
#include <errno.h>
#include <string.h>

#include "history/database.h"
#include "history/query.h"
#include "lib/cleanup.h"

static const char *const tables[] = {"rule",	       "traffic_1s", "traffic_10s",  "traffic_5m",
				     "source_10s",     "source_5m",  "distribution", "highest",
				     "limit_in_force", "recording",  "attacks"};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static size_t table_of(const char *name)
{
	size_t table = 0;

	while (table < TABLES && strcmp(tables[table], name))
		table++;
	return table;
}

int fw_history_cursor_parse(const char *text, struct fw_history_cursor *ret)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0, digits;
	struct fw_history_cursor cursor = {0};

	if (!length || length >= sizeof(cursor.table))
		return -EINVAL;
	memcpy(cursor.table, text, length);
	digits = strspn(colon + 1, "0123456789");
	if (!digits || digits > 18 || colon[1 + digits] || table_of(cursor.table) == TABLES)
		return -EINVAL;
	for (const char *digit = colon + 1; *digit; digit++)
		cursor.start = cursor.start * 10 + (*digit - '0');
	*ret = cursor;
	return 0;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static json_t *value_at(sqlite3_stmt *statement, int column)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(statement, column));
	case SQLITE_TEXT:
		return json_string(text_at(statement, column));
	default:
		return json_null();
	}
}

static int write_row(sqlite3_stmt *statement, const char *table, FILE *out, struct fw_err *err)
{
	json_t *row = json_pack("{s:s}", "table", table);
	int r;

	for (int i = 0; i < sqlite3_column_count(statement); i++)
		json_object_set_new(row, sqlite3_column_name(statement, i), value_at(statement, i));
	r = json_dumpf(row, out, JSON_COMPACT);
	json_decref(row);
	return r || fputc('\n', out) == EOF
		       ? fw_err_set(err, -EIO, "cannot write the export: %s", strerror(errno))
		       : 0;
}

/* Whole steps: a page ends where the next step begins, *ret_next says when; 0: the table is done. */
static int export_table(struct fw_history *history, const char *table, int64_t since, int64_t until,
			long most, FILE *out, int64_t *ret_next, struct fw_err *err)
{
	bool timeless = !strcmp(table, "rule");
	int64_t start = 0;
	char sql[160];
	int r;

	*ret_next = 0;
	snprintf(sql, sizeof(sql),
		 timeless ? "SELECT * FROM %s WHERE ?1 < ?2"
			  : "SELECT * FROM %s WHERE start >= ?1 AND start < ?2 ORDER BY start",
		 table);
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(history, sql, err);
	if (!statement)
		return err->code;
	sqlite3_bind_int64(statement, 1, since);
	sqlite3_bind_int64(statement, 2, until);
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t now = timeless ? 0 : sqlite3_column_int64(statement, 0);

		if (!timeless && now != start && ftell(out) >= most) {
			*ret_next = now;
			return 0;
		}
		start = now;
		r = write_row(statement, table, out, err);
		if (r)
			return r;
	}
	return r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

int fw_history_export_page(struct fw_history *history, int64_t since, int64_t until,
			   struct fw_history_cursor *cursor, long most, FILE *out, struct fw_err *err)
{
	size_t table = cursor->table[0] ? table_of(cursor->table) : 0;
	int64_t next = cursor->table[0] && cursor->start > since ? cursor->start : since;
	int r = 0;

	cursor->table[0] = '\0';
	for (; table < TABLES && !r; table++) {
		r = export_table(history, tables[table], next, until, most, out, &next, err);
		if (r || !next) {
			next = since;
			continue;
		}
		snprintf(cursor->table, sizeof(cursor->table), "%s", tables[table]);
		cursor->start = next;
		return 0;
	}
	return r;
}
