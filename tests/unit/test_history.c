// SPDX-License-Identifier: Apache-2.0
/* The history's file: roll-up, bounds, questions, what kill -9, a lock and damage leave of it. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history/query.h"
#include "history/schema.h"
#include "history/store.h"
#include "lib/moment.h"

#define NOON 1700000100 /* the beginning of five minutes */

static char directory[] = "/tmp/fw-history-XXXXXX", path[64];
static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 64 << 20};

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/history.db", directory);
}

static void tear_down(void)
{
	char command[128];
	static const char *const endings[] = {"", "-wal", "-shm", ".bad"};

	for (size_t i = 0; i < 4; i++) {
		snprintf(command, sizeof(command), "%s%s", path, endings[i]);
		unlink(command);
	}
	rmdir(directory);
}

TestSuite(history, .init = set_up, .fini = tear_down);

static struct fw_history *open_it(const struct fw_history_bounds *with)
{
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert_eq(fw_history_open(path, with, &history, &err), 0, "%s", err.text);
	return history;
}

static void write_it(struct fw_history *history, const struct fw_history_batch *batch)
{
	struct fw_err err = {0};

	cr_assert_eq(fw_history_write(history, batch, &err), 0, "%s", err.text);
}

static int64_t number(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t value;

	cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sql);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

static const struct fw_history_rule blanket = {.name = "blanket",
					       .unit = FW_UNIT_PACKETS,
					       .per = FW_PER_SOURCE,
					       .window_ns = 300 * FW_NS_PER_SEC,
					       .limit = 7000,
					       .enforced = true};

static void write_second(struct fw_history *history, int64_t second, uint64_t packets)
{
	struct fw_history_traffic traffic = {
		.second = second, .packets = packets, .bytes = 100 * packets, .dropped = packets / 2};

	write_it(history, &(struct fw_history_batch){.now = second,
						     .rules = &blanket,
						     .rule_count = 1,
						     .traffic = &traffic,
						     .traffic_count = 1,
						     .seconds = 1});
}

Test(history, seconds_are_rolled_up_as_they_come)
{
	struct fw_history *history = open_it(&bounds);

	for (int64_t second = 0; second < 600; second++)
		write_second(history, NOON + second, 10);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 600);
	cr_assert_eq(number("SELECT count(*) FROM traffic_10s WHERE packets=100 AND dropped=50"), 60);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m WHERE packets=3000 AND bytes=300000"), 2);
	cr_assert_eq(number("SELECT sum(seconds) FROM recording"), 600);
	cr_assert_eq(number("SELECT count(*) FROM rule"), 1);
}

Test(history, what_is_old_goes_with_the_batches)
{
	struct fw_history *history = open_it(&bounds);
	static const int64_t ages[] = {0, 3000, 3700, 80000, 90000, 89 * 86400, 91 * 86400};

	for (size_t i = 7; i--;)
		write_second(history, NOON - ages[i], 1);
	for (int i = 0; i < 3; i++) /* a slice with each */
		write_second(history, NOON, 1);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 2);
	cr_assert_eq(number("SELECT count(*) FROM traffic_10s"), 4);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 6);
}

static void write_sources(struct fw_history *history, int64_t now, size_t count)
{
	struct fw_history_source *sources = calloc(count, sizeof(*sources));
	struct fw_history_peak *peaks = calloc(count, sizeof(*peaks));

	for (size_t i = 0; i < count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.%zu.%zu.7", i >> 8 & 255, i & 255);
		fw_prefix_parse(text, &peaks[i].key, NULL);
		sources[i] = (struct fw_history_source){
			.addr = peaks[i].key.addr, .packets = count - i, .bytes = 1000, .dropped = i};
		peaks[i].peak = count - i;
	}
	write_it(history, &(struct fw_history_batch){.now = now,
						     .rules = &blanket,
						     .rule_count = 1,
						     .seconds = 10,
						     .short_start = now,
						     .short_sources = sources,
						     .short_count = count,
						     .long_start = now - now % 300,
						     .long_sources = sources,
						     .long_count = count,
						     .peaks = peaks,
						     .peak_count = count});
	free(sources);
	free(peaks);
}

