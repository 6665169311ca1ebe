// SPDX-License-Identifier: Apache-2.0
/* libyaml events to a bounded tree; refuses what YAML can do and a policy must not (anchors, tags, more
 * documents). */
#include "policy/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define CHUNK_BYTES 65536

struct fw_chunk {
	struct fw_chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct builder {
	struct fw_tree *tree;
	struct fw_diags *diags;
	const char *file;
	struct fw_node *open[FW_TREE_DEPTH_MAX]; /* lists and maps not yet closed */
	struct fw_node *keys[FW_TREE_DEPTH_MAX]; /* of open maps: the key that waits for its value */
	size_t depth;
	bool stopped; /* a document too deep or too large: give up here */
};

static void *tree_alloc(struct fw_tree *tree, size_t size)
{
	struct fw_chunk *chunk = tree->chunks;
	size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	void *memory;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		capacity += sizeof(max_align_t);
		chunk = calloc(1, sizeof(*chunk) + capacity);
		if (!chunk)
			return NULL;
		chunk->size = capacity;
		chunk->next = tree->chunks;
		tree->chunks = chunk;
	}
	memory = (char *)chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

void fw_tree_done(struct fw_tree *tree)
{
	while (tree->chunks) {
		struct fw_chunk *next = tree->chunks->next;

		free(tree->chunks);
		tree->chunks = next;
	}
	*tree = (struct fw_tree){0};
}

static struct fw_mark mark_of(const char *file, const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct fw_mark mark = {.file = file, .line = (int)start->line + 1, .column = (int)start->column + 1};

	mark.end_column = end->line == start->line && end->column > start->column ? (int)end->column + 1 : 0;
	return mark;
}

static void complain(struct builder *b, const yaml_event_t *event, const char *code, const char *hint,
		     const char *text)
{
	fw_diag_add(b->diags, mark_of(b->file, &event->start_mark, &event->end_mark), FW_SEVERITY_ERROR, code,
		    hint, "%s", text);
}

static int stop(struct builder *b, const yaml_event_t *event, const char *code, const char *text)
{
	complain(b, event, code, NULL, text);
	b->stopped = true;
	return -EINVAL;
}

static struct fw_node *node_new(struct builder *b, const yaml_event_t *event, enum fw_node_kind kind)
{
	struct fw_node *node;

