/* SPDX-License-Identifier: Apache-2.0 */
/* The history's file: one SQLite database, opened by one writer and any number of readers. */
#ifndef FW_HISTORY_STORE_H
#define FW_HISTORY_STORE_H

#include <stdatomic.h>

#include "history/batch.h"
#include "lib/err.h"

#define FW_HISTORY_FILE "history.db"

struct fw_history; /* one connection: one thread at a time */

/* How long, in seconds, the steps of one second and of ten seconds are kept; and when the busiest sources and
 * keys of five minutes become fewer. */
#define FW_HISTORY_KEEP_1S  3600
#define FW_HISTORY_KEEP_10S 86400
#define FW_HISTORY_THIN_S   (7 * 86400)
#define FW_HISTORY_THIN_TO  100

struct fw_history_bounds {
	uint64_t keep_s; /* of the steps of five minutes */
	uint64_t bytes;	 /* of the file: when it is full the oldest goes early */
};

/* Creates the file (mode 0600) where missing; what is no database of ours is moved aside as PATH.bad, once.
 * -EBUSY locked, -ENOSPC disk full, -EROFS, -EACCES, … with text. */
int fw_history_open(const char *path, const struct fw_history_bounds *bounds, struct fw_history **ret,
		    struct fw_err *err);
/* Whether what stood there was damaged and is PATH.bad now. */
bool fw_history_was_damaged(const struct fw_history *history);
/* For one that a write called damaged (-EBADMSG): the next open begins a new file. Closes it. */
int fw_history_give_up(struct fw_history *history, struct fw_err *err);
/* For questions only; -ENOENT without a file. */
int fw_history_open_read(const char *path, struct fw_history **ret, struct fw_err *err);
void fw_history_close(struct fw_history *history); /* NULL is fine */
/* Questions that take longer, or until *stop, end with -ETIMEDOUT. stop: NULL, or for as long as it is open.
 */
void fw_history_give_time(struct fw_history *history, unsigned int seconds, const atomic_bool *stop);

/* All of the batch or nothing, and what became old goes in the same transaction. Errors as for open. */
int fw_history_write(struct fw_history *history, const struct fw_history_batch *batch, struct fw_err *err);

/* The sources written so far of the five minutes that begin at start, for a writer that starts in the middle.
 * Caller frees. */
int fw_history_read_sources(struct fw_history *history, int64_t start, struct fw_history_source **ret,
			    size_t *ret_count, struct fw_err *err);
/* Bytes in use, and the oldest five minutes (Unix time, 0: none). */
int fw_history_extent(struct fw_history *history, uint64_t *ret_bytes, int64_t *ret_oldest,
		      struct fw_err *err);

#endif
