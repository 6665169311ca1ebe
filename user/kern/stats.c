// SPDX-License-Identifier: Apache-2.0
/* Per-CPU counters summed, and how full the maps are. */
#include "kern/stats.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fw_geo.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

/* Element `index` of a per-CPU array whose value is nothing but u64 counters, added up. */
static int sum(const struct fw_datapath *datapath, enum fw_map_id map, uint32_t index, uint64_t *ret,
	       size_t words)
{
	FW_FREE uint64_t *values = calloc(datapath->cpus, words * sizeof(uint64_t));

	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fw_map_fd(datapath, map), &index, values))
		return -errno;
	memset(ret, 0, words * sizeof(uint64_t));
	for (unsigned int cpu = 0; cpu < datapath->cpus; cpu++)
		for (size_t word = 0; word < words; word++)
			ret[word] += values[cpu * words + word];
	return 0;
}

static int reset(const struct fw_datapath *datapath, enum fw_map_id map, uint32_t index, size_t value_size)
{
	FW_FREE void *zeros = calloc(datapath->cpus, value_size);

	if (!zeros)
		return -ENOMEM;
	return bpf_map_update_elem(fw_map_fd(datapath, map), &index, zeros, BPF_ANY) ? -errno : 0;
}

int fw_stats_iface(struct fw_datapath *datapath, uint32_t iface, struct fw_iface_counts *ret)
{
	return sum(datapath, FW_MAP_ID_fw_iface_count_map, iface, (uint64_t *)ret,
		   sizeof(*ret) / sizeof(uint64_t));
}

int fw_stats_iface_reset(struct fw_datapath *datapath, uint32_t iface)
{
	return reset(datapath, FW_MAP_ID_fw_iface_count_map, iface, sizeof(struct fw_iface_counts));
}

static void add_rule(const struct fw_rule_count *own, struct fw_rule_count *ret)
{
	ret->packets += __atomic_load_n(&own->packets, __ATOMIC_RELAXED);
	ret->bytes += __atomic_load_n(&own->bytes, __ATOMIC_RELAXED);
	ret->dropped += __atomic_load_n(&own->dropped, __ATOMIC_RELAXED);
	ret->would_drop += __atomic_load_n(&own->would_drop, __ATOMIC_RELAXED);
}

struct fw_rule_count fw_stats_rule(const struct fw_datapath *datapath, uint16_t rule)
{
	struct fw_rule_count all = {};

	for (unsigned int cpu = 0; cpu < datapath->cpu_ids; cpu++)
		add_rule(fw_rule_count_at(datapath, cpu, rule), &all);
	return all;
}

void fw_stats_rules(const struct fw_datapath *datapath, struct fw_rule_count ret[FW_RULE_IDS])
{
	for (uint16_t id = 0; id < FW_RULE_IDS; id++)
		ret[id] = fw_stats_rule(datapath, id);
}

int fw_stats_spread(struct fw_datapath *datapath, uint16_t rule, struct fw_spread *ret)
{
	return sum(datapath, FW_MAP_ID_fw_spread_map, rule, (uint64_t *)ret, sizeof(*ret) / sizeof(uint64_t));
}

int fw_stats_signatures(struct fw_datapath *datapath, struct fw_signature_count ret[FW_SIGNATURES_MAX])
{
	int r = 0;

	for (uint32_t i = 0; i < FW_SIGNATURES_MAX && !r; i++)
		r = sum(datapath, FW_MAP_ID_fw_signature_count_map, i + 1, (uint64_t *)&ret[i],
			sizeof(ret[i]) / sizeof(uint64_t));
	return r;
}

int fw_stats_signatures_reset(struct fw_datapath *datapath)
{
	int r = 0;

	for (uint32_t class = 1; class <= FW_SIGNATURES_MAX && !r; class ++)
		r = reset(datapath, FW_MAP_ID_fw_signature_count_map, class,
			  sizeof(struct fw_signature_count));
	return r;
}

