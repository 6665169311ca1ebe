// SPDX-License-Identifier: Apache-2.0
/* From the kernel's tables to a batch: everything here runs in the recorder's thread. */
#include "agent/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gather_peaks.h"
#include "history/crowd.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

#define WINDOW_SOURCES 131072 /* remembered of five minutes */

struct fw_gather {
	struct fw_history *history;
	struct fw_history_bounds bounds; /* of the connection */
	bool looked;
	uint64_t looked_ns; /* Floodwall clock */
	struct fw_crowd before;
	int64_t window_start; /* of the five minutes that `window` sums up */
	struct fw_crowd window;
	struct fw_peaks peaks;
	struct fw_spread *spreads[FW_RULE_IDS]; /* as they were last read */
};

struct fw_gather *fw_gather_new(void)
{
	return calloc(1, sizeof(struct fw_gather));
}

void fw_gather_free(struct fw_gather *gather)
{
	if (!gather)
		return;
	fw_history_close(gather->history);
	fw_crowd_done(&gather->before);
	fw_crowd_done(&gather->window);
	fw_peaks_done(&gather->peaks);
	for (size_t i = 0; i < FW_RULE_IDS; i++)
		free(gather->spreads[i]);
	free(gather);
}

void fw_gather_step_free(struct fw_gather_step *step)
{
	free(step->rules);
	free(step->traffic);
	free(step->attacks);
	free(step);
}

static int look(struct fw_gather_step *step, struct fw_crowd *ret)
{
	struct fw_source_entry *entries = NULL;
	size_t count = 0;
	int r = fw_sources_list(step->datapath, &entries, &count);

	*ret = (struct fw_crowd){0};
	if (r)
		return fw_err_set(&step->err, r, "the kernel does not list the sampled sources");
	ret->items = calloc(count + 1, sizeof(*ret->items));
	for (size_t i = 0; ret->items && i < count; i++)
		ret->items[ret->count++] = (struct fw_history_source){.addr = entries[i].addr,
								      .packets = entries[i].source.packets,
								      .bytes = entries[i].source.bytes,
								      .dropped = entries[i].source.dropped};
	free(entries);
	if (!ret->items)
		return fw_err_set(&step->err, -ENOMEM, "out of memory for the history");
	fw_crowd_sort(ret);
	return 0;
}

/* What was sampled in these ten seconds; the first look of a process only says what is old. */
static int look_for_news(struct fw_gather *gather, struct fw_gather_step *step, struct fw_crowd *ret)
{
	struct fw_crowd now;
	int r = look(step, &now);

	*ret = (struct fw_crowd){0};
	if (r)
		return r;
	if (gather->looked && fw_crowd_grown(&gather->before, &now, ret)) {
		fw_crowd_done(&now);
		return fw_err_set(&step->err, -ENOMEM, "out of memory for the history");
	}
	fw_crowd_done(&gather->before);
	gather->before = now;
	gather->looked = true;
	return 0;
}

/* A process that starts in the middle of five minutes goes on from what is written of them. */
static int add_to_window(struct fw_gather *gather, struct fw_gather_step *step, const struct fw_crowd *news)
{
	int64_t start = step->start - step->start % FW_HISTORY_LONG_S;
	int r;

	if (start != gather->window_start) {
		fw_crowd_done(&gather->window);
		r = fw_history_read_sources(gather->history, start, &gather->window.items,
					    &gather->window.count, &step->err);
		if (r)
			return r;
		fw_crowd_sort(&gather->window);
		gather->window_start = start;
	}
	return fw_crowd_add(&gather->window, news, WINDOW_SOURCES)
		       ? fw_err_set(&step->err, -ENOMEM, "out of memory for the history")
		       : 0;
}

static void grown_since(const struct fw_spread *before, struct fw_spread *now)
{
	for (uint32_t i = 0; i < FW_SPREAD_BUCKETS; i++)
		if (now->samples[i] < before->samples[i] || now->amount[i] < before->amount[i])
			return; /* the rule's id was given to another one */
	for (uint32_t i = 0; i < FW_SPREAD_BUCKETS; i++) {
		now->samples[i] -= before->samples[i];
		now->amount[i] -= before->amount[i];
	}
}

