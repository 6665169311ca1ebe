/* SPDX-License-Identifier: Apache-2.0 */
/* Combinations of set memberships, each stored once and known by a number; 0 is "in no set". */
#ifndef FW_POLICY_COMBOS_H
#define FW_POLICY_COMBOS_H

#include <stddef.h>
#include <stdint.h>

struct fw_combos {
	size_t words; /* uint64_t per combination */
	uint64_t **members;
	size_t count;
	uint32_t *by_members; /* open hash: number + 1 */
	size_t by_members_size;
	struct fw_combo_step *steps; /* open hash: (combination, set) → combination */
	size_t step_count, steps_size;
};

int fw_combos_init(struct fw_combos *combos, size_t set_count);
void fw_combos_done(struct fw_combos *combos);
/* The combination that also has `set`. -ENOMEM, -E2BIG. */
int fw_combos_add(struct fw_combos *combos, uint32_t combo, uint32_t set, uint32_t *ret);

#endif
