// SPDX-License-Identifier: Apache-2.0
/* Snapshots to Prometheus text: its grammar, what is there from the start, and sums. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/metrics.h"

static char *text_of(const struct fw_snapshot *snapshot)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fw_metrics_write(snapshot, out);
	fclose(out);
	return text;
}

static struct fw_snapshot example(void)
{
	struct fw_snapshot snapshot = {
		.enforcing = 1, .generation = 7, .config_file = "/etc/a \"b\"\\c\n.yaml"};

	snapshot.ifaces = calloc(2, sizeof(*snapshot.ifaces));
	snapshot.iface_count = 2;
	snapshot.ifaces[0] = (struct fw_iface_snapshot){
		.name = "eth0", .xdp_mode = "native", .driver = "veth", .attached = 1};
	snapshot.ifaces[1] = (struct fw_iface_snapshot){.name = "eth1", .xdp_mode = "none", .driver = ""};
	snapshot.rules = calloc(2, sizeof(*snapshot.rules));
	snapshot.rule_count = 2;
	snapshot.rules[0] = (struct fw_rule_snapshot){.name = "blanket",
						      .action = "block",
						      .mode = "enforce",
						      .unit = "packets",
						      .limit = 7000,
						      .window_ns = 300000000000ULL};
	snapshot.rules[1] =
		(struct fw_rule_snapshot){.name = "bad", .action = "block", .mode = "count", .unit = ""};
	snapshot.sets = calloc(2, sizeof(*snapshot.sets));
	snapshot.set_count = 2;
	snapshot.sets[0] = (struct fw_set_snapshot){.name = "office", .prefixes4 = 3};
	snapshot.sets[1] = (struct fw_set_snapshot){.name = "bad", .prefixes6 = 4, .has_file = true};
	snapshot.feeds = calloc(1, sizeof(*snapshot.feeds));
	snapshot.feed_count = 1;
	snapshot.feeds[0] = (struct fw_feed_snapshot){.name = "drop",
						      .stale = true,
						      .entries = 1622,
						      .refused_lines = 2,
						      .last_success_wall_ns = 1795132800500000000ULL,
						      .states = {{{"ok", 0}, {"stale", 1}}, 2},
						      .refused = {{{"bogon", 5}}, 1},
						      .fetches = {{{"failed", 9}, {"updated", 1}}, 2}};
	snapshot.logs[0] = (struct fw_log_snapshot){.name = "web",
						    .reading = 1,
						    .lines = 1234,
						    .unparsed = 5,
						    .overlong = 6,
						    .matches = 7,
						    .offences = 8};
	snapshot.log_count = 1;
	snapshot.attacks[0] = (struct fw_attack_snapshot){.protocol = "udp",
							  .active = 1,
							  .total = 3,
							  .first_started_wall_ns = 1795132800500000000ULL,
							  .packets_per_second = 1250.5};
	snapshot.attack_count = 1;
	snapshot.admission.gates = calloc(2, sizeof(*snapshot.admission.gates));
	snapshot.admission.gate_count = 2;
	snapshot.admission.gates[1] = (struct fw_gate_snapshot){.cpu = 3, .closed = true, .closings = 2};
	snapshot.admission.turned_away = 6000000;
	snapshot.admission.candidates = 213000;
	snapshot.admission.fresh = 1000;
	snapshot.admission.returned = 300;
	snapshot.admission.strayed = 200;
	snapshot.admission.gone = 390;
	snapshot.maps[0] = (struct fw_map_usage){.map = "fw_meter_map", .entries = 1100, .capacity = 4096};
	snapshot.maps[1] = (struct fw_map_usage){.map = "fw_known_map", .memory_bytes = 2097152};
	snapshot.map_count = 2;
	snapshot.suppressions[0].word = "backup";
	snapshot.suppressions[0].count = 9;
	snapshot.suppression_count = 1;
	snapshot.notify[0] = (struct fw_notify_snapshot){
		.name = "ops", .up = true, .queued = 2, .delivered = 31, .dropped = 4, .held_back = 55};
	snapshot.notify_count = 1;
	return snapshot;
}

static void done(struct fw_snapshot *snapshot, char *text)
{
	free(snapshot->ifaces);
	free(snapshot->rules);
	free(snapshot->sets);
	free(snapshot->feeds);
	free(snapshot->admission.gates);
	free(text);
}

/* A gate is read while the packet path counts: the words of one key may come in two readings. No series may
 * step back because another one is ahead. */
