// SPDX-License-Identifier: Apache-2.0
/* Memory, names and items of one conversion. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "waf/model.h"

#define NAME_MAX_LENGTH 63 /* policy names */
#define PATH_MAX_LENGTH 512

struct fw_waf_chunk {
	struct fw_waf_chunk *next;
	max_align_t bytes[];
};

void *fw_waf_alloc(struct fw_waf *waf, size_t size)
{
	struct fw_waf_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk) {
		waf->out_of_memory = true;
		return NULL;
	}
	chunk->next = waf->out->chunks;
	waf->out->chunks = chunk;
	return chunk->bytes;
}

void fw_waf_import_done(struct fw_waf_import *import)
{
	while (import->chunks) {
		struct fw_waf_chunk *next = import->chunks->next;

		free(import->chunks);
		import->chunks = next;
	}
	free(import->policy);
	*import = (struct fw_waf_import){0};
}

static const char *text_of(struct fw_waf *waf, const char *format, va_list arguments)
{
	char *text = NULL, *copy;
	int length = vasprintf(&text, format, arguments);

	if (length < 0) {
		waf->out_of_memory = true;
		return "";
	}
	copy = fw_waf_alloc(waf, (size_t)length + 1);
	if (copy)
		memcpy(copy, text, (size_t)length + 1);
	free(text);
	return copy ? copy : "";
}

const char *fw_waf_text(struct fw_waf *waf, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = text_of(waf, format, arguments);
	va_end(arguments);
	return text;
}

void *fw_waf_grow(struct fw_waf *waf, void *items, size_t count, size_t size)
{
	void *grown;

	if (count & (count - 1))
		return items;
	grown = fw_waf_alloc(waf, (count ? count * 2 : 1) * size);
	if (grown && count)
		memcpy(grown, items, count * size);
	return grown;
}

void fw_waf_names_add(struct fw_waf *waf, struct fw_waf_names *names, const char *name)
{
	const char **grown = fw_waf_grow(waf, names->items, names->count, sizeof(*grown));

	if (!grown)
		return;
	names->items = grown;
	names->items[names->count++] = name;
}

static bool is_taken(const struct fw_waf_names *taken, const char *name)
{
	for (size_t i = 0; i < taken->count; i++)
		if (!strcmp(taken->items[i], name))
			return true;
	return false;
}

const char *fw_waf_name(struct fw_waf *waf, struct fw_waf_names *taken, const char *text,
			const char *fallback)
{
	char base[NAME_MAX_LENGTH + 1];
	const char *name;
	size_t length = 0;

	for (; *text && length < NAME_MAX_LENGTH; text++) {
		char letter = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
		bool word = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');

		/* Runs of what a name cannot hold become one dash, and a name begins with a word. */
		if (word || (letter == '_' && length))
			base[length++] = letter;
		else if (length && base[length - 1] != '-')
			base[length++] = '-';
	}
	while (length && base[length - 1] == '-')
		length--;
	base[length] = '\0';
	if (!length)
		snprintf(base, sizeof(base), "%s", fallback);
	name = fw_waf_text(waf, "%s", base);
	for (size_t i = 2; is_taken(taken, name) && !waf->out_of_memory; i++)
		name = fw_waf_text(waf, "%.50s-%zu", base, i);
	fw_waf_names_add(waf, taken, name);
	return name;
}

static size_t write_path(const struct fw_waf_at *at, char *buffer, size_t size)
{
	size_t used = at->up ? write_path(at->up, buffer, size) : 0;
	int more;

	if (used >= size - 1)
		return used;
	if (at->name)
		more = snprintf(buffer + used, size - used, "%s%.80s", used ? "." : "", at->name);
	else
		more = snprintf(buffer + used, size - used, "[%zu]", at->index);
	return used + (size_t)more < size ? used + (size_t)more : size - 1;
}

static void add_item(struct fw_waf *waf, const struct fw_waf_at *at, bool omitted, const char *message)
{
	struct fw_waf_import *out = waf->out;
	struct fw_waf_item *grown = fw_waf_grow(waf, out->items, out->item_count, sizeof(*grown));
	char path[PATH_MAX_LENGTH] = "";

	if (!grown)
		return;
	write_path(at, path, sizeof(path));
	out->items = grown;
	out->items[out->item_count++] =
		(struct fw_waf_item){omitted, fw_waf_text(waf, "%s", path), waf->rule, message};
	out->omitted += omitted;
}

void fw_waf_note(struct fw_waf *waf, const struct fw_waf_at *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(waf, at, false, text_of(waf, format, arguments));
	va_end(arguments);
}

bool fw_waf_omit(struct fw_waf *waf, const struct fw_waf_at *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(waf, at, true, text_of(waf, format, arguments));
	va_end(arguments);
	return false;
}
