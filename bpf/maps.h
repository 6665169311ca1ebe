/* SPDX-License-Identifier: GPL-2.0-only */
/* Every map: what it holds, who writes, who reads, what happens when it is full. User space resizes those
 * marked (size). */
#ifndef FW_BPF_MAPS_H
#define FW_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fw_allowance.h"
#include "fw_config.h"
#include "fw_counters.h"
#include "fw_cpu.h"
#include "fw_event.h"
#include "fw_geo.h"
#include "fw_maps.h"
#include "fw_policy.h"
#include "fw_sample.h"
#include "fw_spread.h"
#include "request.h"

#define FW_MAP(name, map_type, key_type, value_type, entries, flags)                                         \
	struct {                                                                                             \
		__uint(type, map_type);                                                                      \
		__type(key, key_type);                                                                       \
		__type(value, value_type);                                                                   \
		__uint(max_entries, entries);                                                                \
		__uint(map_flags, flags);                                                                    \
	} name SEC(".maps")

/* An array of one value, however much lies in it. The packet path does not look it up, it has its address:
 * user space puts that into the program as it loads it, see user/kern/program.c. So there is no key to
 * store, no bound and no NULL to compare with. Only map_memory() and map_memory_one() may name one.
 * BPF_F_MMAPABLE also where nobody maps it: such a value begins a page, any other 56 bytes into a cache line.
 */
#define FW_MEMORY(name, bytes, flags)                                                                        \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                            \
		__uint(key_size, sizeof(__u32));                                                             \
		__uint(value_size, bytes);                                                                   \
		__uint(max_entries, 1);                                                                      \
		__uint(map_flags, flags);                                                                    \
	} name SEC(".maps")

/* Element `index` of such memory, as if it were an array of this type; mask: how many there are, a power of
 * two, less one. The barriers: clang would leave out a mask that 6.1 needs to see, add a constant offset to
 * the map's number, and keep both summands in the frame instead of the sum. */
#define map_memory(map, type, index, mask)                                                                   \
	({                                                                                                   \
		type *memory_ = (void *)&(map);                                                              \
		__u64 place_ = (index);                                                                      \
		__asm__ volatile("" : "+r"(memory_));                                                        \
		__asm__ volatile("" : "+r"(place_));                                                         \
		memory_ += place_ & (mask);                                                                  \
		__asm__ volatile("" : "+r"(memory_));                                                        \
		memory_;                                                                                     \
	})

/* The only element. Not called by the macro above: with the barriers in that order fw_xdp needs 16 bytes
 * more, and 512 are not enough. */
#define map_memory_one(map, type)                                                                            \
	({                                                                                                   \
		type *memory_ = (void *)&(map);                                                              \
		__asm__ volatile("" : "+r"(memory_));                                                        \
		memory_;                                                                                     \
	})

/* Who built these maps. User space writes and reads it; the packet path never does. */
FW_MAP(fw_layout_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_layout, 1, 0);

/* The generation word, lengths of bans, spared filter. Written by user space through mmap. */
FW_MEMORY(fw_control_map, sizeof(struct fw_control), BPF_F_MMAPABLE);

/* Two generations of the compiled policy; user space writes the inactive one. */
FW_MEMORY(fw_policy_map, FW_SLOTS * sizeof(struct fw_policy_slot), BPF_F_MMAPABLE);

/* Terms of each list class, per generation: index slot × FW_CLASSES_MAX + class. Written like fw_policy_map.
 */
FW_MAP(fw_class_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_class, FW_SLOTS *FW_CLASSES_MAX, BPF_F_MMAPABLE);

/* Listed prefixes, see fw_lists.h. Two list slots; user space builds the one no generation uses, through
 * mmap. Bitmaps: index slot × 2 + (IPv6); the wide table is IPv6's. */
FW_MEMORY(fw_list_bitmap_map, FW_SLOTS * 2 * FW_LIST_BITMAP_WORDS * sizeof(__u64), BPF_F_MMAPABLE);
FW_MAP(fw_list_wide_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_list_wide, FW_SLOTS, BPF_F_MMAPABLE);
FW_MEMORY(fw_list4_line_map, FW_SLOTS *FW_LIST4_LINES * sizeof(struct fw_list4_line), BPF_F_MMAPABLE);

/* Inner arrays are as large as their list needs (BPF_F_INNER_MAP, kernel 5.10). */
#define FW_LIST_TABLE(name, bytes)                                                                           \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                    \
		__uint(max_entries, FW_SLOTS);                                                               \
		__type(key, __u32);                                                                          \
		__array(                                                                                     \
			values, struct {                                                                     \
				__uint(type, BPF_MAP_TYPE_ARRAY);                                            \
				__uint(max_entries, 1);                                                      \
				__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);                         \
				__uint(key_size, sizeof(__u32));                                             \
				__uint(value_size, bytes);                                                   \
			});                                                                                  \
	} name SEC(".maps")

