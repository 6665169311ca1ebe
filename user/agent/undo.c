// SPDX-License-Identifier: Apache-2.0
#include "agent/undo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/units.h"

#define REASON_MAX 80

/* The last commands in which a name finds its like: a thousand bans that all end at another time must not
 * cost a million comparisons. */
#define LOOK_BACK 64

static struct fw_undo_command *find_command(const struct fw_undo *undo, const char *command,
					    const char *options)
{
	size_t most = undo->keeps_order ? 1 : LOOK_BACK;

	for (size_t i = undo->count; i-- > 0 && undo->count - i <= most;)
		if (!strcmp(undo->commands[i].command, command) &&
		    !strcmp(undo->commands[i].options, options))
			return &undo->commands[i];
	return NULL;
}

static struct fw_undo_command *new_command(struct fw_undo *undo, const char *command, const char *options)
{
	struct fw_undo_command one = {};

	snprintf(one.command, sizeof(one.command), "%s", command);
	snprintf(one.options, sizeof(one.options), "%s", options);
	return FW_APPEND(undo->commands, undo->count, one) ? NULL : &undo->commands[undo->count - 1];
}

static int append_name(struct fw_undo_command *command, const char *name)
{
	size_t needed = command->length + strlen(name) + 2;

	if (needed > command->room) {
		char *names = realloc(command->names, needed * 2);

		if (!names)
			return -ENOMEM;
		command->names = names;
		command->room = needed * 2;
	}
	command->length += (size_t)snprintf(command->names + command->length, command->room - command->length,
					    " %s", name);
	return 0;
}

void fw_undo_add(struct fw_undo *undo, const char *command, const char *name, const char *options)
{
	struct fw_undo_command *same = find_command(undo, command, options);

	if (!same)
		same = new_command(undo, command, options);
	undo->failed |= !same || append_name(same, name);
}

void fw_undo_done(struct fw_undo *undo)
{
	for (size_t i = 0; i < undo->count; i++)
		free(undo->commands[i].names);
	free(undo->commands);
	*undo = (struct fw_undo){};
}

char *fw_undo_text(const struct fw_undo *undo)
{
	char *text = NULL;
	size_t length;
	FILE *out = undo->failed ? NULL : open_memstream(&text, &length);

	if (!out)
		return NULL;
	for (size_t i = 0; i < undo->count; i++)
		fprintf(out, "%sfloodwall %s%s%s", i ? " && " : "", undo->commands[i].command,
			undo->commands[i].names, undo->commands[i].options);
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
