// SPDX-License-Identifier: Apache-2.0
/* A new generation: written where nobody looks, read back, then one store makes it the policy. */
#include "kern/publish.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "fw_meter.h"
#include "kern/ban_filter.h"
#include "kern/geo.h"
#include "kern/instance.h"
#include "kern/lists.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define GRACE_NS FW_NS_PER_SEC /* no packet takes that long */

void fw_publish_barrier(struct fw_datapath *datapath)
{
	uint64_t began = fw_monotonic_ns();
	uint32_t zero = 0;

	/* maybe_wait_bpf_programs(): returns after a grace period, so no program still runs on what it read
	 * before. */
	if (!bpf_map_update_elem(datapath->barrier_fd, &zero, &datapath->barrier_inner_fd, BPF_ANY))
		datapath->waited_ns = began;
}

void fw_wait_for_readers(struct fw_datapath *datapath, uint64_t flipped_ns)
{
	if (datapath->waited_ns <= flipped_ns && fw_monotonic_ns() - flipped_ns < GRACE_NS)
		fw_publish_barrier(datapath);
}

uint32_t fw_published_generation(const struct fw_datapath *datapath)
{
	return __atomic_load_n(&datapath->control->generation, __ATOMIC_ACQUIRE);
}

/* Never 0 (no policy) and never the slot in force, also when the counter wraps. */
static uint32_t next_generation(uint32_t generation)
{
	uint32_t next = generation + 1;

	return next ? next : FW_SLOTS - 1 + generation % FW_SLOTS;
}

bool fw_rules_count_alike(const struct fw_rule *rule, const struct fw_rule *other)
{
	return rule->unit != FW_UNIT_NONE && other->unit != FW_UNIT_NONE &&
	       fw_shape_counts_alike(rule->shape, other->shape) && rule->per == other->per &&
	       !memcmp(rule->key_mask, other->key_mask, sizeof(rule->key_mask));
}

static bool goes_on(const struct fw_rule *rule, const struct fw_policy_slot *active)
{
	for (size_t i = 0; i < FW_RULES_MAX; i++)
		if (active->rules[i].terms && active->rules[i].id == rule->id &&
		    fw_rules_count_alike(&active->rules[i], rule))
			return true;
	return false;
}

/* What CPUs keep of a rule's keys and have not told is in the unit that it had: from the flip on nobody may
 * add it to meters of the unit that it has now. */
static uint32_t forgets_of(const struct fw_image *image, const struct fw_policy_slot *active)
{
	if (!active)
		return 0;
	for (size_t i = 0; i < image->rule_count; i++) {
		const struct fw_rule *rule = &image->slot->rules[i];

		if (rule->unit != FW_UNIT_NONE && !goes_on(rule, active))
			return active->forgets + 1;
	}
	return active->forgets;
}

static void write_slot(struct fw_datapath *datapath, const struct fw_image *image, uint32_t generation,
		       uint32_t list_slot, const struct fw_list_shape *shape, uint32_t count_ifaces,
		       uint32_t forgets)
{
	struct fw_policy_slot *slot = fw_policy_slot_at(datapath, generation);

	memcpy(slot, image->slot, sizeof(*slot));
	slot->generation = generation;
	slot->list_slot = list_slot;
	slot->lists = *shape;
	slot->forgets = forgets;
	slot->epoch = fw_allowance_epoch(generation, forgets);
	slot->count_ifaces = image->slot->count_ifaces | count_ifaces;
	memcpy(&datapath->classes[(size_t)(generation % FW_SLOTS) * FW_CLASSES_MAX], image->classes,
	       image->class_count * sizeof(*image->classes));
}

static uint32_t automaton_index(uint32_t generation, int text)
{
	return generation % FW_SLOTS * FW_SUBJECT_MAX_ + (uint32_t)text;
}

/* Those of an image without such rules stay what they were: no packet asks. */
static int write_automata(struct fw_datapath *datapath, const struct fw_image *image, uint32_t generation,
			  struct fw_err *err)
{
	FW_FREE struct fw_automaton *found = malloc(sizeof(*found));

	if (!found)
		return fw_err_set(err, -ENOMEM,
				  "out of memory while the policy was checked; the one in force stays");
	for (int text = 0; text < FW_SUBJECT_MAX_; text++) {
		uint32_t index = automaton_index(generation, text);

		if (!image->automata[text])
			continue;
		memcpy(&datapath->automata[index], image->automata[text], sizeof(*found));
		if (bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_automaton_map), &index, found) ||
		    memcmp(found, image->automata[text], sizeof(*found)) != 0)
			return fw_err_set(
				err, -EIO,
				"the patterns of requests read back differently from what was written; "
				"the policy in force stays");
	}
	return 0;
}

/* Asks the kernel, not our own mapping. */
static int verify_slot(struct fw_datapath *datapath, const struct fw_image *image, uint32_t generation,
		       struct fw_err *err)
{
	uint32_t zero = 0, index = generation % FW_SLOTS,
		 last = index * FW_CLASSES_MAX + (uint32_t)image->class_count - 1;
	FW_FREE struct fw_policy_slot *all = calloc(FW_SLOTS, sizeof(*all));
	const struct fw_policy_slot *found = all + index;
	struct fw_class class = {};

