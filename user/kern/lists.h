/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the merged lists of an image, written into the list slot that no generation uses. */
#ifndef FW_KERN_LISTS_H
#define FW_KERN_LISTS_H

#include "kern/instance.h"
#include "policy/lists.h"

/* *ret_shape goes into the policy slot that will use list_slot. -ENOSPC: more prefixes than capacity. */
int fw_lists_load(struct fw_datapath *datapath, const struct fw_image *image, uint32_t list_slot,
		  struct fw_list_shape *ret_shape, struct fw_err *err);
/* Writes what changed while packets look on. -ENOSPC: no room left in the tables; load them anew. */
int fw_lists_patch(struct fw_datapath *datapath, const struct fw_list_delta *delta, uint32_t list_slot);
void fw_lists_close(struct fw_datapath *datapath);
/* Gives a retired slot's memory back. */
void fw_lists_drop(struct fw_datapath *datapath, uint32_t list_slot);

#endif
