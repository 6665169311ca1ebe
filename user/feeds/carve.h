/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting prefixes out of a list, exactly: what covers them is split, what they cover goes. */
#ifndef FW_FEEDS_CARVE_H
#define FW_FEEDS_CARVE_H

#include "feeds/entry.h"

/* What is to be cut out, each with the caller's word for why. */
struct fw_carve {
	struct fw_prefix *prefixes;
	unsigned char *why;
	size_t count;
};

int fw_carve_add(struct fw_carve *carve, const struct fw_prefix *prefix, unsigned char why);
/* Sorts and drops what others cover; once, after the last add and before the first use. */
void fw_carve_prepare(struct fw_carve *carve);
void fw_carve_done(struct fw_carve *carve);

/* Called for every entry that loses something: `pieces` are left of it, 0 = nothing. */
typedef void (*fw_carve_fn)(void *user, const struct fw_feed_entry *entry, const struct fw_prefix *what,
			    unsigned char why, size_t pieces);

/* Replaces the list by what is left, in the same order. -ENOMEM: the list is as it was. fn may be NULL. */
int fw_carve_list(struct fw_feed_list *list, const struct fw_carve *carve, fw_carve_fn fn, void *user);

#endif
