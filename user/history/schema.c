// SPDX-License-Identifier: Apache-2.0
/* The schema, and every column of it in words. */
#include "history/schema.h"

#define TRAFFIC(name)                                                                                        \
	"CREATE TABLE IF NOT EXISTS " name "(start INTEGER, rule INTEGER, packets INTEGER, bytes INTEGER,"   \
	" dropped INTEGER, would_drop INTEGER, PRIMARY KEY(start, rule)) WITHOUT ROWID;"
#define SOURCE(name)                                                                                         \
	"CREATE TABLE IF NOT EXISTS " name "(start INTEGER, source TEXT, packets INTEGER, bytes INTEGER,"    \
	" dropped INTEGER, PRIMARY KEY(start, source)) WITHOUT ROWID;"
#define RATES(name, table, seconds)                                                                          \
	"CREATE VIEW IF NOT EXISTS " name " AS SELECT t.start AS time, r.name AS rule,"                      \
	" t.packets / " seconds " AS packets_per_second, t.bytes / " seconds " AS bytes_per_second,"         \
	" t.dropped / " seconds " AS dropped_per_second, t.would_drop / " seconds                            \
	" AS would_drop_per_second FROM " table " t JOIN rule r ON r.id = t.rule;"

const char fw_history_schema[] =
	"CREATE TABLE IF NOT EXISTS rule(id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL,"
	" per TEXT NOT NULL, window_ms INTEGER NOT NULL, UNIQUE(name, unit, per, window_ms));" TRAFFIC(
		"traffic_1s") TRAFFIC("traffic_10s") TRAFFIC("traffic_5m") SOURCE("source_10s")
		SOURCE("source_5m") "CREATE TABLE IF NOT EXISTS distribution(start INTEGER, rule INTEGER, "
				    "least INTEGER, samples INTEGER,"
				    " amount INTEGER, PRIMARY KEY(start, rule, least)) WITHOUT ROWID;"
				    "CREATE TABLE IF NOT EXISTS highest(start INTEGER, rule INTEGER, source "
				    "TEXT, amount INTEGER,"
				    " dropped INTEGER, PRIMARY KEY(start, rule, source)) WITHOUT ROWID;"
				    "CREATE TABLE IF NOT EXISTS limit_in_force(start INTEGER, rule INTEGER, "
				    "amount INTEGER,"
				    " enforced INTEGER, PRIMARY KEY(start, rule)) WITHOUT ROWID;"
				    "CREATE TABLE IF NOT EXISTS recording(start INTEGER PRIMARY KEY, seconds "
				    "INTEGER);"
				    "CREATE TABLE IF NOT EXISTS attacks(start INTEGER, \"end\" INTEGER, "
				    "target TEXT, vector TEXT,"
				    " PRIMARY KEY(start, target, vector)) WITHOUT ROWID;"
				    "CREATE TABLE IF NOT EXISTS state(name TEXT PRIMARY KEY, value INTEGER) "
				    "WITHOUT ROWID;" RATES("rule_rates_1s", "traffic_1s", "1.0") RATES(
					    "rule_rates_10s", "traffic_10s", "10.0")
					    RATES("rule_rates_5m", "traffic_5m",
						  "300.0") "CREATE VIEW IF NOT EXISTS busiest AS SELECT "
							   "start AS time, source, packets / 300.0 AS"
							   " packets_per_second, bytes / 300.0 AS "
							   "bytes_per_second, dropped / 300.0 AS "
							   "dropped_per_second"
							   " FROM source_5m;"
							   "CREATE VIEW IF NOT EXISTS highest_keys AS SELECT "
							   "h.start AS time, r.name AS rule, h.source AS "
							   "source,"
							   " h.amount AS amount, r.unit AS unit, r.window_ms "
							   "/ 1000.0 AS window_seconds, l.amount AS "
							   "limit_amount,"
							   " h.dropped AS dropped FROM highest h JOIN rule r "
							   "ON r.id = h.rule LEFT JOIN limit_in_force l ON"
							   " l.start = h.start AND l.rule = h.rule;";

static const struct fw_history_table tables[] = {
	{"rule", "id, name, unit, per, window_ms",
	 "A rule as it was while its numbers were taken; unit is empty without a limit. Another unit, key or "
	 "window makes another row."},
	{"traffic_1s", "start, rule, packets, bytes, dropped, would_drop",
	 "What a rule matched and dropped in a second; kept for an hour."},
	{"traffic_10s", "start, rule, packets, bytes, dropped, would_drop",
	 "The same in ten seconds; kept for a day."},
	{"traffic_5m", "start, rule, packets, bytes, dropped, would_drop",
	 "The same in five minutes; kept as long as history: {keep} says, as are all tables below."},
	{"source_10s", "start, source, packets, bytes, dropped",
	 "The 100 busiest sources of ten seconds, from samples of the packet path; kept for a day."},
	{"source_5m", "start, source, packets, bytes, dropped",
	 "The 1000 busiest sources of five minutes; after a week the first 100 of them."},
	{"distribution", "start, rule, least, samples, amount",
	 "How the amounts of a rule's keys are spread: samples sub-windows (a sixteenth of the window) ended "
	 "at "
	 "a trailing amount of `least` or more, up to the next row's least; `amount` came in them."},
	{"highest", "start, rule, source, amount, dropped",
	 "Per key the highest amount that the limit was compared with, and packets dropped; 1000 keys per "
	 "rule, "
	 "after a week 100."},
	{"limit_in_force", "start, rule, amount, enforced",
	 "The limit in those five minutes, the lowest if there were several; enforced 0: it only counted."},
	{"recording", "start, seconds", "How many of the 300 seconds were recorded."},
	{"attacks", "start, end, target, vector",
	 "Declared attacks; end is NULL while one lasts. recommend leaves their time out."},
	{"state", "name, value", "The recorder's own."},
	{"rule_rates_1s",
	 "time, rule, packets_per_second, bytes_per_second, dropped_per_second, "
	 "would_drop_per_second",
	 "View for Grafana's time series: traffic_1s per second, with the rule's name; rule_rates_10s and "
	 "rule_rates_5m are likewise."},
	{"rule_rates_10s",
	 "time, rule, packets_per_second, bytes_per_second, dropped_per_second, "
	 "would_drop_per_second",
	 "View of traffic_10s."},
	{"rule_rates_5m",
	 "time, rule, packets_per_second, bytes_per_second, dropped_per_second, "
	 "would_drop_per_second",
	 "View of traffic_5m."},
	{"busiest", "time, source, packets_per_second, bytes_per_second, dropped_per_second",
	 "View of source_5m per second."},
	{"highest_keys", "time, rule, source, amount, unit, window_seconds, limit_amount, dropped",
	 "View of highest with names and the limit beside it."},
};

const struct fw_history_table *fw_history_tables(size_t *ret_count)
{
	*ret_count = sizeof(tables) / sizeof(tables[0]);
	return tables;
}
