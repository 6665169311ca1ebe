/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the filter and the prefix lengths that keep lookups of bans away from everybody who has none.
 */
#ifndef FW_KERN_BAN_FILTER_H
#define FW_KERN_BAN_FILTER_H

#include "kern/bans.h"
#include "kern/instance.h"

/* Bits of a lease in both slots, so that a rebuild under way does not lose it. */
void fw_ban_filter_mark(struct fw_datapath *datapath, const struct fw_ban_key *key);
/* Filter and lengths from the leases given (all there are); leases that the packet path adds meanwhile are
 * kept. */
void fw_ban_filter_clear_inactive(struct fw_datapath *datapath);
void fw_ban_filter_switch(struct fw_datapath *datapath, const struct fw_ban_entry *entries, size_t count);

/* -E2BIG: FW_BAN_LENGTHS lengths of the family are in use. */
int fw_ban_lengths_add(struct fw_datapath *datapath, enum fw_family family, unsigned int bits,
		       struct fw_err *err);

#endif