int fw_stats_rule_reset(struct fw_datapath *datapath, uint16_t rule)
{
	struct fw_meter fresh = {};
	uint32_t index = rule;
	int r = reset(datapath, FW_MAP_ID_fw_spread_map, rule, sizeof(struct fw_spread));

	for (unsigned int cpu = 0; cpu < datapath->cpu_ids; cpu++)
		memset(fw_rule_count_at(datapath, cpu, rule), 0, sizeof(struct fw_rule_count));
	if (!r && bpf_map_update_elem(fw_map_fd(datapath, FW_MAP_ID_fw_total_map), &index, &fresh, BPF_ANY))
		r = -errno;
	return r ? r : fw_meters_forget_rule(datapath, rule);
}

const struct fw_gate *fw_stats_gate(const struct fw_datapath *datapath, unsigned int cpu)
{
	return cpu < datapath->cpu_ids ? &datapath->by_cpu[cpu].gate : NULL;
}

int fw_stats_faults(struct fw_datapath *datapath, uint64_t ret[FW_FAULT_MAX_])
{
	const struct fw_gate *gate;
	int r = 0;

	for (uint32_t fault = 0; fault < FW_FAULT_MAX_ && !r; fault++)
		r = sum(datapath, FW_MAP_ID_fw_fault_map, fault, &ret[fault], 1);
	/* The packet path counts whom a gate turns away in the gate itself. */
	for (unsigned int cpu = 0; (gate = fw_stats_gate(datapath, cpu)); cpu++)
		ret[FW_FAULT_NOT_ADMITTED] += gate->turned_away;
	return r;
}

#define CLASS_BATCH 4096u

/* Batches of a per-CPU array: the cursor is the last index read. */
int fw_stats_classes(struct fw_datapath *datapath, uint32_t list_slot, uint64_t *counts, size_t class_count)
{
	FW_FREE uint64_t *values = calloc((size_t)CLASS_BATCH * datapath->cpus, sizeof(*values));
	FW_FREE uint32_t *keys = calloc(CLASS_BATCH, sizeof(*keys));
	uint32_t base = list_slot % FW_SLOTS * FW_CLASSES_MAX;
	size_t done = 0;

	if (!values || !keys)
		return -ENOMEM;
	if (class_count > FW_CLASSES_MAX)
		return -E2BIG;
	while (done < class_count) {
		uint32_t count = class_count - done < CLASS_BATCH ? (uint32_t)(class_count - done)
								  : CLASS_BATCH,
			 next = 0;
		uint32_t before = base + (uint32_t)done - 1;
		int r = bpf_map_lookup_batch(fw_map_fd(datapath, FW_MAP_ID_fw_class_count_map),
					     base + done ? &before : NULL, &next, keys, values, &count, NULL);

		if (r && errno != ENOENT)
			return -errno;
		if (!count)
			return -EIO;
		for (uint32_t i = 0; i < count; i++) {
			counts[done + i] = 0;
			for (unsigned int cpu = 0; cpu < datapath->cpus; cpu++)
				counts[done + i] += values[(size_t)i * datapath->cpus + cpu];
		}
		done += count;
	}
	return 0;
}

int fw_stats_classes_reset(struct fw_datapath *datapath, uint32_t list_slot, struct fw_err *err)
{
	FW_FREE uint64_t *zeros = calloc((size_t)CLASS_BATCH * datapath->cpus, sizeof(*zeros));
	FW_FREE uint32_t *keys = calloc(CLASS_BATCH, sizeof(*keys));
	uint32_t base = list_slot % FW_SLOTS * FW_CLASSES_MAX;

	if (!zeros || !keys)
		return fw_err_set(err, -ENOMEM, "out of memory for the counters of the sets");
	for (uint32_t done = 0; done < FW_CLASSES_MAX; done += CLASS_BATCH) {
		uint32_t count = CLASS_BATCH;

		for (uint32_t i = 0; i < count; i++)
			keys[i] = base + done + i;
		if (bpf_map_update_batch(fw_map_fd(datapath, FW_MAP_ID_fw_class_count_map), keys, zeros,
					 &count, NULL))
			return fw_err_set(err, -errno, "cannot clear the counters of the sets: %s",
					  strerror(errno));
	}
	return 0;
}

