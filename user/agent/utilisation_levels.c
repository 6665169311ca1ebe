// SPDX-License-Identifier: Apache-2.0
/* When a key is told of once more. Pure. */
#include "agent/utilisation.h"

#include <string.h>

/* A level is left at four fifths of it: who swings around a level is told of once. */
#define LEAVE_BELOW 5 /* less a fifth */

void fw_levels_add(struct fw_levels *levels, uint8_t percent)
{
	size_t at = 0;

	while (at < levels->count && levels->percent[at] < percent)
		at++;
	if ((at < levels->count && levels->percent[at] == percent) || levels->count == FW_LEVELS_MAX)
		return;
	memmove(&levels->percent[at + 1], &levels->percent[at], levels->count - at);
	levels->percent[at] = percent;
	levels->count++;
}

/* Rounded up, without a product that could overflow. */
static uint64_t share(uint64_t limit, uint64_t percent)
{
	return limit / 100 * percent + (limit % 100 * percent + 99) / 100;
}

static uint64_t leave_at(uint64_t limit, uint8_t percent)
{
	uint64_t amount = share(limit, percent);

	return amount - amount / LEAVE_BELOW;
}

uint8_t fw_levels_step(const struct fw_levels *levels, uint8_t told, uint64_t amount, uint64_t limit)
{
	uint8_t now = 0;

	for (size_t i = 0; i < levels->count; i++) {
		uint8_t percent = levels->percent[i];

		if (amount >= share(limit, percent) ||
		    (percent <= told && amount >= leave_at(limit, percent)))
			now = percent;
	}
	return now;
}

uint64_t fw_levels_floor(const struct fw_levels *levels, uint64_t limit)
{
	uint64_t floor = levels->count ? leave_at(limit, levels->percent[0]) : 0;

	return floor ? floor : 1;
}
