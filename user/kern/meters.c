// SPDX-License-Identifier: Apache-2.0
/* Meters read as the packet path would read them now: by its own arithmetic, on a copy. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw_meter.h"
#include "kern/allowances.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/stats.h"
#include "lib/grow.h"

static int meter_fd(const struct fw_datapath *datapath)
{
	return fw_map_fd(datapath, FW_MAP_ID_fw_meter_map);
}

uint64_t fw_meter_amount_now(struct fw_meter meter, const struct fw_rule *rule, uint64_t now)
{
	if (rule && fw_meter_is_due(&meter, now, rule->sub_ns, rule->shape))
		fw_meter_rotate(&meter, now, rule->sub_ns, rule->shape, rule->cell_shift);
	return fw_meter_amount(&meter);
}

static void judge_entry(struct fw_meter_entry *entry, const struct fw_rule *rule)
{
	entry->over =
		rule && rule->unit != FW_UNIT_NONE &&
		fw_meter_is_over(entry->amount, rule->limit, entry->beyond, fw_rule_keeps_to_limit(rule));
}

void fw_meter_entry_read(struct fw_meter meter, const struct fw_rule *rule, uint64_t now,
			 struct fw_meter_entry *ret)
{
	if (rule && fw_meter_is_due(&meter, now, rule->sub_ns, rule->shape))
		fw_meter_rotate(&meter, now, rule->sub_ns, rule->shape, rule->cell_shift);
	ret->amount = fw_meter_amount(&meter);
	ret->dropped = meter.dropped;
	ret->beyond = meter.beyond;
	judge_entry(ret, rule);
}

struct meter_list {
	struct fw_datapath *datapath;
	const struct fw_rule *rules[FW_RULE_IDS]; /* by id */
	struct fw_meter_entry *entries;
	size_t count, limit;
	uint64_t now;
	uint16_t rule; /* FW_RULE_NONE: all */
	bool out_of_memory;
};

static bool add(struct meter_list *list, const struct fw_meter_key *key, const struct fw_meter *meter)
{
	struct fw_meter copy = *meter;
	struct fw_meter_entry entry = {.key = *key};

	if (list->rule != FW_RULE_NONE) /* of all rules at once it would take as long as the walk itself */
		fw_allowances_tell(list->datapath, key, &copy);
	fw_meter_entry_read(copy, list->rules[key->rule % FW_RULE_IDS], list->now, &entry);
	list->out_of_memory = FW_APPEND(list->entries, list->count, entry) != 0;
	return !list->out_of_memory && (!list->limit || list->count < list->limit);
}

static bool collect(const void *key, const void *value, void *context)
{
	struct meter_list *list = context;
	struct fw_meter_key found;
	struct fw_meter meter;

	memcpy(&found, key, sizeof(found));
	if (list->rule != FW_RULE_NONE && found.rule != list->rule)
		return true;
	memcpy(&meter, value, sizeof(meter));
	return add(list, &found, &meter);
}

/* What a CPU notes is of the sub-window that ends, or ended, at until_ns. */
static uint32_t bit_of_cpu(const struct fw_rule_count *own, const struct fw_rule *rule, uint64_t now_ns)
{
	uint64_t until = __atomic_load_n(&own->until_ns, __ATOMIC_RELAXED);
	uint64_t age = now_ns < until ? 0 : (now_ns - until) / (rule->sub_ns ? rule->sub_ns : 1) + 1;

	return age <= FW_METER_CELLS ? 1u << age : 0;
}

/* What the CPUs keep to themselves, also from before the limit became too small for that, and drops that are
 * counted per rule instead of per key. */
static void add_unshared(struct fw_datapath *datapath, const struct fw_rule *rule,
			 struct fw_meter_entry *entry)
{
	const uint64_t now_ns = fw_datapath_now_ns(datapath);
	const uint16_t epoch = fw_allowances_epoch(datapath);

	if (rule->per != FW_PER_TOTAL)
		return;
	for (unsigned int cpu = 0; cpu < datapath->cpu_ids; cpu++) {
		const struct fw_rule_count *own = fw_rule_count_at(datapath, cpu, rule->id);

		if (!fw_total_is_void(own, epoch, now_ns, rule->window_ns))
			entry->amount += __atomic_load_n(&own->pending, __ATOMIC_RELAXED);
		if (rule->batch)
			entry->dropped += __atomic_load_n(&own->dropped, __ATOMIC_RELAXED);
		if (__atomic_load_n(&own->beyond, __ATOMIC_RELAXED))
			entry->beyond |= bit_of_cpu(own, rule, now_ns);
	}
	judge_entry(entry, rule);
}