Test(history, lists_become_shorter_after_a_week)
{
	struct fw_history *history = open_it(&bounds);

	write_sources(history, NOON, 500);
	write_sources(history, NOON + 7 * 86400 + 600, 500);
	write_sources(history, NOON + 7 * 86400 + 600, 500);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM source_5m WHERE start < 1700000400"), 100);
	cr_assert_eq(number("SELECT min(packets) FROM source_5m WHERE start < 1700000400"), 401);
	cr_assert_eq(number("SELECT count(*) FROM highest WHERE start < 1700000400"), 100);
	cr_assert_eq(number("SELECT count(*) FROM source_5m"), 600);
}

Test(history, a_full_file_loses_the_oldest_and_goes_on)
{
	const struct fw_history_bounds small = {.keep_s = 90 * 86400, .bytes = 2 << 20};
	struct fw_history *history = open_it(&small);
	struct stat status;

	for (int64_t i = 0; i < 600; i++)
		write_sources(history, NOON + i * 10, 200);
	fw_history_close(history);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_leq(status.st_size, 2 << 20);
	cr_assert_eq(number("SELECT max(start) FROM source_10s"), NOON + 5990);
	cr_assert_gt(number("SELECT min(start) FROM source_10s"), NOON);
	cr_assert_eq(status.st_mode & 0777, 0600);
}

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

/* The child says in shared memory what was written; nothing of that may be missing. */
static void be_killed(volatile int64_t *written, int64_t from)
{
	struct fw_history *history = NULL;

	if (fw_history_open(path, &bounds, &history, NULL))
		_exit(1);
	for (int64_t second = from;; second++) {
		struct fw_history_traffic traffic[50];

		for (size_t i = 0; i < 50; i++)
			traffic[i] = (struct fw_history_traffic){.second = second, .packets = 1};
		if (fw_history_write(history,
				     &(struct fw_history_batch){.now = second,
								.rules = &blanket,
								.rule_count = 1,
								.traffic = traffic,
								.traffic_count = 50,
								.seconds = 1},
				     &(struct fw_err){0}))
			_exit(2);
		*written = second;
	}
}

Test(history, kill_9_loses_no_batch_that_was_written)
{
	volatile int64_t *written =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t seconds = 0;

	*written = NOON - 1;
	for (int round = 0; round < 12; round++) {
		int64_t before = *written;
		pid_t child = fork();
		int status;

		if (!child)
			be_killed(written, before + 1);
		while (*written < before + 5)
			usleep(500);
		usleep(1000u * (unsigned int)(round * 7 % 11));
		kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFSIGNALED(status), "the writer failed with %d", status);
		fw_history_close(open_it(&bounds));
		cr_assert_eq(number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"),
			     1);
		seconds = number("SELECT count(*) FROM traffic_1s WHERE packets=50");
		cr_assert_geq(seconds, *written - NOON + 1);
		cr_assert_leq(seconds, *written - NOON + 2, "at most the batch that was being written");
		cr_assert_eq(number("SELECT count(*) FROM traffic_1s WHERE packets<>50"), 0, "half a batch");
		*written = NOON + seconds - 1;
	}
}

Test(history, a_locked_file_is_refused_and_works_again)
{
	struct fw_history *history = open_it(&bounds);
	struct fw_history_traffic traffic = {.second = NOON, .packets = 1};
	struct fw_history_batch batch = {
		.now = NOON, .rules = &blanket, .rule_count = 1, .traffic = &traffic, .traffic_count = 1};
	struct fw_err err = {0};
	sqlite3 *other = NULL;

	sqlite3_open(path, &other);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(fw_history_write(history, &batch, &err), -EBUSY);
	cr_assert(strstr(err.text, "locked"), "%s", err.text);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	write_it(history, &batch);
	fw_history_close(history);
	cr_assert_eq(number("SELECT packets FROM traffic_1s"), 1);
}

Test(history, what_is_no_database_is_moved_aside)
{
	FILE *file = fopen(path, "w");
	struct fw_history *history;
	char bad[80];

	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	history = open_it(&bounds);
	write_second(history, NOON, 1);
	fw_history_close(history);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	cr_assert_eq(access(bad, F_OK), 0);
	cr_assert_eq(number("SELECT packets FROM traffic_1s"), 1);
}

