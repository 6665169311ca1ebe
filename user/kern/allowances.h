/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPUs have counted in the name of a key and not yet told its meter: see fw_allowance.h. */
#ifndef FW_KERN_ALLOWANCES_H
#define FW_KERN_ALLOWANCES_H

#include "kern/stats.h"

/* Tells it to a copy of the key's meter, as the CPUs would: what they would leave out is left out, and the
 * copy is rotated afterwards. The CPUs go on meanwhile: what one of them tells the meter after it was copied
 * is missing. */
void fw_allowances_tell(const struct fw_datapath *datapath, const struct fw_meter_key *key,
			struct fw_meter *copy);

/* Of allowances that hold, but for the generation they were given in. */
uint16_t fw_allowances_epoch(const struct fw_datapath *datapath);

/* Meters were deleted: no CPU may go on as if they were still there. */
void fw_allowances_end(struct fw_datapath *datapath);

#endif
