// SPDX-License-Identifier: Apache-2.0
/* Prometheus text: base units, every series from the start, no addresses in labels. */
#include "observe/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void label_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
}

/* One sample; labels are pairs of name and value, ended by NULL. */
static void sample(FILE *out, const char *name, double value, ...) __attribute__((sentinel));
static void sample(FILE *out, const char *name, double value, ...)
{
	const char *label, *separator = "{";
	va_list labels;

	fputs(name, out);
	va_start(labels, value);
	while ((label = va_arg(labels, const char *))) {
		fprintf(out, "%s%s=\"", separator, label);
		label_value(out, va_arg(labels, const char *));
		fputc('"', out);
		separator = ",";
	}
	va_end(labels);
	if (*separator == ',')
		fputc('}', out);
	if (value == (double)(int64_t)value && value < 9e15)
		fprintf(out, " %" PRId64 "\n", (int64_t)value);
	else
		fprintf(out, " %.17g\n", value);
}

static void single(FILE *out, const char *name, const char *type, const char *help, double value)
{
	family(out, name, type, help);
	sample(out, name, value, NULL);
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void write_agent(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_build_info", "gauge", "Build information; the value is always 1.");
	sample(out, "floodwall_build_info", 1, "version", FW_VERSION, NULL);
	single(out, "floodwall_start_time_seconds", "gauge", "Unix time at which the agent started.",
	       seconds(snapshot->start_wall_ns));
	family(out, "floodwall_mode", "gauge",
	       "Global mode as a state set; 1 for the active mode, 0 for the others.");
	sample(out, "floodwall_mode", snapshot->enforcing, "mode", "enforce", NULL);
	sample(out, "floodwall_mode", snapshot->count_mode, "mode", "count", NULL);
	sample(out, "floodwall_mode", !snapshot->enforcing && !snapshot->count_mode, "mode", "detached",
	       NULL);
	single(out, "floodwall_config_last_reload_successful", "gauge",
	       "Whether the last configuration load succeeded.", snapshot->last_reload_ok);
	single(out, "floodwall_config_last_reload_success_timestamp_seconds", "gauge",
	       "Unix time of the last successful configuration load.",
	       seconds(snapshot->last_reload_wall_ns));
	family(out, "floodwall_config_info", "gauge", "Configuration in force; the value is always 1.");
	sample(out, "floodwall_config_info", 1, "hash", snapshot->config_hash, "files",
	       snapshot->config_file ? snapshot->config_file : "", NULL);
	single(out, "floodwall_config_generation", "gauge", "Number of the compiled policy in force.",
	       (double)snapshot->generation);
	single(out, "floodwall_runtime_overrides", "gauge",
	       "Live changes in force that are not in any configuration file.",
	       (double)snapshot->runtime_overrides);
	single(out, "floodwall_confirm_deadline_timestamp_seconds", "gauge",
	       "Unix time at which an unconfirmed apply rolls back; 0 when none is waiting.",
	       seconds(snapshot->confirm_deadline_wall_ns));
	single(out, "process_cpu_seconds_total", "counter",
	       "Total user and system CPU time spent in seconds.", seconds(snapshot->cpu_ns));
	single(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
	       (double)snapshot->resident_bytes);
}

static const struct {
	const char *family, *protocol;
} traffics[] = {
#define X(id, family_label, protocol_label) {family_label, protocol_label},
	FW_TRAFFICS(X)
#undef X
};

static const char *const verdicts[FW_VERDICT_MAX_] = {
	[FW_VERDICT_PASS] = "pass", [FW_VERDICT_DROP] = "drop", [FW_VERDICT_WOULD_DROP] = "would_drop"};

#define FW_IS_PASS   0
#define FW_IS_DROP   1
#define FW_IS_ANSWER 1 /* the stack does not see it */

static const struct {
	const char *word;
	int drops;
} reasons[FW_REASON_MAX_] = {
#define X(id, action, name, help) [FW_REASON_##id] = {.word = (name), .drops = FW_IS_##action},
	FW_REASONS(X)
#undef X
};

static void write_traffic(const struct fw_snapshot *snapshot, FILE *out, const char *name, const char *help,
			  int bytes)
{
	family(out, name, "counter", help);
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++) {
				uint64_t sum = 0;

				for (int reason = 0; reason < FW_REASON_MAX_; reason++) {
					const struct fw_count *count =
						&snapshot->ifaces[i].counts.by[verdict][reason][traffic];

					sum += bytes ? count->bytes : count->packets;
				}
				sample(out, name, (double)sum, "interface", snapshot->ifaces[i].name,
				       "family", traffics[traffic].family, "protocol",
				       traffics[traffic].protocol, "verdict", verdicts[verdict], NULL);
			}
}

