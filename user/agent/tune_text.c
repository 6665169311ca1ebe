// SPDX-License-Identifier: Apache-2.0
#include "agent/tune_text.h"

#include <stdio.h>

char *fw_tune_text(const json_t *changes)
{
	char *text = NULL;
	size_t size, index;
	FILE *out = open_memstream(&text, &size);
	const json_t *change;

	if (!out)
		return NULL;
	json_array_foreach (changes, index, change)
		fprintf(out, "%s%s %s -> %s", index ? ", " : "",
			json_string_value(json_object_get(change, "key")),
			json_string_value(json_object_get(change, "old")),
			json_string_value(json_object_get(change, "new")));
	return fclose(out) ? NULL : text;
}
