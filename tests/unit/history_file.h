/* SPDX-License-Identifier: Apache-2.0 */
/* A history's file of the test's own: opened, written to second by second and source by source, and asked. */
#ifndef FW_TESTS_UNIT_HISTORY_FILE_H
#define FW_TESTS_UNIT_HISTORY_FILE_H

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history/store.h"
#include "lib/addr.h"

#define NOON 1700000100 /* the beginning of five minutes */

static char directory[] = "/tmp/fw-history-XXXXXX", path[64];
static const struct fw_history_bounds bounds = {.keep_s = 90 * 86400, .bytes = 64 << 20};

static inline void set_up(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/history.db", directory);
}

static inline void tear_down(void)
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

static inline struct fw_history *open_it(const struct fw_history_bounds *with)
{
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert_eq(fw_history_open(path, with, &history, &err), 0, "%s", err.text);
	return history;
}

static inline void write_it(struct fw_history *history, const struct fw_history_batch *batch)
{
	struct fw_err err = {0};

	cr_assert_eq(fw_history_write(history, batch, &err), 0, "%s", err.text);
}

static inline int64_t number(const char *sql)
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

static inline void write_second(struct fw_history *history, int64_t second, uint64_t packets)
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

static inline void write_sources(struct fw_history *history, int64_t now, size_t count)
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

#endif
