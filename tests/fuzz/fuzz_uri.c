// SPDX-License-Identifier: Apache-2.0
/* Any bytes as request target: what comes out is a path, and normal already. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path, size_t length)
{
	assert(length && (path[0] == '/' || (length == 1 && path[0] == '*')));
	assert(!memmem(path, length, "//", 2) && !memmem(path, length, "/./", 3) &&
	       !memmem(path, length, "/../", 4));
	assert(length < 2 || memcmp(path + length - 2, "/.", 2));
	assert(length < 3 || memcmp(path + length - 3, "/..", 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *target = malloc(size ? size : 1), *path = malloc(size + 2), host[64];
	struct fw_uri_parts parts, again;
	size_t length;

	memcpy(target, data, size);
	fw_uri_normalize(target, size, path, &parts);
	assert(parts.path_length <= size + 1 && !memcmp(target, data, size));
	check_path(path, parts.path_length);
	if (parts.host) {
		assert(parts.host >= target && parts.host + parts.host_length <= target + size);
		length = fw_uri_host(parts.host, parts.host_length, host, sizeof(host));
		assert(length <= parts.host_length);
	}
	/* Decoding happens once, so only what has nothing to decode is a fixed point. */
	if (!memchr(path, '%', parts.path_length) && !memchr(path, '?', parts.path_length) &&
	    !memchr(path, '#', parts.path_length)) {
		char *twice = malloc(parts.path_length + 2);

		fw_uri_normalize(path, parts.path_length, twice, &again);
		assert(again.path_length == parts.path_length && !memcmp(twice, path, again.path_length));
		free(twice);
	}
	free(target);
	free(path);
	return 0;
}
