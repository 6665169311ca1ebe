/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file as a small tree with positions: scalars are text, their types are the schema's business. */
#ifndef FW_POLICY_TREE_H
#define FW_POLICY_TREE_H

#include "lib/diag.h"

#define FW_TREE_BYTES_MAX (1u << 20)
#define FW_TREE_DEPTH_MAX 32
#define FW_TREE_NODES_MAX 200000

enum fw_node_kind { FW_NODE_SCALAR, FW_NODE_LIST, FW_NODE_MAP };

struct fw_node {
	enum fw_node_kind kind;
	bool quoted; /* scalars: '' or "" or a block; otherwise plain */
	bool flow;   /* lists and maps: [] or {} */
	bool broken; /* already complained about */
	const char *text;
	size_t count;	     /* children */
	struct fw_node *key; /* set for a map's values */
	struct fw_node *first, *last, *next;
	struct fw_mark mark;
	size_t start, end; /* offsets in code points, end exclusive */
};

/* Owns the nodes and their texts. */
struct fw_tree {
	struct fw_node *root; /* NULL for an empty file */
	struct fw_chunk *chunks;
	size_t nodes;
};

/* -EINVAL after complaints that leave no usable tree (syntax, size, depth). Complaints that do (anchors,
 * duplicate keys) only count as errors in *diags. `name` is the file in marks. */
int fw_tree_parse(struct fw_tree *tree, const char *text, size_t length, const char *name,
		  struct fw_diags *diags);
void fw_tree_done(struct fw_tree *tree);

/* The value under a key, NULL without. */
struct fw_node *fw_node_get(const struct fw_node *map, const char *key);
/* Plain and empty, ~ or null. */
bool fw_node_is_empty(const struct fw_node *node);
/* Byte offset of a code point offset. */
size_t fw_text_offset(const char *text, size_t length, size_t code_points);

/* A list's items, or a lone scalar or map as a list of one. */
#define fw_node_each(item, node)                                                                             \
	for (const struct fw_node *item = fw_node_items(node); item; item = fw_node_after(item, node))
const struct fw_node *fw_node_items(const struct fw_node *node);
const struct fw_node *fw_node_after(const struct fw_node *item, const struct fw_node *node);

#endif
