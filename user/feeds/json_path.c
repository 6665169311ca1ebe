// SPDX-License-Identifier: Apache-2.0
/* Paths such as "prefixes[].ipv4Prefix": keys joined by dots, "[]" for every element of an array. Pure. */
#include <errno.h>
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

int fw_json_path_check(const char *path, struct fw_err *err)
{
	const char *at = path;
	unsigned int depth = 0;

	while (*at) {
		size_t length = strcspn(at, STEP_ENDS "]");

		if (!strncmp(at, "[]", 2))
			length = 2;
		else if (!length || length >= FW_JSON_KEY_MAX)
			break;
		at += length;
		depth++;
		if (*at == '.' && at[1] && at[1] != '.' && at[1] != '[')
			at++;
		else if (*at && *at != '[')
			break;
	}
	if (*at || at == path)
		return fw_err_set(
			err, -EINVAL,
			"'%.80s' is not the path of a field: expects keys joined by dots and [] for "
			"arrays, such as prefixes[].ipv4Prefix",
			path);
	if (depth > FW_JSON_DEPTH_MAX)
		return fw_err_set(err, -EINVAL, "'%.80s' goes deeper than %d levels", path,
				  FW_JSON_DEPTH_MAX);
	return 0;
}