static uint64_t by_reason(const struct fw_iface_snapshot *iface, int verdict, int reason)
{
	uint64_t sum = 0;

	for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++)
		sum += iface->counts.by[verdict][reason][traffic].packets;
	return sum;
}

static void write_reasons(const struct fw_snapshot *snapshot, FILE *out, const char *name, const char *help,
			  int verdict)
{
	family(out, name, "counter", help);
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			if (verdict == FW_VERDICT_PASS || reasons[reason].drops)
				sample(out, name, (double)by_reason(&snapshot->ifaces[i], verdict, reason),
				       "interface", snapshot->ifaces[i].name, "reason", reasons[reason].word,
				       NULL);
}

static void write_parse_errors(const struct fw_snapshot *snapshot, FILE *out)
{
	static const struct {
		const char *layer;
		int reasons[2];
	} layers[] = {
		{"link", {FW_REASON_TRUNCATED_LINK, -1}},
		{"ip", {FW_REASON_TRUNCATED_IP, FW_REASON_MALFORMED_IP}},
		{"l4", {FW_REASON_TRUNCATED_L4, FW_REASON_MALFORMED_L4}},
	};

	family(out, "floodwall_parse_errors_total", "counter", "Packets that could not be parsed, by layer.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (size_t layer = 0; layer < sizeof(layers) / sizeof(layers[0]); layer++) {
			uint64_t sum = 0;

			for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
				for (int j = 0; j < 2 && layers[layer].reasons[j] >= 0; j++)
					sum += by_reason(&snapshot->ifaces[i], verdict,
							 layers[layer].reasons[j]);
			sample(out, "floodwall_parse_errors_total", (double)sum, "interface",
			       snapshot->ifaces[i].name, "layer", layers[layer].layer, NULL);
		}
}

static void write_interfaces(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_interface_info", "gauge",
	       "Attachment of an interface; the value is always 1.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		sample(out, "floodwall_interface_info", 1, "interface", snapshot->ifaces[i].name, "xdp_mode",
		       snapshot->ifaces[i].xdp_mode, "driver", snapshot->ifaces[i].driver, NULL);
	family(out, "floodwall_interface_attached", "gauge",
	       "Whether the XDP program is attached to the interface.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		sample(out, "floodwall_interface_attached", snapshot->ifaces[i].attached, "interface",
		       snapshot->ifaces[i].name, NULL);
	write_traffic(snapshot, out, "floodwall_packets_total", "Packets seen at the XDP hook by verdict.",
		      0);
	write_traffic(snapshot, out, "floodwall_bytes_total", "Bytes seen at the XDP hook by verdict.", 1);
	write_reasons(snapshot, out, "floodwall_drops_total",
		      "Packets dropped by reason; reasons are a fixed list.", FW_VERDICT_DROP);
	write_reasons(snapshot, out, "floodwall_would_drops_total",
		      "Packets that passed only because something counts instead of enforcing, by reason.",
		      FW_VERDICT_WOULD_DROP);
	write_reasons(snapshot, out, "floodwall_passes_total",
		      "Packets passed by reason; reasons are a fixed list.", FW_VERDICT_PASS);
	write_parse_errors(snapshot, out);
}

typedef double rule_value(const struct fw_rule_snapshot *rule);

