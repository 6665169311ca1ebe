// SPDX-License-Identifier: Apache-2.0
/* Prometheus text: base units, every series from the start, no addresses in labels. */
#include "observe/metrics.h"

#include "observe/metrics_text.h"

static void write_agent(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_build_info", "gauge", "Build information; the value is always 1.");
	fw_metric_sample(out, "floodwall_build_info", 1, "version", FW_VERSION, NULL);
	fw_metric_single(out, "floodwall_start_time_seconds", "gauge",
			 "Unix time at which the agent started.", fw_metric_seconds(snapshot->start_wall_ns));
	fw_metric_family(
		out, "floodwall_mode", "gauge",
		"Mode as a state set; 1 for the active mode, 0 for the others. count: nothing is dropped, "
		"by the mode of the policy or of every interface.");
	fw_metric_sample(out, "floodwall_mode", snapshot->enforcing, "mode", "enforce", NULL);
	fw_metric_sample(out, "floodwall_mode", snapshot->count_mode, "mode", "count", NULL);
	fw_metric_sample(out, "floodwall_mode", !snapshot->enforcing && !snapshot->count_mode, "mode",
			 "detached", NULL);
	fw_metric_single(out, "floodwall_config_last_reload_successful", "gauge",
			 "Whether the last configuration load succeeded.", snapshot->last_reload_ok);
	fw_metric_single(out, "floodwall_config_last_reload_success_timestamp_seconds", "gauge",
			 "Unix time of the last successful configuration load.",
			 fw_metric_seconds(snapshot->last_reload_wall_ns));
	fw_metric_family(out, "floodwall_config_info", "gauge",
			 "Configuration in force; the value is always 1.");
	fw_metric_sample(out, "floodwall_config_info", 1, "hash", snapshot->config_hash, "files",
			 snapshot->config_file ? snapshot->config_file : "", NULL);
	fw_metric_single(out, "floodwall_config_generation", "gauge",
			 "Number of the compiled policy in force.", (double)snapshot->generation);
	fw_metric_single(out, "floodwall_runtime_overrides", "gauge",
			 "Live changes in force that are not in any configuration file.",
			 (double)snapshot->runtime_overrides);
	fw_metric_single(out, "floodwall_confirm_deadline_timestamp_seconds", "gauge",
			 "Unix time at which an unconfirmed apply rolls back; 0 when none is waiting.",
			 fw_metric_seconds(snapshot->confirm_deadline_wall_ns));
	fw_metric_single(out, "process_cpu_seconds_total", "counter",
			 "Total user and system CPU time spent in seconds.",
			 fw_metric_seconds(snapshot->cpu_ns));
	fw_metric_single(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
			 (double)snapshot->resident_bytes);
}

static void write_logs(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char faults[] = "floodwall_log_line_faults_total";

	fw_metric_family(out, "floodwall_log_reading", "gauge", "Whether a log is being read.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		fw_metric_sample(out, "floodwall_log_reading", snapshot->logs[i].reading, "log",
				 snapshot->logs[i].name, NULL);
	fw_metric_family(out, "floodwall_log_lines_total", "counter", "Lines read from a log.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		fw_metric_sample(out, "floodwall_log_lines_total", (double)snapshot->logs[i].lines, "log",
				 snapshot->logs[i].name, NULL);
	fw_metric_family(out, faults, "counter", "Lines that said nothing or not everything, by fault.");
	for (size_t i = 0; i < snapshot->log_count; i++) {
		const struct fw_log_snapshot *log = &snapshot->logs[i];

		fw_metric_sample(out, faults, (double)log->unparsed, "log", log->name, "fault", "unparsed",
				 NULL);
		fw_metric_sample(out, faults, (double)log->overlong, "log", log->name, "fault", "overlong",
				 NULL);
		fw_metric_sample(out, faults, (double)log->given_up, "log", log->name, "fault", "given_up",
				 NULL);
		fw_metric_sample(out, faults, (double)log->no_client, "log", log->name, "fault", "no_client",
				 NULL);
	}
	fw_metric_family(out, "floodwall_log_matches_total", "counter", "Lines that some rule counted.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		fw_metric_sample(out, "floodwall_log_matches_total", (double)snapshot->logs[i].matches, "log",
				 snapshot->logs[i].name, NULL);
	fw_metric_family(out, "floodwall_log_offences_total", "counter",
			 "Times a client of a log was over a limit.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		fw_metric_sample(out, "floodwall_log_offences_total", (double)snapshot->logs[i].offences,
				 "log", snapshot->logs[i].name, NULL);
}

