// SPDX-License-Identifier: Apache-2.0
/* Metrics of sets and feeds. */
#include "observe/metrics_text.h"

static void write_sets(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_set_prefixes", "gauge", "Prefixes in a set.");
	for (size_t i = 0; i < snapshot->set_count; i++) {
		fw_metric_sample(out, "floodwall_set_prefixes", (double)snapshot->sets[i].prefixes4, "set",
				 snapshot->sets[i].name, "family", "ipv4", NULL);
		fw_metric_sample(out, "floodwall_set_prefixes", (double)snapshot->sets[i].prefixes6, "set",
				 snapshot->sets[i].name, "family", "ipv6", NULL);
	}
	fw_metric_family(out, "floodwall_set_packets_total", "counter",
			 "Packets whose source matched a set.");
	for (size_t i = 0; i < snapshot->set_count; i++)
		fw_metric_sample(out, "floodwall_set_packets_total", (double)snapshot->sets[i].packets, "set",
				 snapshot->sets[i].name, NULL);
	fw_metric_family(out, "floodwall_set_file_last_read_successful", "gauge",
			 "Whether what the set's file says is in force; 0: its last good content is.");
	for (size_t i = 0; i < snapshot->set_count; i++)
		if (snapshot->sets[i].has_file)
			fw_metric_sample(out, "floodwall_set_file_last_read_successful",
					 snapshot->sets[i].file_is_good, "set", snapshot->sets[i].name, NULL);
}

static void write_worded(FILE *out, const char *name, const char *feed, const struct fw_worded *worded,
			 const char *label)
{
	for (size_t i = 0; i < worded->count; i++)
		fw_metric_sample(out, name, (double)worded->items[i].count, "feed", feed, label,
				 worded->items[i].word, NULL);
}

static void write_feed_words(const struct fw_snapshot *snapshot, FILE *out)
{
	fw_metric_family(out, "floodwall_feed_state", "gauge",
			 "State of a feed as a state set; 1 for the one it is in, 0 for the others.");
	for (size_t i = 0; i < snapshot->feed_count; i++)
		write_worded(out, "floodwall_feed_state", snapshot->feeds[i].name, &snapshot->feeds[i].states,
			     "state");
	fw_metric_family(
		out, "floodwall_feed_rejected_entries", "gauge",
		"Entries of the list in force that a guard took out, and lines that were none, by reason.");
	for (size_t i = 0; i < snapshot->feed_count; i++) {
		write_worded(out, "floodwall_feed_rejected_entries", snapshot->feeds[i].name,
			     &snapshot->feeds[i].refused, "reason");
		fw_metric_sample(out, "floodwall_feed_rejected_entries",
				 (double)snapshot->feeds[i].refused_lines, "feed", snapshot->feeds[i].name,
				 "reason", "unreadable", NULL);
	}
	fw_metric_family(
		out, "floodwall_feed_fetches_total", "counter",
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
	return fw_metric_seconds(feed->last_success_wall_ns);
}
static double feed_duration(const struct fw_feed_snapshot *feed)
{
	return fw_metric_seconds(feed->fetch_ns);
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
		fw_metric_family(out, families[f].name, "gauge", families[f].help);
		for (size_t i = 0; i < snapshot->feed_count; i++)
			fw_metric_sample(out, families[f].name, families[f].value(&snapshot->feeds[i]),
					 "feed", snapshot->feeds[i].name, NULL);
	}
	write_feed_words(snapshot, out);
}

void fw_metrics_write_lists(const struct fw_snapshot *snapshot, FILE *out)
{
	write_sets(snapshot, out);
	write_feeds(snapshot, out);
}
