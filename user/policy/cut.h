/* SPDX-License-Identifier: Apache-2.0 */
/* Taking prefixes out of entries as their author wrote them. Pure. */
#ifndef FW_POLICY_CUT_H
#define FW_POLICY_CUT_H

#include "policy/setfile.h"

struct fw_cut {
	const struct fw_prefix *wanted; /* the caller's */
	size_t count;
	bool *met;		/* of those wanted: an entry had all of it */
	struct fw_prefix *held; /* of those wanted: what the entry at hand has */
};

int fw_cut_init(struct fw_cut *cut, const struct fw_prefix *wanted, size_t count);
void fw_cut_done(struct fw_cut *cut);
/* What an entry, an address, prefix or range, leaves behind without those that it has all of; the caller
 * frees its prefixes. *ret_touched false: it stays as it is, or is no entry. -ENOMEM */
int fw_cut_entry(struct fw_cut *cut, const char *text, struct fw_set *ret_left, bool *ret_touched);
/* One that no entry has had all of, NULL: there is none. */
const struct fw_prefix *fw_cut_unmet(const struct fw_cut *cut);

#endif
