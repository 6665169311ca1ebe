/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of the policy file in one table: it drives the loader, its hints, the schema and the man page. */
#ifndef FW_POLICY_FIELDS_H
#define FW_POLICY_FIELDS_H

#include <stddef.h>

struct fw_loader;
struct fw_node;
typedef void fw_field_reader(struct fw_loader *loader, const struct fw_node *value, void *target);

enum fw_field_flag {
	FW_FIELD_REQUIRED = 1 << 0,
	FW_FIELD_TUNABLE = 1 << 2,	/* a key of `floodwall tune` */
	FW_FIELD_MAY_BE_EMPTY = 1 << 3, /* an empty list or map means something */
};

struct fw_policy_field {
	const char *object; /* "" for the file itself, else "interface", "rule", "match", … */
	const char *name;
	const char *type;
	const char *fallback; /* what holds without it */
	const char *doc;
	unsigned int flags;
	fw_field_reader *read; /* the loader's own */
};

/* Grouped by object, in the order in which they are read. */
const struct fw_policy_field *fw_policy_fields(size_t *ret_count);
/* Those of one object. */
const struct fw_policy_field *fw_policy_object_fields(const char *object, size_t *ret_count);

#endif
