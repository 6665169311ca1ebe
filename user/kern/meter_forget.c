// SPDX-License-Identifier: Apache-2.0
/* Meters that start from zero: of sources that are unbanned, of a rule that counts something else by now. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/allowances.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/stats.h"
#include "lib/grow.h"

static int meter_fd(const struct fw_datapath *datapath)
{
	return fw_map_fd(datapath, FW_MAP_ID_fw_meter_map);
}

/* Where an address or a prefix of it stands among others: the families apart, for ::/0 holds no IPv4. */
static int order_of(const struct fw_addr *left, const struct fw_addr *right)
{
	int order = (int)fw_addr_family(left) - (int)fw_addr_family(right);

	return order ? order : memcmp(left, right, sizeof(*left));
}

static int by_family(const void *a, const void *b)
{
	const struct fw_prefix *left = a, *right = b;
	int order = order_of(&left->addr, &right->addr);

	return order ? order : (int)left->bits - (int)right->bits;
}

/* Sorted, and what another one covers left out: of those left, one at most holds an address, the last that
 * does not begin after it. */
static void make_disjoint(struct fw_meter_forget *forget)
{
	size_t kept = 0;

	if (forget->source_count)
		qsort(forget->sources, forget->source_count, sizeof(*forget->sources), by_family);
	for (size_t i = 0; i < forget->source_count; i++)
		if (!kept || !fw_prefix_covers(&forget->sources[kept - 1], &forget->sources[i]))
			forget->sources[kept++] = forget->sources[i];
	forget->source_count = kept;
}

static bool is_of_sources(const struct fw_meter_forget *forget, const struct fw_addr *addr)
{
	size_t from = 0, until = forget->source_count;

	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (order_of(&forget->sources[middle].addr, addr) <= 0)
			from = middle + 1;
		else
			until = middle;
	}
	return from && fw_prefix_contains(&forget->sources[from - 1], addr);
}

int fw_meter_forget_prepare(struct fw_datapath *datapath, const struct fw_prefix *sources, size_t count,
			    struct fw_meter_forget *ret)
{
	*ret = (struct fw_meter_forget){.datapath = datapath, .rule = FW_RULE_NONE};
	ret->sources = reallocarray(NULL, count ? count : 1, sizeof(*sources));
	if (!ret->sources)
		return -ENOMEM;
	memcpy(ret->sources, sources, count * sizeof(*sources));
	ret->source_count = count;
	make_disjoint(ret);
	for (uint32_t id = 0; id < FW_RULE_IDS; id++) {
		const struct fw_rule *rule = fw_active_rule(datapath, id);

		ret->is_of_destinations[id] = rule && fw_per_is_destination(rule->per);
	}
	return 0;
}

static bool choose(const void *key, const void *value, void *context)
{
	struct fw_meter_forget *forget = context;
	struct fw_meter_key found;

	(void)value;
	memcpy(&found, key, sizeof(found));
	if (forget->rule != FW_RULE_NONE ? found.rule != forget->rule
					 : forget->is_of_destinations[found.rule % FW_RULE_IDS] ||
						   !is_of_sources(forget, &found.addr))
		return true;
	forget->out_of_memory = FW_APPEND(forget->keys, forget->key_count, found) != 0;
	return !forget->out_of_memory;
}

int fw_meter_forget_run(struct fw_meter_forget *forget)
{
	int fd = meter_fd(forget->datapath);
	int r = fw_batch_walk(fd, sizeof(struct fw_meter_key), sizeof(struct fw_meter), choose, forget);

	for (size_t i = 0; i < forget->key_count; i++)
		if (bpf_map_delete_elem(fd, &forget->keys[i]) && errno != ENOENT)
			r = -errno;
	fw_allowances_end(forget->datapath);
	return !r && forget->out_of_memory ? -ENOMEM : r;
}

void fw_meter_forget_done(struct fw_meter_forget *forget)
{
	free(forget->sources);
	free(forget->keys);
	*forget = (struct fw_meter_forget){};
}

int fw_meters_forget_rule(struct fw_datapath *datapath, uint16_t rule)
{
	struct fw_meter_forget forget = {.datapath = datapath, .rule = rule};
	struct fw_meter fresh = {};
	uint32_t index = rule; /* per total */
	int r;

	if (bpf_map_update_elem(fw_map_fd(datapath, FW_MAP_ID_fw_total_map), &index, &fresh, BPF_ANY))
		return -errno;
	r = fw_meter_forget_run(&forget);
	fw_meter_forget_done(&forget);
	return r;
}
