// SPDX-License-Identifier: Apache-2.0
/* Hash-consed nodes: the same part of the world looks the same wherever it stands. Pure. */
#include "policy/geo_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"

#define HASH_FIRST 1024

static uint64_t hash_of(const struct fw_geo_node *node)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < FW_GEO_FANOUT; i += 2) {
		hash ^= (uint64_t)node->entry[i] << 32 | node->entry[i + 1];
		hash *= 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool is_uniform(const struct fw_geo_node *node)
{
	for (size_t i = 1; i < FW_GEO_FANOUT; i++)
		if (node->entry[i] != node->entry[0])
			return false;
	return !(node->entry[0] & FW_GEO_IS_NODE);
}

/* Where the node is, or the free place for it. */
static size_t find(const struct fw_geo_nodes *nodes, const struct fw_geo_node *node)
{
	size_t place = hash_of(node) & (nodes->by_content_size - 1);

	while (nodes->by_content[place] &&
	       memcmp(&nodes->items[nodes->by_content[place] - 1], node, sizeof(*node)) != 0)
		place = (place + 1) & (nodes->by_content_size - 1);
	return place;
}

static int grow(struct fw_geo_nodes *nodes)
{
	size_t size = nodes->by_content_size ? 2 * nodes->by_content_size : HASH_FIRST;
	uint32_t *bigger = calloc(size, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	free(nodes->by_content);
	nodes->by_content = bigger;
	nodes->by_content_size = size;
	for (size_t i = 0; i < nodes->count; i++)
		bigger[find(nodes, &nodes->items[i])] = (uint32_t)i + 1;
	return 0;
}

int fw_geo_nodes_add(struct fw_geo_nodes *nodes, const struct fw_geo_node *node, uint32_t *ret_entry)
{
	size_t place;

	if (is_uniform(node)) {
		*ret_entry = node->entry[0];
		return 0;
	}
	if (2 * (nodes->count + 1) > nodes->by_content_size && grow(nodes))
		return -ENOMEM;
	place = find(nodes, node);
	if (!nodes->by_content[place]) {
		if (nodes->count == FW_GEO_NODES_COUNTED)
			return -E2BIG;
		if (FW_APPEND(nodes->items, nodes->count, *node))
			return -ENOMEM;
		nodes->by_content[place] = (uint32_t)nodes->count;
	}
	*ret_entry = (nodes->by_content[place] - 1) | FW_GEO_IS_NODE;
	return 0;
}

void fw_geo_nodes_done(struct fw_geo_nodes *nodes)
{
	free(nodes->items);
	free(nodes->by_content);
	*nodes = (struct fw_geo_nodes){};
}