	if (++b->tree->nodes > FW_TREE_NODES_MAX) {
		stop(b, event, "too-large",
		     "the file has more than 200000 values; move long sets into files of their own");
		return NULL;
	}
	node = tree_alloc(b->tree, sizeof(*node));
	if (!node) {
		stop(b, event, "no-memory", "out of memory while reading the file");
		return NULL;
	}
	node->kind = kind;
	node->mark = mark_of(b->file, &event->start_mark, &event->end_mark);
	node->start = event->start_mark.index;
	node->end = event->end_mark.index;
	return node;
}

/* Hangs a finished or opened node under the innermost open one; in maps, keys and values take turns. */
static void node_place(struct builder *b, const yaml_event_t *event, struct fw_node *node)
{
	struct fw_node *parent = b->depth ? b->open[b->depth - 1] : NULL;

	if (!parent) {
		b->tree->root = node;
		return;
	}
	if (parent->kind == FW_NODE_MAP) {
		struct fw_node **key = &b->keys[b->depth - 1];

		if (!*key) {
			if (node->kind != FW_NODE_SCALAR) {
				complain(b, event, "bad-key", NULL,
					 "a key must be a word, not a list or a map");
				node->broken = true;
			}
			*key = node;
			return;
		}
		node->key = *key;
		node->broken |= (*key)->broken;
		*key = NULL;
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
}

static int open_node(struct builder *b, const yaml_event_t *event, enum fw_node_kind kind)
{
	struct fw_node *node;

	if (b->depth == FW_TREE_DEPTH_MAX)
		return stop(b, event, "too-deep", "more than 32 lists or maps inside each other");
	node = node_new(b, event, kind);
	if (!node)
		return -EINVAL;
	node->flow = kind == FW_NODE_LIST ? event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
					  : event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	/* The opening event of a block has no width; flow ones mark the bracket. */
	node_place(b, event, node);
	b->keys[b->depth] = NULL;
	b->open[b->depth++] = node;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct fw_node *left = *(struct fw_node *const *)a, *right = *(struct fw_node *const *)b;
	int order = strcmp(left->key->text, right->key->text);

	if (order)
		return order;
	return left->start < right->start ? -1 : left->start > right->start;
}

/* libyaml accepts a key twice; whoever reads the file sees only one of them. */
static void check_duplicates(struct builder *b, struct fw_node *map)
{
	struct fw_node **values = calloc(map->count, sizeof(*values));
	struct fw_node *first = NULL;
	size_t count = 0;

	if (!values)
		return;
	for (struct fw_node *value = map->first; value; value = value->next)
		if (value->key->kind == FW_NODE_SCALAR && value->key->text)
			values[count++] = value;
	qsort(values, count, sizeof(*values), compare_keys);
	for (size_t i = 0; i < count; i++) {
		char hint[64];

		if (!first || strcmp(first->key->text, values[i]->key->text)) {
			first = values[i];
			continue;
		}
		snprintf(hint, sizeof(hint), "first defined at %d:%d", first->key->mark.line,
			 first->key->mark.column);
		fw_diag_add(b->diags, values[i]->key->mark, FW_SEVERITY_ERROR, "duplicate-key", hint,
			    "key '%.80s' is defined twice (first at %d:%d)", values[i]->key->text,
			    first->key->mark.line, first->key->mark.column);
		values[i]->broken = true;
	}
	free(values);
}

static void close_node(struct builder *b, const yaml_event_t *event)
{
	struct fw_node *node = b->open[--b->depth];

	node->end = event->end_mark.index;
	if (node->flow && event->end_mark.line + 1 == (size_t)node->mark.line)
		node->mark.end_column = (int)event->end_mark.column + 1;
	if (node->kind == FW_NODE_MAP && node->count > 1)
		check_duplicates(b, node);
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct fw_node *node = node_new(b, event, FW_NODE_SCALAR);
	char *text;

	if (!node)
		return -EINVAL;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	text = tree_alloc(b->tree, length + 1);
	if (!text)
		return stop(b, event, "no-memory", "out of memory while reading the file");
	memcpy(text, value, length);
	text[length] = '\0';
	node->text = text;
	if (strlen(text) != length) {
		complain(b, event, "nul-byte", NULL, "text contains a NUL character");
		node->broken = true;
	}
	node_place(b, event, node);
	return 0;
}

static void refuse_properties(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
			      const yaml_char_t *tag)
{
	if (anchor)
		complain(b, event, "anchor", "write the value out",
			 "anchors (&name) are not allowed in a policy");
	if (tag)
		complain(b, event, "tag", "leave it out: every key knows its type",
			 "tags (!name) are not allowed in a policy");
}

static int handle_event(struct builder *b, const yaml_event_t *event, size_t documents)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (documents > 1)
			return stop(b, event, "second-document",
				    "a policy is one document; remove everything from '---' on");
		return 0;
	case YAML_ALIAS_EVENT: {
		struct fw_node *node = node_new(b, event, FW_NODE_SCALAR);

		complain(b, event, "alias", "write the value out",
			 "aliases (*name) are not allowed in a policy");
		if (!node)
			return -EINVAL;
		node->text = "";
		node->broken = true;
		node_place(b, event, node);
		return 0;
	}
	case YAML_SCALAR_EVENT:
		refuse_properties(b, event, event->data.scalar.anchor, event->data.scalar.tag);
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse_properties(b, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		return open_node(b, event, FW_NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		refuse_properties(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		return open_node(b, event, FW_NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(b, event);
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

static void syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	const yaml_mark_t *at = &parser->problem_mark;
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const char *hint = NULL;

	if (parser->error == YAML_READER_ERROR) {
		/* The reader knows a byte offset only. */
		fw_diag_add(b->diags, (struct fw_mark){.file = b->file, .line = 1}, FW_SEVERITY_ERROR,
			    "encoding", "save the file as UTF-8 text", "not UTF-8 text: %s (byte %zu)",
			    problem, parser->problem_offset + 1);
		return;
	}
	if (strstr(problem, "cannot start any token") || strstr(problem, "tab"))
		hint = "indent with spaces, and quote text that begins with one of @ ` % \" ' or a tab";
	fw_diag_add(b->diags, mark_of(b->file, at, at), FW_SEVERITY_ERROR, "syntax", hint, "%s%s%s", problem,
		    parser->context ? " " : "", parser->context ? parser->context : "");
}

int fw_tree_parse(struct fw_tree *tree, const char *text, size_t length, const char *name,
		  struct fw_diags *diags)
{
	struct builder b = {.tree = tree, .diags = diags, .file = fw_diags_file(diags, name)};
	yaml_parser_t parser;
	size_t documents = 0;
	bool done = false;
	int r = 0;

	*tree = (struct fw_tree){0};
	if (length > FW_TREE_BYTES_MAX) {
		fw_diag_add(diags, (struct fw_mark){.file = b.file}, FW_SEVERITY_ERROR, "too-large",
			    "move long sets into files of their own: sets: {NAME: {file: PATH}}",
			    "the file has more than 1 MiB (%u bytes), which is the most",
			    (unsigned int)FW_TREE_BYTES_MAX);
		return -EINVAL;
	}
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (!done && !r) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			syntax_error(&b, &parser);
			r = -EINVAL;
			break;
		}
		documents += event.type == YAML_DOCUMENT_START_EVENT;
		done = event.type == YAML_STREAM_END_EVENT;
		r = handle_event(&b, &event, documents);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return r;
}

struct fw_node *fw_node_get(const struct fw_node *map, const char *key)
{
	if (!map || map->kind != FW_NODE_MAP)
		return NULL;
	for (struct fw_node *value = map->first; value; value = value->next)
		if (value->key->text && !strcmp(value->key->text, key))
			return value;
	return NULL;
}

bool fw_node_is_empty(const struct fw_node *node)
{
	if (node->kind != FW_NODE_SCALAR)
		return false;
	if (node->quoted)
		return !*node->text;
	return !*node->text || !strcmp(node->text, "~") || !strcasecmp(node->text, "null");
}

const struct fw_node *fw_node_items(const struct fw_node *node)
{
	return node->kind == FW_NODE_LIST ? node->first : node;
}

const struct fw_node *fw_node_after(const struct fw_node *item, const struct fw_node *node)
{
	return node->kind == FW_NODE_LIST ? item->next : NULL;
}

size_t fw_text_offset(const char *text, size_t length, size_t code_points)
{
	size_t offset = 0;

	while (offset < length && code_points--) {
		offset++;
		while (offset < length && ((unsigned char)text[offset] & 0xc0) == 0x80)
			offset++;
	}
	return offset;
}