static void write_history(const struct fw_history_snapshot *history, FILE *out)
{
	fw_metric_single(
		out, "floodwall_history_recording", "gauge",
		"Whether traffic is being recorded: 0 when the policy turns it off or the disk refuses it.",
		history->recording);
	fw_metric_single(out, "floodwall_history_size_bytes", "gauge", "Size of what is recorded.",
			 (double)history->bytes);
	fw_metric_single(out, "floodwall_history_steps_written_total", "counter",
			 "Steps of ten seconds recorded.", (double)history->written);
	fw_metric_single(out, "floodwall_history_steps_lost_total", "counter",
			 "Steps of ten seconds that could not be recorded.", (double)history->lost);
}

static void write_attacks(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_single(
		out, "floodwall_under_attack", "gauge",
		"Whether rules of mode attack are switched on; where the policy or an interface is in "
		"mode count they drop nothing all the same, see floodwall_mode.",
		snapshot->under_attack);
	fw_metric_family(out, "floodwall_attack_active", "gauge",
			 "Attacks that last, by protocol of their main vector.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		fw_metric_sample(out, "floodwall_attack_active", (double)snapshot->attacks[i].active,
				 "vector", snapshot->attacks[i].protocol, NULL);
	fw_metric_family(out, "floodwall_attacks_total", "counter",
			 "Attacks that began since the agent started.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		fw_metric_sample(out, "floodwall_attacks_total", (double)snapshot->attacks[i].total, "vector",
				 snapshot->attacks[i].protocol, NULL);
	fw_metric_family(out, "floodwall_attack_start_timestamp_seconds", "gauge",
			 "Unix time at which the oldest attack that lasts began; 0 when there is none.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		fw_metric_sample(out, "floodwall_attack_start_timestamp_seconds",
				 fw_metric_seconds(snapshot->attacks[i].first_started_wall_ns), "vector",
				 snapshot->attacks[i].protocol, NULL);
	fw_metric_family(out, "floodwall_attack_packets_per_second", "gauge",
			 "Packets of attacks that are dropped, or would be in count mode.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		fw_metric_sample(out, "floodwall_attack_packets_per_second",
				 snapshot->attacks[i].packets_per_second, "vector",
				 snapshot->attacks[i].protocol, NULL);
}

static void write_suppressions(const struct fw_snapshot *snapshot, FILE *out)
{
	if (snapshot->suppression_count)
		fw_metric_family(out, "floodwall_suppressed_events_total", "counter",
				 "Findings that a suppression expected.");
	for (size_t i = 0; i < snapshot->suppression_count; i++)
		fw_metric_sample(out, "floodwall_suppressed_events_total",
				 (double)snapshot->suppressions[i].count, "suppression",
				 snapshot->suppressions[i].word, NULL);
}

static void write_notify(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char messages[] = "floodwall_notify_messages_total";

	if (!snapshot->notify_count)
		return;
	fw_metric_family(out, "floodwall_notify_up", "gauge",
			 "Whether the last message to a target got through.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		fw_metric_sample(out, "floodwall_notify_up", snapshot->notify[i].up, "target",
				 snapshot->notify[i].name, NULL);
	fw_metric_family(out, "floodwall_notify_queued", "gauge", "Messages that wait to be sent.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		fw_metric_sample(out, "floodwall_notify_queued", (double)snapshot->notify[i].queued, "target",
				 snapshot->notify[i].name, NULL);
	fw_metric_family(out, messages, "counter",
			 "Messages by what became of them; retried counts further attempts.");
	for (size_t i = 0; i < snapshot->notify_count; i++) {
		const struct fw_notify_snapshot *notify = &snapshot->notify[i];

		fw_metric_sample(out, messages, (double)notify->delivered, "target", notify->name, "result",
				 "delivered", NULL);
		fw_metric_sample(out, messages, (double)notify->retried, "target", notify->name, "result",
				 "retried", NULL);
		fw_metric_sample(out, messages, (double)notify->failed, "target", notify->name, "result",
				 "failed", NULL);
		fw_metric_sample(out, messages, (double)notify->dropped, "target", notify->name, "result",
				 "dropped", NULL);
	}
	fw_metric_family(out, "floodwall_notify_held_back_total", "counter",
			 "Events that a target's rate held back; they are told together.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		fw_metric_sample(out, "floodwall_notify_held_back_total",
				 (double)snapshot->notify[i].held_back, "target", snapshot->notify[i].name,
				 NULL);
}

void fw_metrics_write(const struct fw_snapshot *snapshot, FILE *out)
{
	write_agent(snapshot, out);
	fw_metrics_write_traffic(snapshot, out);
	fw_metrics_write_lists(snapshot, out);
	fw_metrics_write_state(snapshot, out);
	if (snapshot->signature_count)
		fw_metrics_write_signatures(snapshot, out);
	if (snapshot->log_count)
		write_logs(snapshot, out);
	write_history(&snapshot->history, out);
	if (snapshot->attack_count)
		write_attacks(snapshot, out);
	write_suppressions(snapshot, out);
	write_notify(snapshot, out);
}
