/* SPDX-License-Identifier: Apache-2.0 */
/* Totals once a second, so that status can say rates. */
#ifndef FW_AGENT_SAMPLER_H
#define FW_AGENT_SAMPLER_H

#include <stdint.h>
#include <uv.h>

#include "fw_reason.h"

struct fw_agent;
struct fw_iface_counts;

struct fw_traffic_totals {
	uint64_t packets, bytes, passed, dropped, would_drop;
	uint64_t answered; /* of those dropped: sent back as something else */
};

struct fw_sampler {
	uv_timer_t timer;
	uint64_t at_ns;
	struct fw_traffic_totals last;
	double packets_per_second, bytes_per_second, dropped_per_second, answered_per_second;
	struct {
		uint64_t count, grown_ns; /* grown_ns: when it last grew, 0: not since the agent's start */
	} faults[FW_FAULT_MAX_];
};

void fw_sampler_start(struct fw_agent *agent);
/* Adds one interface's counters up. */
void fw_totals_add(struct fw_traffic_totals *totals, const struct fw_iface_counts *counts);

#endif