Test(history, no_symbolic_link_is_followed)
{
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert_eq(symlink("/tmp/fw-history-elsewhere", path), 0);
	cr_assert_lt(fw_history_open(path, &bounds, &history, &err), 0);
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

/* The busiest `count` of ten thousand sources in random order, as a look would find them. */
static void busy(struct fw_history_source *sources, size_t count, uint64_t *draw)
{
	for (size_t i = 0; i < count; i++) {
		*draw = *draw * 6364136223846793005ULL + 1442695040888963407ULL;
		cr_assert_eq(fw_addr_parse("198.18.0.0", &sources[i].addr, NULL), 0);
		sources[i].addr.w[3] = htonl(0xc6120000 + (uint32_t)((*draw >> 33) % 10000));
		sources[i].packets = 1000000 + (*draw >> 40);
		sources[i].bytes = 1000 * sources[i].packets;
		sources[i].dropped = sources[i].packets / 3;
	}
}

/* A quarter of a simulated day, so that it is over in seconds; nothing is deleted within a day, so that four
 * of them take four times as much. Every ten seconds the busiest hundred, every five minutes the busiest
 * thousand and a thousand keys of each of four rules, with full histograms. What it takes on disk is what
 * counts. */
Test(history, a_quarter_of_a_day_at_ten_thousand_sources_stays_below_50_mb, .timeout = 1800)
{
	struct fw_history_bounds roomy = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	struct fw_history *history = open_it(&roomy);
	static struct fw_history_source sources[FW_HISTORY_LONG_SOURCES];
	static struct fw_history_peak peaks[4 * FW_HISTORY_KEYS];
	static struct fw_history_spread spreads[4];
	struct fw_history_rule rules[4];
	struct fw_history_traffic traffic[40];
	struct stat status;
	struct fw_err err = {0};
	uint64_t draw = 4711, bytes;
	int64_t oldest;

	for (size_t i = 0; i < 4; i++) {
		rules[i] = blanket;
		rules[i].name[0] = (char)('a' + i);
		spreads[i].rule = (uint32_t)i;
		for (size_t bucket = 0; bucket < 80; bucket++)
			spreads[i].grown.samples[bucket] = spreads[i].grown.amount[bucket] = 1000000;
	}
	for (int64_t step = 0; step < 2160; step++) {
		bool ends = step % 30 == 29;
		struct fw_history_batch batch = {.now = NOON + step * 10 + 9,
						 .rules = rules,
						 .rule_count = 4,
						 .traffic = traffic,
						 .traffic_count = 40,
						 .seconds = 10,
						 .short_start = NOON + step * 10,
						 .short_sources = sources,
						 .short_count = FW_HISTORY_SHORT_SOURCES,
						 .long_start = NOON + step / 30 * 300,
						 .long_sources = sources,
						 .long_count = ends ? FW_HISTORY_LONG_SOURCES : 0,
						 .spreads = spreads,
						 .spread_count = ends ? 4 : 0,
						 .peaks = peaks,
						 .peak_count = ends ? 4 * FW_HISTORY_KEYS : 0};

		for (uint32_t i = 0; i < 40; i++)
			traffic[i] = (struct fw_history_traffic){.second = NOON + step * 10 + i / 4,
								 .rule = i % 4,
								 .packets = 1000000,
								 .bytes = 100000000};
		busy(sources, ends ? FW_HISTORY_LONG_SOURCES : FW_HISTORY_SHORT_SOURCES, &draw);
		for (size_t i = 0; ends && i < 4 * FW_HISTORY_KEYS; i++)
			peaks[i] = (struct fw_history_peak){.rule = (uint32_t)(i % 4),
							    .key = {sources[i / 4].addr, 128},
							    .peak = sources[i / 4].packets,
							    .dropped = 1000};
		write_it(history, &batch);
	}
	cr_assert_eq(fw_history_extent(history, &bytes, &oldest, &err), 0, "%s", err.text);
	fw_history_close(history);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_lt(status.st_size, 50000000, "%lld bytes", (long long)status.st_size);
	cr_expect_gt(status.st_size, 10000000, "%lld bytes: was it recorded?", (long long)status.st_size);
	cr_expect_eq(number("SELECT count(*) FROM recording WHERE seconds = 300"), 72);
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

Test(history, attacks_are_noted_and_ended)
{
	struct fw_history *history = open_it(&bounds);
	struct fw_history_attack attack = {.start = NOON, .target = "192.0.2.1", .vector = "udp"};
	struct fw_history_batch batch = {.now = NOON, .attacks = &attack, .attack_count = 1};

	write_it(history, &batch);
	cr_assert_eq(number("SELECT count(*) FROM attacks WHERE \"end\" IS NULL AND vector='udp'"), 1);
	attack.end = NOON + 60;
	write_it(history, &batch);
	attack.end = 0;
	write_it(history, &batch);
	cr_assert_eq(number("SELECT \"end\" FROM attacks"), NOON + 60);
	attack = (struct fw_history_attack){.start = NOON + 100, .target = "192.0.2.2", .vector = "tcp"};
	batch.seconds = 10;
	write_it(history, &batch);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM attacks WHERE \"end\" IS NULL"), 1);
	fw_history_close(open_it(&bounds)); /* whoever wrote it is gone */
	cr_assert_eq(number("SELECT \"end\" FROM attacks WHERE vector='tcp'"), NOON + 300);
}

