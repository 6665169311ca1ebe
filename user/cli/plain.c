// SPDX-License-Identifier: Apache-2.0
/* An answer made fit for a terminal before anything of it is printed: no control character is left in it. */
#include "cli/plain.h"

#include <string.h>

#include "lib/cleanup.h"

size_t fw_control_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2; /* U+0080 … U+009F in UTF-8 */
	return at[0] < 0x20 || at[0] == 0x7f;
}

/* The caller frees; NULL: out of memory. */
static char *plain_text(const char *text, size_t length)
{
	char *plain = malloc(length + 1);
	size_t count = 0;

	for (size_t i = 0; plain && i < length;) {
		size_t control = text[i] == '\n' ? 0 : fw_control_length(text + i);

		plain[count++] = control ? '?' : text[i];
		i += control ? control : 1;
	}
	if (plain)
		plain[count] = '\0';
	return plain;
}

static json_t *plain_object(const json_t *object)
{
	json_t *result = json_object(), *value;
	const char *key;

	json_object_foreach ((json_t *)object, key, value) {
		FW_FREE char *plain = plain_text(key, strlen(key));

		if (!plain || json_object_set_new_nocheck(result, plain, fw_json_plain(value))) {
			json_decref(result);
			return NULL;
		}
	}
	return result;
}

static json_t *plain_array(const json_t *array)
{
	json_t *result = json_array(), *value;
	size_t index;

	json_array_foreach (array, index, value)
		if (json_array_append_new(result, fw_json_plain(value))) {
			json_decref(result);
			return NULL;
		}
	return result;
}

json_t *fw_json_plain(const json_t *document)
{
	if (json_is_object(document))
		return plain_object(document);
	if (json_is_array(document))
		return plain_array(document);
	if (json_is_string(document)) {
		FW_FREE char *plain = plain_text(json_string_value(document), json_string_length(document));

		return plain ? json_string_nocheck(plain) : NULL;
	}
	return json_incref((json_t *)document);
}