Test(metrics, a_key_that_returned_takes_nothing_from_the_new_ones)
{
	static const char series[] = "floodwall_meter_inserts_total{key=\"new\"} 1000\n";
	struct fw_snapshot snapshot = example();
	char *text;

	snapshot.admission.returned++;
	text = text_of(&snapshot);
	cr_expect(strstr(text, series), "new keys are no longer 1000");
	cr_expect(strstr(text, "floodwall_meter_inserts_total{key=\"returned\"} 301\n"));
	done(&snapshot, text);
}

/* HELP, TYPE, then samples of that name only; counters end in _total; every value is a number. */
Test(metrics, grammar)
{
	struct fw_snapshot snapshot = example();
	char *text = text_of(&snapshot), *save = NULL, seen[128][80], current[80] = "";
	size_t families = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[80], type[16], *value, *end;

		if (sscanf(line, "# HELP %79s", name) == 1) {
			for (size_t i = 0; i < families; i++)
				cr_assert_str_neq(seen[i], name, "%s is described twice", name);
			cr_assert_lt(families, 128);
			snprintf(seen[families++], sizeof(seen[0]), "%s", name);
			snprintf(current, sizeof(current), "%s", name);
			continue;
		}
		if (sscanf(line, "# TYPE %79s %15s", name, type) == 2) {
			size_t length = strlen(name);

			cr_assert_str_eq(name, current);
			cr_assert_eq(!strcmp(type, "counter"),
				     length > 6 && !strcmp(name + length - 6, "_total"), "%s", name);
			continue;
		}
		cr_assert_eq(strncmp(line, current, strlen(current)), 0, "'%s' under %s", line, current);
		cr_assert(line[strlen(current)] == '{' || line[strlen(current)] == ' ', "%s", line);
		value = strrchr(line, ' ') + 1;
		strtod(value, &end);
		cr_assert(*value && !*end, "no number: %s", line);
	}
	cr_assert_gt(families, 35);
	done(&snapshot, text);
}

Test(metrics, everything_is_there_before_the_first_packet)
{
	static const char *const wanted[] = {
		"floodwall_drops_total{interface=\"eth0\",reason=\"over_limit\"} 0\n",
		"floodwall_drops_total{interface=\"eth1\",reason=\"banned\"} 0\n",
		"floodwall_passes_total{interface=\"eth0\",reason=\"ssh_peer\"} 0\n",
		"floodwall_packets_total{interface=\"eth0\",family=\"ipv6\",protocol=\"udp\",verdict=\"would_"
		"drop\"} 0\n",
		"floodwall_interface_attached{interface=\"eth1\"} 0\n",
		"floodwall_bans{origin=\"fleet\"} 0\n",
		"floodwall_rule_limit{rule=\"blanket\",unit=\"packets\"} 7000\n",
		"floodwall_rule_window_seconds{rule=\"blanket\"} 300\n",
		"floodwall_rule_packets_total{rule=\"bad\"} 0\n",
		"floodwall_log_lines_total{log=\"web\"} 1234\n",
		"floodwall_log_line_faults_total{log=\"web\",fault=\"unparsed\"} 5\n",
		"floodwall_attack_active{vector=\"udp\"} 1\n",
		"floodwall_attacks_total{vector=\"udp\"} 3\n",
		"floodwall_attack_start_timestamp_seconds{vector=\"udp\"} 1795132800.5\n",
		"floodwall_attack_packets_per_second{vector=\"udp\"} 1250.5\n",
		"floodwall_notify_up{target=\"ops\"} 1\n",
		"floodwall_notify_messages_total{target=\"ops\",result=\"dropped\"} 4\n",
		"floodwall_notify_held_back_total{target=\"ops\"} 55\n",
		"floodwall_suppressed_events_total{suppression=\"backup\"} 9\n",
		"floodwall_gate_closed{cpu=\"0\"} 0\n",
		"floodwall_gate_closed{cpu=\"3\"} 1\n",
		"floodwall_gate_closings_total{cpu=\"3\"} 2\n",
		"floodwall_meter_turned_away_packets_total 6000000\n",
		"floodwall_meter_candidates_total 213000\n",
		"floodwall_meter_inserts_total{key=\"new\"} 1000\n",
		"floodwall_meter_inserts_total{key=\"returned\"} 300\n",
		"floodwall_meter_inserts_total{key=\"stray\"} 200\n",
		"floodwall_meter_evictions_estimate 390\n", /* not the 400 that entries of before tell */
		"floodwall_mode{mode=\"enforce\"} 1\n",
		"floodwall_mode{mode=\"count\"} 0\n",
		"floodwall_events_lost_total{stream=\"ban\"} 0\n",
		"files=\"/etc/a \\\"b\\\"\\\\c\\n.yaml\"} 1\n",
	};
	struct fw_snapshot snapshot = example();
	char *text = text_of(&snapshot);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect(strstr(text, wanted[i]), "missing: %s", wanted[i]);
	cr_expect_null(strstr(text, "floodwall_rule_limit{rule=\"bad\""),
		       "a rule without limit has no limit series");
	done(&snapshot, text);
}

