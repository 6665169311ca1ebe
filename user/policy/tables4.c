// SPDX-License-Identifier: Apache-2.0
/* IPv4: one /18 after the other, each with the class around it and a run of entries for what differs. */
#include "policy/tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define SLASH18_BITS 18u
#define SLASH24S     64u /* of a /18 */
#define COVERS_MAX   (SLASH18_BITS + 1)
#define RUN_WORDS    4096u /* at first */

static uint32_t address(const struct fw_prefix *prefix)
{
	return ntohl(prefix->addr.w[3]);
}

static unsigned int length(const struct fw_prefix *prefix)
{
	return prefix->bits - FW_V4_BITS;
}

/* Several prefixes longer than 24 bits, or one that something else than `rest` surrounds. */
static int add_leaf(struct fw_list_tables *tables, const struct fw_listed *listed, size_t count,
		    uint16_t other, uint32_t *ret_entry)
{
	uint32_t index = tables->leaf_count4;
	struct fw_list4_leaf *leaf;

	if (index == FW_LIST4_LEAVES_MAX)
		return -E2BIG;
	if (!(index & (index - 1))) {
		void *grown = realloc(tables->leaves4, (index ? index * 2 : 1) * sizeof(*leaf));

		if (!grown)
			return -ENOMEM;
		tables->leaves4 = grown;
	}
	leaf = &tables->leaves4[tables->leaf_count4++];
	for (int i = 0; i < 256; i++)
		leaf->list_class[i] = other;
	for (size_t i = 0; i < count; i++) {
		uint32_t first = address(&listed[i].prefix) & 255;

		for (uint32_t j = 0; j < 1u << (128 - listed[i].prefix.bits); j++)
			leaf->list_class[first + j] = listed[i].list_class;
	}
	*ret_entry = FW_LIST4_LEAF << 24 | index;
	return 0;
}

static int add_longs(struct fw_list_tables *tables, const struct fw_listed *listed, size_t count,
		     uint16_t other, struct fw_list4_run *run)
{
	uint32_t addr = address(&listed->prefix), slash24 = addr >> 8 & (SLASH24S - 1);

	run->mask |= 1ULL << slash24;
	if (count > 1 || other != run->rest)
		return add_leaf(tables, listed, count, other, &run->entry[slash24]);
	run->entry[slash24] = fw_list4_entry(length(&listed->prefix), addr, listed->list_class);
	return 0;
}

int fw_list4_run_make(const struct fw_listed *listed, size_t count, uint16_t rest,
		      struct fw_list_tables *tables, struct fw_list4_run *ret)
{
	uint16_t class24[SLASH24S];
	int r = 0;

	*ret = (struct fw_list4_run){.rest = rest};
	for (unsigned int i = 0; i < SLASH24S; i++)
		class24[i] = rest;
	for (size_t i = 0, end; i < count && !r; i = end) {
		uint32_t slash24 = address(&listed[i].prefix) >> 8;

		end = i + 1;
		if (length(&listed[i].prefix) <= 24) {
			for (uint32_t j = 0; j < 1u << (24 - length(&listed[i].prefix)); j++)
				class24[(slash24 + j) & (SLASH24S - 1)] = listed[i].list_class;
			continue;
		}
		while (end < count && address(&listed[end].prefix) >> 8 == slash24)
			end++;
		r = add_longs(tables, &listed[i], end - i, class24[slash24 & (SLASH24S - 1)], ret);
	}
	for (unsigned int i = 0; i < SLASH24S && !r; i++) {
		if (ret->mask >> i & 1 || class24[i] == rest)
			continue;
		ret->mask |= 1ULL << i;
		ret->entry[i] = fw_list4_entry(24, 0, class24[i]);
	}
	return r;
}

uint32_t fw_list4_run_write(const struct fw_list4_run *run, uint64_t *words)
{
	uint32_t count = 0, entries = 0;

	words[count++] = run->mask;
	if (run->rest)
		words[count++] = run->rest;
	for (unsigned int i = 0; i < SLASH24S; i++) {
		if (!(run->mask >> i & 1))
			continue;
		if (entries & 1)
			words[count - 1] |= (uint64_t)run->entry[i] << 32;
		else
			words[count++] = run->entry[i];
		entries++;
	}
	return count;
}

