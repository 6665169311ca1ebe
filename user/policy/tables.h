/* SPDX-License-Identifier: Apache-2.0 */
/* The merged list laid out as the packet path reads it (include/fw_lists.h). Pure: memory in, memory out. */
#ifndef FW_POLICY_TABLES_H
#define FW_POLICY_TABLES_H

#include "fw_lists.h"
#include "policy/image.h"

struct fw_list_tables {
	struct fw_list_shape shape;
	uint64_t *bitmap4, *bitmap6;	    /* FW_LIST_BITMAP_WORDS each, NULL without such prefixes */
	struct fw_list_wide *wide4, *wide6; /* NULL without prefixes of at most 16 bits */
	struct fw_list4_bucket *buckets4;   /* shape.mask4 + 1 */
	struct fw_list4_leaf *leaves4;
	uint32_t leaf_count4;
	struct fw_list6_group_bucket *groups6; /* shape.group_mask6 + 1 */
	struct fw_list6_bucket *buckets6;      /* shape.mask6 + 1 */
	uint64_t marked4, marked6;	       /* /24s and /32s that hold something */
};

void fw_list_tables_done(struct fw_list_tables *tables);
/* listed: sorted by fw_prefix_compare, classes inherited from covering prefixes. -ENOMEM; -E2BIG: an IPv6 /32
 * with more than FW_LIST6_PROBES different prefix lengths (text names it). */
int fw_list_tables_build(const struct fw_listed *listed, size_t count, struct fw_list_tables *ret,
			 struct fw_err *err);
uint64_t fw_list_tables_bytes(const struct fw_list_tables *tables);

/* tables4.c and tables6.c: one family each; listed holds only that family. */
int fw_list_tables_build4(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables);
int fw_list_tables_build6(const struct fw_listed *listed, size_t count, struct fw_list_tables *tables,
			  struct fw_err *err);

#endif