	if (!all)
		return fw_err_set(err, -ENOMEM,
				  "out of memory while the policy was checked; the one in force stays");
	if (bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_policy_map), &zero, all) ||
	    memcmp(found, fw_policy_slot_at(datapath, generation), sizeof(*found)) ||
	    memcmp(found->rules, image->slot->rules, sizeof(found->rules)))
		return fw_err_set(
			err, -EIO,
			"the policy reads back differently from what was written; the one in force stays");
	if (bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_class_map), &last, &class) ||
	    memcmp(&class, &image->classes[image->class_count - 1], sizeof(class)))
		return fw_err_set(
			err, -EIO,
			"list classes read back differently from what was written; the policy in force "
			"stays");
	return 0;
}

/* The packet path will insert leases of these lengths: they must be looked for before the first one exists.
 */
static int announce_ban_lengths(struct fw_datapath *datapath, const struct fw_policy_slot *slot,
				struct fw_err *err)
{
	for (size_t i = 0; i < FW_RULES_MAX; i++) {
		const struct fw_rule *rule = &slot->rules[i];

		if (!rule->terms || !(rule->flags & FW_RULE_BAN))
			continue;
		for (int family = FW_FAMILY_V4; family < FW_FAMILY_MAX_; family++) {
			int r = fw_ban_lengths_add(datapath, (enum fw_family)family, rule->ban_bits[family],
						   err);

			if (r)
				return r;
		}
	}
	return 0;
}

int fw_publish(struct fw_datapath *datapath, const struct fw_image *image, uint32_t count_ifaces, bool lists,
	       uint32_t *ret_generation, struct fw_err *err)
{
	const struct fw_policy_slot *active = fw_datapath_active_slot(datapath);
	uint32_t old = fw_published_generation(datapath), generation = next_generation(old);
	uint32_t list_slot = active ? active->list_slot % FW_SLOTS : FW_SLOTS - 1;
	struct fw_list_shape shape = active ? active->lists : (struct fw_list_shape){};
	uint32_t geo_slot = 0;
	int r = 0;

	if (!image->class_count || image->class_count > FW_CLASSES_MAX)
		return fw_err_set(err, -E2BIG,
				  "%zu list classes, expected 1 to %u; the policy in force stays",
				  image->class_count, FW_CLASSES_MAX);
	fw_wait_for_readers(datapath, datapath->policy_flipped_ns);
	if (lists || !active) {
		list_slot = (list_slot + 1) % FW_SLOTS;
		r = fw_lists_load(datapath, image, list_slot, &shape, err);
		if (!r)
			r = fw_stats_classes_reset(datapath, list_slot, err);
	}
	if (!r)
		r = fw_geo_load(datapath, image, active, &geo_slot, err);
	if (r)
		return r;
	write_slot(datapath, image, generation, list_slot, &shape, count_ifaces, forgets_of(image, active));
	fw_geo_write(datapath, image, generation, geo_slot);
	r = write_automata(datapath, image, generation, err);
	if (!r)
		r = verify_slot(datapath, image, generation, err);
	if (!r)
		r = announce_ban_lengths(datapath, image->slot, err);
	if (r)
		return r;
	__atomic_store_n(&datapath->control->generation, generation, __ATOMIC_RELEASE);
	datapath->policy_flipped_ns = fw_monotonic_ns();
	if (ret_generation)
		*ret_generation = generation;
	if (active && active->signatures.digest != image->slot->signatures.digest)
		fw_stats_signatures_reset(datapath); /* their numbers mean others now */
	if (lists && active) {			     /* a list of millions is not kept twice */
		fw_wait_for_readers(datapath, datapath->policy_flipped_ns);
		fw_lists_drop(datapath, (list_slot + 1) % FW_SLOTS);
	}
	if (active)
		fw_geo_retire(datapath, active, image, geo_slot);
	return 0;
}

/* New classes are complete before an entry names one; those that were there do not change. */
int fw_publish_change(struct fw_datapath *datapath, const struct fw_image *image,
		      const struct fw_list_delta *delta, struct fw_err *err)
{
	const struct fw_policy_slot *active = fw_datapath_active_slot(datapath);
	size_t first = delta->classes_before;
	int r;

	if (!active)
		return -ENOSPC;
	/* Before anything else: whoever adopts this after a crash must not take it for what it was. */
	fw_policy_slot_at(datapath, active->generation)->lists.changes++;
	memcpy(&datapath->classes[(size_t)(active->generation % FW_SLOTS) * FW_CLASSES_MAX + first],
	       &image->classes[first], (image->class_count - first) * sizeof(*image->classes));
	__atomic_thread_fence(__ATOMIC_RELEASE);
	r = fw_lists_patch(datapath, delta, active->list_slot % FW_SLOTS);
	return r && r != -ENOSPC ? fw_err_set(err, r, "cannot change the lists: %s", strerror(-r)) : r;
}
