// SPDX-License-Identifier: Apache-2.0
/* Adds members to a set's list or file and takes them out again, in place. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/file.h"
#include "policy/save.h"
#include "policy/setfile.h"

#define SPACES " \t\r"

/* Does this text, an address, prefix or range, stand for exactly that prefix? */
static bool is_entry(const char *text, const struct fw_prefix *prefix)
{
	struct fw_set set = {0};
	bool same = !fw_entry_parse(text, &set, NULL) && set.prefix_count == 1 &&
		    !fw_prefix_compare(&set.prefixes[0], prefix);

	free(set.prefixes);
	return same;
}

/* YAML would read the colons of some IPv6 texts as its own. */
static void entry_text(const struct fw_prefix *prefix, bool quoted, char *buffer, size_t size)
{
	char text[FW_ADDR_TEXT_MAX];

	quoted = quoted && fw_prefix_family(prefix) == FW_FAMILY_V6;
	snprintf(buffer, size, "%s%s%s", quoted ? "\"" : "", fw_prefix_format(prefix, text, sizeof(text)),
		 quoted ? "\"" : "");
}

static const struct fw_node *find_item(const struct fw_node *list, const struct fw_prefix *prefix)
{
	fw_node_each (item, list)
		if (item->text && is_entry(item->text, prefix))
			return item;
	return NULL;
}

static int not_a_member(const struct fw_prefix *prefix, const char *where, struct fw_err *err)
{
	char text[FW_ADDR_TEXT_MAX];

	return fw_err_set(err, -ENOENT, "'%s' is no entry of its own in %s",
			  fw_prefix_format(prefix, text, sizeof(text)), where);
}

static int edit_list(struct fw_text *text, const struct fw_node *list, const struct fw_prefix *prefix,
		     bool add, const char *set, struct fw_err *err)
{
	const struct fw_node *item = find_item(list, prefix);
	char entry[FW_ADDR_TEXT_MAX + 2], where[96];

	if (add && item)
		return 0;
	if (add) {
		entry_text(prefix, true, entry, sizeof(entry));
		return fw_edit_append(text, list, entry);
	}
	if (!item) {
		snprintf(where, sizeof(where), "set '%.63s'", set);
		return not_a_member(prefix, where, err);
	}
	if (item == list)
		return fw_err_set(err, -EINVAL, "set '%s' would be empty; change it by hand", set);
	return fw_edit_take_out(text, list, item);
}

/* The list that holds a set's entries; NULL for a set read from a file. */
static const struct fw_node *entries_node(const struct fw_tree *tree, const char *set, const char **ret_file)
{
	const struct fw_node *node = fw_node_get(fw_node_get(tree->root, "sets"), set), *file;

	*ret_file = NULL;
	if (!node || node->kind != FW_NODE_MAP)
		return node;
	file = fw_node_get(node, "file");
	*ret_file = file ? file->text : NULL;
	return fw_node_get(node, "entries");
}

static int edit_policy(struct fw_text *text, const char *set, const struct fw_prefix *prefix, bool add,
		       char **ret_file, struct fw_err *err)
{
	struct fw_diags diags = {0};
	struct fw_tree tree = {0};
	const struct fw_node *list;
	const char *file = NULL;
	int r = fw_tree_parse(&tree, text->text, text->length, "policy", &diags);

	if (r || diags.errors) {
		r = fw_err_set(err, -EINVAL, "the policy file has errors; 'floodwall check' shows them");
	} else {
		list = entries_node(&tree, set, &file);
		if (list)
			r = edit_list(text, list, prefix, add, set, err);
		else if (file)
			*ret_file = strdup(file);
		else if (fw_node_get(fw_node_get(tree.root, "feeds"), set))
			r = fw_err_set(
				err, -EINVAL,
				"'%s' is a feed, its entries come from its url; lasting ones of your own "
				"belong into a set",
				set);
		else
			r = fw_err_set(err, -ENOENT, "there is no set '%s' in the policy file", set);
	}
	fw_tree_done(&tree);
	fw_diags_done(&diags);
	return r;
}