static double matched(const struct fw_rule_snapshot *rule)
{
	return (double)rule->counts.packets;
}
static double matched_bytes(const struct fw_rule_snapshot *rule)
{
	return (double)rule->counts.bytes;
}
static double dropped(const struct fw_rule_snapshot *rule)
{
	return (double)rule->counts.dropped;
}
static double would_drop(const struct fw_rule_snapshot *rule)
{
	return (double)rule->counts.would_drop;
}
static double window(const struct fw_rule_snapshot *rule)
{
	return seconds(rule->window_ns);
}
static double tracked(const struct fw_rule_snapshot *rule)
{
	return (double)rule->keys_tracked;
}
static double over(const struct fw_rule_snapshot *rule)
{
	return (double)rule->keys_over;
}
static double ratio(const struct fw_rule_snapshot *rule)
{
	return rule->highest_key_ratio;
}

static void write_rules(const struct fw_snapshot *snapshot, FILE *out)
{
	static const struct {
		const char *name, *type, *help;
		rule_value *value;
		int limited; /* only for rules with a limit */
	} families[] = {
		{"floodwall_rule_packets_total", "counter", "Packets matched by a rule.", matched, 0},
		{"floodwall_rule_bytes_total", "counter", "Bytes matched by a rule.", matched_bytes, 0},
		{"floodwall_rule_dropped_packets_total", "counter", "Packets dropped by a rule.", dropped, 0},
		{"floodwall_rule_would_drop_packets_total", "counter",
		 "Packets a rule would drop if it enforced.", would_drop, 0},
		{"floodwall_rule_window_seconds", "gauge", "Evaluation window of the rule.", window, 1},
		{"floodwall_rule_tracked_keys", "gauge", "Aggregation keys the rule tracks now.", tracked, 1},
		{"floodwall_rule_keys_over_limit", "gauge", "Aggregation keys over the limit now.", over, 1},
		{"floodwall_rule_highest_key_ratio", "gauge",
		 "Amount of the busiest key divided by the limit.", ratio, 1},
	};

	family(out, "floodwall_rule_info", "gauge", "Rule in force; the value is always 1.");
	for (size_t i = 0; i < snapshot->rule_count; i++)
		sample(out, "floodwall_rule_info", 1, "rule", snapshot->rules[i].name, "action",
		       snapshot->rules[i].action, "mode", snapshot->rules[i].mode, NULL);
	family(out, "floodwall_rule_limit", "gauge",
	       "Limit of the rule per window, in the unit of its label.");
	for (size_t i = 0; i < snapshot->rule_count; i++)
		if (snapshot->rules[i].unit[0])
			sample(out, "floodwall_rule_limit", (double)snapshot->rules[i].limit, "rule",
			       snapshot->rules[i].name, "unit", snapshot->rules[i].unit, NULL);
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < snapshot->rule_count; i++)
			if (!families[f].limited || snapshot->rules[i].unit[0])
				sample(out, families[f].name, families[f].value(&snapshot->rules[i]), "rule",
				       snapshot->rules[i].name, NULL);
	}
}

static void write_signatures(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_signature_packets_total", "counter",
	       "Packets with a signature that some rule asked about.");
	for (size_t i = 0; i < snapshot->signature_count; i++)
		sample(out, "floodwall_signature_packets_total", (double)snapshot->signatures[i].packets,
		       "signature", snapshot->signatures[i].name, "vector", snapshot->signatures[i].vector,
		       NULL);
	family(out, "floodwall_signature_bytes_total", "counter", "Bytes of these packets.");
	for (size_t i = 0; i < snapshot->signature_count; i++)
		sample(out, "floodwall_signature_bytes_total", (double)snapshot->signatures[i].bytes,
		       "signature", snapshot->signatures[i].name, "vector", snapshot->signatures[i].vector,
		       NULL);
}

static void write_challenges(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_challenges", "gauge", "Keys of challenge rules whose SYNs are answered now.");
	sample(out, "floodwall_challenges", (double)snapshot->challenges, NULL);
	family(out, "floodwall_verified_sources", "gauge", "Sources that completed a handshake lately.");
	sample(out, "floodwall_verified_sources", (double)snapshot->verified, NULL);
}

