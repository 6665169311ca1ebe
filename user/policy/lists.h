/* SPDX-License-Identifier: Apache-2.0 */
/* All sets merged into one list of prefixes with classes, and changed in place. */
#ifndef FW_POLICY_LISTS_H
#define FW_POLICY_LISTS_H

#include "policy/combos.h"
#include "policy/image.h"
#include "policy/members.h"
#include "policy/tables.h"

/* What the lines of an image were made from, kept to change them. */
struct fw_list_truth {
	struct fw_all_members members;
	struct fw_combos combos;
	uint32_t *class_of; /* by combination; 0: none yet, or combination 0 */
	size_t class_of_count;
};
void fw_list_truth_free(struct fw_list_truth *truth);

/* Fills truth, listed, class_sets, class_count, trial_sets, prefixes_read and set_prefixes of the image.
 * -E2BIG: too many classes. */
int fw_lists_build(const struct fw_policy *policy, const struct fw_image_input *input,
		   struct fw_image *image);

/* set_prefixes and prefixes_read anew. */
void fw_lists_count(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image);

/* Which regions changed; their lines point into the image and into `gone`. */
struct fw_list_delta {
	struct fw_list_region *regions;
	size_t count;
	struct fw_listed *gone; /* owned */
	size_t classes_before;
};
void fw_list_delta_done(struct fw_list_delta *delta);
/* Makes the image's lines what `input` says now, when that differs in little: -EAGAIN with the image
 * untouched when it does not (build anew). New classes are appended; class numbers stay. The image must share
 * its lists with no other. */
int fw_lists_change(const struct fw_policy *policy, const struct fw_image_input *input,
		    struct fw_image *image, struct fw_list_delta *ret);

/* Bits of a class beside its sets: the tiers that feeds gave, and those that feeds on trial gave. */
static inline unsigned int fw_tier_bit(const struct fw_policy *policy, unsigned int tier, bool trial)
{
	return (unsigned int)policy->set_count + tier + (trial ? FW_TIER_MAX_ : 0);
}
static inline size_t fw_class_words(const struct fw_policy *policy)
{
	return (policy->set_count + 2 * FW_TIER_MAX_ + 63) / 64;
}

static inline bool fw_bit_test(const uint64_t *bitmap, unsigned int bit)
{
	return bitmap[bit / 64] >> (bit % 64) & 1;
}
static inline void fw_bit_set(uint64_t *bitmap, unsigned int bit)
{
	bitmap[bit / 64] |= 1ULL << (bit % 64);
}

#endif