static bool count_one(const void *key, const void *value, void *context)
{
	(void)key;
	(void)value;
	++*(uint64_t *)context;
	return true;
}

/* What the kernel charges for a map, from fdinfo: needs no capability, unlike asking by id. */
static uint64_t memory_of(int fd)
{
	char path[64], line[128];
	uint64_t bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FW_FCLOSE FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %" SCNu64, &bytes) == 1)
			break;
	return bytes;
}

/* What an inner map of a slot holds, 0: an earlier agent made it, and nobody may ask for its size. */
static uint64_t inner_bytes(const struct fw_datapath *datapath, int map, uint32_t slot)
{
	for (size_t i = 0; i < FW_LIST_TABLES; i++)
		if (map == (int)fw_list_table_maps[i])
			return datapath->list_view[slot].bytes[i];
	return sizeof(struct fw_geo_table);
}

/* Of a map of maps nearly everything is in these. Rounded as the kernel does: its own page and whole ones. */
static uint64_t memory_with_inner(const struct fw_datapath *datapath, int map)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes = memory_of(datapath->fds[map]);

	for (uint32_t slot = 0, id; slot < FW_SLOTS; slot++) {
		uint64_t inner;

		if (bpf_map_lookup_elem(datapath->fds[map], &slot, &id))
			continue;
		inner = inner_bytes(datapath, map, slot);
		if (!inner)
			return 0;
		bytes += page + (inner + page - 1) / page * page;
	}
	return bytes;
}

static uint64_t meters_given(const struct fw_datapath *datapath)
{
	const struct fw_gate *gate;
	uint64_t given = 0;

	for (unsigned int cpu = 0; (gate = fw_stats_gate(datapath, cpu)); cpu++)
		given += fw_gate_inserted(gate);
	return given;
}

/* given: before the walk began. Who came meanwhile may be among the entries, so it is never too many. */
static void note_gone(struct fw_datapath *datapath, uint64_t given, uint64_t entries)
{
	if (given > entries && given - entries > datapath->meters_gone)
		datapath->meters_gone = given - entries;
}

uint64_t fw_stats_meters_gone(const struct fw_datapath *datapath)
{
	uint64_t given = meters_given(datapath), room = datapath->capacity_sources;
	uint64_t without_room = given > room ? given - room : 0;

	return without_room > datapath->meters_gone ? without_room : datapath->meters_gone;
}

#define WALK_SHARE 50 /* counting may take a fiftieth of the time */

static uint64_t entries_of(struct fw_datapath *datapath, int map, const struct bpf_map_info *info)
{
	uint64_t now = fw_monotonic_ns(), given = meters_given(datapath), entries = 0;

	if (datapath->usage[map].walked_ns &&
	    now - datapath->usage[map].walked_ns < WALK_SHARE * datapath->usage[map].took_ns)
		return datapath->usage[map].entries;
	if (fw_batch_walk(datapath->fds[map], info->key_size, info->value_size, count_one, &entries))
		return datapath->usage[map].entries;
	datapath->usage[map].entries = entries;
	datapath->usage[map].took_ns = fw_monotonic_ns() - now;
	datapath->usage[map].walked_ns = now;
	if (map == FW_MAP_ID_fw_meter_map)
		note_gone(datapath, given, entries);
	return entries;
}

int fw_stats_map_usage(struct fw_datapath *datapath, struct fw_map_usage *usage, size_t capacity,
		       size_t *ret_count)
{
	size_t count = 0;

	for (int i = 0; i < FW_MAP_PINNED_ && count < capacity; i++) {
		struct fw_map_usage *map = &usage[count++];
		struct bpf_map_info info = {};
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(datapath->fds[i], &info, &size))
			return -errno;
		*map = (struct fw_map_usage){.map = fw_map_names[i],
					     .memory_bytes = info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS
								     ? memory_with_inner(datapath, i)
								     : memory_of(datapath->fds[i])};
		if (info.type == BPF_MAP_TYPE_HASH || info.type == BPF_MAP_TYPE_LRU_HASH) {
			map->entries = entries_of(datapath, i, &info);
			map->capacity = info.max_entries;
		}
	}
	*ret_count = count;
	return 0;
}
