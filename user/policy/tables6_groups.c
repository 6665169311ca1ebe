// SPDX-License-Identifier: Apache-2.0
/* Groups of IPv6, one per /32, in buckets. Packets may look on: what makes a group count is written last. */
#include "policy/tables6.h"

#include <errno.h>
#include <string.h>

/* Sets a bit when the group can be found: last. */
static void mark_group(struct fw_list_tables *tables, uint32_t top)
{
	uint32_t bit = fw_list6_bit(top);

	__atomic_fetch_or(&tables->bitmap6[bit >> 6 & tables->shape.bitmap_mask6], fw_list_mark_of(bit, bit),
			  __ATOMIC_RELEASE);
}

/* Packets may look on: `used` makes a group count, so it is written last. */
static void place_group(struct fw_list6_group *place, const struct fw_list6_group *group)
{
	place->top = group->top;
	place->other = group->other;
	memcpy(place->lengths, group->lengths, sizeof(place->lengths));
	__atomic_store_n(&place->used, group->used, __ATOMIC_RELEASE);
}

int fw_list6_insert_group(struct fw_list_tables *tables, const struct fw_list6_group *group,
			  struct fw_list6_group *old)
{
	uint32_t index = fw_list_hash32(group->top) & tables->shape.group_mask6;
	bool passed = false;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			passed |= &bucket->group[i] == old;
			if (bucket->group[i].used)
				continue;
			place_group(&bucket->group[i], group);
			if (passed)
				__atomic_store_n(&old->used, FW_LIST6_RETIRED, __ATOMIC_RELEASE);
			mark_group(tables, group->top);
			return 0;
		}
		__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.group_mask6;
	}
	return -ENOSPC;
}

struct fw_list6_group *fw_list6_next_group(struct fw_list_tables *tables, uint32_t top,
					   const struct fw_list6_group *group)
{
	uint32_t index = fw_list_hash32(top) & tables->shape.group_mask6;
	bool behind = !group;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_group_bucket *bucket = &tables->groups6[index];

		for (int i = 0; i < FW_LIST6_GROUPS; i++) {
			if (behind && bucket->group[i].used && bucket->group[i].top == top)
				return &bucket->group[i];
			behind |= &bucket->group[i] == group;
		}
		if (!bucket->more)
			return NULL;
		index = (index + 1) & tables->shape.group_mask6;
	}
	return NULL;
}
