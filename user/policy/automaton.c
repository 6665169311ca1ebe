// SPDX-License-Identifier: Apache-2.0
/* Aho and Corasick's construction: a trie, then for each node the longest end of its text that is a beginning
 * too. */
#include "policy/automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define CLASS_OTHER 0 /* bytes of no pattern */
#define CLASS_BEGIN 1
#define CLASS_END   2
#define CLASS_FIRST 3

struct builder {
	struct fw_automaton *dfa;
	unsigned int classes;
	size_t room, used; /* nodes; the first is the root */
	uint16_t *next;	   /* [node × classes + class]; 0 = none yet, or back to the root */
	uint16_t *fail;
	uint64_t *terms;
	uint16_t *queue;
};

static void builder_done(struct builder *builder)
{
	free(builder->dfa);
	free(builder->next);
	free(builder->fail);
	free(builder->terms);
	free(builder->queue);
}

static unsigned char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : (unsigned char)byte;
}

static void number_classes(struct builder *builder, const struct fw_pattern *patterns, size_t count)
{
	__u8 *class_of = builder->dfa->class_of;

	builder->classes = CLASS_FIRST;
	for (size_t i = 0; i < count; i++)
		for (const char *at = patterns[i].text; *at; at++)
			if (!class_of[lower(*at)])
				class_of[lower(*at)] = (__u8)builder->classes++;
	for (unsigned int byte = 'A'; byte <= 'Z'; byte++)
		class_of[byte] = class_of[byte | 0x20];
}

static int builder_new(struct builder *builder, const struct fw_pattern *patterns, size_t count)
{
	size_t nodes = 1;

	builder->dfa = calloc(1, sizeof(*builder->dfa));
	if (!builder->dfa)
		return -ENOMEM;
	number_classes(builder, patterns, count);
	for (size_t i = 0; i < count; i++)
		nodes += strlen(patterns[i].text) + 2;
	/* Patterns that begin alike share nodes: whether all fit is only known when they are added. */
	if (nodes > FW_AUTOMATON_CELLS / builder->classes)
		nodes = FW_AUTOMATON_CELLS / builder->classes;
	builder->room = nodes;
	builder->used = 1;
	builder->next = calloc(nodes * builder->classes, sizeof(*builder->next));
	builder->fail = calloc(nodes, sizeof(*builder->fail));
	builder->terms = calloc(nodes, sizeof(*builder->terms));
	builder->queue = calloc(nodes, sizeof(*builder->queue));
	return builder->next && builder->fail && builder->terms && builder->queue ? 0 : -ENOMEM;
}

/* The node behind a byte, made when it is not there; 0: no room. */
static size_t grow(struct builder *builder, size_t node, unsigned int class)
{
	uint16_t *next = &builder->next[node * builder->classes + class];

	if (!*next && builder->used < builder->room)
		*next = (uint16_t)builder->used++;
	return *next;
}

static int add_pattern(struct builder *builder, const struct fw_pattern *pattern)
{
	size_t node = 0;

	if (pattern->begins && !(node = grow(builder, node, CLASS_BEGIN)))
		return -E2BIG;
	for (const char *at = pattern->text; *at; at++) {
		node = grow(builder, node, builder->dfa->class_of[lower(*at)]);
		if (!node)
			return -E2BIG;
	}
	if (pattern->ends && !(node = grow(builder, node, CLASS_END)))
		return -E2BIG;
	builder->terms[node] |= pattern->terms;
	return 0;
}

/* Breadth first, so that what a node fails to is complete before the node is. */
static void link_nodes(struct builder *builder)
{
	const unsigned int classes = builder->classes;
	size_t head = 0, tail = 0;

	for (unsigned int class = 0; class < classes; class ++)
		if (builder->next[class])
			builder->queue[tail++] = builder->next[class];
	while (head < tail) {
		uint16_t node = builder->queue[head++], fail = builder->fail[node];

		builder->terms[node] |= builder->terms[fail];
		for (unsigned int class = 0; class < classes; class ++) {
			uint16_t *next = &builder->next[(size_t)node * classes + class];
			uint16_t instead = builder->next[(size_t)fail * classes + class];

			if (!*next) {
				*next = instead;
				continue;
			}
			builder->fail[*next] = instead;
			builder->queue[tail++] = *next;
		}
	}
}

static int accept_index(struct fw_automaton *dfa, uint64_t terms, unsigned int *used, unsigned int *ret)
{
	for (*ret = 0; *ret < *used; ++*ret)
		if (dfa->accept[*ret] == terms)
			return 0;
	if (*used == FW_AUTOMATON_ACCEPTS)
		return -E2BIG;
	dfa->accept[(*used)++] = terms;
	return 0;
}

static int write_cells(struct builder *builder)
{
	struct fw_automaton *dfa = builder->dfa;
	const unsigned int classes = builder->classes;
	FW_FREE unsigned int *accept = calloc(builder->used, sizeof(*accept));
	unsigned int accepts = 1;
	int r = accept ? 0 : -ENOMEM;

	for (size_t node = 0; node < builder->used && !r; node++)
		r = accept_index(dfa, builder->terms[node], &accepts, &accept[node]);
	for (size_t i = 0; i < builder->used * classes && !r; i++)
		dfa->cell[i] = accept[builder->next[i]] << 16 | builder->next[i] * classes;
	dfa->start = builder->next[CLASS_BEGIN] * classes;
	dfa->end_class = CLASS_END;
	return r;
}

int fw_automaton_build(const struct fw_pattern *patterns, size_t count, struct fw_automaton **ret)
{
	FW_CLEANUP(builder_done) struct builder builder = {0};
	int r = builder_new(&builder, patterns, count);

	for (size_t i = 0; i < count && !r; i++)
		r = add_pattern(&builder, &patterns[i]);
	if (r)
		return r;
	link_nodes(&builder);
	r = write_cells(&builder);
	if (!r)
		*ret = TAKE_PTR(builder.dfa);
	return r;
}

static uint32_t step(const struct fw_automaton *dfa, uint32_t row, unsigned int class, uint64_t *terms)
{
	uint32_t cell = dfa->cell[row + class];

	*terms |= dfa->accept[cell >> 16];
	return cell & 0xffff;
}

uint64_t fw_automaton_walk(const struct fw_automaton *dfa, const char *text, size_t length)
{
	uint32_t row = dfa->start;
	uint64_t terms = 0;

	for (size_t i = 0; i < length; i++)
		row = step(dfa, row, dfa->class_of[(unsigned char)text[i]], &terms);
	step(dfa, row, dfa->end_class, &terms);
	return terms;
}