static void write_bans(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char *const origins[FW_BAN_ORIGIN_MAX_] = {[FW_BAN_MANUAL] = "manual",
								[FW_BAN_RULE] = "rule",
								[FW_BAN_FEED] = "feed",
								[FW_BAN_FLEET] = "fleet"};

	family(out, "floodwall_bans", "gauge", "Bans in force by origin.");
	for (int i = 0; i < FW_BAN_ORIGIN_MAX_; i++)
		sample(out, "floodwall_bans", (double)snapshot->bans_by_origin[i], "origin", origins[i],
		       NULL);
	family(out, "floodwall_bans_added_total", "counter", "Bans added by origin.");
	for (int i = 0; i < FW_BAN_ORIGIN_MAX_; i++)
		sample(out, "floodwall_bans_added_total", (double)snapshot->bans_added[i], "origin",
		       origins[i], NULL);
	family(out, "floodwall_bans_removed_total", "counter", "Bans removed by cause.");
	sample(out, "floodwall_bans_removed_total", (double)snapshot->bans_removed_expired, "cause",
	       "expired", NULL);
	sample(out, "floodwall_bans_removed_total", (double)snapshot->bans_removed_manual, "cause", "manual",
	       NULL);
}

static void write_sets(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_set_prefixes", "gauge", "Prefixes in a set.");
	for (size_t i = 0; i < snapshot->set_count; i++) {
		sample(out, "floodwall_set_prefixes", (double)snapshot->sets[i].prefixes4, "set",
		       snapshot->sets[i].name, "family", "ipv4", NULL);
		sample(out, "floodwall_set_prefixes", (double)snapshot->sets[i].prefixes6, "set",
		       snapshot->sets[i].name, "family", "ipv6", NULL);
	}
	family(out, "floodwall_set_packets_total", "counter", "Packets whose source matched a set.");
	for (size_t i = 0; i < snapshot->set_count; i++)
		sample(out, "floodwall_set_packets_total", (double)snapshot->sets[i].packets, "set",
		       snapshot->sets[i].name, NULL);
	family(out, "floodwall_set_file_last_read_successful", "gauge",
	       "Whether what the set's file says is in force; 0: its last good content is.");
	for (size_t i = 0; i < snapshot->set_count; i++)
		if (snapshot->sets[i].has_file)
			sample(out, "floodwall_set_file_last_read_successful", snapshot->sets[i].file_is_good,
			       "set", snapshot->sets[i].name, NULL);
}

static void write_worded(FILE *out, const char *name, const char *feed, const struct fw_worded *worded,
			 const char *label)
{
	for (size_t i = 0; i < worded->count; i++)
		sample(out, name, (double)worded->items[i].count, "feed", feed, label, worded->items[i].word,
		       NULL);
}

static void write_feed_words(const struct fw_snapshot *snapshot, FILE *out)
{
	family(out, "floodwall_feed_state", "gauge",
	       "State of a feed as a state set; 1 for the one it is in, 0 for the others.");
	for (size_t i = 0; i < snapshot->feed_count; i++)
		write_worded(out, "floodwall_feed_state", snapshot->feeds[i].name, &snapshot->feeds[i].states,
			     "state");
	family(out, "floodwall_feed_rejected_entries", "gauge",
	       "Entries of the list in force that a guard took out, and lines that were none, by reason.");
	for (size_t i = 0; i < snapshot->feed_count; i++) {
		write_worded(out, "floodwall_feed_rejected_entries", snapshot->feeds[i].name,
			     &snapshot->feeds[i].refused, "reason");
		sample(out, "floodwall_feed_rejected_entries", (double)snapshot->feeds[i].refused_lines,
		       "feed", snapshot->feeds[i].name, "reason", "unreadable", NULL);
	}
	family(out, "floodwall_feed_fetches_total", "counter",
	       "Fetches that ended, by result; failed and held ones left the last good copy in force.");
	for (size_t i = 0; i < snapshot->feed_count; i++)
		write_worded(out, "floodwall_feed_fetches_total", snapshot->feeds[i].name,
			     &snapshot->feeds[i].fetches, "result");
}

typedef double feed_value(const struct fw_feed_snapshot *feed);

static double feed_up(const struct fw_feed_snapshot *feed)
{
	return feed->up;
}
static double feed_stale(const struct fw_feed_snapshot *feed)
{
	return feed->stale;
}
static double feed_entries(const struct fw_feed_snapshot *feed)
{
	return (double)feed->entries;
}
static double feed_success(const struct fw_feed_snapshot *feed)
{
	return seconds(feed->last_success_wall_ns);
}
static double feed_duration(const struct fw_feed_snapshot *feed)
{
	return seconds(feed->fetch_ns);
}

