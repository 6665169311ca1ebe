// SPDX-License-Identifier: Apache-2.0
/* Folds class counters into totals per set. */
#include "agent/set_totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "policy/lists.h"

#define TOTALS_FILE "set-totals.json"

static struct fw_set_total *find(struct fw_set_totals *totals, const char *name)
{
	for (size_t i = 0; i < totals->count; i++)
		if (!strcmp(totals->items[i].name, name))
			return &totals->items[i];
	return NULL;
}

static void add(struct fw_set_totals *totals, const char *name, uint64_t packets)
{
	struct fw_set_total *total = find(totals, name), fresh = {.packets = packets};

	if (total) {
		total->packets += packets;
		return;
	}
	snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	if (FW_APPEND(totals->items, totals->count, fresh))
		fw_log(FW_LOG_WARNING, "set '%s': %lu counted packets are lost: out of memory", name,
		       (unsigned long)packets);
}

/* What the classes of one list slot counted, per set. */
static int per_set(struct fw_agent *agent, uint32_t list_slot, uint64_t *ret)
{
	const struct fw_image *image = agent->loaded->image;
	FW_FREE uint64_t *counts = calloc(image->class_count, sizeof(*counts));
	int r = counts ? fw_stats_classes(agent->datapath, list_slot, counts, image->class_count) : -ENOMEM;

	for (size_t class = 1; class < image->class_count && !r; class ++)
		for (size_t set = 0; set < agent->loaded->policy->set_count; set++)
			if (fw_bit_test(image->class_sets[class], (unsigned int)set))
				ret[set] += counts[class];
	return r;
}

void fw_set_totals_fold(struct fw_agent *agent, uint32_t list_slot)
{
	FW_FREE uint64_t *packets = NULL;
	json_t *document, *list;
	struct fw_err err = {};

	if (!agent->loaded || !agent->loaded->image)
		return;
	packets = calloc(agent->loaded->policy->set_count + 1, sizeof(*packets));
	if (!packets || per_set(agent, list_slot, packets))
		return;
	list = json_object();
	for (size_t set = 0; set < agent->loaded->policy->set_count; set++)
		if (packets[set])
			add(&agent->set_totals, agent->loaded->policy->sets[set].name, packets[set]);
	for (size_t i = 0; i < agent->set_totals.count; i++)
		json_object_set_new(list, agent->set_totals.items[i].name,
				    json_integer((json_int_t)agent->set_totals.items[i].packets));
	document = json_pack("{s:o}", "packets", list);
	if (agent->set_totals.count && fw_state_write(&agent->state, TOTALS_FILE, document, &err))
		fw_log(FW_LOG_WARNING, "counts per set would begin anew after a restart: %s", err.text);
	json_decref(document);
}

int fw_set_totals_read(struct fw_agent *agent, uint64_t *ret)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);
	const struct fw_policy *policy = agent->loaded->policy;
	int r = slot ? per_set(agent, slot->list_slot, ret) : 0;

	for (size_t set = 0; set < policy->set_count; set++) {
		const struct fw_set_total *total = find(&agent->set_totals, policy->sets[set].name);

		ret[set] += total ? total->packets : 0;
	}
	return r;
}

void fw_set_totals_load(struct fw_agent *agent)
{
	struct fw_err err = {};
	bool same_boot = false;
	json_t *document = fw_state_read(&agent->state, TOTALS_FILE, &same_boot, &err), *value;
	const char *name;

	/* They belong to the kernel's counters: fresh maps count from zero. */
	if (document && same_boot && agent->adoption == FW_ADOPTED_ALL)
		json_object_foreach (json_object_get(document, "packets"), name, value)
			if (strlen(name) < FW_NAME_MAX)
				add(&agent->set_totals, name, (uint64_t)json_integer_value(value));
	json_decref(document);
}

void fw_set_totals_done(struct fw_set_totals *totals)
{
	free(totals->items);
	*totals = (struct fw_set_totals){};
}
