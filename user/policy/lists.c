// SPDX-License-Identifier: Apache-2.0
/* Merges all sets that something names into one sorted list. Pure. */
#include "policy/lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/sweep.h"

void fw_list_truth_free(struct fw_list_truth *truth)
{
	if (!truth)
		return;
	fw_members_done(&truth->members);
	fw_combos_done(&truth->combos);
	free(truth->class_of);
	free(truth);
}

struct entries {
	struct fw_sweep_entry *items;
	size_t count;
};

static int add_members(const struct fw_members *members, const uint64_t *used, struct entries *entries)
{
	for (size_t i = 0; i < members->count; i++)
		for (int j = 0; j < 2; j++) {
			uint32_t bit = members->bits[j];

			if (bit != FW_NO_BIT && fw_bit_test(used, bit) &&
			    FW_APPEND(entries->items, entries->count,
				      (struct fw_sweep_entry){members->items[i], bit}))
				return -ENOMEM;
		}
	return 0;
}

static int add_boundary(struct entries *entries)
{
	struct fw_sweep_entry boundary = {.bit = FW_NO_BIT};

	fw_addr_parse("0.0.0.0", &boundary.prefix.addr, NULL);
	boundary.prefix.bits = FW_V4_BITS;
	return FW_APPEND(entries->items, entries->count, boundary);
}

/* Classes are numbered as they appear; 0 is "in no set". */
static int write_image(const struct fw_sweep *sweep, struct fw_image *image)
{
	uint16_t list_class;
	int r = fw_class_of(image->truth, image, 0, &list_class);

	image->listed = calloc(sweep->count + 1, sizeof(*image->listed));
	if (!image->listed)
		return -ENOMEM;
	for (size_t i = 0; i < sweep->count && !r; i++) {
		const struct fw_sweep_line *line = &sweep->lines[i];

		r = fw_class_of(image->truth, image, line->combo, &list_class);
		image->listed[image->listed_count++] = (struct fw_listed){
			.prefix = line->prefix, .list_class = list_class, .inside = line->inside};
	}
	return r;
}

static int count_sets(const struct fw_policy *policy, const struct fw_image_input *input,
		      struct fw_image *image)
{
	image->set_prefixes4 = calloc(policy->set_count + 1, sizeof(*image->set_prefixes4));
	image->set_prefixes6 = calloc(policy->set_count + 1, sizeof(*image->set_prefixes6));
	image->trial_sets = calloc(fw_class_words(policy), sizeof(*image->trial_sets));
	if (!image->set_prefixes4 || !image->set_prefixes6 || !image->trial_sets)
		return -ENOMEM;
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++)
		fw_bit_set(image->trial_sets, fw_tier_bit(policy, tier, true));
	fw_lists_count(policy, input, image);
	for (size_t i = 0; i < image->truth->members.count; i++)
		if (image->truth->members.items[i].trial)
			fw_bit_set(image->trial_sets, image->truth->members.items[i].set);
	return 0;
}

static int sweep_all(const struct fw_policy *policy, struct fw_image *image, const uint64_t *used)
{
	struct fw_sweep sweep = {.combos = &image->truth->combos};
	struct entries entries = {0};
	int r = add_boundary(&entries);

	for (size_t i = 0; i < image->truth->members.count && !r; i++)
		r = add_members(&image->truth->members.items[i], used, &entries);
	if (!r)
		r = fw_combos_init(&image->truth->combos, policy->set_count + 2 * FW_TIER_MAX_);
	if (!r) {
		fw_sweep_sort(entries.items, entries.count);
		r = fw_sweep_run(&sweep, entries.items, entries.count);
	}
	if (!r)
		r = write_image(&sweep, image);
	free(sweep.lines);
	free(entries.items);
	return r;
}

int fw_lists_build(const struct fw_policy *policy, const struct fw_image_input *input, struct fw_image *image)
{
	FW_FREE uint64_t *used = calloc(fw_class_words(policy), sizeof(*used));
	int r;

	image->truth = calloc(1, sizeof(*image->truth));
	if (!used || !image->truth)
		return -ENOMEM;
	fw_bits_asked(policy, used);
	r = fw_members_gather(policy, input, NULL, &image->truth->members);
	if (!r)
		r = count_sets(policy, input, image);
	return r ? r : sweep_all(policy, image, used);
}

void fw_lists_count(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image)
{
	image->prefixes_read = 0;
	for (size_t i = 0; i < policy->set_count; i++) {
		image->set_prefixes4[i] = image->set_prefixes6[i] = 0;
		image->prefixes_read += policy->sets[i].prefix_count;
	}
	for (size_t i = 0; i < input->part_count; i++)
		image->prefixes_read += input->parts[i].count;
	for (size_t i = 0; i < image->truth->members.count; i++) {
		const struct fw_members *members = &image->truth->members.items[i];

		for (size_t j = 0; j < members->count; j++)
			if (fw_prefix_family(&members->items[j]) == FW_FAMILY_V4)
				image->set_prefixes4[members->set]++;
			else
				image->set_prefixes6[members->set]++;
	}
}
