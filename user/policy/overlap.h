/* SPDX-License-Identifier: Apache-2.0 */
/* Whether lists of sets have addresses in common, as the policy file has them. */
#ifndef FW_POLICY_OVERLAP_H
#define FW_POLICY_OVERLAP_H

#include "policy/policy.h"

enum fw_overlap {
	FW_OVERLAP_NONE,
	FW_OVERLAP_SOME,
	FW_OVERLAP_UNKNOWN, /* a feed is among them, or there is too much to look at */
};

/* FW_OVERLAP_SOME: *ret has all members in normal form (policy/prefixes.h), the caller frees;
 * FW_OVERLAP_UNKNOWN, -ENOMEM. *ret and *ret_count begin as nothing. */
int fw_refs_collect(const struct fw_policy *policy, const struct fw_set_refs *refs, struct fw_prefix **ret,
		    size_t *ret_count);

/* With FW_OVERLAP_SOME: *ret_where is a prefix of both. -ENOMEM. */
int fw_refs_overlap(const struct fw_policy *policy, const struct fw_set_refs *a, const struct fw_set_refs *b,
		    struct fw_prefix *ret_where);

#endif