Test(moment, forms)
{
	static const struct {
		const char *text;
		int64_t moment; /* -1: refused */
	} rows[] = {
		{"now", NOON},
		{"5m", NOON - 300},
		{"1h30m", NOON - 5400},
		{"-1h", NOON - 3600},
		{"--1h", -1},
		{"2026-11-25 10:00", 1795600800},
		{"@1795600800", 1795600800},
		{"@", -1},
		{"@-1", -1},
		{"@179560080000", -1},
		{"100000d", -1},
		{"1970-01-01T00:00+00:01", -1},
		{"1970-01-01T00:00", 0},
		{"9999-12-31T23:59:60", -1},
		{"9999-12-31T23:59:59Z", 253402300799},
		{"2026-11-25", 1795564800},
		{"2026-11-25T10:00", 1795600800},
		{"2026-11-25T10:00:07Z", 1795600807},
		{"2026-11-25T10:00:07+01:30", 1795595407},
		{"2026-02-31", -1},
		{"2026-11-25T", -1},
		{"2026-11-25T10:00:00Zx", -1},
		{"2026-1-25", -1},
		{"yesterday", -1},
		{"", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fw_err err = {0};
		int64_t moment = -1;
		int r = fw_moment_parse(rows[i].text, NOON, &moment, &err);

		cr_assert_eq(r ? -1 : moment, rows[i].moment, "'%s': %lld %s", rows[i].text,
			     (long long)moment, err.text);
	}
}

Test(history, a_clock_that_was_set_deletes_nothing)
{
	struct fw_history *history = open_it(&bounds);

	write_second(history, NOON, 1);
	for (int i = 0; i < 5; i++)
		write_it(history, &(struct fw_history_batch){.now = NOON + 400 * 86400, .unsettled = true});
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 1);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 1);
	for (int i = 0; i < 5; i++)
		write_it(history, &(struct fw_history_batch){.now = NOON + 400 * 86400});
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 0);
}

Test(history, of_the_keys_of_five_minutes_the_highest_stay)
{
	struct fw_history *history = open_it(&bounds);

	for (uint32_t batch = 0; batch < 3; batch++) {
		struct fw_history_peak peaks[600];

		for (uint32_t i = 0; i < 600; i++) {
			peaks[i] = (struct fw_history_peak){.peak = 1 + batch * 600 + i};
			peaks[i].key.bits = 128;
			cr_assert_eq(fw_addr_parse("10.0.0.0", &peaks[i].key.addr, NULL), 0);
			peaks[i].key.addr.w[3] = htonl(0x0a000000 + batch * 600 + i);
		}
		write_it(history, &(struct fw_history_batch){.now = NOON + batch,
							     .rules = &blanket,
							     .rule_count = 1,
							     .peaks = peaks,
							     .peak_count = 600});
	}
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM highest"), FW_HISTORY_KEYS);
	cr_assert_eq(number("SELECT min(amount) FROM highest"), 1800 - FW_HISTORY_KEYS + 1);
}
