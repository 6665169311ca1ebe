// SPDX-License-Identifier: Apache-2.0
/* What a policy takes in the kernel: fixed tables, preallocated hashes, and lists by what is in them. Pure.
 */
#include "policy/memory.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "fw_allowance.h"
#include "fw_cpu.h"
#include "fw_config.h"
#include "fw_counters.h"
#include "fw_lists.h"
#include "fw_maps.h"
#include "fw_spread.h"
#include "policy/tables.h"

#define V4_ENTRY_BITS  (FW_V4_BITS + 24) /* longer prefixes share the entry of their /24 */
#define V4_RUN_BITS    (FW_V4_BITS + 18)
#define V6_BUCKET_LOAD 2 /* as the builder of the tables fills them */
#define V6_GROUP_BITS  32
#define PAGES_MAX      8 /* each of four maps has a page of its own and is rounded up to whole ones */
#define NOWHERE	       UINT64_MAX

/* On average, for a page of its own, what its last page is not filled by, and the maps too small to be
 * counted one by one. */
#define MAP_REST_BYTES (16 << 10)
#define X(name)	       +1
#define MAPS	       (0 FW_MAPS(X))

/* What the tables will hold; prefixes nested in each other count twice. */
struct need {
	uint64_t entries4, runs4, leaves4, groups6, entries6, largest6;
	uint64_t last_slash18, last_slash24, last_slash24_longs;
	uint64_t last_top;
	uint64_t of_length[129]; /* lines of last_top */
};

static uint64_t round8(uint64_t bytes)
{
	return (bytes + 7) & ~7ULL;
}

/* Entries of a table that grows by doubling. */
static uint64_t power_of_two(uint64_t least)
{
	uint64_t size = 1;

	while (size < least)
		size *= 2;
	return size;
}

/* around: the line this one is nested in, NULL if there is none. */
static void need_v4(struct need *need, const struct fw_prefix *prefix, const struct fw_prefix *around)
{
	uint64_t slash24 = ntohl(prefix->addr.w[3]) >> 8, slash18 = slash24 >> 6;

	if (prefix->bits <= V4_RUN_BITS) {
		need->runs4++; /* of one class: all /18s share it */
		return;
	}
	if (slash18 != need->last_slash18) {
		need->last_slash18 = slash18;
		need->runs4++;
	}
	if (prefix->bits <= V4_ENTRY_BITS) {
		need->entries4 += 1ULL << (V4_ENTRY_BITS - prefix->bits);
		return;
	}
	if (slash24 != need->last_slash24) {
		need->last_slash24 = slash24;
		/* The class around it is not the whole /18's: counts as if there were one more. */
		need->last_slash24_longs = around && around->bits > V4_RUN_BITS;
		need->entries4++;
	}
	need->leaves4 += ++need->last_slash24_longs == 2;
}

/* Runs and leaves, with the room for changes in place. Three words a run: mask, the class around it, and what
 * an odd number of entries leaves free. */
static uint64_t bytes_v4(const struct need *need)
{
	uint64_t words = FW_LIST4_EMPTY + 1 + 3 * need->runs4 + (need->entries4 + 1) / 2;

	return fw_list_with_slack((uint32_t)words, FW_LIST4_RUN_SLACK) * sizeof(uint64_t) +
	       fw_list_with_slack((uint32_t)need->leaves4, FW_LIST4_LEAF_SLACK) *
		       sizeof(struct fw_list4_leaf);
}

/* What the lines of one /32 become: with too many lengths, entries of the next one that is probed. */
static void end_group(struct need *need)
{
	unsigned int lengths = 0;
	uint64_t entries = 0;

	for (unsigned int bits = V6_GROUP_BITS + 1; bits <= 128; bits++)
		lengths += need->of_length[bits] != 0;
	for (unsigned int bits = V6_GROUP_BITS + 1; bits <= 128; bits++) {
		unsigned int to = lengths > FW_LIST6_PROBES ? fw_list6_rounded(bits) : bits;

		entries += need->of_length[bits] << (to - bits);
		need->of_length[bits] = 0;
	}
	need->entries6 += entries;
	if (entries > need->largest6)
		need->largest6 = entries;
}

static void need_v6(struct need *need, const struct fw_prefix *prefix)
{
	uint64_t top = ntohl(prefix->addr.w[0]);

	if (prefix->bits <= FW_LIST_WIDE_BITS)
		return;
	if (prefix->bits <= V6_GROUP_BITS) {
		need->groups6 += 1ULL << (V6_GROUP_BITS - prefix->bits);
		return;
	}
	if (top != need->last_top) {
		end_group(need);
		need->last_top = top;
		need->groups6++;
	}
	need->of_length[prefix->bits]++;
}

/* With the room for changes in place. The builder doubles a table in which a chain grows too long: IPv6
 * networks are numbered in patterns, so that happens there. */
