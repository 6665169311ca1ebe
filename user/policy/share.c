// SPDX-License-Identifier: Apache-2.0
/* How much of each address family some sets cover: overlaps are counted once. Pure. */
#include "policy/share.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

#define ENOUGH (1.0 / 16)
#define WIDE   (1.0 / (1 << 16))

static double part_of(const struct fw_prefix *prefix, enum fw_family family)
{
	return ldexp(1, -(int)(family == FW_FAMILY_V4 ? prefix->bits - FW_V4_BITS : prefix->bits));
}

static void add(struct fw_share *share, const struct fw_prefix *prefix, unsigned int set)
{
	enum fw_family family = fw_prefix_family(prefix);

	if (share->part[family] == 0 || prefix->bits < share->widest[family].bits) {
		share->widest[family] = *prefix;
		share->widest_set[family] = set;
	}
	share->part[family] += part_of(prefix, family);
}

static bool is_removed(const struct fw_set_change *changes, size_t count, const char *set,
		       const struct fw_prefix *prefix)
{
	for (size_t i = 0; i < count; i++)
		if (changes[i].removed && !strcmp(changes[i].set, set) &&
		    !fw_prefix_compare(&changes[i].prefix, prefix))
			return true;
	return false;
}

/* All members in no order. */
static int collect(const struct fw_policy *policy, const struct fw_set_refs *refs,
		   const struct fw_set_change *changes, size_t change_count, struct fw_prefix **ret,
		   size_t *ret_count, struct fw_share *share)
{
	for (size_t i = 0; i < refs->count; i++) {
		unsigned int index = refs->items[i];
		const struct fw_set *set = &policy->sets[index];

		for (size_t j = 0; j < set->prefix_count; j++) {
			/* Asking for each of a million host entries would cost more than it could change. */
			bool wide = part_of(&set->prefixes[j], fw_prefix_family(&set->prefixes[j])) > WIDE;

			if (wide && change_count &&
			    is_removed(changes, change_count, set->name, &set->prefixes[j]))
				continue;
			add(share, &set->prefixes[j], index);
			if (FW_APPEND(*ret, *ret_count, set->prefixes[j]))
				return -ENOMEM;
		}
		for (size_t j = 0; j < change_count; j++) {
			if (changes[j].removed || strcmp(changes[j].set, set->name))
				continue;
			add(share, &changes[j].prefix, index);
			if (FW_APPEND(*ret, *ret_count, changes[j].prefix))
				return -ENOMEM;
		}
	}
	return 0;
}

int fw_sets_share(const struct fw_policy *policy, const struct fw_set_refs *refs,
		  const struct fw_set_change *changes, size_t change_count, struct fw_share *ret)
{
	FW_FREE struct fw_prefix *prefixes = NULL;
	const struct fw_prefix *outer[FW_FAMILY_MAX_] = {0};
	struct fw_share share = {0};
	size_t count = 0;

	if (collect(policy, refs, changes, change_count, &prefixes, &count, &share))
		return -ENOMEM;
	*ret = share;
	if (share.part[FW_FAMILY_V4] <= ENOUGH && share.part[FW_FAMILY_V6] <= ENOUGH)
		return 0;
	qsort(prefixes, count, sizeof(*prefixes), fw_prefix_compare);
	memset(ret->part, 0, sizeof(ret->part));
	for (size_t i = 0; i < count; i++) {
		enum fw_family family = fw_prefix_family(&prefixes[i]);

		/* One per family: IPv4 lies between IPv6 prefixes in the order of addresses. */
		if (outer[family] && fw_prefix_covers(outer[family], &prefixes[i]))
			continue;
		outer[family] = &prefixes[i];
		ret->part[family] += part_of(&prefixes[i], family);
	}
	return 0;
}
