// SPDX-License-Identifier: Apache-2.0
/* Reads and ends what the CPUs may decide without asking a meter. */
#include "kern/allowances.h"

#include <string.h>

#include "fw_allowance.h"
#include "fw_filter.h"
#include "kern/instance.h"

static bool is_of(const struct fw_allowance *allowance, const struct fw_meter_key *key)
{
	return allowance->until && allowance->rule == key->rule && allowance->port == key->port &&
	       !memcmp(&allowance->addr, &key->addr, sizeof(key->addr));
}

void fw_allowances_add(const struct fw_datapath *datapath, struct fw_meter_entry *entry)
{
	uint64_t hash = fw_filter_hash(&entry->key.addr, 128, datapath->config.seed);

	for (unsigned int cpu = 0; cpu < datapath->cpus; cpu++) {
		uint32_t index = fw_allowance_index(cpu, hash, datapath->config.allowance_mask);
		const struct fw_allowance_line *line = &datapath->allowances[index];

		for (unsigned int i = 0; i < FW_ALLOWANCE_WAYS; i++) {
			struct fw_allowance allowance = line->way[i];

			if (!is_of(&allowance, &entry->key))
				continue;
			entry->amount += allowance.pending;
			entry->dropped += allowance.dropped;
		}
	}
}

void fw_allowances_end(struct fw_datapath *datapath)
{
	__atomic_fetch_add(&datapath->control->forgets, 1, __ATOMIC_RELEASE);
}
