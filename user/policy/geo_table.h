/* SPDX-License-Identifier: Apache-2.0 */
/* Inside policy/: nodes of a geo table, each distinct one stored once. */
#ifndef FW_POLICY_GEO_TABLE_H
#define FW_POLICY_GEO_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "fw_geo.h"

#define FW_GEO_NODES_COUNTED                                                                                 \
	(1u << 20) /* beyond what fits, so that a complaint can say how many it would take */

struct fw_geo_nodes {
	struct fw_geo_node *items;
	size_t count;
	uint32_t *by_content; /* open hash: index + 1 */
	size_t by_content_size;
};

/* The entry for a node with these entries: a class when all are the same one. Children come before parents.
 * -ENOMEM, -E2BIG beyond FW_GEO_NODES_COUNTED. */
int fw_geo_nodes_add(struct fw_geo_nodes *nodes, const struct fw_geo_node *node, uint32_t *ret_entry);
void fw_geo_nodes_done(struct fw_geo_nodes *nodes);

#endif
