/* SPDX-License-Identifier: Apache-2.0 */
/* Reads counters, meters and sampled sources into plain structs. */
#ifndef FW_KERN_STATS_H
#define FW_KERN_STATS_H

#include <stdatomic.h>

#include "fw_counters.h"
#include "fw_signature.h"
#include "fw_spread.h"
#include "kern/datapath.h"
#include "lib/addr.h"
#include "observe/snapshot.h"

int fw_stats_iface(struct fw_datapath *datapath, uint32_t iface,
		   struct fw_iface_counts *ret);			/* summed over CPUs */
int fw_stats_iface_reset(struct fw_datapath *datapath, uint32_t iface); /* before an index is reused */
/* Summed over CPUs; what is of a total meter stays 0. */
struct fw_rule_count fw_stats_rule(const struct fw_datapath *datapath, uint16_t rule);
void fw_stats_rules(const struct fw_datapath *datapath, struct fw_rule_count ret[FW_RULE_IDS]);
int fw_stats_rule_reset(struct fw_datapath *datapath,
			uint16_t rule); /* before an id is recycled: counters and meters */
/* How the amounts of a rule's keys were spread since the rule got its id. */
int fw_stats_spread(struct fw_datapath *datapath, uint16_t rule, struct fw_spread *ret);
/* By the index of a signature in its list. */
int fw_stats_signatures(struct fw_datapath *datapath, struct fw_signature_count ret[FW_SIGNATURES_MAX]);
int fw_stats_signatures_reset(struct fw_datapath *datapath);
/* A possible CPU's, which that CPU writes meanwhile; NULL: there is no such CPU, nor one beyond. */
const struct fw_gate *fw_stats_gate(const struct fw_datapath *datapath, unsigned int cpu);
static inline uint64_t fw_gate_inserted(const struct fw_gate *gate)
{
	return gate->fresh + gate->returned + gate->strayed;
}
int fw_stats_faults(struct fw_datapath *datapath, uint64_t ret[FW_FAULT_MAX_]);
/* Packets per list class of a slot since that slot was published. counts[class_count]. */
int fw_stats_classes(struct fw_datapath *datapath, uint32_t list_slot, uint64_t *counts, size_t class_count);
int fw_stats_classes_reset(struct fw_datapath *datapath, uint32_t list_slot, struct fw_err *err);
/* Hash maps are walked to count their entries, a large one not at every call. memory_bytes is what the kernel
 * charges, with the inner maps of a map of maps. */
int fw_stats_map_usage(struct fw_datapath *datapath, struct fw_map_usage *usage, size_t capacity,
		       size_t *ret_count);

/* Meters that the packet path has given and that are there no more: at least so many, and never fewer than
 * before. As of the last walk by fw_stats_map_usage(); those that there is no room for, as of now. */
uint64_t fw_stats_meters_gone(const struct fw_datapath *datapath);

struct fw_meter_entry {
	struct fw_meter_key key;
	uint64_t amount;  /* trailing amount now, by the packet path's own arithmetic */
	uint64_t dropped; /* packets beyond the limit so far; dropped, if the rule does that */
	uint32_t beyond;  /* as fw_meter.beyond, now */
	bool over;	  /* fw_meter_is_over() */
};
/* Meters of one rule (FW_RULE_NONE: of all). Bounded by limit entries (0 = all). Caller frees *ret. */
int fw_meters_list(struct fw_datapath *datapath, uint16_t rule, size_t limit, struct fw_meter_entry **ret,
		   size_t *ret_count);
/* The keys of one rule, for a walk that may take seconds and belongs in a thread. */
struct fw_meter_walk {
	bool over_only; /* without: only keys with an amount */
	size_t limit;	/* keeps the largest so many, 0 = all */
	struct fw_meter_entry *entries;
	size_t count;	/* of entries; sorted, the largest first, when the walk is over */
	uint64_t total; /* of such keys */
	int map, error;
	uint64_t now_ns;
	struct fw_rule rule;
	const struct fw_datapath *datapath; /* stays until the walk is over */
};
/* over_only and limit are set; fills the rest. -ENOENT: no such rule is in force. */
int fw_meter_walk_prepare(struct fw_datapath *datapath, uint16_t rule, struct fw_meter_walk *walk);
/* Any thread; the result is ->error too. */
int fw_meter_walk_run(struct fw_meter_walk *walk);
/* One more key, from wherever: as the walk would. -ENOMEM. */
int fw_meter_walk_add(struct fw_meter_walk *walk, const struct fw_meter_entry *entry);
void fw_meter_walk_sort(struct fw_meter_walk *walk);
void fw_meter_walk_done(struct fw_meter_walk *walk);

