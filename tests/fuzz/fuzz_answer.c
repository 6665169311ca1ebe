// SPDX-License-Identifier: Apache-2.0
/* Any JSON as the agent's answer: every renderer survives it and prints no control character of others. First
 * byte: which. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "cli/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fw_show *const renderers[] = {
#define X(answer) fw_show_##answer,
	FW_SHOWS(X)
#undef X
};

static void render_complaints(const json_t *document, FILE *out)
{
	struct fw_diags diags = {0};

	/* Complaints name files, and rendering quotes from them: none that exists. */
	if (json_is_array(document)) {
		size_t index;
		json_t *entry;

		json_array_foreach (document, index, entry)
			if (json_is_object(entry))
				json_object_set_new(entry, "file", json_string("/nonexistent"));
		fw_cli_diags_from_json(document, &diags);
		fw_diags_sort(&diags);
		fw_diags_render(&diags, out);
		json_decref(fw_cli_diags_to_json(&diags));
	}
	fw_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *answer = size ? json_loadb((const char *)data + 1, size - 1, JSON_DECODE_ANY, NULL) : NULL;
	json_t *document = answer ? fw_json_plain(answer) : NULL;
	char *text = NULL;
	size_t length = 0;
	struct fw_page page = {.out = document ? open_memstream(&text, &length) : NULL};

	json_decref(answer);
	if (!document)
		return 0;
	renderers[data[0] % (sizeof(renderers) / sizeof(renderers[0]))](&page, document);
	render_complaints(document, page.out);
	fclose(page.out);
	for (size_t i = 0; i < length; i++)
		assert((unsigned char)text[i] >= 0x20 || text[i] == '\n');
	free(text);
	json_decref(document);
	return 0;
}
