// SPDX-License-Identifier: Apache-2.0
/* Writes live changes back into the author's file: comments and layout stay, the result is read again before
 * it counts. */
#include "policy/save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "policy/describe.h"
#include "policy/edit.h"
#include "policy/file.h"

int fw_file_replace(const char *path, const struct fw_text *text, struct fw_err *err)
{
	FW_FREE char *real = realpath(path, NULL);
	FW_FREE char *temporary = NULL;
	FW_CLOSE int fd = -1;
	struct stat status;
	size_t written = 0;
	int r = 0;

	if (!real || stat(real, &status))
		return fw_err_set(err, -errno, "cannot save '%s': %s", path, strerror(errno));
	if (asprintf(&temporary, "%s.XXXXXX", real) < 0) {
		temporary = NULL;
		return fw_err_set(err, -ENOMEM, "cannot save '%s': out of memory", path);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return fw_err_set(err, -errno, "cannot save '%s': cannot write in its directory: %s", path,
				  strerror(errno));
	while (written < text->length && !r) {
		ssize_t done = write(fd, text->text + written, text->length - written);

		if (done >= 0)
			written += (size_t)done;
		else if (errno != EINTR)
			r = -errno;
	}
	/* Another owner is kept where the caller may; without that right the file becomes the caller's. */
	if (!r && status.st_uid != geteuid() && fchown(fd, status.st_uid, status.st_gid) && errno != EPERM)
		r = -errno;
	if (!r && (fchmod(fd, status.st_mode & 07777) || fsync(fd) || rename(temporary, real)))
		r = -errno;
	if (r) {
		unlink(temporary);
		return fw_err_set(err, r, "cannot save '%s': %s", path, strerror(-r));
	}
	return 0;
}

/* The first error of a file that was expected to be good. */
static int first_error(const struct fw_diags *diags, int r, struct fw_err *err)
{
	for (size_t i = 0; i < diags->count; i++)
		if (diags->items[i].severity == FW_SEVERITY_ERROR)
			return fw_err_set(err, r, "%s:%d:%d: %s",
					  diags->items[i].mark.file ? diags->items[i].mark.file : "policy",
					  diags->items[i].mark.line, diags->items[i].mark.column,
					  diags->items[i].message);
	return fw_err_set(err, r, "%s", strerror(-r));
}

static int parse(const struct fw_text *text, const char *path, struct fw_policy **ret, struct fw_err *err)
{
	FW_FREE char *copy = strdup(path);
	struct fw_diags diags = {0};
	int r = copy ? fw_policy_parse(text->text, text->length, path, dirname(copy), &diags, ret) : -ENOMEM;

	if (r)
		first_error(&diags, r, err);
	fw_diags_done(&diags);
	return r;
}

/* RULE@RESOURCE stands below the resource. */
static const struct fw_node *override_node(const struct fw_tree *tree, const char *name)
{
	const char *keys[] = {strchr(name, '@') + 1, "rules", NULL};
	FW_FREE char *rule = strndup(name, strcspn(name, "@"));
	const struct fw_node *node = fw_node_get(tree->root, "resources");

	keys[2] = rule;
	for (size_t i = 0; i < 3 && node; i++)
		node = keys[i] ? fw_node_get(node, keys[i]) : NULL;
	return node;
}

static const struct fw_node *rule_node(const struct fw_tree *tree, const char *name)
{
	const struct fw_node *rules = fw_node_get(tree->root, "rules");

	if (strchr(name, '@'))
		return override_node(tree, name);
	if (!rules)
		return NULL;
	fw_node_each (rule, rules) {
		const struct fw_node *node = fw_node_get(rule, "name");

		if (node && node->text && !strcmp(node->text, name))
			return rule;
	}
	return NULL;
}

static enum fw_aspect aspect_of(const char *key)
{
	enum fw_aspect aspect = 0;

	while (aspect < FW_ASPECT_MAX_ && strcmp(fw_aspect_key(aspect), key))
		aspect++;
	return aspect;
}

/* One key of one rule in the text, as `policy` has it. */
static int edit_key(struct fw_text *text, const struct fw_policy *policy, const char *rule, const char *key)
{
	FW_FREE char *value =
		fw_aspect_text(policy, &policy->rules[fw_policy_rule_find(policy, rule)], aspect_of(key));
	struct fw_diags diags = {0};
	const struct fw_node *node;
	struct fw_tree tree = {0};
	int r = value ? fw_tree_parse(&tree, text->text, text->length, "policy", &diags) : -ENOMEM;

	node = r ? NULL : rule_node(&tree, rule);
	if (node && !strcmp(value, "none") && !strchr(rule, '@'))
		r = fw_edit_remove(text, node, key);
	else if (node)
		r = fw_edit_set(text, node, key, value);
	else if (!r)
		r = -ENOENT;
	fw_tree_done(&tree);
	fw_diags_done(&diags);
	return r;
}

/* That the text now says what was asked for, read by the loader itself. */
static int verify(const struct fw_text *text, const char *path, const struct fw_policy *wanted,
		  const char *rule, struct fw_err *err)
{
	struct fw_policy *saved = NULL;
	int index, r = parse(text, path, &saved, err);

	if (r)
		return fw_err_prefix(err, "'%s' cannot be edited in place, change it by hand", path);
	index = fw_policy_rule_find(saved, rule);
	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_ && !r; aspect++) {
		FW_FREE char *is = index < 0 ? NULL : fw_aspect_text(saved, &saved->rules[index], aspect);
		FW_FREE char *should =
			fw_aspect_text(wanted, &wanted->rules[fw_policy_rule_find(wanted, rule)], aspect);

		if (!is || !should || strcmp(is, should))
			r = fw_err_set(err, -EINVAL, "'%s' cannot be edited in place, change '%s' by hand",
				       path, fw_aspect_key(aspect));
	}
	fw_policy_free(saved);
	return r;
}

static int read_text(const char *path, struct fw_text *text, struct fw_err *err)
{
	int r = fw_file_read(path, &text->text, &text->length);

	return r ? fw_err_set(err, r, "cannot read '%s': %s", path, strerror(-r)) : 0;
}

int fw_policy_save_tune_keys(const char *path, const char *rule, const char *const *keys,
			     const char *const *values, size_t count, struct fw_err *err)
{
	struct fw_policy *policy = NULL;
	struct fw_text text = {0};
	int r = read_text(path, &text, err);

	if (!r)
		r = parse(&text, path, &policy, err);
	if (!r)
		r = fw_policy_tune_keys(policy, rule, keys, values, count, err);
	for (size_t i = 0; i < count && !r; i++) {
		r = edit_key(&text, policy, rule, keys[i]);
		if (r)
			r == -ENOENT
				? fw_err_set(
					  err, r,
					  "'%s' has no line of its own in '%s': it is made by 'wider' of the "
					  "rule it is named after; change that one there",
					  rule, path)
				: fw_err_set(err, r, "cannot edit '%s': %s", path, strerror(-r));
	}
	if (!r)
		r = verify(&text, path, policy, rule, err);
	if (!r)
		r = fw_file_replace(path, &text, err);
	fw_policy_free(policy);
	free(text.text);
	return r;
}

int fw_policy_save_tune(const char *path, const char *rule, const char *key, const char *value,
			struct fw_err *err)
{
	return fw_policy_save_tune_keys(path, rule, &key, &value, 1, err);
}
