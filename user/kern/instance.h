/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: what a datapath owns. Nobody outside includes this file. */
#ifndef FW_KERN_INSTANCE_H
#define FW_KERN_INSTANCE_H

#include <linux/limits.h>
#include <stddef.h>

#include "fw_allowance.h"
#include "fw_cpu.h"
#include "fw_maps.h"
#include "fw_reason.h"
#include "kern/datapath.h"
#include "policy/tables.h"

enum fw_map_id {
#define X(name) FW_MAP_ID_##name,
	FW_MAPS(X)
#undef X
		FW_MAP_PINNED_, /* those above are pinned, those below belong to one process */
	FW_MAP_ID_fw_clock_map = FW_MAP_PINNED_,
	FW_MAP_ID_fw_trace_map,
	FW_MAP_ID_MAX_,
};

extern const char *const fw_map_names[FW_MAP_ID_MAX_];

#define FW_LIST_TABLES 4

/* In the order of a view's memory: each has an inner map per slot. */
extern const enum fw_map_id fw_list_table_maps[FW_LIST_TABLES];

/* The lists of a slot as this process has written them; nothing after an adoption. */
struct fw_list_view {
	struct fw_list_tables tables;
	void *memory[FW_LIST_TABLES];
	size_t bytes[FW_LIST_TABLES];
};

struct fw_datapath {
	char pin_dir[PATH_MAX]; /* "" when nothing is pinned */
	int fds[FW_MAP_ID_MAX_];
	int barrier_fd,
		barrier_inner_fd; /* a map of maps of our own: updating it waits for running programs */
	struct fw_config config;  /* iface, frags and pad differ by program */
	uint64_t capacity_bans, capacity_prefixes, capacity_sources;
	unsigned int cpus;    /* possible ones: stride of per-CPU values */
	unsigned int cpu_ids; /* a power of two above the highest possible id; some of them no CPU has */
	struct fw_control *control;
	struct fw_policy_slot *policy; /* FW_SLOTS */
	struct fw_class *classes;
	uint64_t *list_bitmap;		/* slot × 2 + family */
	struct fw_list_wide *list_wide; /* likewise */
	struct fw_list_view list_view[FW_SLOTS];
	struct fw_list4_line *list4_line;     /* FW_SLOTS × FW_LIST4_LINES */
	uint64_t *geo_terms;		      /* slot × FW_GEO_CLASSES_MAX */
	struct fw_automaton *automata;	      /* slot × FW_SUBJECT_MAX_ */
	struct fw_allowance_line *allowances; /* CPU × lines */
	struct fw_cpu *by_cpu;
	uint64_t *ban_filter;
	uint64_t *published; /* FW_PUBLISHED_WORDS */
	uint64_t leases;     /* as of the last collection */
	uint64_t *clock;
	struct fw_trace *trace;
	uint64_t filter_marks;			       /* leases put into the ban filter since it was built */
	uint64_t policy_flipped_ns, filter_flipped_ns; /* monotonic; when the other slot was retired */
	uint64_t lists_freed_ns;		       /* when a change in place gave places in tables back */
	uint64_t waited_ns;			       /* when the last barrier that is over began */
	struct {
		uint64_t entries, walked_ns, took_ns;
	} usage[FW_MAP_ID_MAX_]; /* what a map held when it was last walked */
	uint64_t meters_gone;	 /* of those given, how many a walk did not find, at most of all walks */
};

static inline int fw_map_fd(const struct fw_datapath *datapath, enum fw_map_id map)
{
	return datapath->fds[map];
}

/* What a CPU has counted of a rule; the packet path writes it meanwhile. */
static inline struct fw_rule_count *fw_rule_count_at(const struct fw_datapath *datapath, unsigned int cpu,
						     uint16_t rule)
{
	return &datapath->by_cpu[cpu].rules[rule % FW_RULE_IDS];
}

static inline struct fw_policy_slot *fw_policy_slot_at(const struct fw_datapath *datapath,
						       uint32_t generation)
{
	return &datapath->policy[generation % FW_SLOTS];
}

/* Rule of the active policy by its stable id (never_block's limit included), NULL if no rule has it. */
const struct fw_rule *fw_active_rule(const struct fw_datapath *datapath, uint32_t id);

/* Nothing may be reused that a running program can still look at: waits unless a second has passed since
 * flipped_ns. */
void fw_wait_for_readers(struct fw_datapath *datapath, uint64_t flipped_ns);

#endif