/* Offset of the line whose entry is the prefix; its end goes to *ret_end. */
static bool find_line(const struct fw_text *text, const struct fw_prefix *prefix, size_t *ret_start,
		      size_t *ret_end)
{
	for (size_t start = 0, end; start < text->length; start = end) {
		const char *newline = memchr(text->text + start, '\n', text->length - start);
		FW_FREE char *line = NULL;
		char *entry;

		end = newline ? (size_t)(newline - text->text) + 1 : text->length;
		line = strndup(text->text + start, end - start);
		if (!line)
			return false;
		entry = line + strspn(line, SPACES);
		entry[strcspn(entry, SPACES "\n#;")] = '\0';
		if (*entry && is_entry(entry, prefix)) {
			*ret_start = start;
			*ret_end = end;
			return true;
		}
	}
	return false;
}

static int read_whole(const char *path, struct fw_text *text, struct fw_err *err)
{
	FW_FCLOSE FILE *file = fopen(path, "re");
	ssize_t length;
	size_t capacity = 0;

	if (!file)
		return fw_err_set(err, -errno, "cannot read '%s': %s", path, strerror(errno));
	/* A set file holds no NUL, so this reads all of it. */
	length = getdelim(&text->text, &capacity, '\0', file);
	if (length < 0 && ferror(file))
		return fw_err_set(err, -EIO, "cannot read '%s'", path);
	text->length = length < 0 ? 0 : (size_t)length;
	return 0;
}

static int edit_file(const char *path, const struct fw_prefix *prefixes, size_t count, bool add,
		     struct fw_err *err)
{
	struct fw_text text = {0};
	int r = read_whole(path, &text, err);

	for (size_t i = 0; i < count && !r; i++) {
		char entry[FW_ADDR_TEXT_MAX + 2], line[FW_ADDR_TEXT_MAX + 4];
		size_t start = 0, end = 0;
		bool found = find_line(&text, &prefixes[i], &start, &end);

		if (add && !found) {
			entry_text(&prefixes[i], false, entry, sizeof(entry));
			snprintf(line, sizeof(line), "%s%s\n",
				 text.length && text.text[text.length - 1] != '\n' ? "\n" : "", entry);
			r = fw_edit_splice(&text, text.length, text.length, line);
		} else if (!add && !found) {
			r = not_a_member(&prefixes[i], path, err);
		} else if (!add) {
			r = fw_edit_splice(&text, start, end, "");
		}
	}
	if (!r)
		r = fw_file_replace(path, &text, err);
	free(text.text);
	return r;
}

static int edit_file_of(const char *policy, const char *file, const struct fw_prefix *prefixes, size_t count,
			bool add, struct fw_err *err)
{
	FW_FREE char *copy = strdup(policy);
	FW_FREE char *path = NULL;

	if (!copy || (file[0] == '/' ? asprintf(&path, "%s", file)
				     : asprintf(&path, "%s/%s", dirname(copy), file)) < 0) {
		path = NULL;
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	return edit_file(path, prefixes, count, add, err);
}

int fw_policy_save_entries(const char *path, const char *set, const struct fw_prefix *prefixes, size_t count,
			   bool add, struct fw_err *err)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	FW_FREE char *file = NULL;
	FW_FREE char *directory = strdup(path);
	struct fw_text text = {0};
	int r = fw_file_read(path, &text.text, &text.length);

	if (r || !directory) {
		free(text.text);
		return fw_err_set(err, r ? r : -ENOMEM, "cannot read '%s': %s", path,
				  strerror(r ? -r : ENOMEM));
	}
	for (size_t i = 0; i < count && !r && !file; i++)
		r = edit_policy(&text, set, &prefixes[i], add, &file, err);
	if (!r && file) {
		r = edit_file_of(path, file, prefixes, count, add, err);
	} else if (!r) {
		r = fw_policy_parse(text.text, text.length, path, dirname(directory), &diags, &policy);
		r = r ? fw_err_set(err, r, "'%s' cannot be edited in place: %s", path,
				   diags.count ? diags.items[0].message : strerror(-r))
		      : fw_file_replace(path, &text, err);
	}
	fw_policy_free(policy);
	fw_diags_done(&diags);
	free(text.text);
	return r;
}
