/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the tables of IPv6: groups and entries as they are found, written and taken away. */
#ifndef FW_POLICY_TABLES6_H
#define FW_POLICY_TABLES6_H

#include "policy/tables.h"

#define FW_LIST6_GROUP_BITS 32u

/* old: what the group replaces, NULL when there is none. When that lies before the free place, packets find
 * it until it is retired; when it lies behind, they no longer come to it. -ENOSPC. */
int fw_list6_insert_group(struct fw_list_tables *tables, const struct fw_list6_group *group,
			  struct fw_list6_group *old);
/* From `group` (NULL: from the beginning) on, the next one in use or retired of a /32. */
struct fw_list6_group *fw_list6_next_group(struct fw_list_tables *tables, uint32_t top,
					   const struct fw_list6_group *group);

/* A line of a /32 with too many lengths becomes as many entries of the next length that is probed there.
 * Lines come with the covering one first, so what is more specific overwrites. -ENOSPC. */
int fw_list6_put_line(struct fw_list_tables *tables, const struct fw_listed *listed, bool rounded,
		      uint32_t version, bool remove);

#endif
