// SPDX-License-Identifier: Apache-2.0
/* Reads and ends what the CPUs may decide without asking a meter. */
#include "kern/allowances.h"

#include "fw_allowance.h"
#include "fw_filter.h"
#include "fw_meter.h"
#include "kern/instance.h"

/* As allowance_settle() does. */
static void tell(const struct fw_allowance *allowance, uint16_t epoch, struct fw_meter *copy)
{
	if (fw_allowance_forgotten(fw_allowance_epoch_of(allowance), epoch))
		return;
	fw_meter_add_late(copy, fw_allowance_pending(allowance),
			  fw_allowance_age(allowance, copy, fw_shape_sub_us(copy->shape) * 1000ULL));
	copy->dropped += fw_allowance_dropped(allowance);
}

uint16_t fw_allowances_epoch(const struct fw_datapath *datapath)
{
	const struct fw_policy_slot *active = fw_datapath_active_slot(datapath);

	return fw_allowance_epoch(0, __atomic_load_n(&datapath->control->forgets, __ATOMIC_ACQUIRE) +
					     (active ? active->forgets : 0));
}

void fw_allowances_tell(const struct fw_datapath *datapath, const struct fw_meter_key *key,
			struct fw_meter *copy)
{
	uint64_t hash = fw_filter_hash(&key->addr, 128, datapath->config.seed);
	uint64_t id = fw_allowance_id(key, hash);
	uint16_t epoch = fw_allowances_epoch(datapath);

	for (unsigned int cpu = 0; cpu < datapath->cpu_ids; cpu++) {
		uint32_t index = fw_allowance_index(cpu, hash, datapath->config.allowance_mask);
		const struct fw_allowance_line *line = &datapath->allowances[index];

		for (unsigned int i = 0; i < FW_ALLOWANCE_WAYS; i++) {
			struct fw_allowance allowance = line->way[i];

			if (allowance.until && allowance.word >> FW_ALLOWANCE_ID == id)
				tell(&allowance, epoch, copy);
		}
	}
}

void fw_allowances_end(struct fw_datapath *datapath)
{
	__atomic_fetch_add(&datapath->control->forgets, 1, __ATOMIC_RELEASE);
}
