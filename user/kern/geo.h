/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the geo table of an image, put into the slot that no generation uses. */
#ifndef FW_KERN_GEO_H
#define FW_KERN_GEO_H

#include "kern/instance.h"
#include "policy/image.h"

/* *ret_slot belongs into the new generation. Loads nothing when the generation in force has the same table,
 * or when the image asks for none. active: NULL before the first generation. */
int fw_geo_load(struct fw_datapath *datapath, const struct fw_image *image,
		const struct fw_policy_slot *active, uint32_t *ret_slot, struct fw_err *err);
/* The generation's own part: slot and terms. Its policy slot must be written. */
void fw_geo_write(struct fw_datapath *datapath, const struct fw_image *image, uint32_t generation,
		  uint32_t geo_slot);
/* After the flip: gives the memory of the old generation's table back unless the new one goes on with it. */
void fw_geo_retire(struct fw_datapath *datapath, const struct fw_policy_slot *old,
		   const struct fw_image *image, uint32_t geo_slot);

#endif
