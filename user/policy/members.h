/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in which set, whoever said so: the truth behind the lists. */
#ifndef FW_POLICY_MEMBERS_H
#define FW_POLICY_MEMBERS_H

#include "policy/image.h"

#define FW_NO_BIT UINT32_MAX

/* What one source of members brings: a set's own entries with live changes, or one tier of a feed. */
struct fw_members {
	unsigned int set;
	unsigned int bits[2];	 /* of classes, FW_NO_BIT: none */
	struct fw_prefix *items; /* in normal form; owned */
	size_t count;
	bool trial;
	bool changed_live; /* live changes were applied */
};

/* For each set itself and, if it is a feed, its tiers; always the same order for the same policy. */
struct fw_all_members {
	struct fw_members *items;
	size_t count;
};

/* before: of the same policy, NULL if there is none; what cannot have changed is taken from it without being
 * sorted again (copied). -ENOMEM. */
int fw_members_gather(const struct fw_policy *policy, const struct fw_image_input *input,
		      const struct fw_all_members *before, struct fw_all_members *ret);
void fw_members_done(struct fw_all_members *members);

#endif
