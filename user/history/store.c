// SPDX-License-Identifier: Apache-2.0
/* Opening the history's database, and what SQLite's errors mean to its operator. */
#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "history/database.h"
#include "history/schema.h"
#include "lib/cleanup.h"

#define BUSY_MS	       500
#define PAGE_BYTES     4096
#define PROGRESS_STEPS 100000 /* of SQLite's machine between looks at the clock: about a millisecond */
#define TEXT_OF(x)     TEXT_OF_(x)
#define TEXT_OF_(x)    #x

int fw_history_refused(struct fw_history *history, const char *doing, struct fw_err *err)
{
	int code = history->db ? sqlite3_errcode(history->db) & 0xff : SQLITE_NOMEM;
	const char *said = history->db ? sqlite3_errmsg(history->db) : "out of memory";

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fw_err_set(err, -EBUSY, "%s is locked by another process", history->path);
	case SQLITE_FULL:
		return fw_err_set(err, -ENOSPC, "no space left for %s", history->path);
	case SQLITE_READONLY:
		return fw_err_set(err, -EROFS, "%s cannot be written: %s", history->path, said);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return fw_err_set(err, -EACCES, "%s cannot be opened: %s", history->path, said);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fw_err_set(err, -EBADMSG, "%s is no history database, or damaged: %s", history->path,
				  said);
	case SQLITE_INTERRUPT:
		return fw_err_set(err, -ETIMEDOUT,
				  "the question took too long and was given up: ask for a shorter time");
	case SQLITE_NOMEM:
		return fw_err_set(err, -ENOMEM, "out of memory for %s", history->path);
	default:
		return fw_err_set(err, -EIO, "cannot %s %s: %s", doing, history->path, said);
	}
}

int fw_history_run(struct fw_history *history, const char *sql, struct fw_err *err)
{
	return sqlite3_exec(history->db, sql, NULL, NULL, NULL) ? fw_history_refused(history, "write", err)
								: 0;
}

int fw_history_step_rule(struct fw_history *history, sqlite3_stmt *statement, const char *name,
			 struct fw_err *err)
{
	int r;

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	r = sqlite3_step(statement);
	if (r == SQLITE_DONE)
		return fw_err_set(err, -ENOENT, "nothing is recorded of a limit of rule '%.63s'", name);
	return r == SQLITE_ROW ? 0 : fw_history_refused(history, "read", err);
}

sqlite3_stmt *fw_history_prepare(struct fw_history *history, const char *sql, struct fw_err *err)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(history->db, sql, -1, &statement, NULL))
		fw_history_refused(history, "use", err);
	return statement;
}

void fw_history_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

int fw_history_do(struct fw_history *history, struct fw_err *err, const char *sql, int count,
		  const int64_t *values)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(history, sql, err);

	if (!statement)
		return err->code;
	for (int i = 0; i < count; i++)
		sqlite3_bind_int64(statement, i + 1, values[i]);
	return sqlite3_step(statement) == SQLITE_DONE ? 0 : fw_history_refused(history, "write", err);
}

int fw_history_number(struct fw_history *history, const char *sql, int64_t fallback, int64_t *ret,
		      struct fw_err *err)
{
	sqlite3_stmt *statement FW_STATEMENT = fw_history_prepare(history, sql, err);
	int r;

	*ret = fallback;
	if (!statement)
		return err->code;
	r = sqlite3_step(statement);
	if (r == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*ret = sqlite3_column_int64(statement, 0);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : fw_history_refused(history, "read", err);
}

/* SQLite would create it with the umask's mode. */
static int make_file(const char *path, struct fw_err *err)
{
	FW_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fw_err_set(err, -errno, "cannot create %s: %s", path, strerror(errno));
	if (fchmod(fd, 0600))
		return fw_err_set(err, -errno, "cannot keep others from reading %s: %s", path,
				  strerror(errno));
	return 0;
}

static int make_schema(struct fw_history *history, struct fw_err *err)
{
	int64_t version;
	int r = fw_history_number(history, "PRAGMA user_version", 0, &version, err);

	if (!r && version && version != FW_HISTORY_VERSION)
		return fw_err_set(err, -EBADMSG, "%s has layout %lld, this version writes %d", history->path,
				  (long long)version, FW_HISTORY_VERSION);
	if (!r)
		r = fw_history_run(history, "BEGIN IMMEDIATE", err);
	if (!r)
		r = fw_history_run(history, fw_history_schema, err);
	return r ? r
		 : fw_history_run(history, "PRAGMA user_version=" TEXT_OF(FW_HISTORY_VERSION) ";COMMIT", err);
}

/* A writer that ended without a word left them open: they ended with what it recorded. */
static const char end_attacks[] =
	"UPDATE attacks SET \"end\" = max(start + 1, coalesce((SELECT max(start) + 300 FROM recording), 0))"
	" WHERE \"end\" IS NULL";

static int prepare(struct fw_history *history, struct fw_err *err)
{
	char sql[96];
	int r;

	/* auto_vacuum only takes before the first table is there. */
	r = fw_history_run(history,
			   "PRAGMA auto_vacuum=INCREMENTAL;PRAGMA journal_mode=WAL;"
			   "PRAGMA synchronous=NORMAL;PRAGMA journal_size_limit=8388608;"
			   "PRAGMA cache_size=-2048",
			   err);
	if (!r)
		r = make_schema(history, err);
	if (!r)
		r = fw_history_run(history, end_attacks, err);
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%llu",
		 (unsigned long long)(history->bounds.bytes / PAGE_BYTES));
	return r ? r : fw_history_run(history, sql, err);
}

