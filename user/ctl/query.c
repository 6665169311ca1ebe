// SPDX-License-Identifier: Apache-2.0
/* Percent-encodes everything but the unreserved characters of RFC 3986. */
#include "ctl/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *append_encoded(char *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (strchr(plain, byte)) {
			*out++ = *text;
			continue;
		}
		*out++ = '%';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 15];
	}
	return out;
}

int fw_query_add(struct fw_query *query, const char *name, const char *value)
{
	size_t most = query->length + 3 * (strlen(name) + strlen(value)) + 3;
	char *text = realloc(query->text, most), *out;

	if (!text)
		return -ENOMEM;
	out = text + query->length;
	if (query->length)
		*out++ = '&';
	out = append_encoded(out, name);
	*out++ = '=';
	out = append_encoded(out, value);
	*out = '\0';
	query->text = text;
	query->length = (size_t)(out - text);
	return 0;
}

void fw_query_done(struct fw_query *query)
{
	free(query->text);
	*query = (struct fw_query){0};
}