static void write_feeds(const struct fw_snapshot *snapshot, FILE *out)
{
	static const struct {
		const char *name, *help;
		feed_value *value;
	} families[] = {
		{"floodwall_feed_up", "Whether the last fetch of the feed succeeded.", feed_up},
		{"floodwall_feed_stale", "Whether the feed had no success for longer than it may.",
		 feed_stale},
		{"floodwall_feed_entries", "Entries of the feed in force, merged.", feed_entries},
		{"floodwall_feed_last_success_timestamp_seconds",
		 "Unix time of the last successful fetch; 0 when there was none.", feed_success},
		{"floodwall_feed_fetch_duration_seconds", "Duration of the last fetch.", feed_duration},
	};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		family(out, families[f].name, "gauge", families[f].help);
		for (size_t i = 0; i < snapshot->feed_count; i++)
			sample(out, families[f].name, families[f].value(&snapshot->feeds[i]), "feed",
			       snapshot->feeds[i].name, NULL);
	}
	write_feed_words(snapshot, out);
}

static void write_maps(const struct fw_snapshot *snapshot, FILE *out)
{
	static const struct {
		const char *word;
	} faults[FW_FAULT_MAX_] = {
#define X(id, name, help) [FW_FAULT_##id] = {.word = (name)},
		FW_FAULTS(X)
#undef X
	};

	family(out, "floodwall_map_entries", "gauge", "Entries in a BPF map.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		sample(out, "floodwall_map_entries", (double)snapshot->maps[i].entries, "map",
		       snapshot->maps[i].map, NULL);
	family(out, "floodwall_map_max_entries", "gauge", "Capacity of a BPF map.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		sample(out, "floodwall_map_max_entries", (double)snapshot->maps[i].capacity, "map",
		       snapshot->maps[i].map, NULL);
	family(out, "floodwall_map_memory_bytes", "gauge", "Kernel memory a BPF map is charged for.");
	for (size_t i = 0; i < snapshot->map_count; i++)
		sample(out, "floodwall_map_memory_bytes", (double)snapshot->maps[i].memory_bytes, "map",
		       snapshot->maps[i].map, NULL);
	family(out, "floodwall_map_update_errors_total", "counter",
	       "Failed updates of a BPF map by the packet path.");
	sample(out, "floodwall_map_update_errors_total", (double)snapshot->faults[FW_FAULT_METER_FULL], "map",
	       "fw_meter_map", "error", "full", NULL);
	sample(out, "floodwall_map_update_errors_total", (double)snapshot->faults[FW_FAULT_BAN_FULL], "map",
	       "fw_ban_map", "error", "full", NULL);
	sample(out, "floodwall_map_update_errors_total", (double)snapshot->faults[FW_FAULT_SOURCE_FULL],
	       "map", "fw_source_map", "error", "full", NULL);
	family(out, "floodwall_events_lost_total", "counter", "Events lost because a ring buffer was full.");
	sample(out, "floodwall_events_lost_total", (double)snapshot->faults[FW_FAULT_EVENT_LOST], "stream",
	       "ban", NULL);
	family(out, "floodwall_faults_total", "counter",
	       "What went wrong in the packet path without deciding a packet.");
	for (int i = 0; i < FW_FAULT_MAX_; i++)
		sample(out, "floodwall_faults_total", (double)snapshot->faults[i], "fault", faults[i].word,
		       NULL);
}

static const struct fw_map_usage *find_map(const struct fw_snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (!strcmp(snapshot->maps[i].map, name))
			return &snapshot->maps[i];
	return NULL;
}

