// SPDX-License-Identifier: Apache-2.0
/* Adds members to a set's list or file and takes them out again, in place. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/cut.h"
#include "policy/file.h"
#include "policy/save.h"
#include "policy/setfile.h"

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

	return fw_err_set(
		err, -ENOENT,
		"no entry of %s has all of '%s'; name the entries that are to go as they stand there", where,
		fw_prefix_format(prefix, text, sizeof(text)));
}

static int add_to_list(struct fw_text *text, const struct fw_node *list, const struct fw_prefix *prefix)
{
	char entry[FW_ADDR_TEXT_MAX + 2];

	if (find_item(list, prefix))
		return 0;
	entry_text(prefix, true, entry, sizeof(entry));
	return fw_edit_append(text, list, entry);
}

/* What is left of an item takes its place. */
static int replace_item(struct fw_text *text, const struct fw_node *list, const struct fw_node *item,
			const struct fw_set *left, const char *set, struct fw_err *err)
{
	FW_FREE char(*texts)[FW_ADDR_TEXT_MAX + 2] = calloc(left->prefix_count + 1, sizeof(*texts));
	FW_FREE const char **values = calloc(left->prefix_count + 1, sizeof(*values));

	if (!texts || !values)
		return -ENOMEM;
	for (size_t i = 0; i < left->prefix_count; i++) {
		entry_text(&left->prefixes[i], true, texts[i], sizeof(texts[i]));
		values[i] = texts[i];
	}
	if (left->prefix_count)
		return fw_edit_replace(text, list, item, values, left->prefix_count);
	if (item == list)
		return fw_err_set(err, -EINVAL, "set '%s' would be empty; change it by hand", set);
	return fw_edit_take_out(text, list, item);
}

