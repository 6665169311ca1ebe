// SPDX-License-Identifier: Apache-2.0
/* IPv4: one /18 after the other, each with the class around it and entries for what differs: in the slots of
 * its line, or in a run. */
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

/* One /18 before it becomes a run. */
struct run {
	uint64_t mask;		  /* /24s with an entry */
	uint16_t rest;		  /* class of the others */
	uint32_t entry[SLASH24S]; /* by /24 */
};

static uint32_t address(const struct fw_prefix *prefix)
{
	return ntohl(prefix->addr.w[3]);
}

static unsigned int length(const struct fw_prefix *prefix)
{
	return prefix->bits - FW_V4_BITS;
}

static int grow_leaves(struct fw_list_tables *tables)
{
	uint32_t room = tables->leaf_room4 ? tables->leaf_room4 * 2 : 16;
	void *grown;

	if (tables->leaf_count4 < tables->leaf_room4)
		return 0;
	if (tables->live || tables->leaf_count4 >= FW_LIST4_LEAVES_MAX)
		return -ENOSPC;
	grown = realloc(tables->leaves4, room * sizeof(*tables->leaves4));
	if (!grown)
		return -ENOMEM;
	tables->leaves4 = grown;
	tables->leaf_room4 = room;
	return 0;
}

/* Several prefixes longer than 24 bits, or one that something else than `rest` surrounds. */
static int add_leaf(struct fw_list_tables *tables, const struct fw_listed *listed, size_t count,
		    uint16_t other, uint32_t *ret_entry)
{
	struct fw_list4_leaf *leaf;
	int r = grow_leaves(tables);

	if (r)
		return r;
	*ret_entry = FW_LIST4_LEAF << 24 | tables->leaf_count4;
	leaf = &tables->leaves4[tables->leaf_count4++];
	for (int i = 0; i < 256; i++)
		leaf->list_class[i] = other;
	for (size_t i = 0; i < count; i++) {
		uint32_t first = address(&listed[i].prefix) & 255;

		for (uint32_t j = 0; j < 1u << (128 - listed[i].prefix.bits); j++)
			leaf->list_class[first + j] = listed[i].list_class;
	}
	return 0;
}

static int add_longs(struct fw_list_tables *tables, const struct fw_listed *listed, size_t count,
		     uint16_t other, struct run *run)
{
	uint32_t addr = address(&listed->prefix), slash24 = addr >> 8 & (SLASH24S - 1);

	run->mask |= 1ULL << slash24;
	if (count > 1 || other != run->rest)
		return add_leaf(tables, listed, count, other, &run->entry[slash24]);
	run->entry[slash24] = fw_list4_entry(length(&listed->prefix), addr, listed->list_class);
	return 0;
}

static int make_run(const struct fw_listed *listed, size_t count, uint16_t rest,
		    struct fw_list_tables *tables, struct run *ret)
{
	uint16_t class24[SLASH24S];
	int r = 0;

	*ret = (struct run){.rest = rest};
	if (!count)
		return 0;
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

static uint32_t write_run(const struct run *run, uint64_t *words)
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
	if (tables->live || needed >= FW_LIST4_REST)
		return -ENOSPC;
	while (room < needed)
		room *= 2;
	grown = realloc(tables->runs4, (size_t)room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tables->runs4 = grown;
	tables->run_room4 = room;
	return 0;
}

/* Where the run lies. uniform: that of a /18 that is all of one class, by class; all such share one. */
static int place_run(struct fw_list_tables *tables, const struct run *run, uint32_t *uniform,
		     uint32_t *ret_base)
{
	int r;

	*ret_base = 0;
	if (!run->mask && !run->rest)
		return 0;
	*ret_base = uniform[run->rest];
	if (!run->mask && *ret_base)
		return 0;
	r = grow_runs(tables);
	if (r)
		return r;
	*ret_base = tables->run_words4 | (run->rest ? FW_LIST4_REST : 0);
	if (!run->mask)
		uniform[run->rest] = *ret_base;
	tables->run_words4 += write_run(run, tables->runs4 + tables->run_words4);
	return 0;
}

/* A run that fits into the slots of its line. */
static unsigned int slots_of(const struct run *run, uint32_t slash18, uint32_t slots[FW_LIST4_SLOTS])
{
	unsigned int count = 0;

	if (run->rest)
		return FW_LIST4_SLOTS + 1;
	for (unsigned int i = 0; i < SLASH24S; i++) {
		uint32_t kind = run->entry[i] >> 24, list_class = run->entry[i] & 0xffff;

		if (!(run->mask >> i & 1))
			continue;
		if (count == FW_LIST4_SLOTS || kind == FW_LIST4_LEAF || list_class >= FW_LIST4_CLASSES_MAX)
			return FW_LIST4_SLOTS + 1;
		slots[count++] =
			fw_list4_slot(slash18 << 14 | i << 8 | (run->entry[i] >> 16 & 255), kind, list_class);
	}
	return count;
}

static bool is_same24(uint32_t a, uint32_t b)
{
	return a && b && a >> 26 == b >> 26;
}

/* Takes the place of its /24's old slot, or a free one. */
static bool put_slot(struct fw_list4_line *line, uint32_t slot)
{
	uint32_t *place = NULL;

	for (int i = 0; i < FW_LIST4_SLOTS; i++) {
		if (is_same24(line->slot[i], slot)) {
			place = &line->slot[i];
			break;
		}
		if (!line->slot[i] && !place)
			place = &line->slot[i];
	}
	if (place)
		__atomic_store_n(place, slot, __ATOMIC_RELEASE);
	return place;
}

/* False: there is no room for all, and nothing has been lost. */
static bool change_slots(struct fw_list4_line *line, const uint32_t *slots, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!put_slot(line, slots[i]))
			return false;
	for (int i = 0; i < FW_LIST4_SLOTS; i++) {
		bool kept = false;

		for (unsigned int j = 0; j < count && !kept; j++)
			kept = is_same24(line->slot[i], slots[j]);
		if (!kept)
			__atomic_store_n(&line->slot[i], 0, __ATOMIC_RELEASE);
	}
	return true;
}