FW_LIST_TABLE(fw_list4_run_map, sizeof(__u64));
FW_LIST_TABLE(fw_list4_leaf_map, sizeof(struct fw_list4_leaf));
FW_LIST_TABLE(fw_list6_group_map, sizeof(struct fw_list6_group_bucket));
FW_LIST_TABLE(fw_list6_map, sizeof(struct fw_list6_bucket));

/* Geo tables, see fw_geo.h. User space loads a new one into the slot that no generation uses and empties the
 * other; both are empty while no rule asks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FW_SLOTS);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct fw_geo_table));
		});
} fw_geo_map SEC(".maps");

/* Terms of each geo class, per generation: index slot × FW_GEO_CLASSES_MAX + class. Written like
 * fw_policy_map. */
FW_MAP(fw_geo_class_map, BPF_MAP_TYPE_ARRAY, __u32, __u64, FW_SLOTS *FW_GEO_CLASSES_MAX, BPF_F_MMAPABLE);

/* What paths, hosts and server names are compared with: index slot × FW_SUBJECT_MAX_ + enum fw_subject.
 * Written like fw_policy_map. */
FW_MAP(fw_automaton_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_automaton, FW_SLOTS *FW_SUBJECT_MAX_,
       BPF_F_MMAPABLE);

/* Room to walk the beginning of a payload; nothing in it outlives a packet. */
FW_MAP(fw_payload_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct fw_payload, 1, 0);

/* Exact spared sources; written by user space, asked only when their filter in fw_control says so. */
FW_MAP(fw_spared_map, BPF_MAP_TYPE_HASH, struct fw_addr, struct fw_spared, 4096, 0);

/* Two slots of the ban filter. The packet path sets bits in both; user space rebuilds the inactive one. */
FW_MEMORY(fw_ban_filter_map, FW_SLOTS *FW_BAN_FILTER_WORDS * sizeof(__u64), BPF_F_MMAPABLE);

/* (size) Leases. Added by both sides; deleted by user space only. Full: FW_FAULT_BAN_FULL, nobody is evicted.
 */
FW_MAP(fw_ban_map, BPF_MAP_TYPE_HASH, struct fw_ban_key, struct fw_ban, FW_BANS_DEFAULT, 0);

/* (size) Meters of all keys but totals. Full: the least recently used key goes; a failed insert is counted.
 */
FW_MAP(fw_meter_map, BPF_MAP_TYPE_LRU_HASH, struct fw_meter_key, struct fw_meter, FW_SOURCES_DEFAULT, 0);

/* (size) By CPU: its gate, its counters of rules, its sampling. Not a per-CPU array, so that
 * user space maps it, and clears one rule's counters without writing over the others'. */
FW_MEMORY(fw_cpu_map, sizeof(struct fw_cpu), BPF_F_MMAPABLE);

/* (size) What each CPU may decide without asking a meter: index CPU × lines + line. Written by that CPU only.
 */
FW_MEMORY(fw_allowance_map, FW_ALLOWANCE_LINES * sizeof(struct fw_allowance_line), BPF_F_MMAPABLE);
FW_MEMORY(fw_allowance_key_map, FW_ALLOWANCE_LINES * sizeof(struct fw_allowance_keys), BPF_F_MMAPABLE);

/* Who may have a meter at all, and until when a flood of new keys lasts, for all CPUs. Written by the packet
 * path only. */
FW_MEMORY(fw_known_map, FW_KNOWN_LINES * sizeof(struct fw_known_line), BPF_F_MMAPABLE);
FW_MEMORY(fw_known_digest_map, FW_KNOWN_LINES * sizeof(struct fw_known_digests), BPF_F_MMAPABLE);
FW_MEMORY(fw_known_candidate_map, FW_KNOWN_LINES * sizeof(struct fw_known_candidates_line), BPF_F_MMAPABLE);
FW_MEMORY(fw_flood_map, sizeof(__u64), 0);

/* Meters of `per: total`, by rule id. */
FW_MAP(fw_total_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_meter, FW_RULE_IDS, 0);

/* Meters of the essential protocols' budgets, by enum fw_essential_kind. */
FW_MAP(fw_essential_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_meter, FW_ESSENTIAL_MAX_, 0);

/* Prefixes of addresses that the stack takes for this host's own, and the family of each. Written by user
 * space alone; what does not fit is its trouble. */
FW_MAP(fw_local_map, BPF_MAP_TYPE_LPM_TRIE, struct fw_local_key, __u32, FW_LOCAL_MAX, BPF_F_NO_PREALLOC);

/* TCP ports, a bit each, whose connections go to containers though a program of this host listens there.
 * Written by user space alone. */