/* One key's meter as rule `rule` of the active slot would read it for a packet; -ENOENT: no state. */
int fw_meter_read(struct fw_datapath *datapath, const struct fw_rule *rule, const struct fw_addr *source,
		  const struct fw_addr *destination, uint16_t dest_port, struct fw_meter_entry *ret);
/* The highest amount a key's limit was compared with since since_ns (Floodwall clock), as far as its meter
 * still tells: the peaks of the last two epochs, and the sub-window that was open after since_ns, with what
 * the CPUs have not told yet. Where several CPUs count, what the others had not told when one of them closed
 * a sub-window is missing from its peak. 0: nothing new. */
struct fw_meter_peak {
	uint64_t amount;
	uint32_t dropped; /* packets dropped for this key so far, as far as the CPUs have told; wraps */
};
/* key.rule must be rule's id. -ENOENT: no state. Any thread. */
int fw_meter_peak(const struct fw_datapath *datapath, const struct fw_rule *rule,
		  const struct fw_meter_key *key, uint64_t since_ns, struct fw_meter_peak *ret);
/* The trailing amount at `now` of a copy; rule may be NULL: as it stands. */
uint64_t fw_meter_amount_now(struct fw_meter meter, const struct fw_rule *rule, uint64_t now_ns);
/* A copy's, at `now`, all but the key. */
void fw_meter_entry_read(struct fw_meter meter, const struct fw_rule *rule, uint64_t now,
			 struct fw_meter_entry *ret);
uint64_t fw_meter_peak_in(const struct fw_meter *meter, const struct fw_rule *rule, uint64_t since_ns);

/* Keys whose peak since since_ns came to the floor of their rule, or whose trailing amount is there now. Any
 * thread: what is asked is a copy. */
struct fw_used_rule {
	struct fw_rule rule;
	uint64_t floor; /* 0: the rule is not asked about */
};
struct fw_used_ask {
	struct fw_used_rule rules[FW_RULES_MAX];
	size_t rule_count;
	uint64_t since_ns, now_ns; /* Floodwall clock */
	size_t most;		   /* keys that are returned */
	const atomic_bool *stop;   /* ends the walk; NULL: nothing does */
};
struct fw_used_key {
	struct fw_meter_key key;
	uint16_t index; /* in ask->rules */
	uint64_t amount;
};
/* *ret_beyond: keys that there was no room for. Caller frees *ret. */
int fw_meters_used(struct fw_datapath *datapath, const struct fw_used_ask *ask, struct fw_used_key **ret,
		   size_t *ret_count, size_t *ret_beyond);
/* Meters of sources within any of many prefixes, whatever they count: unban starts from zero. One walk of the
 * map, which may take a second and belongs in a thread. */
struct fw_meter_forget {
	struct fw_prefix *sources; /* sorted, none within another */
	size_t source_count;
	bool is_of_destinations[FW_RULE_IDS]; /* their keys are no sources */
	uint16_t rule;			      /* or else, without sources: all keys of this one */
	struct fw_datapath *datapath;	      /* stays until the walk is over */
	struct fw_meter_key *keys;	      /* that are forgotten */
	size_t key_count;
	bool out_of_memory;
};
int fw_meter_forget_prepare(struct fw_datapath *datapath, const struct fw_prefix *sources, size_t count,
			    struct fw_meter_forget *ret);
int fw_meter_forget_run(struct fw_meter_forget *forget); /* any thread */
void fw_meter_forget_done(struct fw_meter_forget *forget);
int fw_meters_forget_rule(struct fw_datapath *datapath, uint16_t rule);

struct fw_source_entry {
	struct fw_addr addr;
	struct fw_source source;
};
int fw_sources_list(struct fw_datapath *datapath, struct fw_source_entry **ret, size_t *ret_count);
/* One packet in how many is looked at, at most, by a CPU that sampled since since_ns (Floodwall clock); 1:
 * they are counted, not estimated. On average: which ones is drawn, and each stands for all since the one
 * before it. */
uint32_t fw_sources_period(const struct fw_datapath *datapath, uint64_t since_ns);
int fw_source_find(struct fw_datapath *datapath, const struct fw_addr *addr, struct fw_source_entry *ret);

#endif