/* ret[metered_count]; the samples of before this process are nobody's. */
static int read_spreads(struct fw_gather *gather, struct fw_gather_step *step, struct fw_history_spread *ret,
			size_t *ret_count)
{
	for (size_t i = 0; i < step->metered_count; i++) {
		uint16_t id = step->metered[i].kernel.id % FW_RULE_IDS;
		struct fw_spread *before = gather->spreads[id], *now = malloc(sizeof(*now));
		int r = now ? fw_stats_spread(step->datapath, id, now) : -ENOMEM;

		if (r) {
			free(now);
			return fw_err_set(&step->err, r, "the kernel's histograms could not be read");
		}
		gather->spreads[id] = now;
		if (before || gather->looked) {
			ret[*ret_count] =
				(struct fw_history_spread){.rule = step->metered[i].index, .grown = *now};
			if (before)
				grown_since(before, &ret[*ret_count].grown);
			(*ret_count)++;
		}
		free(before);
	}
	return 0;
}

static int open_history(struct fw_gather *gather, struct fw_gather_step *step)
{
	int r;

	if (gather->history &&
	    (gather->bounds.bytes != step->bounds.bytes || gather->bounds.keep_s != step->bounds.keep_s)) {
		fw_history_close(gather->history);
		gather->history = NULL;
	}
	if (gather->history)
		return 0;
	r = fw_history_open(step->path, &step->bounds, &gather->history, &step->err);
	if (r) {
		gather->history = NULL;
		return r;
	}
	gather->bounds = step->bounds;
	step->was_damaged = fw_history_was_damaged(gather->history);
	return 0;
}

static int write_batch(struct fw_gather *gather, struct fw_gather_step *step, struct fw_history_batch *batch,
		       const struct fw_crowd *news)
{
	struct fw_crowd shorter = {0}, longer = {0};
	int r = add_to_window(gather, step, news);

	if (r)
		return r;
	if (fw_crowd_busiest(news, FW_HISTORY_SHORT_SOURCES, &shorter) ||
	    fw_crowd_busiest(&gather->window, FW_HISTORY_LONG_SOURCES, &longer)) {
		r = fw_err_set(&step->err, -ENOMEM, "out of memory for the history");
	} else {
		batch->short_sources = shorter.items;
		batch->short_count = shorter.count;
		batch->long_sources = longer.items;
		batch->long_count = longer.count;
		r = fw_history_write(gather->history, batch, &step->err);
	}
	fw_crowd_done(&shorter);
	fw_crowd_done(&longer);
	return r ? r : fw_history_extent(gather->history, &step->bytes, &step->oldest, &step->err);
}

/* A damaged file is moved aside, so that the next step begins a new one. */
static void after_damage(struct fw_gather *gather, struct fw_gather_step *step)
{
	struct fw_err why = step->err;

	step->was_damaged = !fw_history_give_up(gather->history, &step->err);
	if (step->was_damaged)
		step->err = why;
	gather->history = NULL;
	gather->window_start = 0;
}

void fw_gather_step(struct fw_gather *gather, struct fw_gather_step *step)
{
	FW_FREE struct fw_history_spread *spreads = calloc(step->metered_count + 1, sizeof(*spreads));
	uint64_t now_ns = fw_datapath_now_ns(step->datapath);
	struct fw_history_batch batch = {.now = step->start + FW_HISTORY_SHORT_S - 1,
					 .unsettled = step->unsettled,
					 .rules = step->rules,
					 .rule_count = step->rule_count,
					 .traffic = step->traffic,
					 .traffic_count = step->traffic_count,
					 .attacks = step->attacks,
					 .attack_count = step->attack_count,
					 .seconds = step->seconds,
					 .short_start = step->start,
					 .long_start = step->start - step->start % FW_HISTORY_LONG_S};
	struct fw_crowd news = {0};
	bool first = !gather->looked;

	step->r = spreads ? 0 : fw_err_set(&step->err, -ENOMEM, "out of memory for the history");
	if (!step->r)
		step->r = read_spreads(gather, step, spreads, &batch.spread_count);
	if (!step->r)
		step->r = look_for_news(gather, step, &news);
	if (!step->r)
		step->r = fw_peaks_read(&gather->peaks, step, first ? &gather->before : &news,
					gather->looked_ns, first);
	gather->looked_ns = now_ns;
	if (!step->r)
		step->r = open_history(gather, step);
	batch.spreads = spreads;
	batch.peaks = gather->peaks.items;
	batch.peak_count = gather->peaks.count;
	if (!step->r)
		step->r = step->start ? write_batch(gather, step, &batch, &news)
				      : fw_history_extent(gather->history, &step->bytes, &step->oldest,
							  &step->err);
	if (step->r == -EBADMSG && gather->history)
		after_damage(gather, step);
	fw_crowd_done(&news);
}