FW_MEMORY(fw_published_map, FW_PUBLISHED_WORDS * sizeof(__u64), BPF_F_MMAPABLE);

/* Challenges that last. Added by the packet path, expired ones deleted by user space. Full:
 * FW_FAULT_CHALLENGE_FULL.
 */
FW_MAP(fw_challenge_map, BPF_MAP_TYPE_HASH, struct fw_challenge_key, struct fw_challenge, FW_CHALLENGES_MAX,
       BPF_F_NO_PREALLOC);

/* Sources (IPv6: /64s) that completed a handshake. Added by the packet path on evidence that cannot be
 * forged, so that no flood fills it; expired ones deleted by user space. Full: FW_FAULT_VERIFIED_FULL, nobody
 * is evicted. */
FW_MAP(fw_verified_map, BPF_MAP_TYPE_HASH, struct fw_addr, struct fw_verified, FW_VERIFIED_MAX,
       BPF_F_NO_PREALLOC);

/* Replies of this second by hashed source network: second << FW_REPLY_COUNT_BITS | count. Packet path only,
 * races between CPUs lose a count. */
FW_MAP(fw_reply_map, BPF_MAP_TYPE_ARRAY, __u32, __u32, FW_REPLY_COUNTERS, 0);

/* Meters of the budgets for all, by enum fw_reply_budget. */
FW_MAP(fw_reply_total_map, BPF_MAP_TYPE_ARRAY, __u32, struct fw_meter, FW_REPLY_BUDGETS_, 0);

/* Room to build a reply in, and what the CPU has left of the budget it took. */
struct fw_cookie_room {
	__u64 left[FW_REPLY_BUDGETS_];
	__u8 ip[40];  /* the header as it came, without options */
	__u8 tcp[64]; /* likewise, with them */
	__u8 reply[96];
	__u32 at, end; /* in tcp: the options that were not walked yet */
	__u32 tsval;
	__u8 has_timestamp, has_sack, has_signature;
	__u8 wscale; /* FW_COOKIE_NO_WSCALE: not offered */
};
FW_MAP(fw_cookie_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct fw_cookie_room, 1, 0);

/* Counters; the packet path adds, user space sums over CPUs. Per-CPU and softirq only: no atomics needed. */
FW_MAP(fw_iface_count_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct fw_iface_counts, FW_IFACES_MAX, 0);
/* Index: class of the signature, which counts from 1. */
FW_MAP(fw_signature_count_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct fw_signature_count,
       FW_SIGNATURES_MAX + 1, 0);
FW_MAP(fw_spread_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct fw_spread, FW_RULE_IDS, 0);
FW_MAP(fw_class_count_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, FW_SLOTS *FW_CLASSES_MAX, 0);
FW_MAP(fw_fault_map, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, FW_FAULT_MAX_, 0);

/* What top shows. Written from samples only, so a flood costs it little. Full: least recently used goes. */
FW_MAP(fw_source_map, BPF_MAP_TYPE_LRU_HASH, struct fw_addr, struct fw_source, FW_TOP_SOURCES, 0);

/* Bans as they happen. Full: FW_FAULT_EVENT_LOST. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FW_EVENT_BYTES);
} fw_event_map SEC(".maps");

/* Dropped packets to look at, a few a tick. Full: not taken, the exact counters are elsewhere. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FW_DROP_SAMPLE_BYTES);
} fw_drop_sample_map SEC(".maps");

/* Replay only: time comes from user space, the verdict goes back. Never pinned. */
FW_MEMORY(fw_clock_map, sizeof(__u64), BPF_F_MMAPABLE);
FW_MEMORY(fw_trace_map, sizeof(struct fw_trace), BPF_F_MMAPABLE);

const volatile struct fw_config fw_config = {
	.tick_ns = 4000000, .iface_bit = 1, .gate_per_second = FW_GATE_PER_SECOND};

#define MAP_IS_POWER(count) (((count) & ((count)-1)) == 0)
_Static_assert(MAP_IS_POWER(FW_SLOTS) && MAP_IS_POWER(FW_BAN_FILTER_WORDS) && MAP_IS_POWER(FW_KNOWN_LINES) &&
		       MAP_IS_POWER(FW_LIST_BITMAP_WORDS) && MAP_IS_POWER(FW_LIST4_LINES) &&
		       MAP_IS_POWER(FW_PUBLISHED_WORDS),
	       "map_memory() masks with them");

static __always_inline struct fw_control *map_control(void)
{
	return map_memory_one(fw_control_map, struct fw_control);
}

static __always_inline struct fw_policy_slot *map_policy(__u32 generation)
{
	return map_memory(fw_policy_map, struct fw_policy_slot, generation, FW_SLOTS - 1);
}

#endif
