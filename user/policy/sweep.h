/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of many sets, sorted, into lines: longest match answers for all of them. */
#ifndef FW_POLICY_SWEEP_H
#define FW_POLICY_SWEEP_H

#include "policy/lists.h"

#define FW_SWEEP_DEPTH_MAX 130 /* one open prefix per length and the family boundary */

/* One prefix of one source of members. */
struct fw_sweep_entry {
	struct fw_prefix prefix;
	uint32_t bit; /* FW_NO_BIT: the boundary where IPv4 begins inside ::/0 */
};

struct fw_sweep_line {
	struct fw_prefix prefix;
	uint32_t combo;
	uint32_t inside; /* index + 1 of the line around it */
};

struct fw_sweep {
	struct fw_combos *combos;
	uint32_t outer; /* combination around everything here */
	struct fw_sweep_line *lines;
	size_t count;
	uint32_t open[FW_SWEEP_DEPTH_MAX]; /* indices + 1 of the lines around the current place */
	size_t depth;
};

void fw_sweep_sort(struct fw_sweep_entry *entries, size_t count);
/* Entries sorted; appends lines. -ENOMEM, -E2BIG. */
int fw_sweep_run(struct fw_sweep *sweep, const struct fw_sweep_entry *entries, size_t count);
/* In the 128-bit space, whatever the family. */
bool fw_sweep_spans(const struct fw_prefix *outer, const struct fw_prefix *inner);

/* The class of a combination, a new one if need be. -E2BIG: one too many. */
int fw_class_of(struct fw_list_truth *truth, struct fw_image *image, uint32_t combo, uint16_t *ret);
/* Which class bits some rule asks for: sets named, and tiers if any. `used` has fw_class_words. */
void fw_bits_asked(const struct fw_policy *policy, uint64_t *used);

#endif
