// SPDX-License-Identifier: Apache-2.0
/* The keys of one rule, largest first, without the loop waiting for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/allowances.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/stats.h"
#include "lib/grow.h"

#define SLACK 2 /* times the limit, before the smaller half goes */

static int by_amount(const void *a, const void *b)
{
	const struct fw_meter_entry *left = a, *right = b;
	int order = (left->amount < right->amount) - (left->amount > right->amount);

	return order ? order : memcmp(&left->key, &right->key, sizeof(left->key));
}

void fw_meter_walk_sort(struct fw_meter_walk *walk)
{
	if (walk->count)
		qsort(walk->entries, walk->count, sizeof(*walk->entries), by_amount);
	if (walk->limit && walk->count > walk->limit)
		walk->count = walk->limit;
}

int fw_meter_walk_add(struct fw_meter_walk *walk, const struct fw_meter_entry *entry)
{
	if (walk->over_only ? !entry->over : !entry->amount)
		return 0;
	walk->total++;
	/* What FW_APPEND has once made room for stays: a count that went back grows into it again. */
	if (walk->limit && walk->count >= SLACK * walk->limit)
		fw_meter_walk_sort(walk);
	return FW_APPEND(walk->entries, walk->count, *entry);
}

int fw_meter_walk_prepare(struct fw_datapath *datapath, uint16_t rule, struct fw_meter_walk *walk)
{
	const struct fw_rule *active = fw_active_rule(datapath, rule);
	struct fw_meter_entry entry;
	int r = 0;

	if (!active)
		return -ENOENT;
	walk->rule = *active;
	walk->datapath = datapath;
	walk->map = fw_map_fd(datapath, FW_MAP_ID_fw_meter_map);
	walk->now_ns = fw_datapath_now_ns(datapath);
	/* One key, in a map of its own. */
	if (active->per == FW_PER_TOTAL && !fw_meter_read(datapath, active, NULL, NULL, 0, &entry))
		r = fw_meter_walk_add(walk, &entry);
	return r;
}

static bool take(const void *key, const void *value, void *context)
{
	struct fw_meter_walk *walk = context;
	const struct fw_rule *rule = &walk->rule;
	struct fw_meter_entry entry;
	struct fw_meter meter;

	memcpy(&entry.key, key, sizeof(entry.key));
	if (entry.key.rule != rule->id)
		return true;
	memcpy(&meter, value, sizeof(meter));
	fw_allowances_tell(walk->datapath, &entry.key, &meter);
	fw_meter_entry_read(meter, rule, walk->now_ns, &entry);
	walk->error = fw_meter_walk_add(walk, &entry);
	return !walk->error;
}

int fw_meter_walk_run(struct fw_meter_walk *walk)
{
	int r = 0;

	if (walk->rule.per != FW_PER_TOTAL)
		r = fw_batch_walk(walk->map, sizeof(struct fw_meter_key), sizeof(struct fw_meter), take,
				  walk);
	if (r)
		walk->error = r;
	fw_meter_walk_sort(walk);
	return walk->error;
}

void fw_meter_walk_done(struct fw_meter_walk *walk)
{
	free(walk->entries);
	*walk = (struct fw_meter_walk){0};
}
