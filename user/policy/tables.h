/* SPDX-License-Identifier: Apache-2.0 */
/* The merged list laid out as the packet path reads it (include/fw_lists.h). Pure: memory in, memory out. */
#ifndef FW_POLICY_TABLES_H
#define FW_POLICY_TABLES_H

#include "fw_lists.h"
#include "policy/image.h"

struct fw_list_tables {
	struct fw_list_shape shape;
	uint64_t *bitmap4, *bitmap6;  /* FW_LIST_BITMAP_WORDS each, NULL without such prefixes */
	struct fw_list4_line *lines4; /* FW_LIST4_LINES */
	uint64_t *runs4;	      /* run_words4 in use, room for run_room4 */
	uint32_t run_words4, run_room4;
	struct fw_list4_leaf *leaves4;
	uint32_t leaf_count4, leaf_room4;
	struct fw_list_wide *wide6;	       /* NULL without prefixes of at most 16 bits */
	struct fw_list6_group_bucket *groups6; /* shape.group_mask6 + 1 */
	struct fw_list6_bucket *buckets6;      /* shape.mask6 + 1 */
	uint64_t marked6;		       /* /32s that hold something */
	bool live; /* the kernel's own, read by packets meanwhile: nothing may move, full means -ENOSPC */
};

/* Room in the kernel's tables for later changes in place: a quarter more, and not less than that. */
static inline uint32_t fw_list_with_slack(uint32_t used, uint32_t least)
{
	return used + (used / 4 > least ? used / 4 : least);
}
#define FW_LIST4_RUN_SLACK  16384u /* words */
#define FW_LIST4_LEAF_SLACK 512u
#define FW_LIST6_SLACK	    32u /* groups, and entries beside a second copy of the largest group */

/* Folds a bitmap that has been built upon its first words, if few enough will do. Returns their number - 1.
 */
uint32_t fw_list_fold(uint64_t *bitmap);
/* Packets may look on. A word of its own (mask: all words) is set; in a shared one bits only come, and what
 * is marked no more is a false alarm until the lists are laid out again. */
void fw_list_mark(uint64_t *bitmap, uint32_t mask, uint32_t word, uint64_t bits);

void fw_list_tables_done(struct fw_list_tables *tables);
/* listed: sorted by fw_prefix_compare, classes inherited from covering prefixes. -ENOMEM. */
int fw_list_tables_build(const struct fw_listed *listed, size_t count, struct fw_list_tables *ret,
			 struct fw_err *err);
uint64_t fw_list_tables_bytes(const struct fw_list_tables *tables);

/* tables4.c and tables6.c: one family each; listed holds only that family. */
int fw_list_tables_build4(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables);
int fw_list_tables_build6(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables);

/* What changed within one prefix: `listed` are all lines in it now, `gone` those that were there before.
 * outer: the class around it. */
struct fw_list_region {
	struct fw_prefix prefix; /* IPv4: at most 18 bits; IPv6: 32 bits */
	uint16_t outer;
	const struct fw_listed *listed, *gone;
	size_t count, gone_count;
};
/* -ENOSPC: no room left, or so many marks came to a folded bitmap that its false alarms cost more than laying
 * the lists out again: build anew; what has been written is right as far as it goes. */
int fw_list_tables_patch(struct fw_list_tables *tables, const struct fw_list_region *regions, size_t count);
int fw_list_tables_patch4(struct fw_list_tables *tables, const struct fw_list_region *region);
int fw_list_tables_patch6(struct fw_list_tables *tables, const struct fw_list_region *region);
/* Takes away what patch6 has replaced, when no packet can be looking at it any more; and the places become
 * free: a packet that looks on must be over before the next change. */
void fw_list_tables_sweep6(struct fw_list_tables *tables, const struct fw_list_region *region);

/* The prefix length that lines of a /32 with more lengths than are probed are split to; bits > 32. */
unsigned int fw_list6_rounded(unsigned int bits);

#endif
