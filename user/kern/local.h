/* SPDX-License-Identifier: Apache-2.0 */
/* What the packet path takes for this host's own: addresses, and ports that are somebody else's after all. */
#ifndef FW_KERN_LOCAL_H
#define FW_KERN_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "fw_maps.h"
#include "lib/addr.h"

struct fw_datapath;

/* Sorted and without duplicates. Only what differs is written; whatever an earlier agent has left counts. An
 * error leaves addresses out and never a wrong one in, as far as the kernel takes deletions. -E2BIG: there is
 * no room for so many, and nothing was changed. -errno. */
int fw_local_set(struct fw_datapath *datapath, const struct fw_prefix *prefixes, size_t count);
void fw_published_set(struct fw_datapath *datapath, const uint64_t ports[FW_PUBLISHED_WORDS]);

#endif
