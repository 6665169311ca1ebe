// SPDX-License-Identifier: Apache-2.0
/* Paths such as "prefixes[].ipv4Prefix": keys joined by dots, "[]" for every element of an array. Pure. */
#include <string.h>

#include "feeds/json.h"

#define STEP_ENDS ".["

bool fw_json_is_at(const struct fw_json *json, const char *path)
{
	unsigned int depth = 0;

	while (*path) {
		const struct fw_json_level *level = &json->level[depth];
		size_t length;

		if (depth++ == json->depth)
			return false;
		if (!strncmp(path, "[]", 2)) {
			if (!level->array)
				return false;
			path += 2;
		} else {
			length = strcspn(path, STEP_ENDS);
			if (level->array || strncmp(level->key, path, length) || level->key[length])
				return false;
			path += length;
		}
		path += *path == '.';
	}
	return depth == json->depth;
}
