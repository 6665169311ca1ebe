/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the filter and the prefix lengths that keep lookups of bans away from everybody who has none.
 */
#ifndef FW_KERN_BAN_FILTER_H
#define FW_KERN_BAN_FILTER_H

#include "kern/bans.h"
#include "kern/instance.h"

/* A fresh filter starts at its smallest. */
void fw_ban_filter_init(struct fw_datapath *datapath);
/* Bits of a lease in both slots, so that a rebuild under way does not lose it. */
void fw_ban_filter_mark(struct fw_datapath *datapath, const struct fw_ban_key *key);
/* More was marked than the filter was made for: it answers yes too often, a rebuild makes it larger. */
bool fw_ban_filter_is_crowded(const struct fw_datapath *datapath);
/* A rebuild: clear with room for that many leases, then read all leases, then switch with them. */
void fw_ban_filter_clear_inactive(struct fw_datapath *datapath, size_t leases);
void fw_ban_filter_switch(struct fw_datapath *datapath, const struct fw_ban_entry *entries, size_t count);

/* -E2BIG: FW_BAN_LENGTHS lengths of the family are in use. */
int fw_ban_lengths_add(struct fw_datapath *datapath, enum fw_family family, unsigned int bits,
		       struct fw_err *err);

#endif
