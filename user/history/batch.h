/* SPDX-License-Identifier: Apache-2.0 */
/* What one write to the history holds: plain data, gathered by whoever watches the traffic. */
#ifndef FW_HISTORY_BATCH_H
#define FW_HISTORY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_policy.h"
#include "fw_spread.h"
#include "lib/addr.h"

#define FW_HISTORY_NAME_MAX 64
#define FW_HISTORY_SHORT_S  10	/* steps of the tables *_10s and *_5m */
#define FW_HISTORY_LONG_S   300 /* also the window of distribution and highest */

/* How many are kept of each step. */
#define FW_HISTORY_SHORT_SOURCES 100
#define FW_HISTORY_LONG_SOURCES	 1000
#define FW_HISTORY_KEYS		 1000 /* per rule and five minutes */

/* A rule as it was while its numbers were taken: another unit, window or key makes another series. */
struct fw_history_rule {
	char name[FW_HISTORY_NAME_MAX];
	enum fw_unit unit; /* FW_UNIT_NONE: no limit, so nothing of its keys is known */
	enum fw_per per;
	uint64_t window_ns, limit;
	bool enforced; /* over the limit meant dropped */
};

/* One second of one rule. */
struct fw_history_traffic {
	int64_t second; /* Unix time */
	uint32_t rule;	/* index into rules */
	uint64_t packets, bytes, dropped, would_drop;
};

struct fw_history_source {
	struct fw_addr addr; /* IPv6: its /64 */
	uint64_t packets, bytes, dropped;
};

/* The highest amount a key's limit was compared with. */
struct fw_history_peak {
	uint32_t rule;
	struct fw_prefix key;
	uint64_t peak, dropped;
};

struct fw_history_spread {
	uint32_t rule;
	struct fw_spread grown; /* samples since the last batch that was written */
};

/* A declared attack; end 0: it lasts. */
struct fw_history_attack {
	int64_t start, end;
	char target[FW_ADDR_TEXT_MAX], vector[FW_HISTORY_NAME_MAX];
};

struct fw_history_batch {
	int64_t now;	/* Unix time; decides what is old */
	bool unsettled; /* the clock was set lately: nothing goes for its age */
	const struct fw_history_rule *rules;
	size_t rule_count;
	const struct fw_history_traffic *traffic;
	size_t traffic_count;
	uint32_t seconds; /* that the traffic and sources of this batch cover, 0 if they were not looked at */
	/* Added: the busiest sources of the ten seconds that begin at short_start. */
	int64_t short_start;
	const struct fw_history_source *short_sources;
	size_t short_count;
	/* Replaced: the busiest sources so far of the five minutes that begin at long_start. */
	int64_t long_start;
	const struct fw_history_source *long_sources;
	size_t long_count;
	/* Of the five minutes that hold `now`. Spreads are added, of peaks the highest stays. */
	const struct fw_history_spread *spreads;
	size_t spread_count;
	const struct fw_history_peak *peaks;
	size_t peak_count;
	/* Begun or ended. */
	const struct fw_history_attack *attacks;
	size_t attack_count;
};

#endif
