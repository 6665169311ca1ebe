// SPDX-License-Identifier: Apache-2.0
/* What the history's readers get: answers, the export, and tables and views as they are described. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "history/query.h"
#include "history/schema.h"
#include "history_file.h"

Test(history, busiest_sources_per_window)
{
	struct fw_history *history = open_it(&bounds), *reader = NULL;
	struct fw_history_question question = {
		.since = NOON, .until = NOON + 600, .window_s = 300, .limit = 3};
	struct fw_err err = {0};
	json_t *top = NULL, *entry;

	write_sources(history, NOON, 20);
	write_sources(history, NOON + 310, 30);
	cr_assert_eq(fw_history_open_read(path, &reader, &err), 0, "%s", err.text);
	cr_assert_eq(fw_history_top(reader, &question, &top, &err), 0, "%s", err.text);
	cr_assert_eq(json_array_size(json_object_get(top, "entries")), 3);
	cr_expect(json_is_true(json_object_get(top, "estimated")), "amounts of sources are from samples");
	entry = json_array_get(json_object_get(top, "entries"), 0);
	cr_assert_str_eq(json_string_value(json_object_get(entry, "source")), "10.0.0.7");
	cr_assert_eq(json_integer_value(json_object_get(entry, "packets")), 30);
	cr_assert_eq(json_integer_value(json_object_get(entry, "start_seconds")), NOON + 300);
	json_decref(top);
	question.rule = "blanket";
	question.window_s = 600;
	cr_assert_eq(fw_history_top(reader, &question, &top, &err), 0, "%s", err.text);
	entry = json_array_get(json_object_get(top, "entries"), 0);
	cr_assert_eq(json_integer_value(json_object_get(entry, "amount")), 30);
	cr_expect(json_is_false(json_object_get(top, "estimated")), "those of a rule's keys are counted");
	json_decref(top);
	question.rule = "nobody";
	cr_assert_eq(fw_history_top(reader, &question, &top, &err), -ENOENT);
	question.window_s = 7;
	cr_assert_eq(fw_history_top(reader, &question, &top, &err), -EINVAL);
	fw_history_close(reader);
	fw_history_close(history);
}

Test(history, what_takes_too_long_is_given_up)
{
	struct fw_history_question question = {
		.since = NOON, .until = NOON + 86400, .window_s = 10, .limit = 100};
	struct fw_history *history = open_it(&bounds);
	struct fw_err err = {0};
	json_t *top = NULL;

	for (int64_t step = 0; step < 3000; step++)
		write_sources(history, NOON + step * 10, 3);
	fw_history_give_time(history, 0, NULL);
	cr_assert_eq(fw_history_top(history, &question, &top, &err), -ETIMEDOUT, "%s", err.text);
	fw_history_give_time(history, 60, &(const atomic_bool){true});
	cr_assert_eq(fw_history_top(history, &question, &top, &err), -ETIMEDOUT, "%s", err.text);
	fw_history_give_time(history, 60, NULL);
	cr_assert_eq(fw_history_top(history, &question, &top, &err), 0, "%s", err.text);
	json_decref(top);
	fw_history_close(history);
}

/* The man page prints this list: it must be the file's. */
Test(history, every_table_and_column_is_described)
{
	size_t count;
	const struct fw_history_table *tables = fw_history_tables(&count);
	char sql[256], columns[256];

	fw_history_close(open_it(&bounds));
	for (size_t i = 0; i < count; i++) {
		sqlite3 *db = NULL;
		sqlite3_stmt *statement = NULL;

		cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
		snprintf(sql, sizeof(sql), "SELECT group_concat(name, ', ') FROM pragma_table_info('%s')",
			 tables[i].name);
		cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
		cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
		snprintf(columns, sizeof(columns), "%s",
			 sqlite3_column_text(statement, 0) ? (const char *)sqlite3_column_text(statement, 0)
							   : "");
		cr_expect_str_eq(columns, tables[i].columns, "of %s: %s", tables[i].name, columns);
		sqlite3_finalize(statement);
		sqlite3_close(db);
	}
	cr_assert_eq(number("SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view')"), count);
}

