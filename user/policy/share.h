/* SPDX-License-Identifier: Apache-2.0 */
/* How much of each address family some sets cover. */
#ifndef FW_POLICY_SHARE_H
#define FW_POLICY_SHARE_H

#include "policy/image.h"

struct fw_share {
	double part[FW_FAMILY_MAX_]; /* 0 … 1 of the family's addresses */
	struct fw_prefix widest[FW_FAMILY_MAX_];
	unsigned int widest_set[FW_FAMILY_MAX_]; /* index of the set it stands in */
};

/* Exact where it matters: parts up to 1/16 may be reported too high by overlaps, never above 1/16. */
int fw_sets_share(const struct fw_policy *policy, const struct fw_set_refs *refs,
		  const struct fw_set_change *changes, size_t change_count, struct fw_share *ret);

#endif
