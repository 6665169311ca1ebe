// SPDX-License-Identifier: Apache-2.0
/* Two lists of sets side by side, each in normal form. Pure. */
#include "policy/overlap.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/prefixes.h"

#define LOOKED_AT_MAX 65536 /* prefixes; check stays quick whatever a policy holds */

int fw_refs_collect(const struct fw_policy *policy, const struct fw_set_refs *refs, struct fw_prefix **ret,
		    size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];

		count += set->prefix_count;
		if (set->kind == FW_SET_FEED || count > LOOKED_AT_MAX)
			return FW_OVERLAP_UNKNOWN;
	}
	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];

		for (size_t j = 0; j < set->prefix_count; j++)
			(*ret)[(*ret_count)++] = set->prefixes[j];
	}
	*ret_count = fw_prefixes_normalize(*ret, *ret_count);
	return FW_OVERLAP_SOME;
}

int fw_refs_overlap(const struct fw_policy *policy, const struct fw_set_refs *a, const struct fw_set_refs *b,
		    struct fw_prefix *ret_where)
{
	FW_FREE struct fw_prefix *left = NULL, *right = NULL;
	size_t left_count = 0, right_count = 0;
	int r = fw_refs_collect(policy, a, &left, &left_count);

	if (r == FW_OVERLAP_SOME)
		r = fw_refs_collect(policy, b, &right, &right_count);
	if (r != FW_OVERLAP_SOME)
		return r;
	for (size_t i = 0, j = 0; i < left_count && j < right_count;) {
		if (fw_prefix_covers(&left[i], &right[j])) {
			*ret_where = right[j];
			return FW_OVERLAP_SOME;
		}
		if (fw_prefix_covers(&right[j], &left[i])) {
			*ret_where = left[i];
			return FW_OVERLAP_SOME;
		}
		if (fw_prefix_order(&left[i], &right[j]) < 0)
			i++;
		else
			j++;
	}
	return FW_OVERLAP_NONE;
}
