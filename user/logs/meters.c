// SPDX-License-Identifier: Apache-2.0
/* A hash table whose entries also stand in a list from the most to the least recently used. */
#include "logs/meters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fw_meter.h"

#define HASH_FACTOR 0x9e3779b97f4a7c15ULL

struct fw_log_meters {
	uint32_t keys, used;
	uint32_t newest, oldest; /* index + 1 */
	uint64_t seed;
	uint32_t *buckets; /* keys of them */
	struct fw_log_meter *items;
};

/* Zero pages until they are used. */
static void *reserve(size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int fw_log_meters_new(uint32_t keys, uint64_t seed, struct fw_log_meters **ret)
{
	struct fw_log_meters *meters = calloc(1, sizeof(*meters));

	if (!meters)
		return -ENOMEM;
	meters->keys = keys;
	meters->seed = seed;
	meters->buckets = reserve(keys * sizeof(*meters->buckets));
	meters->items = reserve(keys * sizeof(*meters->items));
	if (!meters->buckets || !meters->items) {
		fw_log_meters_free(meters);
		return -ENOMEM;
	}
	*ret = meters;
	return 0;
}

void fw_log_meters_free(struct fw_log_meters *meters)
{
	if (!meters)
		return;
	if (meters->buckets)
		munmap(meters->buckets, meters->keys * sizeof(*meters->buckets));
	if (meters->items)
		munmap(meters->items, meters->keys * sizeof(*meters->items));
	free(meters);
}

static uint32_t *bucket_of(const struct fw_log_meters *meters, const struct fw_log_key *key)
{
	uint64_t hash = meters->seed;

	for (int i = 0; i < 4; i += 2) {
		hash = (hash ^ ((uint64_t)key->addr.w[i] << 32 | key->addr.w[i + 1])) * HASH_FACTOR;
		hash ^= hash >> 29;
	}
	hash = (hash ^ ((uint64_t)key->rule << 16 | key->epoch)) * HASH_FACTOR;
	return &meters->buckets[(hash >> 32) & (meters->keys - 1)];
}

static bool same(const struct fw_log_key *a, const struct fw_log_key *b)
{
	return a->rule == b->rule && a->epoch == b->epoch && !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static void unlink_use(struct fw_log_meters *meters, const struct fw_log_meter *item)
{
	if (item->newer)
		meters->items[item->newer - 1].older = item->older;
	else
		meters->newest = item->older;
	if (item->older)
		meters->items[item->older - 1].newer = item->newer;
	else
		meters->oldest = item->newer;
}

static void link_use(struct fw_log_meters *meters, struct fw_log_meter *item)
{
	uint32_t number = (uint32_t)(item - meters->items) + 1;

	item->newer = 0;
	item->older = meters->newest;
	if (meters->newest)
		meters->items[meters->newest - 1].newer = number;
	else
		meters->oldest = number;
	meters->newest = number;
}

static struct fw_log_meter *evict(struct fw_log_meters *meters)
{
	struct fw_log_meter *item = &meters->items[meters->oldest - 1];
	uint32_t *link = bucket_of(meters, &item->key);

	while (*link != meters->oldest)
		link = &meters->items[*link - 1].next;
	*link = item->next;
	unlink_use(meters, item);
	return item;
}

struct fw_log_meter *fw_log_meters_get(struct fw_log_meters *meters, const struct fw_log_key *key,
				       uint64_t now_ns, uint32_t sub_us, struct fw_log_key *evicted,
				       bool *ret_evicted, bool *ret_new)
{
	uint32_t *bucket = bucket_of(meters, key);
	struct fw_log_meter *item;

	*ret_evicted = *ret_new = false;
	for (uint32_t number = *bucket; number; number = item->next) {
		item = &meters->items[number - 1];
		if (!same(&item->key, key))
			continue;
		if (meters->newest != number) {
			unlink_use(meters, item);
			link_use(meters, item);
		}
		return item;
	}
	if (meters->used < meters->keys) {
		item = &meters->items[meters->used++];
	} else {
		item = evict(meters);
		*evicted = item->key;
		*ret_evicted = true;
	}
	*ret_new = true;
	*item = (struct fw_log_meter){.key = *key, .next = *bucket};
	item->window.sub_start_ns = now_ns;
	item->window.shape = sub_us;
	*bucket = (uint32_t)(item - meters->items) + 1;
	link_use(meters, item);
	return item;
}

uint32_t fw_log_meters_size(const struct fw_log_meters *meters)
{
	return meters->keys;
}

uint32_t fw_log_meters_used(const struct fw_log_meters *meters)
{
	return meters->used;
}

const struct fw_log_meter *fw_log_meters_at(const struct fw_log_meters *meters, uint32_t number)
{
	return &meters->items[number];
}

uint64_t fw_log_meter_amount(const struct fw_log_meter *meter, uint64_t now_ns, uint32_t sub_us,
			     uint8_t cell_shift)
{
	uint64_t sub_ns = (uint64_t)sub_us * 1000;
	struct fw_meter window = meter->window;

	if (fw_meter_is_due(&window, now_ns, sub_ns, sub_us))
		fw_meter_rotate(&window, now_ns, sub_ns, sub_us, cell_shift);
	return fw_meter_amount(&window);
}

uint64_t fw_log_meter_count(struct fw_log_meter *meter, uint64_t now_ns, uint32_t sub_us, uint8_t cell_shift)
{
	uint64_t sub_ns = (uint64_t)sub_us * 1000;

	if (fw_meter_is_due(&meter->window, now_ns, sub_ns, sub_us))
		fw_meter_rotate(&meter->window, now_ns, sub_ns, sub_us, cell_shift);
	return fw_meter_add(&meter->window, 1);
}

uint64_t fw_log_meter_over_until(const struct fw_log_meter *meter, uint64_t limit, uint8_t cell_shift)
{
	const struct fw_meter *window = &meter->window;
	uint64_t amount = fw_meter_amount(window), steps = 0;

	while (amount > limit && steps < FW_METER_CELLS) {
		uint32_t cell = (window->head + (uint32_t)steps) & (FW_METER_CELLS - 1);

		amount -= (uint64_t)window->cells[cell] << cell_shift;
		steps++;
	}
	if (amount > limit)
		steps++; /* the open one alone is too much */
	return window->sub_start_ns + steps * fw_shape_sub_us(window->shape) * 1000ULL;
}
