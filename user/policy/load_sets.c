// SPDX-License-Identifier: Apache-2.0
/* Sets and the references to them; an address written where a set's name belongs becomes a set without name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/load.h"
#include "policy/setfile.h"

#define SETS_MAX 16384 /* a class keeps one bit per set */

void fw_load_set_entries(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_set *set = target;

	fw_node_each (item, value) {
		struct fw_err err;
		const char *text;

		if (fw_read_text(loader, item, &text) && fw_entry_parse(text, set, &err))
			fw_complain(loader, item, "bad-entry", NULL, "%s", err.text);
	}
}

void fw_load_set_file(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const struct fw_file_reader *reader = loader->reader;
	struct fw_set *set = target;

	if (!fw_read_path(loader, value, &set->file))
		return;
	if (reader)
		reader->set(reader->context, set, value->mark, loader->diags);
	else
		fw_setfile_read(set, value->mark, loader->diags);
}

static void load_set(struct fw_loader *loader, const struct fw_node *value)
{
	struct fw_policy *policy = loader->policy;
	char where[FW_NAME_LENGTH_MAX + 16];
	struct fw_set set = {.mark = value->key->mark};
	const char *name;

	if (value->broken || !fw_read_name(loader, value->key, "set", &name))
		return;
	if (fw_node_is_empty(value)) {
		fw_complain(loader, value->key, "empty-value",
			    "write entries: [] for a set that is filled at run time", "set '%s' has no value",
			    name);
		return;
	}
	snprintf(where, sizeof(where), "set '%s'", name);
	set.name = strdup(name);
	if (value->kind != FW_NODE_MAP)
		fw_load_set_entries(loader, value, &set);
	else
		fw_load_object(loader, value, "set", where, &set);
	if (value->kind == FW_NODE_MAP && !fw_node_get(value, "entries") == !fw_node_get(value, "file"))
		fw_complain(loader, value->key, "bad-set", "write {entries: [192.0.2.0/24]} or {file: PATH}",
			    "%s needs either entries or a file", where);
	set.kind = set.file ? FW_SET_FILE : FW_SET_STATIC;
	if (!set.name || FW_APPEND(policy->sets, policy->set_count, set))
		loader->out_of_memory = true;
}

static int compare_indices(const void *a, const void *b, void *policy)
{
	const struct fw_set *sets = ((const struct fw_policy *)policy)->sets;

	return strcmp(sets[*(const unsigned int *)a].name, sets[*(const unsigned int *)b].name);
}

void fw_load_sets_index(struct fw_loader *loader)
{
	size_t count = loader->policy->set_count;
	unsigned int *order = calloc(count ? count : 1, sizeof(*order));

	if (!order) {
		loader->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		order[i] = (unsigned int)i;
	qsort_r(order, count, sizeof(*order), compare_indices, loader->policy);
	free(loader->sets_by_name);
	loader->sets_by_name = order;
	loader->sets_named = count;
}

int fw_load_set_find(const struct fw_loader *loader, const char *name)
{
	size_t low = 0, high = loader->sets_named;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, loader->policy->sets[loader->sets_by_name[middle]].name);

		if (!order)
			return (int)loader->sets_by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

void fw_load_sets(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write sets: {NAME: {entries: [...]}}",
			    "sets must be a map of names");
		return;
	}
	if (value->count > SETS_MAX) {
		fw_complain(loader, value, "too-many", NULL, "more than %d sets", SETS_MAX);
		return;
	}
	for (const struct fw_node *set = value->first; set; set = set->next)
		load_set(loader, set);
	fw_load_sets_index(loader);
}

static void complain_unknown_set(struct fw_loader *loader, const struct fw_node *node, const char *name)
{
	const struct fw_policy *policy = loader->policy;
	const char *names[256], *near;
	size_t count = 0;
	char hint[128];

	for (size_t i = 0; i < policy->set_count && count < 256; i++)
		if (!strchr(policy->sets[i].name, '.'))
			names[count++] = policy->sets[i].name;
	near = fw_did_you_mean(name, names, count);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	else
		snprintf(hint, sizeof(hint), "define it under sets or feeds, or write an address");
	fw_complain(loader, node, "unknown-set", hint, "there is no set '%.80s'", name);
}

/* Addresses hold at least one of these, names none. */
static bool looks_like_address(const char *text)
{
	return strpbrk(text, ".:/") != NULL;
}

static int add_anonymous(struct fw_loader *loader, const struct fw_node *node, const char *name)
{
	struct fw_policy *policy = loader->policy;
	struct fw_set set = {.name = strdup(name), .mark = node->mark};

	if (set.name && !FW_APPEND(policy->sets, policy->set_count, set))
		return (int)policy->set_count - 1;
	free(set.name);
	loader->out_of_memory = true;
	return -1;
}

void fw_load_set_refs(struct fw_loader *loader, const struct fw_node *value, const char *anonymous,
		      struct fw_set_refs *refs)
{
	int inline_set = -1;

	fw_node_each (item, value) {
		const char *text;
		int found;

		if (fw_list_is_full(loader, item, refs->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (looks_like_address(text)) {
			struct fw_err err;

			if (inline_set < 0) {
				inline_set = add_anonymous(loader, item, anonymous);
				if (inline_set < 0 ||
				    FW_APPEND(refs->items, refs->count, (unsigned int)inline_set)) {
					loader->out_of_memory = true;
					return;
				}
			}
			if (fw_entry_parse(text, &loader->policy->sets[inline_set], &err))
				fw_complain(loader, item, "bad-entry", NULL, "%s", err.text);
			continue;
		}
		found = fw_load_set_find(loader, text);
		if (found < 0)
			complain_unknown_set(loader, item, text);
		else if (FW_APPEND(refs->items, refs->count, (unsigned int)found))
			loader->out_of_memory = true;
	}
}