/* Beside fw_meter_map in write_maps(): entries, capacity and failed inserts. */
static void write_admission(const struct fw_snapshot *snapshot, FILE *out)
{
	const struct fw_admission_snapshot *admission = &snapshot->admission;
	const struct fw_map_usage *meters = find_map(snapshot, "fw_meter_map");
	uint64_t entries = meters ? meters->entries : 0;

	family(out, "floodwall_gate_closed", "gauge",
	       "Whether a CPU meets more new keys than it gives meters to; only those that return get one.");
	for (size_t i = 0; i < admission->gate_count; i++) {
		char cpu[16];

		snprintf(cpu, sizeof(cpu), "%u", admission->gates[i].cpu);
		sample(out, "floodwall_gate_closed", admission->gates[i].closed, "cpu", cpu, NULL);
	}
	family(out, "floodwall_gate_closings_total", "counter", "Times the gate of a CPU closed.");
	for (size_t i = 0; i < admission->gate_count; i++) {
		char cpu[16];

		snprintf(cpu, sizeof(cpu), "%u", admission->gates[i].cpu);
		sample(out, "floodwall_gate_closings_total", (double)admission->gates[i].closings, "cpu", cpu,
		       NULL);
	}
	single(out, "floodwall_meter_turned_away_packets_total", "counter",
	       "Packets whose key has no meter and was given none.", (double)admission->turned_away);
	single(out, "floodwall_meter_candidates_total", "counter",
	       "Keys turned away that get a meter if they return soon.", (double)admission->candidates);
	family(out, "floodwall_meter_inserts_total", "counter",
	       "Keys that were given a meter: new ones, candidates that returned, and strays: those for whom "
	       "another key's tag was taken (the noise of the filter), or whose own meter was evicted.");
	sample(out, "floodwall_meter_inserts_total",
	       (double)(admission->inserted - admission->returned - admission->strayed), "key", "new", NULL);
	sample(out, "floodwall_meter_inserts_total", (double)admission->returned, "key", "returned", NULL);
	sample(out, "floodwall_meter_inserts_total", (double)admission->strayed, "key", "stray", NULL);
	single(out, "floodwall_meter_evictions_estimate", "gauge",
	       "Meters given less those there are: evicted, or forgotten by unban and removed rules.",
	       admission->inserted > entries ? (double)(admission->inserted - entries) : 0);
}

static void write_logs(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char faults[] = "floodwall_log_line_faults_total";

	family(out, "floodwall_log_reading", "gauge", "Whether a log is being read.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		sample(out, "floodwall_log_reading", snapshot->logs[i].reading, "log", snapshot->logs[i].name,
		       NULL);
	family(out, "floodwall_log_lines_total", "counter", "Lines read from a log.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		sample(out, "floodwall_log_lines_total", (double)snapshot->logs[i].lines, "log",
		       snapshot->logs[i].name, NULL);
	family(out, faults, "counter", "Lines that said nothing or not everything, by fault.");
	for (size_t i = 0; i < snapshot->log_count; i++) {
		const struct fw_log_snapshot *log = &snapshot->logs[i];

		sample(out, faults, (double)log->unparsed, "log", log->name, "fault", "unparsed", NULL);
		sample(out, faults, (double)log->overlong, "log", log->name, "fault", "overlong", NULL);
		sample(out, faults, (double)log->given_up, "log", log->name, "fault", "given_up", NULL);
		sample(out, faults, (double)log->no_client, "log", log->name, "fault", "no_client", NULL);
	}
	family(out, "floodwall_log_matches_total", "counter", "Lines that some rule counted.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		sample(out, "floodwall_log_matches_total", (double)snapshot->logs[i].matches, "log",
		       snapshot->logs[i].name, NULL);
	family(out, "floodwall_log_offences_total", "counter", "Times a client of a log was over a limit.");
	for (size_t i = 0; i < snapshot->log_count; i++)
		sample(out, "floodwall_log_offences_total", (double)snapshot->logs[i].offences, "log",
		       snapshot->logs[i].name, NULL);
}

static void write_history(const struct fw_history_snapshot *history, FILE *out)
{
	single(out, "floodwall_history_recording", "gauge",
	       "Whether traffic is being recorded: 0 when the policy turns it off or the disk refuses it.",
	       history->recording);
	single(out, "floodwall_history_size_bytes", "gauge", "Size of what is recorded.",
	       (double)history->bytes);
	single(out, "floodwall_history_steps_written_total", "counter", "Steps of ten seconds recorded.",
	       (double)history->written);
	single(out, "floodwall_history_steps_lost_total", "counter",
	       "Steps of ten seconds that could not be recorded.", (double)history->lost);
}

