// SPDX-License-Identifier: Apache-2.0
/* Splits the list by family, builds both halves, counts what they take. */
#include "policy/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void fw_list_tables_done(struct fw_list_tables *tables)
{
	if (!tables || tables->live)
		return;
	free(tables->bitmap4);
	free(tables->bitmap6);
	free(tables->lines4);
	free(tables->runs4);
	free(tables->leaves4);
	free(tables->wide6);
	free(tables->groups6);
	free(tables->buckets6);
	memset(tables, 0, sizeof(*tables));
}

/* Sorted by address, so IPv4 (::ffff:0:0/96) is one run with IPv6 on both sides. */
static size_t run_of_v4(const struct fw_listed *listed, size_t count, size_t *ret_first)
{
	size_t first = 0, end;

	while (first < count && !fw_addr_is_v4(&listed[first].prefix.addr))
		first++;
	for (end = first; end < count && fw_addr_is_v4(&listed[end].prefix.addr);)
		end++;
	*ret_first = first;
	return end - first;
}

#define WORDS_LEAST	  8192u			     /* 64 KiB */
#define WORDS_FOLDED_MOST (FW_LIST_BITMAP_WORDS / 4) /* 512 KiB */

/* Shares of all sources that are let through to the exact answer. */
#define ALARMS_ADDED   (1.0 / 128) /* what fewer words may cost */
#define ALARMS_FOLDED  (1.0 / 32)  /* who has more has all words, which are never crowded */
#define ALARMS_CROWDED (1.0 / 16)

static double alarms_of(uint64_t word)
{
	double first = __builtin_popcount((uint32_t)word) / 32.0;
	double second = __builtin_popcount((uint32_t)(word >> 32)) / 32.0;
	double both = second * second;

	return first * (1 - (1 - both) * (1 - both));
}

/* The words from `first` on, every `step`th, laid upon each other. */
static uint64_t layers(const uint64_t *bitmap, uint32_t first, uint32_t step, uint32_t words)
{
	uint64_t all = 0;

	for (uint32_t i = first; i < words; i += step)
		all |= bitmap[i];
	return all;
}

/* Of a bitmap of so many words, folded upon its first ones. */
static double alarms(const uint64_t *bitmap, uint32_t words, uint32_t folded)
{
	double sum = 0;

	for (uint32_t i = 0; i < folded; i++)
		sum += alarms_of(layers(bitmap, i, folded, words));
	return sum / folded;
}

static void fold(uint64_t *bitmap, uint32_t words, uint32_t folded)
{
	for (uint32_t i = 0; i < folded; i++)
		bitmap[i] = layers(bitmap, i, folded, words);
	memset(bitmap + folded, 0, (words - folded) * sizeof(*bitmap));
}

uint32_t fw_list_fold(uint64_t *bitmap)
{
	uint32_t words = FW_LIST_BITMAP_WORDS, fewer = WORDS_FOLDED_MOST;
	double bearable = alarms(bitmap, words, words) + ALARMS_ADDED;

	if (bearable > ALARMS_FOLDED)
		bearable = ALARMS_FOLDED;
	for (; fewer >= WORDS_LEAST && alarms(bitmap, words, fewer) <= bearable; fewer /= 2) {
		fold(bitmap, words, fewer);
		words = fewer;
	}
	return words - 1;
}

void fw_list_mark(uint64_t *bitmap, uint32_t mask, uint32_t word, uint64_t bits)
{
	if (fw_list_is_ample(mask))
		__atomic_store_n(&bitmap[word], bits, __ATOMIC_RELEASE);
	else
		__atomic_fetch_or(&bitmap[word & mask], bits, __ATOMIC_RELEASE);
}

static bool is_crowded(const uint64_t *bitmap, uint32_t mask)
{
	return bitmap && !fw_list_is_ample(mask) && alarms(bitmap, mask + 1, mask + 1) > ALARMS_CROWDED;
}

int fw_list_tables_patch(struct fw_list_tables *tables, const struct fw_list_region *regions, size_t count)
{
	int r = 0;

	if (is_crowded(tables->bitmap4, tables->shape.bitmap_mask4) ||
	    is_crowded(tables->bitmap6, tables->shape.bitmap_mask6))
		return -ENOSPC;
	for (size_t i = 0; i < count && !r; i++)
		r = fw_prefix_family(&regions[i].prefix) == FW_FAMILY_V4
			    ? fw_list_tables_patch4(tables, &regions[i])
			    : fw_list_tables_patch6(tables, &regions[i]);
	return r;
}

int fw_list_tables_build(const struct fw_listed *listed, size_t count, struct fw_list_tables *ret,
			 struct fw_err *err)
{
	struct fw_list_tables tables = {};
	size_t first, count4 = run_of_v4(listed, count, &first), count6 = count - count4;
	struct fw_listed *rest = NULL;
	int r = 0;

	if (count4)
		r = fw_list_tables_build4(listed + first, count4, &tables);
	if (!r && count6) {
		rest = malloc(count6 * sizeof(*rest));
		if (!rest) {
			r = -ENOMEM;
		} else {
			memcpy(rest, listed, first * sizeof(*rest));
			memcpy(rest + first, listed + first + count4, (count6 - first) * sizeof(*rest));
			r = fw_list_tables_build6(rest, count6, &tables);
		}
		free(rest);
	}
	if (r) {
		fw_list_tables_done(&tables);
		return fw_err_set(err, r, "%s while the lists were laid out",
				  r == -ENOMEM ? "out of memory" : "a table grew too large");
	}
	*ret = tables;
	return 0;
}

uint64_t fw_list_tables_bytes(const struct fw_list_tables *tables)
{
	uint64_t bytes = 0;

	if (tables->runs4)
		bytes += fw_list_with_slack(tables->run_words4, FW_LIST4_RUN_SLACK) * sizeof(*tables->runs4) +
			 fw_list_with_slack(tables->leaf_count4, FW_LIST4_LEAF_SLACK) *
				 sizeof(*tables->leaves4);
	if (tables->groups6)
		bytes += ((uint64_t)tables->shape.group_mask6 + 1) * sizeof(*tables->groups6);
	if (tables->buckets6)
		bytes += ((uint64_t)tables->shape.mask6 + 1) * sizeof(*tables->buckets6);
	return bytes;
}