static int grow_runs(struct fw_list_tables *tables)
{
	uint64_t needed = (uint64_t)tables->run_words4 + FW_LIST4_RUN_MAX;
	uint32_t room = tables->run_room4 ? tables->run_room4 : RUN_WORDS;
	uint64_t *grown;

	if (needed <= tables->run_room4)
		return 0;
	if (needed >= FW_LIST4_REST)
		return -E2BIG;
	while (room < needed)
		room *= 2;
	grown = realloc(tables->runs4, (size_t)room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tables->runs4 = grown;
	tables->run_room4 = room;
	return 0;
}

/* uniform: where the run of a /18 that is all of one class lies, by class; all such share one. */
static int add_run(struct fw_list_tables *tables, uint32_t slash18, const struct fw_list4_run *run,
		   uint32_t *uniform)
{
	uint32_t flag = run->rest ? FW_LIST4_REST : 0;
	int r;

	tables->bitmap4[slash18] = run->rest ? UINT64_MAX : run->mask;
	tables->marked4 += (uint64_t)__builtin_popcountll(tables->bitmap4[slash18]);
	if (!run->mask && uniform[run->rest]) {
		tables->bases4[slash18] = uniform[run->rest];
		return 0;
	}
	r = grow_runs(tables);
	if (r)
		return r;
	tables->bases4[slash18] = tables->run_words4 | flag;
	if (!run->mask)
		uniform[run->rest] = tables->bases4[slash18];
	tables->run_words4 += fw_list4_run_write(run, tables->runs4 + tables->run_words4);
	return 0;
}

/* Prefixes of at most 18 bits around the /18 that is being written. */
struct covers {
	struct {
		uint64_t end;
		uint16_t list_class;
	} open[COVERS_MAX];
	unsigned int depth;
};

/* Takes what begins here into account; returns how many lines that were. */
static size_t open_covers(struct covers *covers, const struct fw_listed *listed, size_t count, uint64_t start)
{
	size_t taken = 0;

	while (covers->depth && covers->open[covers->depth - 1].end <= start)
		covers->depth--;
	for (; taken < count; taken++) {
		const struct fw_prefix *prefix = &listed[taken].prefix;

		if (address(prefix) != start || length(prefix) > SLASH18_BITS)
			break;
		covers->open[covers->depth].end = start + (1ULL << (32 - length(prefix)));
		covers->open[covers->depth++].list_class = listed[taken].list_class;
	}
	return taken;
}

static int build_runs(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables,
		      uint32_t *uniform)
{
	struct covers covers = {.depth = 0};
	size_t next = 0;

	for (uint32_t slash18 = 0; slash18 < FW_LIST4_BASES; slash18++) {
		uint64_t start = (uint64_t)slash18 << (32 - SLASH18_BITS);
		struct fw_list4_run run;
		size_t inside = 0;
		uint16_t rest;
		int r;

		next += open_covers(&covers, listed + next, count - next, start);
		rest = covers.depth ? covers.open[covers.depth - 1].list_class : 0;
		while (next + inside < count &&
		       address(&listed[next + inside].prefix) >> (32 - SLASH18_BITS) == slash18)
			inside++;
		if (!inside && !rest)
			continue;
		r = fw_list4_run_make(listed + next, inside, rest, tables, &run);
		if (!r && (run.mask || run.rest))
			r = add_run(tables, slash18, &run, uniform);
		if (r)
			return r;
		next += inside;
	}
	return 0;
}

int fw_list_tables_build4(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	FW_FREE uint32_t *uniform = calloc(FW_CLASSES_MAX, sizeof(*uniform));

	tables->bitmap4 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap4));
	tables->bases4 = calloc(FW_LIST4_BASES, sizeof(*tables->bases4));
	tables->run_words4 = 1; /* 0 means "no run" */
	if (!uniform || !tables->bitmap4 || !tables->bases4 || grow_runs(tables))
		return -ENOMEM;
	tables->runs4[0] = 0;
	tables->shape.features |= FW_LIST_V4;
	return build_runs(listed, count, tables, uniform);
}