static void write_attacks(const struct fw_snapshot *snapshot, FILE *out)
{
	single(out, "floodwall_under_attack", "gauge", "Whether rules of mode attack enforce now.",
	       snapshot->under_attack);
	family(out, "floodwall_attack_active", "gauge",
	       "Attacks that last, by protocol of their main vector.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		sample(out, "floodwall_attack_active", (double)snapshot->attacks[i].active, "vector",
		       snapshot->attacks[i].protocol, NULL);
	family(out, "floodwall_attacks_total", "counter", "Attacks that began since the agent started.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		sample(out, "floodwall_attacks_total", (double)snapshot->attacks[i].total, "vector",
		       snapshot->attacks[i].protocol, NULL);
	family(out, "floodwall_attack_start_timestamp_seconds", "gauge",
	       "Unix time at which the oldest attack that lasts began; 0 when there is none.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		sample(out, "floodwall_attack_start_timestamp_seconds",
		       seconds(snapshot->attacks[i].first_started_wall_ns), "vector",
		       snapshot->attacks[i].protocol, NULL);
	family(out, "floodwall_attack_packets_per_second", "gauge",
	       "Packets of attacks that are dropped, or would be in count mode.");
	for (size_t i = 0; i < snapshot->attack_count; i++)
		sample(out, "floodwall_attack_packets_per_second", snapshot->attacks[i].packets_per_second,
		       "vector", snapshot->attacks[i].protocol, NULL);
}

static void write_suppressions(const struct fw_snapshot *snapshot, FILE *out)
{
	if (snapshot->suppression_count)
		family(out, "floodwall_suppressed_events_total", "counter",
		       "Findings that a suppression expected.");
	for (size_t i = 0; i < snapshot->suppression_count; i++)
		sample(out, "floodwall_suppressed_events_total", (double)snapshot->suppressions[i].count,
		       "suppression", snapshot->suppressions[i].word, NULL);
}

static void write_notify(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char messages[] = "floodwall_notify_messages_total";

	if (!snapshot->notify_count)
		return;
	family(out, "floodwall_notify_up", "gauge", "Whether the last message to a target got through.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		sample(out, "floodwall_notify_up", snapshot->notify[i].up, "target", snapshot->notify[i].name,
		       NULL);
	family(out, "floodwall_notify_queued", "gauge", "Messages that wait to be sent.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		sample(out, "floodwall_notify_queued", (double)snapshot->notify[i].queued, "target",
		       snapshot->notify[i].name, NULL);
	family(out, messages, "counter", "Messages by what became of them; retried counts further attempts.");
	for (size_t i = 0; i < snapshot->notify_count; i++) {
		const struct fw_notify_snapshot *notify = &snapshot->notify[i];

		sample(out, messages, (double)notify->delivered, "target", notify->name, "result",
		       "delivered", NULL);
		sample(out, messages, (double)notify->retried, "target", notify->name, "result", "retried",
		       NULL);
		sample(out, messages, (double)notify->failed, "target", notify->name, "result", "failed",
		       NULL);
		sample(out, messages, (double)notify->dropped, "target", notify->name, "result", "dropped",
		       NULL);
	}
	family(out, "floodwall_notify_held_back_total", "counter",
	       "Events that a target's rate held back; they are told together.");
	for (size_t i = 0; i < snapshot->notify_count; i++)
		sample(out, "floodwall_notify_held_back_total", (double)snapshot->notify[i].held_back,
		       "target", snapshot->notify[i].name, NULL);
}

void fw_metrics_write(const struct fw_snapshot *snapshot, FILE *out)
{
	write_agent(snapshot, out);
	write_interfaces(snapshot, out);
	write_rules(snapshot, out);
	write_bans(snapshot, out);
	write_challenges(snapshot, out);
	write_sets(snapshot, out);
	write_feeds(snapshot, out);
	write_maps(snapshot, out);
	write_admission(snapshot, out);
	if (snapshot->signature_count)
		write_signatures(snapshot, out);
	if (snapshot->log_count)
		write_logs(snapshot, out);
	write_history(&snapshot->history, out);
	if (snapshot->attack_count)
		write_attacks(snapshot, out);
	write_suppressions(snapshot, out);
	write_notify(snapshot, out);
}
