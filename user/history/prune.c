// SPDX-License-Identifier: Apache-2.0
/* What keeps the history bounded: age, fewer rows of what is a week old, and the size of the file. */
#include <stdio.h>

#include "history/database.h"
#include "lib/cleanup.h"

#define SLICE_S	      600 /* of a table of short steps at once, after a long time without the agent */
#define SLICES_LONG_S 86400
#define THIN_WINDOWS  6	  /* five-minute windows thinned at once */
#define VACUUM_PAGES  512 /* given back to the file system at once */
#define FULL_PERCENT  90  /* of the size: where the oldest begins to go */
#define EASE_PERCENT  85  /* of the size: where that ends */

static const char *const long_tables[] = {"traffic_5m",	    "source_5m", "distribution", "highest",
					  "limit_in_force", "recording", "attacks"};

/* Rows before `cutoff`, at most a slice of them. */
static int drop_before(struct fw_history *history, const char *table, int64_t cutoff, int64_t slice,
		       struct fw_err *err)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE start < min(?1, (SELECT min(start) FROM %s) + ?2)",
		 table, table);
	return FW_HISTORY_DO(history, err, sql, cutoff, slice);
}

static int drop_old(struct fw_history *history, int64_t now, struct fw_err *err)
{
	int64_t keep = (int64_t)history->bounds.keep_s;
	int r = drop_before(history, "traffic_1s", now - FW_HISTORY_KEEP_1S, SLICE_S, err);

	if (!r)
		r = drop_before(history, "traffic_10s", now - FW_HISTORY_KEEP_10S, SLICE_S, err);
	if (!r)
		r = drop_before(history, "source_10s", now - FW_HISTORY_KEEP_10S, SLICE_S, err);
	for (size_t i = 0; i < sizeof(long_tables) / sizeof(long_tables[0]) && !r; i++)
		r = drop_before(history, long_tables[i], now - keep, SLICES_LONG_S, err);
	return r;
}

/* The full lists serve a week; after it the head of them tells as much. */
static int thin_window(struct fw_history *history, int64_t start, struct fw_err *err)
{
	int r = FW_HISTORY_DO(history, err,
			      "DELETE FROM source_5m WHERE start=?1 AND source NOT IN (SELECT source FROM"
			      " source_5m WHERE start=?1 ORDER BY packets DESC LIMIT ?2)",
			      start, FW_HISTORY_THIN_TO);

	return r ? r
		 : FW_HISTORY_DO(history, err,
				 "DELETE FROM highest WHERE start=?1 AND (rule, source) NOT IN (SELECT rule,"
				 " source FROM (SELECT rule, source, row_number() OVER (PARTITION BY rule"
				 " ORDER BY amount DESC) AS place FROM highest WHERE start=?1)"
				 " WHERE place <= ?2)",
				 start, FW_HISTORY_THIN_TO);
}

static int thin(struct fw_history *history, int64_t now, struct fw_err *err)
{
	int64_t until = (now - FW_HISTORY_THIN_S) / FW_HISTORY_LONG_S * FW_HISTORY_LONG_S, next, oldest;
	int r = fw_history_number(history, "SELECT value FROM state WHERE name='thinned'", 0, &next, err);

	if (!r)
		r = fw_history_number(history, "SELECT min(start) FROM source_5m", until, &oldest, err);
	if (r)
		return r;
	next = next > oldest ? next : oldest;
	if (next >= until)
		return 0;
	for (int i = 0; i < THIN_WINDOWS && next < until && !r; i++, next += FW_HISTORY_LONG_S)
		r = thin_window(history, next, err);
	return r ? r : FW_HISTORY_DO(history, err, "INSERT OR REPLACE INTO state VALUES('thinned', ?)", next);
}

static int drop_long(struct fw_history *history, int64_t cutoff, struct fw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(long_tables) / sizeof(long_tables[0]) && !r; i++)
		r = drop_before(history, long_tables[i], cutoff, SLICES_LONG_S / 4, err);
	return r;
}

/* The ten-second lists are the largest and the first to go but for their last hour, then the oldest days but
 * for the last one, then whatever is oldest. */
static int drop_oldest(struct fw_history *history, int64_t now, struct fw_err *err)
{
	int64_t oldest_short, oldest_long;
	int r = fw_history_number(history, "SELECT min(start) FROM source_10s", now, &oldest_short, err);

	if (!r)
		r = fw_history_number(history, "SELECT min(start) FROM recording", now, &oldest_long, err);
	if (r)
		return r;
	if (oldest_short < now - FW_HISTORY_KEEP_1S)
		return drop_before(history, "source_10s", now - FW_HISTORY_KEEP_1S, SLICE_S, err);
	if (oldest_long < now - SLICES_LONG_S)
		return drop_long(history, now - SLICES_LONG_S, err);
	r = drop_before(history, "source_10s", now - FW_HISTORY_SHORT_S, SLICE_S / 4, err);
	return r ? r : drop_long(history, now - FW_HISTORY_LONG_S, err);
}

static int shrink(struct fw_history *history, int64_t now, struct fw_err *err)
{
	uint64_t bytes, full = history->bounds.bytes / 100 * FULL_PERCENT;
	int64_t ignored;
	int r = fw_history_extent(history, &bytes, &ignored, err);

	if (r)
		return r;
	if (bytes > full)
		history->shrinking = true;
	else if (bytes < history->bounds.bytes / 100 * EASE_PERCENT)
		history->shrinking = false;
	return history->shrinking ? drop_oldest(history, now, err) : 0;
}

int fw_history_prune(struct fw_history *history, int64_t now, bool unsettled, struct fw_err *err)
{
	char sql[64];
	int r = unsettled ? 0 : drop_old(history, now, err);

	if (!r && !unsettled)
		r = thin(history, now, err);
	if (!r)
		r = shrink(history, now, err);
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
	return r ? r : fw_history_run(history, sql, err);
}