/* One item; *ret_more: there was one, and the positions of all others have changed. */
static int cut_list(struct fw_text *text, const struct fw_node *list, struct fw_cut *cut, const char *set,
		    bool *ret_more, struct fw_err *err)
{
	fw_node_each (item, list) {
		struct fw_set left = {0};
		int r = item->text ? fw_cut_entry(cut, item->text, &left, ret_more) : 0;

		if (!r && *ret_more)
			r = replace_item(text, list, item, &left, set, err);
		free(left.prefixes);
		if (r || *ret_more)
			return r;
	}
	return 0;
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

/* What comes into a set or goes out of it. */
struct change {
	const char *set;
	const struct fw_prefix *prefixes;
	size_t count;
	struct fw_cut *cut; /* NULL: they come in */
	size_t added;	    /* of those that come in, so far */
};

static int edit_list(struct fw_text *text, const struct fw_node *list, struct change *change, bool *ret_more,
		     struct fw_err *err)
{
	if (change->cut)
		return cut_list(text, list, change->cut, change->set, ret_more, err);
	*ret_more = change->added + 1 < change->count;
	return add_to_list(text, list, &change->prefixes[change->added++]);
}

/* One step; *ret_more: another has to follow. *ret_file: they are in a file, which the caller frees. */
static int edit_policy(struct fw_text *text, struct change *change, bool *ret_more, char **ret_file,
		       struct fw_err *err)
{
	struct fw_diags diags = {0};
	struct fw_tree tree = {0};
	const struct fw_node *list;
	const char *file = NULL, *set = change->set;
	int r = fw_tree_parse(&tree, text->text, text->length, "policy", &diags);

	*ret_more = false;
	if (r || diags.errors) {
		r = fw_err_set(err, -EINVAL, "the policy file has errors; 'floodwall check' shows them");
	} else {
		list = entries_node(&tree, set, &file);
		if (list)
			r = edit_list(text, list, change, ret_more, err);
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

/* Called with each line of a file, its break included, and where its entry stands in it; 1 ends the walk. */
typedef int line_fn(const char *line, size_t start, size_t end, void *context);

static int each_line(const struct fw_text *text, line_fn *fn, void *context)
{
	int number = 1, r = 0;

	for (size_t at = 0, next; at < text->length && !r; at = next) {
		const char *newline = memchr(text->text + at, '\n', text->length - at);
		FW_FREE char *line = NULL;
		size_t start = 0, end = 0;

		next = newline ? (size_t)(newline - text->text) + 1 : text->length;
		line = strndup(text->text + at, next - at);
		if (!line)
			return -ENOMEM;
		fw_setfile_entry(line, number++, &start, &end);
		r = fn(line, start, end, context);
	}
	return r;
}

static int is_line_of(const char *line, size_t start, size_t end, void *context)
{
	FW_FREE char *entry = strndup(line + start, end - start);

	return entry ? is_entry(entry, context) : -ENOMEM;
}

struct cutting {
	struct fw_cut *cut;
	FILE *out;
};

/* What is left of the entry takes its place, one a line; the remark stays with the first. */
static int write_what_is_left(const char *line, size_t start, size_t end, void *context)
{
	const struct cutting *cutting = context;
	FW_FREE char *entry = strndup(line + start, end - start);
	size_t length = strlen(line);
	struct fw_set left = {0};
	bool touched = false;
	int r = entry ? fw_cut_entry(cutting->cut, entry, &left, &touched) : -ENOMEM;

	if (!touched)
		fputs(line, cutting->out);
	for (size_t i = 0; i < left.prefix_count; i++) {
		char text[FW_ADDR_TEXT_MAX];

		fw_prefix_format(&left.prefixes[i], text, sizeof(text));
		if (i)
			fprintf(cutting->out, "%s\n", text);
		else
			fprintf(cutting->out, "%.*s%s%s%s", (int)start, line, text, line + end,
				line[length - 1] == '\n' ? "" : "\n");
	}
	free(left.prefixes);
	return r;
}

static int cut_file(struct fw_text *text, struct fw_cut *cut)
{
	struct fw_text result = {0};
	struct cutting cutting = {.cut = cut, .out = open_memstream(&result.text, &result.length)};
	int r = cutting.out ? each_line(text, write_what_is_left, &cutting) : -ENOMEM;

	if (cutting.out && fclose(cutting.out))
		r = -ENOMEM;
	if (r) {
		free(result.text);
		return r;
	}
	free(text->text);
	*text = result;
	return 0;
}

static int add_to_file(struct fw_text *text, const struct fw_prefix *prefix)
{
	char entry[FW_ADDR_TEXT_MAX + 2], line[FW_ADDR_TEXT_MAX + 4];
	struct fw_prefix wanted = *prefix;
	int r = each_line(text, is_line_of, &wanted);

	if (r)
		return r < 0 ? r : 0;
	entry_text(prefix, false, entry, sizeof(entry));
	snprintf(line, sizeof(line), "%s%s\n",
		 text->length && text->text[text->length - 1] != '\n' ? "\n" : "", entry);
	return fw_edit_splice(text, text->length, text->length, line);
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

/* Once all is cut out. */
static int check_met(const struct fw_cut *cut, const char *where, struct fw_err *err)
{
	const struct fw_prefix *unmet = cut ? fw_cut_unmet(cut) : NULL;

	return unmet ? not_a_member(unmet, where, err) : 0;
}

static int edit_file(const char *path, const struct change *change, struct fw_err *err)
{
	struct fw_text text = {0};
	int r = read_whole(path, &text, err);

	if (!r && change->cut)
		r = cut_file(&text, change->cut);
	for (size_t i = 0; i < change->count && !r && !change->cut; i++)
		r = add_to_file(&text, &change->prefixes[i]);
	if (r == -ENOMEM)
		r = fw_err_set(err, r, "out of memory");
	if (!r)
		r = check_met(change->cut, path, err);
	if (!r)
		r = fw_file_replace(path, &text, err);
	free(text.text);
	return r;
}

static int edit_file_of(const char *policy, const char *file, const struct change *change, struct fw_err *err)
{
	FW_FREE char *copy = strdup(policy);
	FW_FREE char *path = NULL;

	if (!copy || (file[0] == '/' ? asprintf(&path, "%s", file)
				     : asprintf(&path, "%s/%s", dirname(copy), file)) < 0) {
		path = NULL;
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	return edit_file(path, change, err);
}

/* Until nothing more has to be done to a list; *ret_file as of a step. */
static int edit_lists(struct fw_text *text, struct change *change, char **ret_file, struct fw_err *err)
{
	char where[96];
	bool more = change->count > 0;
	int r = 0;

	while (more && !r)
		r = edit_policy(text, change, &more, ret_file, err);
	if (r == -ENOMEM)
		r = fw_err_set(err, r, "out of memory");
	snprintf(where, sizeof(where), "set '%.63s'", change->set);
	return r || *ret_file ? r : check_met(change->cut, where, err);
}

static int save(const char *path, struct change *change, struct fw_err *err)
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
	r = edit_lists(&text, change, &file, err);
	if (!r && file) {
		r = edit_file_of(path, file, change, err);
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

int fw_policy_save_entries(const char *path, const char *set, const struct fw_prefix *prefixes, size_t count,
			   bool add, struct fw_err *err)
{
	FW_CLEANUP(fw_cut_done) struct fw_cut cut = {0};
	struct change change = {.set = set, .prefixes = prefixes, .count = count, .cut = add ? NULL : &cut};

	if (!add && fw_cut_init(&cut, prefixes, count))
		return fw_err_set(err, -ENOMEM, "out of memory");
	return save(path, &change, err);
}
