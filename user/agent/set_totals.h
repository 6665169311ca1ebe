/* SPDX-License-Identifier: Apache-2.0 */
/* Packets per set over all generations: the kernel counts classes, and classes come and go. */
#ifndef FW_AGENT_SET_TOTALS_H
#define FW_AGENT_SET_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "policy/image.h"

struct fw_agent;

struct fw_set_total {
	char name[FW_NAME_MAX];
	uint64_t packets;
};

struct fw_set_totals {
	struct fw_set_total *items;
	size_t count;
};

/* The lists in slot `list_slot` were just replaced: what its classes counted goes to their sets. Call while
 * agent->loaded is still the policy they belonged to. */
void fw_set_totals_fold(struct fw_agent *agent, uint32_t list_slot);
/* Per set of the policy in force; ret[set_count]. */
int fw_set_totals_read(struct fw_agent *agent, uint64_t *ret);
void fw_set_totals_load(struct fw_agent *agent);
void fw_set_totals_done(struct fw_set_totals *totals);

#endif
