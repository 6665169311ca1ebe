/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a YAML text by the positions of its nodes: everything that is not replaced stays as its author
 * wrote it. */
#ifndef FW_POLICY_EDIT_H
#define FW_POLICY_EDIT_H

#include "policy/tree.h"

/* A text that is edited; `text` is malloced and not necessarily terminated. */
struct fw_text {
	char *text;
	size_t length;
};

/* Puts `value` under a key of a map: replaces what is there, or adds the key. 0, -ENOMEM. */
int fw_edit_set(struct fw_text *text, const struct fw_node *map, const char *key, const char *value);
/* Removes a key that is not the only one. 0 also when it is not there. */
int fw_edit_remove(struct fw_text *text, const struct fw_node *map, const char *key);
/* Appends to the list under a map's value, or to a lone scalar, which becomes a list. */
int fw_edit_append(struct fw_text *text, const struct fw_node *list, const char *value);
/* Puts others in the place of one item, at least one; of a lone scalar, which is its own item, too. */
int fw_edit_replace(struct fw_text *text, const struct fw_node *list, const struct fw_node *item,
		    const char *const *values, size_t count);
/* Takes one item out of a list. */
int fw_edit_take_out(struct fw_text *text, const struct fw_node *list, const struct fw_node *item);
/* Replaces bytes [start, end). */
int fw_edit_splice(struct fw_text *text, size_t start, size_t end, const char *insert);

#endif