/* Meters of `per: total` live in an array of their own; their key has no address. */
static void collect_totals(struct meter_list *list)
{
	for (uint32_t id = 0; id < FW_RULE_IDS && !list->out_of_memory; id++) {
		struct fw_meter_key key = {.rule = (uint16_t)id};
		struct fw_meter meter;

		if (!list->rules[id] || list->rules[id]->per != FW_PER_TOTAL ||
		    list->rules[id]->unit == FW_UNIT_NONE)
			continue;
		if (list->rule != FW_RULE_NONE && list->rule != id)
			continue;
		if (bpf_map_lookup_elem(fw_map_fd(list->datapath, FW_MAP_ID_fw_total_map), &id, &meter))
			continue;
		if (!add(list, &key, &meter))
			return;
		add_unshared(list->datapath, list->rules[id], &list->entries[list->count - 1]);
	}
}

int fw_meters_list(struct fw_datapath *datapath, uint16_t rule, size_t limit, struct fw_meter_entry **ret,
		   size_t *ret_count)
{
	struct meter_list list = {
		.datapath = datapath, .limit = limit, .rule = rule, .now = fw_datapath_now_ns(datapath)};
	int r = 0;

	for (uint32_t id = 0; id < FW_RULE_IDS; id++)
		list.rules[id] = fw_active_rule(datapath, id);
	collect_totals(&list);
	if (!list.out_of_memory && (!limit || list.count < limit))
		r = fw_batch_walk(meter_fd(datapath), sizeof(struct fw_meter_key), sizeof(struct fw_meter),
				  collect, &list);
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

/* As the packet path makes it: judge_meter(). */
static struct fw_meter_key key_for(const struct fw_rule *rule, const struct fw_addr *source,
				   const struct fw_addr *destination, uint16_t dest_port)
{
	const struct fw_addr *addr = fw_per_is_destination(rule->per) ? destination : source;
	enum fw_family family = fw_addr_family(addr);
	struct fw_meter_key key = {.rule = rule->id};

	for (int i = 0; i < 4; i++)
		key.addr.w[i] = addr->w[i] & rule->key_mask[family].w[i];
	if (rule->per == FW_PER_SOURCE_DEST_PORT)
		key.port = dest_port;
	return key;
}

int fw_meter_read(struct fw_datapath *datapath, const struct fw_rule *rule, const struct fw_addr *source,
		  const struct fw_addr *destination, uint16_t dest_port, struct fw_meter_entry *ret)
{
	struct fw_meter_key key = {.rule = rule->id};
	uint32_t index = rule->id;
	struct fw_meter meter;
	int r;

	if (rule->per == FW_PER_TOTAL) {
		r = bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_total_map), &index, &meter);
	} else {
		if (fw_per_is_destination(rule->per) && !destination)
			return -ENOENT; /* which one is not known */
		key = key_for(rule, source, destination, dest_port);
		r = bpf_map_lookup_elem(meter_fd(datapath), &key, &meter);
	}
	if (r)
		return -errno;
	if (rule->per != FW_PER_TOTAL)
		fw_allowances_tell(datapath, &key, &meter);
	*ret = (struct fw_meter_entry){.key = key};
	fw_meter_entry_read(meter, rule, fw_datapath_now_ns(datapath), ret);
	add_unshared(datapath, rule, ret);
	return 0;
}

/* The packet path writes it meanwhile; what is torn is one sample of one key. */
uint64_t fw_meter_peak_in(const struct fw_meter *meter, const struct fw_rule *rule, uint64_t since_ns)
{
	uint32_t first = fw_peak_epoch(since_ns);
	uint64_t amount = 0;

	if (meter->shape != rule->shape)
		return 0; /* of the window before it was tuned */
	if (meter->sub_start_ns + rule->sub_ns > since_ns)
		amount = fw_meter_amount(meter);
	for (uint32_t back = 0; back < 2; back++) {
		uint64_t peak = (uint64_t)meter->peak[(meter->peak_epoch - back) & 1] << rule->cell_shift;

		if (meter->peak_epoch - back >= first && peak > amount)
			amount = peak;
	}
	return amount;
}

int fw_meter_peak(const struct fw_datapath *datapath, const struct fw_rule *rule,
		  const struct fw_meter_key *key, uint64_t since_ns, struct fw_meter_peak *ret)
{
	struct fw_meter meter;
	uint32_t dropped;
	int r;

	if (rule->per == FW_PER_TOTAL)
		r = bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_total_map), &(uint32_t){rule->id},
					&meter);
	else
		r = bpf_map_lookup_elem(meter_fd(datapath), key, &meter);
	if (r)
		return -errno;
	dropped = meter.dropped;
	if (rule->per != FW_PER_TOTAL)
		fw_allowances_tell(datapath, key, &meter);
	*ret = (struct fw_meter_peak){.amount = fw_meter_peak_in(&meter, rule, since_ns), .dropped = dropped};
	return 0;
}
