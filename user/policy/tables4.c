// SPDX-License-Identifier: Apache-2.0
/* IPv4: paint the classes of all /24s, then write an entry for every /24 that differs from its wide class. */
#include "policy/tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define SLASH24S    (1u << 24)
#define BUCKET_LOAD 4u /* entries a bucket on average, of FW_LIST4_ENTRIES */

struct long_entry {
	struct fw_list4_entry entry;
	uint8_t kind;
};

struct build4 {
	uint16_t *class24; /* by /24: the class of what at most 24 bits say */
	struct long_entry *longs;
	size_t long_count;
	struct fw_list_tables *tables;
};

static uint32_t address(const struct fw_prefix *prefix)
{
	return ntohl(prefix->addr.w[3]);
}

static int paint(struct build4 *build, const struct fw_listed *listed)
{
	unsigned int bits = listed->prefix.bits - FW_V4_BITS;
	uint32_t first = address(&listed->prefix) >> 8, count = 1u << (24 - bits);

	for (uint32_t i = 0; i < count; i++)
		build->class24[first + i] = listed->list_class;
	if (bits > FW_LIST_WIDE_BITS || (!listed->list_class && !build->tables->wide4))
		return 0;
	if (!build->tables->wide4)
		build->tables->wide4 = calloc(1, sizeof(*build->tables->wide4));
	if (!build->tables->wide4)
		return -ENOMEM;
	build->tables->shape.features |= FW_LIST_WIDE_V4;
	for (uint32_t i = 0; i < 1u << (FW_LIST_WIDE_BITS - bits); i++)
		build->tables->wide4->list_class[(first >> 8) + i] = listed->list_class;
	return 0;
}

/* All prefixes longer than 24 bits of one /24: one is an entry by itself, several need a leaf. */
static int add_longs(struct build4 *build, const struct fw_listed *listed, size_t count)
{
	uint32_t addr = address(&listed->prefix), leaf_index = build->tables->leaf_count4;
	struct long_entry *entry = &build->longs[build->long_count++];
	uint16_t other = build->class24[addr >> 8];
	struct fw_list4_leaf *leaf;

	entry->entry = (struct fw_list4_entry){addr, listed->list_class, other};
	entry->kind = listed->prefix.bits - FW_V4_BITS;
	if (count == 1)
		return 0;
	if (!(leaf_index & (leaf_index - 1))) {
		void *grown =
			realloc(build->tables->leaves4, (leaf_index ? leaf_index * 2 : 1) * sizeof(*leaf));

		if (!grown)
			return -ENOMEM;
		build->tables->leaves4 = grown;
	}
	leaf = &build->tables->leaves4[build->tables->leaf_count4++];
	for (int i = 0; i < 256; i++)
		leaf->list_class[i] = other;
	for (size_t i = 0; i < count; i++) {
		uint32_t first = address(&listed[i].prefix) & 255;

		for (uint32_t j = 0; j < 1u << (128 - listed[i].prefix.bits); j++)
			leaf->list_class[first + j] = listed[i].list_class;
	}
	entry->kind = FW_LIST4_LEAF;
	entry->entry.list_class = (uint16_t)leaf_index;
	entry->entry.other = (uint16_t)(leaf_index >> 16);
	return 0;
}

static int insert(struct fw_list_tables *tables, const struct fw_list4_entry *entry, uint8_t kind)
{
	uint32_t index = fw_list_hash32(entry->addr >> 8) & tables->shape.mask4;

	for (uint32_t step = 0; step < FW_LIST_CHAIN; step++) {
		struct fw_list4_bucket *bucket = &tables->buckets4[index];

		for (int i = 0; i < FW_LIST4_ENTRIES; i++)
			if (bucket->kind[i] == FW_LIST4_FREE) {
				bucket->entry[i] = *entry;
				bucket->kind[i] = kind;
				return 0;
			}
		bucket->more = 1;
		index = (index + 1) & tables->shape.mask4;
	}
	return -ENOSPC;
}

static uint16_t wide_class(const struct fw_list_tables *tables, uint32_t slash24)
{
	return tables->wide4 ? tables->wide4->list_class[slash24 >> 8] : 0;
}

static void mark(struct fw_list_tables *tables, uint32_t slash24)
{
	tables->bitmap4[slash24 >> 6] |= 1ULL << (slash24 & 63);
}

static uint64_t count_marked(const struct fw_list_tables *tables)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < FW_LIST_BITMAP_WORDS; i++)
		count += (uint64_t)__builtin_popcountll(tables->bitmap4[i]);
	return count;
}

static int fill(struct build4 *build)
{
	struct fw_list_tables *tables = build->tables;
	size_t next_long = 0;

	for (uint32_t word = 0; word < FW_LIST_BITMAP_WORDS; word++)
		for (uint64_t bits = tables->bitmap4[word]; bits; bits &= bits - 1) {
			uint32_t slash24 = word * 64 + (uint32_t)__builtin_ctzll(bits);
			struct fw_list4_entry whole = {slash24 << 8, build->class24[slash24], 0};
			int r;

			if (next_long < build->long_count &&
			    build->longs[next_long].entry.addr >> 8 == slash24) {
				r = insert(tables, &build->longs[next_long].entry,
					   build->longs[next_long].kind);
				next_long++;
			} else {
				r = insert(tables, &whole, 24);
			}
			if (r)
				return r;
		}
	return 0;
}

/* Doubles until every entry lies within FW_LIST_CHAIN buckets of its place. */
static int build_table(struct build4 *build)
{
	struct fw_list_tables *tables = build->tables;
	uint32_t size = 1;
	int r = -ENOSPC;

	tables->marked4 = count_marked(tables);
	while ((uint64_t)size * BUCKET_LOAD < tables->marked4)
		size *= 2;
	for (; r == -ENOSPC && size < 1u << 26; size *= 2) {
		free(tables->buckets4);
		tables->buckets4 = aligned_alloc(64, (size_t)size * sizeof(*tables->buckets4));
		if (!tables->buckets4)
			return -ENOMEM;
		memset(tables->buckets4, 0, (size_t)size * sizeof(*tables->buckets4));
		tables->shape.mask4 = size - 1;
		r = fill(build);
	}
	return r;
}

int fw_list_tables_build4(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	FW_FREE uint16_t *class24 = calloc(SLASH24S, sizeof(*class24));
	FW_FREE struct long_entry *longs = calloc(count, sizeof(*longs));
	struct build4 build = {class24, longs, 0, tables};
	int r = 0;

	tables->bitmap4 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap4));
	if (!class24 || !longs || !tables->bitmap4)
		return -ENOMEM;
	for (size_t i = 0; i < count && !r;) {
		uint32_t slash24 = address(&listed[i].prefix) >> 8;
		size_t run = 1;

		if (listed[i].prefix.bits <= FW_V4_BITS + 24) {
			r = paint(&build, &listed[i++]);
			continue;
		}
		while (i + run < count && address(&listed[i + run].prefix) >> 8 == slash24)
			run++;
		r = add_longs(&build, &listed[i], run);
		mark(tables, slash24);
		i += run;
	}
	if (r)
		return r;
	for (uint32_t i = 0; i < SLASH24S; i++)
		if (class24[i] != wide_class(tables, i))
			mark(tables, i);
	tables->shape.features |= FW_LIST_V4;
	return build_table(&build);
}
