// SPDX-License-Identifier: Apache-2.0
/* Edits of a YAML text by the positions of its nodes. Pure; whoever calls parses the result again to be sure.
 */
#include "policy/edit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

int fw_edit_splice(struct fw_text *text, size_t start, size_t end, const char *insert)
{
	size_t inserted = strlen(insert), tail = text->length - end;
	char *grown = malloc(start + inserted + tail + 1);

	if (!grown)
		return -ENOMEM;
	memcpy(grown, text->text, start);
	memcpy(grown + start, insert, inserted);
	memcpy(grown + start + inserted, text->text + end, tail);
	free(text->text);
	text->text = grown;
	text->length = start + inserted + tail;
	return 0;
}

static size_t byte_of(const struct fw_text *text, size_t code_point)
{
	return fw_text_offset(text->text, text->length, code_point);
}

/* Blocks end where the next token begins, behind comments that are not theirs: their last scalar says where.
 */
static size_t node_end(const struct fw_node *node)
{
	while (node->kind != FW_NODE_SCALAR && !node->flow && node->last)
		node = node->last;
	return node->end;
}

static size_t line_start(const struct fw_text *text, size_t at)
{
	while (at && text->text[at - 1] != '\n')
		at--;
	return at;
}

/* At the line break, or at the end of the text. */
static size_t line_end(const struct fw_text *text, size_t at)
{
	while (at < text->length && text->text[at] != '\n')
		at++;
	if (at && at < text->length && text->text[at - 1] == '\r')
		at--;
	return at;
}

static size_t next_line(const struct fw_text *text, size_t at)
{
	at = line_end(text, at);
	while (at < text->length && text->text[at] != '\n')
		at++;
	return at < text->length ? at + 1 : at;
}

/* The characters in front of `at` on its line, with a list's dash blanked: the indentation of what stands
 * there. */
static char *indent_before(const struct fw_text *text, size_t at)
{
	size_t start = line_start(text, at);
	char *indent = strndup(text->text + start, at - start);

	for (char *c = indent; c && *c; c++)
		if (*c != '\t')
			*c = ' ';
	return indent;
}

static int insert_format(struct fw_text *text, size_t at, const char *a, const char *b, const char *c,
			 const char *d)
{
	FW_FREE char *insert = NULL;

	if (asprintf(&insert, "%s%s%s%s", a, b, c, d) < 0) {
		insert = NULL;
		return -ENOMEM;
	}
	return fw_edit_splice(text, at, at, insert);
}

static int add_key(struct fw_text *text, const struct fw_node *map, const char *key, const char *value)
{
	FW_FREE char *indent = NULL;
	FW_FREE char *line = NULL;
	size_t end = byte_of(text, node_end(map->last));

	if (asprintf(&line, "%s: %s", key, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	if (map->flow)
		return insert_format(text, end, ", ", line, "", "");
	indent = indent_before(text, byte_of(text, map->first->key->start));
	return indent ? insert_format(text, line_end(text, end), "\n", indent, line, "") : -ENOMEM;
}

int fw_edit_set(struct fw_text *text, const struct fw_node *map, const char *key, const char *value)
{
	const struct fw_node *old = fw_node_get(map, key);
	FW_FREE char *after_colon = NULL;

	if (!old)
		return add_key(text, map, key, value);
	if (old->kind == FW_NODE_SCALAR || old->flow)
		return fw_edit_splice(text, byte_of(text, old->start), byte_of(text, node_end(old)), value);
	if (asprintf(&after_colon, ": %s", value) < 0) {
		after_colon = NULL;
		return -ENOMEM;
	}
	return fw_edit_splice(text, byte_of(text, old->key->end), byte_of(text, node_end(old)), after_colon);
}

int fw_edit_remove(struct fw_text *text, const struct fw_node *map, const char *key)
{
	const struct fw_node *old = fw_node_get(map, key), *previous = NULL;

	if (!old)
		return 0;
	if (old == map->first)
		return fw_edit_splice(text, byte_of(text, old->key->start),
				      byte_of(text, old->next->key->start), "");
	for (previous = map->first; previous->next != old;)
		previous = previous->next;
	if (map->flow)
		return fw_edit_splice(text, byte_of(text, node_end(previous)), byte_of(text, node_end(old)),
				      "");
	return fw_edit_splice(text, line_start(text, byte_of(text, old->key->start)),
			      next_line(text, byte_of(text, node_end(old))), "");
}

/* What a new line of a block list begins with: the line of an item up to it, blank but for its dash. */
static char *dash_before(const struct fw_text *text, const struct fw_node *item)
{
	size_t at = byte_of(text, item->start), start = line_start(text, at);
	char *dash = strndup(text->text + start, at - start);

	for (char *c = dash; c && *c && c < dash + (strrchr(dash, '-') - dash); c++)
		if (*c != '\t')
			*c = ' ';
	return dash;
}

int fw_edit_append(struct fw_text *text, const struct fw_node *list, const char *value)
{
	FW_FREE char *dash = NULL;
	size_t end, at;

	if (list->kind == FW_NODE_SCALAR) {
		at = byte_of(text, list->start);
		end = byte_of(text, list->end);
		if (insert_format(text, end, ", ", value, "]", ""))
			return -ENOMEM;
		return fw_edit_splice(text, at, at, "[");
	}
	if (!list->count)
		return insert_format(text, byte_of(text, list->end) - 1, value, "", "", "");
	end = byte_of(text, node_end(list->last));
	if (list->flow)
		return insert_format(text, end, ", ", value, "", "");
	dash = dash_before(text, list->first);
	return dash ? insert_format(text, line_end(text, end), "\n", dash, value, "") : -ENOMEM;
}

/* "A, B" or "[A, B]" */
static char *in_one_line(const char *const *values, size_t count, bool bracketed)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : bracketed ? "[" : "", values[i]);
	fputs(bracketed ? "]" : "", out);
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}

int fw_edit_replace(struct fw_text *text, const struct fw_node *list, const struct fw_node *item,
		    const char *const *values, size_t count)
{
	size_t start = byte_of(text, item->start), end = byte_of(text, item->end);
	bool is_block = item != list && !list->flow;
	FW_FREE char *dash = is_block ? dash_before(text, item) : NULL;
	FW_FREE char *line = is_block ? NULL : in_one_line(values, count, item == list && count > 1);
	int r = 0;

	if (!is_block)
		return line ? fw_edit_splice(text, start, end, line) : -ENOMEM;
	/* From behind, so that the places in front stay. */
	for (size_t i = count; i-- > 1 && !r;)
		r = dash ? insert_format(text, line_end(text, end), "\n", dash, values[i], "") : -ENOMEM;
	return r ? r : fw_edit_splice(text, start, end, values[0]);
}

int fw_edit_take_out(struct fw_text *text, const struct fw_node *list, const struct fw_node *item)
{
	const struct fw_node *previous = NULL;

	if (list->count == 1 && !list->flow)
		return fw_edit_splice(text, byte_of(text, list->key->end), byte_of(text, node_end(item)),
				      ": []");
	if (list->count == 1)
		return fw_edit_splice(text, byte_of(text, item->start), byte_of(text, item->end), "");
	if (!list->flow)
		return fw_edit_splice(text, line_start(text, byte_of(text, item->start)),
				      next_line(text, byte_of(text, node_end(item))), "");
	if (item == list->first)
		return fw_edit_splice(text, byte_of(text, item->start), byte_of(text, item->next->start), "");
	for (previous = list->first; previous->next != item;)
		previous = previous->next;
	return fw_edit_splice(text, byte_of(text, previous->end), byte_of(text, item->end), "");
}
