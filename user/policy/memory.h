/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy takes in the kernel, announced before it is loaded. */
#ifndef FW_POLICY_MEMORY_H
#define FW_POLICY_MEMORY_H

#include "policy/image.h"

/* Bytes of the tables that hold the merged list, both slots, as while it is swapped. */
uint64_t fw_list_memory(const struct fw_listed *listed, size_t count);
/* All maps; image->list_bytes must be there. */
uint64_t fw_policy_memory(const struct fw_policy *policy, const struct fw_image *image);

#endif
