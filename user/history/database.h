/* SPDX-License-Identifier: Apache-2.0 */
/* Inside history/: the connection, its schema, and statements with their errors in words. */
#ifndef FW_HISTORY_DATABASE_H
#define FW_HISTORY_DATABASE_H

#include <sqlite3.h>
#include <time.h>

#include "history/store.h"

#define FW_HISTORY_VERSION 1

struct fw_history {
	sqlite3 *db;
	char *path;
	struct fw_history_bounds bounds;
	time_t deadline; /* monotonic seconds, of fw_history_give_time() */
	const atomic_bool *stop;
	bool moved_aside; /* what stood there was no history of ours */
	bool shrinking;	  /* the file is full: a slice of the oldest goes with every batch */
};

/* What SQLite said last, as -errno and a sentence. */
int fw_history_refused(struct fw_history *history, const char *doing, struct fw_err *err);
int fw_history_run(struct fw_history *history, const char *sql, struct fw_err *err);
/* The one row that tells of a rule; its name is the statement's first parameter. -ENOENT: nothing is
 * recorded. */
int fw_history_step_rule(struct fw_history *history, sqlite3_stmt *statement, const char *name,
			 struct fw_err *err);
/* Prepares; integers are bound in order. NULL after an error. */
sqlite3_stmt *fw_history_prepare(struct fw_history *history, const char *sql, struct fw_err *err);
/* One statement with integers, no rows. */
int fw_history_do(struct fw_history *history, struct fw_err *err, const char *sql, int count,
		  const int64_t *values);
#define FW_HISTORY_DO(history, err, sql, ...)                                                                \
	fw_history_do(history, err, sql, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                 \
		      (int64_t[]){__VA_ARGS__})
/* The first column of the first row; fallback where there is none or it is NULL. */
int fw_history_number(struct fw_history *history, const char *sql, int64_t fallback, int64_t *ret,
		      struct fw_err *err);
void fw_history_finalize(sqlite3_stmt **statement);
#define FW_STATEMENT FW_CLEANUP(fw_history_finalize)

/* Deletes what is old or too much, a bounded piece of it; inside the batch's transaction. */
int fw_history_prune(struct fw_history *history, int64_t now, bool unsettled, struct fw_err *err);

#endif
