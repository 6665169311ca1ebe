/* SPDX-License-Identifier: Apache-2.0 */
/* All sets merged into one list of prefixes with classes. */
#ifndef FW_POLICY_LISTS_H
#define FW_POLICY_LISTS_H

#include "policy/image.h"

/* Fills listed, class_sets, class_count, prefixes_read and set_prefixes of the image. -E2BIG: too many
 * classes. */
int fw_lists_build(const struct fw_policy *policy, const struct fw_set_change *changes, size_t change_count,
		   struct fw_image *image);

static inline bool fw_bit_test(const uint64_t *bitmap, unsigned int bit)
{
	return bitmap[bit / 64] >> (bit % 64) & 1;
}
static inline void fw_bit_set(uint64_t *bitmap, unsigned int bit)
{
	bitmap[bit / 64] |= 1ULL << (bit % 64);
}

#endif
