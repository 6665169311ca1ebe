/* SPDX-License-Identifier: Apache-2.0 */
/* The highest amounts of keys that were active lately: looked up one by one, no map is walked. */
#ifndef FW_AGENT_GATHER_PEAKS_H
#define FW_AGENT_GATHER_PEAKS_H

#include "agent/gather.h"
#include "history/crowd.h"

struct fw_peak_drops;

/* Zero-initialise. */
struct fw_peaks {
	struct fw_history_peak *items; /* of the last reading */
	size_t count;
	struct fw_peak_drops *drops; /* counters of keys that were dropped, sorted by key */
	size_t drop_count;
};

/* Of the rules' keys that `active` sources belong to, since since_ns (Floodwall clock). first: what was
 * dropped before is not news. 0 or -ENOMEM with step->err set. */
int fw_peaks_read(struct fw_peaks *peaks, struct fw_gather_step *step, const struct fw_crowd *active,
		  uint64_t since_ns, bool first);
void fw_peaks_done(struct fw_peaks *peaks);

#endif
