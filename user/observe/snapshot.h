/* SPDX-License-Identifier: Apache-2.0 */
/* Plain totals at one moment; kern/ fills them, nobody in observe/ reads a map. */
#ifndef FW_OBSERVE_SNAPSHOT_H
#define FW_OBSERVE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_counters.h"
#include "fw_policy.h"
#include "fw_types.h"

struct fw_map_usage {
	const char *map;	    /* static */
	uint64_t entries, capacity; /* capacity 0: all of it is always there, nothing comes and goes */
	uint64_t memory_bytes;	    /* 0: not known */
};

/* Who gets a meter: see known_admits() in bpf/known.h. */
struct fw_gate_snapshot {
	unsigned int cpu;
	bool closed;
	uint64_t closings;
};

struct fw_admission_snapshot {
	struct fw_gate_snapshot *gates; /* of every CPU, also before it sees a key */
	size_t gate_count;
	uint64_t turned_away, candidates;  /* packets */
	uint64_t fresh, returned, strayed; /* meters, each counted once */
	uint64_t gone;			   /* of these: at least so many */
};

#define FW_MAP_USAGE_MAX 64 /* more than there are pinned maps */

struct fw_iface_snapshot {
	const char *name, *xdp_mode, *driver;
	int attached;
	struct fw_iface_counts counts;
};

struct fw_rule_snapshot {
	const char *name, *action, *mode, *unit; /* unit "" without a limit */
	uint64_t limit, window_ns;
	struct fw_rule_count counts;
	uint64_t keys_tracked, keys_over;
	double highest_key_ratio;
};

struct fw_set_snapshot {
	const char *name;
	uint64_t prefixes4, prefixes6, packets;
	bool has_file, file_is_good;
};

#define FW_WORDED_MAX 12

/* Numbers by the words of some list, which belongs to whoever filled the snapshot. */
struct fw_worded {
	struct {
		const char *word;
		uint64_t count;
	} items[FW_WORDED_MAX];
	size_t count;
};

struct fw_feed_snapshot {
	const char *name;
	bool up, stale; /* up: the last fetch brought or confirmed what is in force */
	uint64_t entries, refused_lines;
	uint64_t last_success_wall_ns, fetch_ns;
	struct fw_worded states;  /* 1 for the one it is in */
	struct fw_worded refused; /* entries that a guard took out, by why */
	struct fw_worded fetches; /* by how they ended */
};

struct fw_signature_snapshot {
	const char *name, *vector; /* vector "" without */
	uint64_t packets, bytes;
};

#define FW_LOG_SNAPSHOTS_MAX	16
#define FW_NOTIFY_SNAPSHOTS_MAX 16

struct fw_notify_snapshot {
	const char *name;
	bool up;
	uint64_t queued, delivered, retried, failed, dropped, held_back;
};

#define FW_SUPPRESSION_SNAPSHOTS_MAX 64

struct fw_log_snapshot {
	const char *name;
	int reading;
	uint64_t lines, unparsed, overlong, given_up, no_client, matches, offences;
};

struct fw_history_snapshot {
	int enabled, recording;
	uint64_t bytes, written, lost; /* lost: steps of ten seconds that could not be written */
};

#define FW_ATTACK_KINDS_MAX 4

/* Attacks whose main vector is of one protocol. */
struct fw_attack_snapshot {
	const char *protocol;
	uint64_t active, total, first_started_wall_ns; /* of those that last, 0: none */
	double packets_per_second;
};

/* Everything /metrics and status print. Arrays are owned by whoever filled the snapshot. */
struct fw_snapshot {
	uint64_t at_ns; /* monotonic */
	uint64_t start_wall_ns, last_reload_wall_ns, confirm_deadline_wall_ns;
	int last_reload_ok, enforcing, count_mode;
	uint64_t runtime_overrides, generation;
	uint64_t cpu_ns, resident_bytes; /* of the agent */
	struct fw_iface_snapshot *ifaces;
	size_t iface_count;
	struct fw_rule_snapshot *rules;
	size_t rule_count;
	struct fw_set_snapshot *sets;
	size_t set_count;
	struct fw_signature_snapshot *signatures;
	size_t signature_count;
	struct fw_feed_snapshot *feeds;
	size_t feed_count;
	uint64_t faults[FW_FAULT_MAX_];
	struct fw_admission_snapshot admission;
	uint64_t bans_by_origin[FW_BAN_ORIGIN_MAX_];
	uint64_t challenges, verified; /* in force now */
	uint64_t bans_added[FW_BAN_ORIGIN_MAX_], bans_removed_expired, bans_removed_manual;
	struct fw_map_usage maps[FW_MAP_USAGE_MAX];
	size_t map_count;
	struct fw_log_snapshot logs[FW_LOG_SNAPSHOTS_MAX];
	size_t log_count;
	struct fw_history_snapshot history;
	struct fw_attack_snapshot attacks[FW_ATTACK_KINDS_MAX];
	size_t attack_count;
	bool under_attack; /* rules of mode attack enforce */
	struct {
		const char *word;
		uint64_t count;
	} suppressions[FW_SUPPRESSION_SNAPSHOTS_MAX];
	size_t suppression_count;
	struct fw_notify_snapshot notify[FW_NOTIFY_SNAPSHOTS_MAX];
	size_t notify_count;
	char config_hash[72];
	const char *config_file;
};

#endif