/* More /28s than this are marked as the whole /24. */
#define SLASH28S_MARKED 2

static uint64_t mark_of_longs(uint32_t addr, uint32_t slash28s)
{
	uint64_t mark = 0;

	if (__builtin_popcount(slash28s) > SLASH28S_MARKED)
		return fw_list4_mark24(addr);
	for (uint32_t i = 0; i < 16; i++)
		if (slash28s >> i & 1)
			mark |= fw_list4_mark28(addr | i << 4);
	return mark;
}

/* slash24: its first address. */
static uint64_t mark_of_entry(const struct fw_list_tables *tables, uint32_t slash24, uint32_t entry)
{
	uint32_t kind = entry >> 24, slash28s = 0;

	if (kind == FW_LIST4_LEAF) {
		const struct fw_list4_leaf *leaf = &tables->leaves4[entry & 0xffffff];

		for (uint32_t i = 0; i < 256; i++)
			slash28s |= (uint32_t)(leaf->list_class[i] != 0) << (i >> 4);
	} else {
		uint32_t many = kind < 28 ? 1u << (28 - kind) : 1;

		slash28s = ((1u << many) - 1) << (entry >> 20 & 15);
	}
	return mark_of_longs(slash24, slash28s);
}

static uint64_t mark_of_run(const struct fw_list_tables *tables, uint32_t slash18, const struct run *run)
{
	uint64_t mark = 0;

	if (run->rest)
		return UINT64_MAX;
	for (uint64_t left = run->mask; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);

		mark |= mark_of_entry(tables, slash18 << 14 | i << 8, run->entry[i]);
	}
	return mark;
}

/* Packets may look on: what the bits lead to is there before them. A packet that still sees an older bit
 * finds that nothing is listed. A line that went over to a run stays with runs, because its slots are old. */
static int add_run(struct fw_list_tables *tables, uint32_t slash18, const struct run *run, uint32_t *uniform)
{
	struct fw_list4_line *line = &tables->lines4[slash18];
	uint32_t slots[FW_LIST4_SLOTS], base = 0;
	unsigned int count = slots_of(run, slash18, slots);
	int r;

	if (line->run || count > FW_LIST4_SLOTS || !change_slots(line, slots, count)) {
		r = place_run(tables, run, uniform, &base);
		if (r)
			return r;
		__atomic_store_n(&line->run, base ? base : FW_LIST4_EMPTY, __ATOMIC_RELEASE);
	}
	fw_list_mark(tables->bitmap4, tables->shape.bitmap_mask4, slash18, mark_of_run(tables, slash18, run));
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

/* The /18s [first, last], with the class around them all. */
static int build_runs(const struct fw_listed *listed, size_t count, uint32_t first, uint32_t last,
		      uint16_t outer, struct fw_list_tables *tables)
{
	FW_FREE uint32_t *uniform = calloc(FW_CLASSES_MAX, sizeof(*uniform));
	struct covers covers = {.depth = 0};
	size_t next = 0;

	if (!uniform)
		return -ENOMEM;
	for (uint32_t slash18 = first; slash18 <= last; slash18++) {
		uint64_t start = (uint64_t)slash18 << (32 - SLASH18_BITS);
		struct run run;
		size_t inside = 0;
		uint16_t rest;
		int r;

		next += open_covers(&covers, listed + next, count - next, start);
		rest = covers.depth ? covers.open[covers.depth - 1].list_class : outer;
		while (next + inside < count &&
		       address(&listed[next + inside].prefix) >> (32 - SLASH18_BITS) == slash18)
			inside++;
		if (!inside && !rest && !tables->bitmap4[slash18 & tables->shape.bitmap_mask4])
			continue;
		r = make_run(listed + next, inside, rest, tables, &run);
		if (!r)
			r = add_run(tables, slash18, &run, uniform);
		if (r)
			return r;
		next += inside;
	}
	return 0;
}

int fw_list_tables_build4(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables)
{
	int r;

	tables->bitmap4 = calloc(FW_LIST_BITMAP_WORDS, sizeof(*tables->bitmap4));
	tables->lines4 = calloc(FW_LIST4_LINES, sizeof(*tables->lines4));
	if (!tables->bitmap4 || !tables->lines4 || grow_runs(tables))
		return -ENOMEM;
	tables->run_words4 = FW_LIST4_EMPTY + 1; /* 0 means "no run" */
	tables->runs4[0] = tables->runs4[FW_LIST4_EMPTY] = 0;
	tables->shape.features |= FW_LIST_V4;
	tables->shape.bitmap_mask4 = FW_LIST_BITMAP_WORDS - 1;
	r = build_runs(listed, count, 0, FW_LIST4_LINES - 1, 0, tables);
	if (!r)
		tables->shape.bitmap_mask4 = fw_list_fold(tables->bitmap4);
	return r;
}

int fw_list_tables_patch4(struct fw_list_tables *tables, const struct fw_list_region *region)
{
	uint32_t first = address(&region->prefix) >> (32 - SLASH18_BITS);
	uint32_t count = 1u << (SLASH18_BITS - length(&region->prefix));

	if (!tables->lines4 || !tables->runs4)
		return -ENOSPC;
	return build_runs(region->listed, region->count, first, first + count - 1, region->outer, tables);
}