static uint64_t bytes_v6(const struct need *need)
{
	uint64_t entries = need->entries6 + need->largest6 + FW_LIST6_SLACK;
	uint64_t buckets = power_of_two((entries + V6_BUCKET_LOAD - 1) / V6_BUCKET_LOAD);

	return 2 * power_of_two(need->groups6 + FW_LIST6_SLACK) * sizeof(struct fw_list6_group_bucket) +
	       2 * buckets * sizeof(struct fw_list6_bucket);
}

uint64_t fw_list_memory(const struct fw_listed *listed, size_t count)
{
	struct need need = {.last_slash18 = NOWHERE, .last_slash24 = NOWHERE, .last_top = NOWHERE};

	for (size_t i = 0; i < count; i++) {
		if (fw_prefix_family(&listed[i].prefix) == FW_FAMILY_V4)
			need_v4(&need, &listed[i].prefix,
				listed[i].inside ? &listed[listed[i].inside - 1].prefix : NULL);
		else
			need_v6(&need, &listed[i].prefix);
	}
	end_group(&need);
	return FW_SLOTS * (bytes_v4(&need) + bytes_v6(&need) + PAGES_MAX * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* A preallocated hash. */
static uint64_t hash_bytes(uint64_t entries, size_t key, size_t value)
{
	const uint64_t element = 48, bucket = 16; /* struct htab_elem, struct bucket */

	return entries * (element + round8(key) + round8(value)) + power_of_two(entries) * bucket;
}

/* Each entry, and where it branches off from another. */
static uint64_t trie_bytes(uint64_t entries, size_t key, size_t value)
{
	const uint64_t node = 40; /* struct lpm_trie_node */

	return 2 * entries * power_of_two(node + key + value);
}

/* A pointer to the copies of an element, and the copies. */
static uint64_t per_cpu_bytes(uint64_t entries, size_t value, uint64_t cpus)
{
	return entries * (sizeof(uint64_t) + cpus * round8(value));
}

static uint64_t counters_bytes(uint64_t cpus)
{
	return per_cpu_bytes(FW_IFACES_MAX, sizeof(struct fw_iface_counts), cpus) +
	       per_cpu_bytes(FW_RULE_IDS, sizeof(struct fw_spread), cpus) +
	       per_cpu_bytes(FW_SIGNATURES_MAX + 1, sizeof(struct fw_signature_count), cpus) +
	       per_cpu_bytes(1, sizeof(struct fw_payload), cpus) +
	       per_cpu_bytes(FW_SLOTS * FW_CLASSES_MAX, sizeof(uint64_t), cpus);
}

/* Full, also those that grow with what is in them. */
static uint64_t hashes_bytes(const struct fw_policy *policy)
{
	return hash_bytes(policy->capacity.sources, sizeof(struct fw_meter_key), sizeof(struct fw_meter)) +
	       hash_bytes(policy->capacity.bans, sizeof(struct fw_ban_key), sizeof(struct fw_ban)) +
	       hash_bytes(FW_VERIFIED_MAX, sizeof(struct fw_addr), sizeof(struct fw_verified)) +
	       trie_bytes(FW_LOCAL_MAX, sizeof(struct fw_local_key), sizeof(uint32_t)) +
	       hash_bytes(FW_CHALLENGES_MAX, sizeof(struct fw_challenge_key), sizeof(struct fw_challenge)) +
	       hash_bytes(FW_TOP_SOURCES, sizeof(struct fw_addr), sizeof(struct fw_source));
}

uint64_t fw_policy_memory(const struct fw_policy *policy, const struct fw_image *image)
{
	long configured = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t cpus = configured > 0 ? (uint64_t)configured : 1;
	uint64_t slot = sizeof(struct fw_policy_slot) + FW_SUBJECT_MAX_ * sizeof(struct fw_automaton) +
			FW_CLASSES_MAX * sizeof(struct fw_class) + FW_BAN_FILTER_WORDS * sizeof(uint64_t) +
			2 * FW_LIST_BITMAP_WORDS * sizeof(uint64_t) + sizeof(struct fw_list_wide) +
			FW_LIST4_LINES * sizeof(struct fw_list4_line);
	uint64_t filters = FW_KNOWN_LINES * (sizeof(struct fw_known_line) + sizeof(struct fw_known_digests) +
					     sizeof(struct fw_known_candidates_line)) +
			   FW_REPLY_COUNTERS * sizeof(uint64_t);

	/* Two geo tables while one takes the other's place. */
	uint64_t geo = FW_SLOTS * (FW_GEO_CLASSES_MAX * sizeof(uint64_t) +
				   (image->geo ? sizeof(struct fw_geo_table) : 0));

	uint32_t possible = (uint32_t)power_of_two(cpus);
	uint64_t by_cpu_id = possible * (sizeof(struct fw_cpu) +
					 fw_allowance_lines(possible) * (sizeof(struct fw_allowance_line) +
									 sizeof(struct fw_allowance_keys)));

	return geo + FW_SLOTS * slot + by_cpu_id + FW_EVENT_BYTES + FW_DROP_SAMPLE_BYTES +
	       FW_RULE_IDS * sizeof(struct fw_meter) + counters_bytes(cpus) + hashes_bytes(policy) + filters +
	       MAPS * MAP_REST_BYTES + image->list_bytes;
}
