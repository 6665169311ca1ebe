/* SPDX-License-Identifier: Apache-2.0 */
/* All sets merged into one list of prefixes with classes. */
#ifndef FW_POLICY_LISTS_H
#define FW_POLICY_LISTS_H

#include "policy/image.h"

/* Fills listed, class_sets, class_count, trial_sets, prefixes_read and set_prefixes of the image. -E2BIG: too
 * many classes. */
int fw_lists_build(const struct fw_policy *policy, const struct fw_image_input *input,
		   struct fw_image *image);

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
