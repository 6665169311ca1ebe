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
	struct fw_prefix *base; /* items before live changes, NULL: there are none; owned */
	size_t base_count;
	bool trial;
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
/* A set's own entries without live changes, in normal form; borrowed, and NULL with count 0 if there are
 * none.
 */
const struct fw_prefix *fw_members_own(const struct fw_all_members *members, unsigned int set,
				       size_t *ret_count);
/* The same with live changes; without what a feed lists. */
const struct fw_prefix *fw_members_now(const struct fw_all_members *members, unsigned int set,
				       size_t *ret_count);
/* Whether a set holds the whole of a prefix, live changes and feeds included. */
bool fw_members_hold(const struct fw_all_members *members, unsigned int set, const struct fw_prefix *prefix);
/* The entries that have part of a prefix or all of it: returns how many there are, the first `most` of them
 * in ret, borrowed. Of the same members. */
size_t fw_members_meet(const struct fw_all_members *members, unsigned int set, const struct fw_prefix *prefix,
		       const struct fw_prefix **ret, size_t most);
void fw_members_done(struct fw_all_members *members);

#endif