static struct fw_history *history_new(const char *path)
{
	struct fw_history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->path = strdup(path);
	if (history->path)
		return history;
	free(history);
	return NULL;
}

static int on_progress(void *context)
{
	struct fw_history *history = context;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec >= history->deadline || (history->stop && atomic_load(history->stop));
}

void fw_history_give_time(struct fw_history *history, unsigned int seconds, const atomic_bool *stop)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	history->deadline = now.tv_sec + (time_t)seconds;
	history->stop = stop;
	sqlite3_progress_handler(history->db, PROGRESS_STEPS, on_progress, history);
}

void fw_history_close(struct fw_history *history)
{
	if (!history)
		return;
	sqlite3_close(history->db);
	free(history->path);
	free(history);
}

static int connect(const char *path, int flags, const struct fw_history_bounds *bounds,
		   struct fw_history **ret, struct fw_err *err)
{
	struct fw_history *history = history_new(path);
	int r = 0;

	if (!history)
		return fw_err_set(err, -ENOMEM, "out of memory for %s", path);
	if (bounds)
		history->bounds = *bounds;
	if (sqlite3_open_v2(path, &history->db, flags | SQLITE_OPEN_NOMUTEX, NULL))
		r = fw_history_refused(history, "open", err);
	if (history->db)
		sqlite3_busy_timeout(history->db, BUSY_MS);
	if (!r && bounds)
		r = prepare(history, err);
	if (r) {
		fw_history_close(history);
		return r;
	}
	*ret = history;
	return 0;
}

/* What its owner may still want to look at; its journals go, they belong to nothing else. */
static int move_aside(const char *path, struct fw_err *err)
{
	static const char *const endings[] = {"-wal", "-shm"};
	char other[4096];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(other, sizeof(other), "%s%s", path, endings[i]);
		remove(other);
	}
	snprintf(other, sizeof(other), "%s.bad", path);
	if (rename(path, other))
		return fw_err_set(err, -errno, "%s is damaged and cannot be moved aside: %s", path,
				  strerror(errno));
	return 0;
}

int fw_history_open(const char *path, const struct fw_history_bounds *bounds, struct fw_history **ret,
		    struct fw_err *err)
{
	int r = make_file(path, err);

	if (!r)
		r = connect(path, SQLITE_OPEN_READWRITE, bounds, ret, err);
	if (r != -EBADMSG)
		return r;
	r = move_aside(path, err);
	if (!r)
		r = make_file(path, err);
	if (!r)
		r = connect(path, SQLITE_OPEN_READWRITE, bounds, ret, err);
	if (!r)
		(*ret)->moved_aside = true;
	return r;
}

bool fw_history_was_damaged(const struct fw_history *history)
{
	return history->moved_aside;
}

int fw_history_give_up(struct fw_history *history, struct fw_err *err)
{
	FW_FREE char *path = strdup(history->path);

	fw_history_close(history);
	return path ? move_aside(path, err) : fw_err_set(err, -ENOMEM, "out of memory for the history");
}

int fw_history_open_read(const char *path, struct fw_history **ret, struct fw_err *err)
{
	struct stat status;
	int64_t version;
	int r;

	if (stat(path, &status))
		return fw_err_set(err, -errno, "cannot open the history %s: %s", path, strerror(errno));
	r = connect(path, SQLITE_OPEN_READONLY, NULL, ret, err);
	if (!r)
		r = fw_history_number(*ret, "PRAGMA user_version", 0, &version, err);
	else
		return r;
	if (!r && version != FW_HISTORY_VERSION)
		r = fw_err_set(err, -EBADMSG, "%s is no history of this version: layout %lld, expected %d",
			       path, (long long)version, FW_HISTORY_VERSION);
	if (r) {
		fw_history_close(*ret);
		*ret = NULL;
	}
	return r;
}

int fw_history_extent(struct fw_history *history, uint64_t *ret_bytes, int64_t *ret_oldest,
		      struct fw_err *err)
{
	int64_t pages = 0, idle = 0;
	int r = fw_history_number(history, "PRAGMA page_count", 0, &pages, err);

	if (!r)
		r = fw_history_number(history, "PRAGMA freelist_count", 0, &idle, err);
	if (!r)
		r = fw_history_number(history, "SELECT min(start) FROM recording", 0, ret_oldest, err);
	*ret_bytes = (uint64_t)(pages - idle) * PAGE_BYTES;
	return r;
}
