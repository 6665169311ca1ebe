// SPDX-License-Identifier: Apache-2.0
/* Questions to a compiled policy, and its end. */
#include "policy/image.h"

#include <stdlib.h>
#include <string.h>

#include "policy/geo.h"
#include "policy/lists.h"

static void lists_free(struct fw_image *image)
{
	if (image->lists_shared && --*image->lists_shared)
		return;
	for (size_t i = 0; i < image->class_count; i++)
		free(image->class_sets[i]);
	free(image->class_sets);
	free(image->listed);
	fw_list_truth_free(image->truth);
	free(image->trial_sets);
	free(image->set_prefixes4);
	free(image->set_prefixes6);
	free(image->lists_shared);
}

void fw_image_free(struct fw_image *image)
{
	if (!image)
		return;
	lists_free(image);
	for (size_t i = 0; i < image->labels.count; i++)
		free(image->labels.items[i]);
	free(image->slot);
	free(image->classes);
	free(image->geo_terms);
	fw_geo_unref(image->geo);
	for (int text = 0; text < FW_SUBJECT_MAX_; text++)
		free(image->automata[text]);
	free(image->labels.items);
	free(image);
}

bool fw_image_same_lists(const struct fw_image *a, const struct fw_image *b)
{
	if (a->listed == b->listed)
		return true;
	if (a->listed_count != b->listed_count)
		return false;
	for (size_t i = 0; i < a->listed_count; i++)
		if (a->listed[i].list_class != b->listed[i].list_class ||
		    fw_prefix_compare(&a->listed[i].prefix, &b->listed[i].prefix))
			return false;
	return true;
}

/* In the 128-bit space, as the packet path compares: the list has a line of its own where families part. */
static bool holds(const struct fw_prefix *prefix, const struct fw_addr *addr)
{
	struct fw_addr masked = fw_addr_masked(addr, prefix->bits);

	return !memcmp(&masked, &prefix->addr, sizeof(masked));
}

uint16_t fw_image_classify(const struct fw_image *image, const struct fw_addr *addr)
{
	size_t low = 0, high = image->listed_count;
	size_t line; /* index + 1 */

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (memcmp(&image->listed[middle].prefix.addr, addr, sizeof(*addr)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* Whatever holds the address holds the last line that begins at or before it, or is it. */
	for (line = low; line; line = image->listed[line - 1].inside)
		if (holds(&image->listed[line - 1].prefix, addr))
			return image->listed[line - 1].list_class;
	return 0;
}

enum fw_tier fw_image_class_tier(const struct fw_policy *policy, const uint64_t *class_sets)
{
	unsigned int tier = FW_TIER_MAX_ - 1;

	while (tier > FW_TIER_NONE && !fw_bit_test(class_sets, fw_tier_bit(policy, tier, false)) &&
	       !fw_bit_test(class_sets, fw_tier_bit(policy, tier, true)))
		tier--;
	return (enum fw_tier)tier;
}
