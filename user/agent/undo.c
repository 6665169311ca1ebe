// SPDX-License-Identifier: Apache-2.0
#include "agent/undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"

#define REASON_MAX 80

void fw_undo_add(struct fw_undo *undo, const char *command, const char *name, const char *options)
{
	size_t i = undo->count++;

	if (i >= FW_UNDO_NAMES)
		return;
	snprintf(undo->items[i].command, sizeof(undo->items[i].command), "%s", command);
	snprintf(undo->items[i].options, sizeof(undo->items[i].options), "%s", options);
	snprintf(undo->items[i].name, sizeof(undo->items[i].name), "%s", name);
}

static bool is_alike(const struct fw_undo *undo, size_t a, size_t b)
{
	return !strcmp(undo->items[a].command, undo->items[b].command) &&
	       !strcmp(undo->items[a].options, undo->items[b].options);
}

/* Whether the one at `later` can be a name behind the command of the one at `first`. */
static bool shares(const struct fw_undo *undo, size_t first, size_t later)
{
	for (size_t i = first; i < later && undo->keeps_order; i++)
		if (!is_alike(undo, i, later))
			return false;
	return is_alike(undo, first, later);
}

static bool is_first_of_its_kind(const struct fw_undo *undo, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (shares(undo, i, index))
			return false;
	return true;
}

char *fw_undo_text(const struct fw_undo *undo)
{
	size_t count = undo->count < FW_UNDO_NAMES ? undo->count : FW_UNDO_NAMES, length;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!is_first_of_its_kind(undo, i))
			continue;
		fprintf(out, "%sfloodwall %s", i ? " && " : "", undo->items[i].command);
		for (size_t j = i; j < count; j++)
			if (shares(undo, i, j))
				fprintf(out, " %s", undo->items[j].name);
		fputs(undo->items[i].options, out);
	}
	if (undo->count > FW_UNDO_NAMES)
		fputs(" …", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

json_t *fw_undo_to_json(const struct fw_undo *undo)
{
	FW_FREE char *text = fw_undo_text(undo);

	return text && *text ? json_string(text) : json_null();
}

const char *fw_undo_for(uint64_t left_ns, char *buffer, size_t size)
{
	uint64_t seconds = (left_ns + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC;
	char left[32];

	snprintf(buffer, size, " --for %s", fw_duration_format(seconds * FW_NS_PER_SEC, left, sizeof(left)));
	return buffer;
}

bool fw_undo_word(const char *text, char *buffer, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@,+";
	const char *quote = text[strspn(text, plain)] ? "'" : "";

	buffer[0] = '\0';
	if (strchr(text, '\'') || strlen(text) + 3 > size)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	snprintf(buffer, size, "%s%s%s", quote, text, quote);
	return true;
}

/* " --reason TEXT" */
static void quote_reason(const char *reason, char *buffer, size_t size)
{
	char word[REASON_MAX + 3];

	buffer[0] = '\0';
	if (*reason && fw_undo_word(reason, word, sizeof(word)))
		snprintf(buffer, size, " --reason%s%s", *reason == '-' ? "=" : " ", word);
}

const char *fw_undo_lease(const struct fw_ban *ban, bool says_none, uint64_t now_ns, const char *reason,
			  char *buffer, size_t size)
{
	char left[48], strikes[24] = "", why[REASON_MAX + 16];

	if (ban->strikes || says_none)
		snprintf(strikes, sizeof(strikes), " --strikes %u", ban->strikes);
	quote_reason(reason, why, sizeof(why));
	snprintf(buffer, size, "%s%s%s", fw_undo_for(ban->expires_ns - now_ns, left, sizeof(left)), strikes,
		 why);
	return buffer;
}
