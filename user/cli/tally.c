// SPDX-License-Identifier: Apache-2.0
/* A hash table with linear probing; it grows with the number of sources in the capture. */
#include "cli/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"

#define CAPACITY_FIRST 1024

static uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53ULL;
	return value ^ value >> 33;
}

static struct fw_tally_entry *slot_of(const struct fw_tally *tally, const struct fw_addr *source)
{
	uint64_t high, low;
	size_t at;

	memcpy(&high, &source->w[0], sizeof(high));
	memcpy(&low, &source->w[2], sizeof(low));
	at = (size_t)mix(mix(high) + low) & (tally->capacity - 1);
	while (tally->slots[at].packets && memcmp(&tally->slots[at].source, source, sizeof(*source)))
		at = (at + 1) & (tally->capacity - 1);
	return &tally->slots[at];
}

static int grow(struct fw_tally *tally)
{
	struct fw_tally bigger = {.capacity = tally->capacity ? tally->capacity * 2 : CAPACITY_FIRST,
				  .count = tally->count};

	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->slots[i].packets)
			*slot_of(&bigger, &tally->slots[i].source) = tally->slots[i];
	free(tally->slots);
	*tally = bigger;
	return 0;
}

int fw_tally_add(struct fw_tally *tally, const struct fw_addr *addr, bool dropped)
{
	struct fw_addr source = fw_source_of(addr).addr;
	struct fw_tally_entry *entry;

	if (tally->count * 4 >= tally->capacity * 3 && grow(tally))
		return -ENOMEM;
	entry = slot_of(tally, &source);
	if (!entry->packets) {
		entry->source = source;
		tally->count++;
	}
	entry->packets++;
	entry->dropped += dropped;
	return 0;
}

static int by_rank(const void *left, const void *right)
{
	const struct fw_tally_entry *a = left, *b = right;

	if (a->dropped != b->dropped)
		return a->dropped > b->dropped ? -1 : 1;
	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	return memcmp(&a->source, &b->source, sizeof(a->source));
}

size_t fw_tally_rank(struct fw_tally *tally, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->slots[i].packets)
			tally->slots[count++] = tally->slots[i];
	if (count)
		qsort(tally->slots, count, sizeof(*tally->slots), by_rank);
	return count < most ? count : most;
}

void fw_tally_done(struct fw_tally *tally)
{
	free(tally->slots);
	*tally = (struct fw_tally){0};
}
