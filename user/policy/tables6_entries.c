// SPDX-License-Identifier: Apache-2.0
/* Entries of IPv6: prefixes of the lengths that their group probes, in one hash table. */
#include "policy/tables6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define STEP_BITS ((128 - FW_LIST6_GROUP_BITS) / FW_LIST6_PROBES)

unsigned int fw_list6_rounded(unsigned int bits)
{
	return FW_LIST6_GROUP_BITS + (bits - FW_LIST6_GROUP_BITS + STEP_BITS - 1) / STEP_BITS * STEP_BITS;
}

static struct fw_list6_entry *find_entry(const struct fw_list_tables *tables, const struct fw_addr *addr,
					 uint32_t key)
{
	uint32_t index = fw_list6_hash(addr, key) & tables->shape.mask6;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			struct fw_list6_entry *entry = &bucket->entry[i];

			if (entry->bits == key && !memcmp(&entry->addr, addr, sizeof(*addr)))
				return entry;
		}
		if (!bucket->more)
			return NULL;
		index = (index + 1) & tables->shape.mask6;
	}
	return NULL;
}

/* Of a version that no packet asks for yet. */
static int put_entry(struct fw_list_tables *tables, const struct fw_addr *addr, uint32_t key,
		     uint16_t list_class)
{
	uint32_t index = fw_list6_hash(addr, key) & tables->shape.mask6;
	struct fw_list6_entry *there = find_entry(tables, addr, key);

	if (there) {
		there->list_class = list_class;
		return 0;
	}
	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list6_bucket *bucket = &tables->buckets6[index];

		for (int i = 0; i < FW_LIST6_ENTRIES; i++) {
			struct fw_list6_entry *entry = &bucket->entry[i];

			if (entry->bits)
				continue;
			entry->addr = *addr;
			entry->list_class = list_class;
			__atomic_store_n(&entry->bits, (uint16_t)key, __ATOMIC_RELEASE);
			return 0;
		}
		__atomic_store_n(&bucket->more, 1, __ATOMIC_RELEASE);
		index = (index + 1) & tables->shape.mask6;
	}
	return -ENOSPC;
}

static void drop_entry(struct fw_list_tables *tables, const struct fw_addr *addr, uint32_t key)
{
	struct fw_list6_entry *entry = find_entry(tables, addr, key);

	if (entry)
		__atomic_store_n(&entry->bits, 0, __ATOMIC_RELEASE);
}

int fw_list6_put_line(struct fw_list_tables *tables, const struct fw_listed *listed, bool rounded,
		      uint32_t version, bool remove)
{
	unsigned int bits = listed->prefix.bits, to = rounded ? fw_list6_rounded(bits) : bits;
	struct fw_addr addr = listed->prefix.addr;
	uint32_t key = fw_list6_key(to, version);
	int r = 0;

	for (uint32_t i = 0; i < 1u << (to - bits) && !r; i++) {
		for (unsigned int j = 0; j < to - bits; j++) {
			unsigned int at = to - 1 - j;
			uint32_t flag = 1u << (31 - at % 32), word = ntohl(addr.w[at / 32]);

			addr.w[at / 32] = htonl(i >> j & 1 ? word | flag : word & ~flag);
		}
		if (remove)
			drop_entry(tables, &addr, key);
		else
			r = put_entry(tables, &addr, key, listed->list_class);
	}
	return r;
}
