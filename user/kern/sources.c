// SPDX-License-Identifier: Apache-2.0
/* Sampled sources, behind top and explain. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/stats.h"
#include "lib/grow.h"

struct source_list {
	struct fw_source_entry *entries;
	size_t count;
	bool out_of_memory;
};

static bool collect(const void *key, const void *value, void *context)
{
	struct source_list *list = context;
	struct fw_source_entry entry;

	memcpy(&entry.addr, key, sizeof(entry.addr));
	memcpy(&entry.source, value, sizeof(entry.source));
	list->out_of_memory = FW_APPEND(list->entries, list->count, entry) != 0;
	return !list->out_of_memory;
}

int fw_sources_list(struct fw_datapath *datapath, struct fw_source_entry **ret, size_t *ret_count)
{
	struct source_list list = {};
	int r = fw_batch_walk(fw_map_fd(datapath, FW_MAP_ID_fw_source_map), sizeof(struct fw_addr),
			      sizeof(struct fw_source), collect, &list);

	if (!r && list.out_of_memory)
		r = -ENOMEM;
	if (r) {
		free(list.entries);
		return r;
	}
	*ret = list.entries;
	*ret_count = list.count;
	return 0;
}

uint32_t fw_sources_period(const struct fw_datapath *datapath, uint64_t since_ns)
{
	uint32_t most = 1;

	for (unsigned int cpu = 0; cpu < datapath->cpu_ids; cpu++) {
		const struct fw_sampling *sampling = &datapath->by_cpu[cpu].sampling;

		if (sampling->tick_ns >= since_ns && sampling->period > most)
			most = sampling->period;
	}
	return most;
}

int fw_source_find(struct fw_datapath *datapath, const struct fw_addr *addr, struct fw_source_entry *ret)
{
	ret->addr = fw_source_of(addr).addr;
	if (bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_source_map), &ret->addr, &ret->source))
		return -errno;
	return 0;
}
