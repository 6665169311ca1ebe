/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: which interface owns which index of the counters, remembered beside the pins. */
#ifndef FW_KERN_IFACE_INDEX_H
#define FW_KERN_IFACE_INDEX_H

#include "kern/instance.h"

/* The index the interface had, else a free one with its counters at zero. taken: bit per index in use.
 * -ENOSPC. */
int fw_iface_index_take(struct fw_datapath *datapath, const char *name, uint32_t taken, uint32_t *ret);
/* NULL: nobody's any more. */
void fw_iface_index_set(struct fw_datapath *datapath, uint32_t iface, const char *name);
void fw_iface_index_rename(struct fw_datapath *datapath, const char *from, const char *to);

#endif