Test(metrics, sums_over_what_is_not_a_label)
{
	struct fw_snapshot snapshot = example();
	struct fw_iface_counts *counts = &snapshot.ifaces[0].counts;
	char *text;

	counts->by[FW_VERDICT_DROP][FW_REASON_OVER_LIMIT][FW_TRAFFIC_V4_UDP] = (struct fw_count){3, 300};
	counts->by[FW_VERDICT_DROP][FW_REASON_OVER_LIMIT][FW_TRAFFIC_V6_UDP] = (struct fw_count){4, 400};
	counts->by[FW_VERDICT_DROP][FW_REASON_BANNED][FW_TRAFFIC_V4_UDP] = (struct fw_count){5, 500};
	counts->by[FW_VERDICT_WOULD_DROP][FW_REASON_OVER_LIMIT][FW_TRAFFIC_V4_UDP] =
		(struct fw_count){1000, 1};
	counts->by[FW_VERDICT_DROP][FW_REASON_TRUNCATED_IP][FW_TRAFFIC_OTHER] = (struct fw_count){9, 90};
	text = text_of(&snapshot);
	cr_expect(strstr(text, "floodwall_drops_total{interface=\"eth0\",reason=\"over_limit\"} 7\n"));
	cr_expect(
		strstr(text, "floodwall_would_drops_total{interface=\"eth0\",reason=\"over_limit\"} 1000\n"));
	cr_expect(strstr(text, "family=\"ipv4\",protocol=\"udp\",verdict=\"drop\"} 8\n"));
	cr_expect(strstr(text, "floodwall_bytes_total{interface=\"eth0\",family=\"ipv4\",protocol=\"udp\","
			       "verdict=\"drop\"} 800\n"));
	cr_expect(strstr(text, "floodwall_parse_errors_total{interface=\"eth0\",layer=\"ip\"} 9\n"));
	done(&snapshot, text);
}

/* An alert on entries / max_entries must not fire for what is full by nature. */
Test(metrics, only_maps_that_can_fill_up_have_entries)
{
	struct fw_snapshot snapshot = example();
	char *text = text_of(&snapshot);

	cr_expect(strstr(text, "floodwall_map_entries{map=\"fw_meter_map\"} 1100\n"));
	cr_expect(strstr(text, "floodwall_map_max_entries{map=\"fw_meter_map\"} 4096\n"));
	cr_expect_null(strstr(text, "entries{map=\"fw_known_map\""));
	cr_expect(strstr(text, "floodwall_map_memory_bytes{map=\"fw_known_map\"} 2097152\n"));
	done(&snapshot, text);
}

/* Beyond 2^53 a double would be off; nobody prints 1e+16 for a counter. */
Test(metrics, large_counters_stay_whole)
{
	struct fw_snapshot snapshot = example();
	char *text;

	snapshot.ifaces[0].counts.by[FW_VERDICT_PASS][FW_REASON_NO_RULE][FW_TRAFFIC_V4_TCP].packets =
		4503599627370497ULL;
	text = text_of(&snapshot);
	cr_expect(strstr(text, " 4503599627370497\n"));
	done(&snapshot, text);
}

Test(metrics, sets_and_feeds)
{
	static const char *const want[] = {
		"floodwall_set_prefixes{set=\"office\",family=\"ipv4\"} 3\n",
		"floodwall_set_file_last_read_successful{set=\"bad\"} 0\n",
		"floodwall_feed_up{feed=\"drop\"} 0\n",
		"floodwall_feed_stale{feed=\"drop\"} 1\n",
		"floodwall_feed_entries{feed=\"drop\"} 1622\n",
		"floodwall_feed_last_success_timestamp_seconds{feed=\"drop\"} 1795132800.5\n",
		"floodwall_feed_state{feed=\"drop\",state=\"ok\"} 0\n",
		"floodwall_feed_state{feed=\"drop\",state=\"stale\"} 1\n",
		"floodwall_feed_rejected_entries{feed=\"drop\",reason=\"bogon\"} 5\n",
		"floodwall_feed_rejected_entries{feed=\"drop\",reason=\"unreadable\"} 2\n",
		"floodwall_feed_fetches_total{feed=\"drop\",result=\"failed\"} 9\n",
	};
	struct fw_snapshot snapshot = example();
	char *text = text_of(&snapshot);

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		cr_expect(strstr(text, want[i]), "no %s", want[i]);
	cr_expect(!strstr(text, "floodwall_set_file_last_read_successful{set=\"office\""),
		  "a set without file has no file to read");
	done(&snapshot, text);
}
