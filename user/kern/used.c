// SPDX-License-Identifier: Apache-2.0
/* Which keys come near to their limits: one walk over the meters, of which only those are kept. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw_meter.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/stats.h"
#include "lib/grow.h"

struct used {
	const struct fw_used_ask *ask;
	int index_of[FW_RULE_IDS]; /* -1: not asked about */
	struct fw_used_key *keys;
	size_t count, beyond;
	bool out_of_memory;
};

static void judge(struct used *used, const struct fw_meter_key *key, const struct fw_meter *meter, int index)
{
	const struct fw_used_rule *rule = &used->ask->rules[index];
	struct fw_used_key found = {.key = *key, .index = (uint16_t)index};

	found.amount = fw_meter_peak_in(meter, &rule->rule, used->ask->since_ns);
	/* Who fell silent may still be near: the open sub-window leaves no peak before it is closed. */
	if (fw_meter_amount(meter) >= rule->floor && fw_meter_amount(meter) > found.amount) {
		uint64_t now = fw_meter_amount_now(*meter, &rule->rule, used->ask->now_ns);

		found.amount = now > found.amount ? now : found.amount;
	}
	if (found.amount < rule->floor)
		return;
	if (used->count >= used->ask->most)
		used->beyond++;
	else if (FW_APPEND(used->keys, used->count, found))
		used->out_of_memory = true;
}

static bool each(const void *key, const void *value, void *context)
{
	struct used *used = context;
	struct fw_meter_key found;
	struct fw_meter meter;
	int index;

	memcpy(&found, key, sizeof(found));
	index = found.rule < FW_RULE_IDS ? used->index_of[found.rule] : -1;
	if (index >= 0) {
		memcpy(&meter, value, sizeof(meter));
		judge(used, &found, &meter, index);
	}
	return !used->out_of_memory && !(used->ask->stop && atomic_load(used->ask->stop));
}

/* Those of `per: total` are in an array of their own. */
static void look_at_totals(struct fw_datapath *datapath, struct used *used)
{
	for (size_t i = 0; i < used->ask->rule_count; i++) {
		const struct fw_rule *rule = &used->ask->rules[i].rule;
		struct fw_meter_key key = {.rule = rule->id};
		uint32_t id = rule->id;
		struct fw_meter meter;

		if (rule->per == FW_PER_TOTAL && used->ask->rules[i].floor &&
		    !bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_total_map), &id, &meter))
			judge(used, &key, &meter, (int)i);
	}
}

int fw_meters_used(struct fw_datapath *datapath, const struct fw_used_ask *ask, struct fw_used_key **ret,
		   size_t *ret_count, size_t *ret_beyond)
{
	struct used used = {.ask = ask};
	int r;

	for (size_t id = 0; id < FW_RULE_IDS; id++)
		used.index_of[id] = -1;
	for (size_t i = 0; i < ask->rule_count; i++)
		if (ask->rules[i].floor && ask->rules[i].rule.per != FW_PER_TOTAL)
			used.index_of[ask->rules[i].rule.id % FW_RULE_IDS] = (int)i;
	look_at_totals(datapath, &used);
	r = fw_batch_walk(fw_map_fd(datapath, FW_MAP_ID_fw_meter_map), sizeof(struct fw_meter_key),
			  sizeof(struct fw_meter), each, &used);
	if (!r && used.out_of_memory)
		r = -ENOMEM;
	if (r) {
		free(used.keys);
		return r;
	}
	*ret = used.keys;
	*ret_count = used.count;
	*ret_beyond = used.beyond;
	return 0;
}