Test(history, views_are_what_they_say)
{
	struct fw_history *history = open_it(&bounds);

	for (int64_t second = 0; second < 10; second++)
		write_second(history, NOON + second, 40);
	write_sources(history, NOON, 3);
	fw_history_close(history);
	cr_assert_eq(number("SELECT packets_per_second FROM rule_rates_10s WHERE rule='blanket'"), 40);
	cr_assert_eq(number("SELECT dropped_per_second FROM rule_rates_1s LIMIT 1"), 20);
	cr_assert_eq(number("SELECT count(*) FROM highest_keys WHERE limit_amount=7000 AND unit='packets'"),
		     number("SELECT count(*) FROM highest"));
	cr_assert_eq(number("SELECT count(*) FROM busiest"), number("SELECT count(*) FROM source_5m"));
}

static void export_all(struct fw_history *history, int64_t until, FILE *out)
{
	struct fw_history_cursor cursor = {0};

	cr_assert_eq(fw_history_export_page(history, 0, until, &cursor, LONG_MAX, out, NULL), 0);
	cr_assert_str_empty(cursor.table);
}

Test(history, every_line_of_the_export_is_json)
{
	struct fw_history *history = open_it(&bounds);
	char *text = NULL, *line, *next;
	size_t size = 0, lines = 0;
	FILE *out = open_memstream(&text, &size);

	write_second(history, NOON, 5);
	write_sources(history, NOON, 3);
	export_all(history, NOON + 10, out);
	fclose(out);
	fw_history_close(history);
	for (line = text; *line; line = next, lines++) {
		json_t *row;

		next = strchr(line, '\n') + 1;
		row = json_loadb(line, (size_t)(next - line), 0, NULL);
		cr_assert(json_is_string(json_object_get(row, "table")), "%.*s", (int)(next - line), line);
		json_decref(row);
	}
	cr_assert_eq(lines, 1 + 3 + 3 + 3 + 3 + 1 + 1, "%zu", lines);
	free(text);
}

/* Pages of a byte: each step by itself, and together the whole. */
Test(history, an_export_in_pages_is_the_export)
{
	struct fw_history *history = open_it(&bounds);
	struct fw_history_cursor cursor = {0};
	char *whole = NULL, *pages = NULL;
	size_t whole_size = 0, pages_size = 0, count = 0;
	FILE *out = open_memstream(&whole, &whole_size);

	for (int64_t second = 0; second < 25; second++)
		write_second(history, NOON + second, 5);
	write_sources(history, NOON, 3);
	export_all(history, NOON + 100, out);
	fclose(out);
	out = open_memstream(&pages, &pages_size);
	do {
		char *page = NULL;
		size_t size = 0;
		FILE *part = open_memstream(&page, &size);

		cr_assert_eq(
			fw_history_export_page(history, 0, NOON + 100, &cursor, 1, part, &(struct fw_err){0}),
			0);
		fclose(part);
		fputs(page, out);
		free(page);
		cr_assert_lt(++count, 100);
		if (cursor.table[0]) { /* as the API says it */
			char text[64];

			snprintf(text, sizeof(text), "%s:%lld", cursor.table, (long long)cursor.start);
			cr_assert_eq(fw_history_cursor_parse(text, &cursor), 0, "%s", text);
		}
	} while (cursor.table[0]);
	fclose(out);
	cr_assert_str_eq(pages, whole);
	cr_assert_geq(count, 25);
	fw_history_close(history);
	free(whole);
	free(pages);
}

Test(history, places_in_an_export)
{
	static const char *const bad[] = {"",
					  ":",
					  "rule",
					  "rule:",
					  "nothing:1",
					  "state:1",
					  "source_10s:-1",
					  "source_10s:1x",
					  "source_10s:99999999999999999999",
					  "source_10s_and_much_more_than_fits:1"};
	struct fw_history_cursor cursor;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(fw_history_cursor_parse(bad[i], &cursor), -EINVAL, "'%s'", bad[i]);
	cr_assert_eq(fw_history_cursor_parse("source_10s:1700000100", &cursor), 0);
	cr_assert_str_eq(cursor.table, "source_10s");
	cr_assert_eq(cursor.start, NOON);
}
