// SPDX-License-Identifier: Apache-2.0
/* Metrics of packets: by interface, reason, rule and signature; bans and challenges. */
#include "lib/reason.h"
#include "observe/metrics_text.h"

static const struct {
	const char *family, *protocol;
} traffics[] = {
#define X(id, family_label, protocol_label) {family_label, protocol_label},
	FW_TRAFFICS(X)
#undef X
};

static const char *const verdicts[FW_VERDICT_MAX_] = {
	[FW_VERDICT_PASS] = "pass", [FW_VERDICT_DROP] = "drop", [FW_VERDICT_WOULD_DROP] = "would_drop"};

static void write_traffic(const struct fw_snapshot *snapshot, FILE *out, const char *name, const char *help,
			  int bytes)
{
	fw_metric_family(out, name, "counter", help);
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++) {
				uint64_t sum = 0;

				for (int reason = 0; reason < FW_REASON_MAX_; reason++) {
					const struct fw_count *count =
						&snapshot->ifaces[i].counts.by[verdict][reason][traffic];

					sum += bytes ? count->bytes : count->packets;
				}
				fw_metric_sample(out, name, (double)sum, "interface",
						 snapshot->ifaces[i].name, "family", traffics[traffic].family,
						 "protocol", traffics[traffic].protocol, "verdict",
						 verdicts[verdict], NULL);
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
	fw_metric_family(out, name, "counter", help);
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			if (verdict == FW_VERDICT_PASS ||
			    fw_reason_facts(reason)->action != FW_REASON_IS_PASS)
				fw_metric_sample(out, name,
						 (double)by_reason(&snapshot->ifaces[i], verdict, reason),
						 "interface", snapshot->ifaces[i].name, "reason",
						 fw_reason_facts(reason)->word, NULL);
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

	fw_metric_family(out, "floodwall_parse_errors_total", "counter",
			 "Packets that could not be parsed, by layer.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		for (size_t layer = 0; layer < sizeof(layers) / sizeof(layers[0]); layer++) {
			uint64_t sum = 0;

			for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
				for (int j = 0; j < 2 && layers[layer].reasons[j] >= 0; j++)
					sum += by_reason(&snapshot->ifaces[i], verdict,
							 layers[layer].reasons[j]);
			fw_metric_sample(out, "floodwall_parse_errors_total", (double)sum, "interface",
					 snapshot->ifaces[i].name, "layer", layers[layer].layer, NULL);
		}
}

static void write_interfaces(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_interface_info", "gauge",
			 "Attachment of an interface; the value is always 1.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		fw_metric_sample(out, "floodwall_interface_info", 1, "interface", snapshot->ifaces[i].name,
				 "xdp_mode", snapshot->ifaces[i].xdp_mode, "driver",
				 snapshot->ifaces[i].driver, NULL);
	fw_metric_family(out, "floodwall_interface_attached", "gauge",
			 "Whether the XDP program is attached to the interface.");
	for (size_t i = 0; i < snapshot->iface_count; i++)
		fw_metric_sample(out, "floodwall_interface_attached", snapshot->ifaces[i].attached,
				 "interface", snapshot->ifaces[i].name, NULL);
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
	return fw_metric_seconds(rule->window_ns);
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

	fw_metric_family(out, "floodwall_rule_info", "gauge", "Rule in force; the value is always 1.");
	for (size_t i = 0; i < snapshot->rule_count; i++)
		fw_metric_sample(out, "floodwall_rule_info", 1, "rule", snapshot->rules[i].name, "action",
				 snapshot->rules[i].action, "mode", snapshot->rules[i].mode, NULL);
	fw_metric_family(out, "floodwall_rule_limit", "gauge",
			 "Limit of the rule per window, in the unit of its label.");
	for (size_t i = 0; i < snapshot->rule_count; i++)
		if (snapshot->rules[i].unit[0])
			fw_metric_sample(out, "floodwall_rule_limit", (double)snapshot->rules[i].limit,
					 "rule", snapshot->rules[i].name, "unit", snapshot->rules[i].unit,
					 NULL);
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		fw_metric_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < snapshot->rule_count; i++)
			if (!families[f].limited || snapshot->rules[i].unit[0])
				fw_metric_sample(out, families[f].name,
						 families[f].value(&snapshot->rules[i]), "rule",
						 snapshot->rules[i].name, NULL);
	}
}

void fw_metrics_write_signatures(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_signature_packets_total", "counter",
			 "Packets with a signature that some rule asked about.");
	for (size_t i = 0; i < snapshot->signature_count; i++)
		fw_metric_sample(out, "floodwall_signature_packets_total",
				 (double)snapshot->signatures[i].packets, "signature",
				 snapshot->signatures[i].name, "vector", snapshot->signatures[i].vector,
				 NULL);
	fw_metric_family(out, "floodwall_signature_bytes_total", "counter", "Bytes of these packets.");
	for (size_t i = 0; i < snapshot->signature_count; i++)
		fw_metric_sample(out, "floodwall_signature_bytes_total",
				 (double)snapshot->signatures[i].bytes, "signature",
				 snapshot->signatures[i].name, "vector", snapshot->signatures[i].vector,
				 NULL);
}

static void write_challenges(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_challenges", "gauge",
			 "Keys of challenge rules whose SYNs are answered now.");
	fw_metric_sample(out, "floodwall_challenges", (double)snapshot->challenges, NULL);
	fw_metric_family(out, "floodwall_verified_sources", "gauge",
			 "Sources that completed a handshake lately.");
	fw_metric_sample(out, "floodwall_verified_sources", (double)snapshot->verified, NULL);
}

static void write_bans(const struct fw_snapshot *snapshot, FILE *out)
{
	static const char *const origins[FW_BAN_ORIGIN_MAX_] = {[FW_BAN_MANUAL] = "manual",
								[FW_BAN_RULE] = "rule",
								[FW_BAN_FEED] = "feed",
								[FW_BAN_FLEET] = "fleet"};

	fw_metric_family(out, "floodwall_bans", "gauge", "Bans in force by origin.");
	for (int i = 0; i < FW_BAN_ORIGIN_MAX_; i++)
		fw_metric_sample(out, "floodwall_bans", (double)snapshot->bans_by_origin[i], "origin",
				 origins[i], NULL);
	fw_metric_family(out, "floodwall_bans_added_total", "counter", "Bans added by origin.");
	for (int i = 0; i < FW_BAN_ORIGIN_MAX_; i++)
		fw_metric_sample(out, "floodwall_bans_added_total", (double)snapshot->bans_added[i], "origin",
				 origins[i], NULL);
	fw_metric_family(out, "floodwall_bans_removed_total", "counter", "Bans removed by cause.");
	fw_metric_sample(out, "floodwall_bans_removed_total", (double)snapshot->bans_removed_expired, "cause",
			 "expired", NULL);
	fw_metric_sample(out, "floodwall_bans_removed_total", (double)snapshot->bans_removed_manual, "cause",
			 "manual", NULL);
}

void fw_metrics_write_traffic(const struct fw_snapshot *snapshot, FILE *out)
{
	write_interfaces(snapshot, out);
	write_rules(snapshot, out);
	write_bans(snapshot, out);
	write_challenges(snapshot, out);
}
