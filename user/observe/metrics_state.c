// SPDX-License-Identifier: Apache-2.0
/* Metrics of what the packet path remembers: maps, faults, admission. */
#include <string.h>

#include "lib/reason.h"
#include "observe/metrics_text.h"

/* Only of maps that can fill up: an array is as full as it will ever be, whatever lies in it. */
static void write_entries(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_map_entries", "gauge",
			 "Entries in a BPF map that can fill up; a large map is counted now and then.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (snapshot->maps[i].capacity)
			fw_metric_sample(out, "floodwall_map_entries", (double)snapshot->maps[i].entries,
					 "map", snapshot->maps[i].map, NULL);
	fw_metric_family(out, "floodwall_map_max_entries", "gauge",
			 "Capacity of a BPF map that can fill up.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (snapshot->maps[i].capacity)
			fw_metric_sample(out, "floodwall_map_max_entries", (double)snapshot->maps[i].capacity,
					 "map", snapshot->maps[i].map, NULL);
}

static void write_maps(const struct fw_snapshot *snapshot, FILE *out)
{
	write_entries(snapshot, out);
	fw_metric_family(out, "floodwall_map_memory_bytes", "gauge",
			 "Kernel memory a BPF map is charged for, lists and geo tables with both their "
			 "generations; "
			 "of lists that an earlier agent laid out it is not known.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (snapshot->maps[i].memory_bytes)
			fw_metric_sample(out, "floodwall_map_memory_bytes",
					 (double)snapshot->maps[i].memory_bytes, "map", snapshot->maps[i].map,
					 NULL);
	fw_metric_family(out, "floodwall_map_update_errors_total", "counter",
			 "Failed updates of a BPF map by the packet path.");
	fw_metric_sample(out, "floodwall_map_update_errors_total",
			 (double)snapshot->faults[FW_FAULT_METER_FULL], "map", "fw_meter_map", "error",
			 "full", NULL);
	fw_metric_sample(out, "floodwall_map_update_errors_total",
			 (double)snapshot->faults[FW_FAULT_BAN_FULL], "map", "fw_ban_map", "error", "full",
			 NULL);
	fw_metric_sample(out, "floodwall_map_update_errors_total",
			 (double)snapshot->faults[FW_FAULT_SOURCE_FULL], "map", "fw_source_map", "error",
			 "full", NULL);
	fw_metric_family(out, "floodwall_events_lost_total", "counter",
			 "Events lost because a ring buffer was full.");
	fw_metric_sample(out, "floodwall_events_lost_total", (double)snapshot->faults[FW_FAULT_EVENT_LOST],
			 "stream", "ban", NULL);
	fw_metric_family(out, "floodwall_faults_total", "counter",
			 "What went wrong in the packet path without deciding a packet.");
	for (int i = 0; i < FW_FAULT_MAX_; i++)
		fw_metric_sample(out, "floodwall_faults_total", (double)snapshot->faults[i], "fault",
				 fw_fault_facts(i)->word, NULL);
}

/* Beside fw_meter_map in write_maps(): entries, capacity and failed inserts. The entries are of an earlier
 * moment than the counters: no difference of the two is told. */
static void write_admission(const struct fw_snapshot *snapshot, FILE *out)
{
	const struct fw_admission_snapshot *admission = &snapshot->admission;

	fw_metric_family(
		out, "floodwall_gate_closed", "gauge",
		"Whether a CPU meets more new keys than it gives meters to; only those that return get one.");
	for (size_t i = 0; i < admission->gate_count; i++) {
		char cpu[16];

		snprintf(cpu, sizeof(cpu), "%u", admission->gates[i].cpu);
		fw_metric_sample(out, "floodwall_gate_closed", admission->gates[i].closed, "cpu", cpu, NULL);
	}
	fw_metric_family(out, "floodwall_gate_closings_total", "counter", "Times the gate of a CPU closed.");
	for (size_t i = 0; i < admission->gate_count; i++) {
		char cpu[16];

		snprintf(cpu, sizeof(cpu), "%u", admission->gates[i].cpu);
		fw_metric_sample(out, "floodwall_gate_closings_total", (double)admission->gates[i].closings,
				 "cpu", cpu, NULL);
	}
	fw_metric_single(out, "floodwall_meter_turned_away_packets_total", "counter",
			 "Packets whose key has no meter and was given none.",
			 (double)admission->turned_away);
	fw_metric_single(out, "floodwall_meter_candidates_total", "counter",
			 "Keys turned away that get a meter if they return soon.",
			 (double)admission->candidates);
	fw_metric_family(
		out, "floodwall_meter_inserts_total", "counter",
		"Keys that were given a meter: new ones, candidates that returned, and strays: those for "
		"whom "
		"another key's tag was taken (the noise of the filter), or whose own meter was evicted.");
	fw_metric_sample(out, "floodwall_meter_inserts_total", (double)admission->fresh, "key", "new", NULL);
	fw_metric_sample(out, "floodwall_meter_inserts_total", (double)admission->returned, "key", "returned",
			 NULL);
	fw_metric_sample(out, "floodwall_meter_inserts_total", (double)admission->strayed, "key", "stray",
			 NULL);
	fw_metric_single(out, "floodwall_meter_evictions_estimate", "gauge",
			 "Meters given that are there no more, at least: evicted, or forgotten by unban and "
			 "removed rules. "
			 "As of the last count of fw_meter_map; those it has no room for, as of now.",
			 (double)admission->gone);
}

void fw_metrics_write_state(const struct fw_snapshot *snapshot, FILE *out)
{
	write_maps(snapshot, out);
	write_admission(snapshot, out);
}
