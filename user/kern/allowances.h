/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPUs have counted in the name of a key and not yet told its meter: see fw_allowance.h. */
#ifndef FW_KERN_ALLOWANCES_H
#define FW_KERN_ALLOWANCES_H

#include "kern/stats.h"

/* Adds it to entry->amount and entry->dropped; entry->key says whose. The CPUs go on meanwhile: what one of
 * them tells its meter between the two reads is counted twice or not at all. */
void fw_allowances_add(const struct fw_datapath *datapath, struct fw_meter_entry *entry);

/* Meters were deleted: no CPU may go on as if they were still there. */
void fw_allowances_end(struct fw_datapath *datapath);

#endif
