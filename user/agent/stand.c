// SPDX-License-Identifier: Apache-2.0
/* Policies kept as text with their live changes; how they are saved, loaded and tuned. */
#include "agent/stand.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/describe.h"
#include "policy/file.h"

void fw_stand_done(struct fw_stand *stand)
{
	for (size_t i = 0; i < stand->tune_count; i++)
		free(stand->tunes[i].value);
	free(stand->tunes);
	free(stand->text);
	free(stand->name);
	free(stand->base_dir);
	*stand = (struct fw_stand){};
}

void fw_stand_ins_done(struct fw_stand_ins *ins)
{
	for (size_t i = 0; i < ins->count; i++)
		free(ins->items[i].set);
	free(ins->items);
	*ins = (struct fw_stand_ins){};
}

static int add_tune(struct fw_stand *stand, const struct fw_tune *tune)
{
	struct fw_tune copy = *tune;

	copy.value = strdup(tune->value);
	if (!copy.value || FW_APPEND(stand->tunes, stand->tune_count, copy)) {
		free(copy.value);
		return -ENOMEM;
	}
	return 0;
}

int fw_stand_copy(const struct fw_stand *stand, struct fw_stand *ret)
{
	struct fw_stand copy = {.length = stand->length};
	int r = 0;

	copy.text = malloc(stand->length + 1);
	copy.name = strdup(stand->name);
	copy.base_dir = strdup(stand->base_dir);
	if (!copy.text || !copy.name || !copy.base_dir)
		r = -ENOMEM;
	else
		memcpy(copy.text, stand->text, stand->length + 1);
	for (size_t i = 0; i < stand->tune_count && !r; i++)
		r = add_tune(&copy, &stand->tunes[i]);
	if (r)
		fw_stand_done(&copy);
	else
		*ret = copy;
	return r;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int fw_stand_read(const char *path, struct fw_stand *ret, struct fw_err *err)
{
	FW_FREE char *text = NULL;
	struct fw_stand stand = {};
	int r = fw_file_read(path, &text, &stand.length);

	if (r)
		return fw_err_set(err, r, "cannot read the policy %s: %s", path, strerror(-r));
	stand.text = malloc(stand.length + 1);
	stand.name = strdup(path);
	stand.base_dir = directory_of(path);
	if (!stand.text || !stand.name || !stand.base_dir) {
		fw_stand_done(&stand);
		return fw_err_set(err, -ENOMEM, "out of memory for the policy %s", path);
	}
	memcpy(stand.text, text, stand.length);
	stand.text[stand.length] = '\0';
	*ret = stand;
	return 0;
}

int fw_stand_reread(const char *path, struct fw_stand *ret, struct fw_err *err)
{
	struct stat status;

	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		return fw_err_set(err, -ESTALE,
				  "the policy in force came from %s, which is no file to read again; apply "
				  "the file you mean: "
				  "floodwall apply FILE",
				  path);
	return fw_stand_read(path, ret, err);
}

json_t *fw_stand_to_json(const struct fw_stand *stand)
{
	json_t *tunes = json_array();

	for (size_t i = 0; i < stand->tune_count; i++) {
		const struct fw_tune *tune = &stand->tunes[i];

		json_array_append_new(tunes, json_pack("{s:s, s:s, s:s, s:s, s:I}", "rule", tune->rule, "key",
						       tune->key, "value", tune->value, "by", tune->by,
						       "expires_ns", (json_int_t)tune->expires_ns));
	}
	return json_pack("{s:s%, s:s, s:s, s:o}", "text", stand->text, stand->length, "name", stand->name,
			 "base_dir", stand->base_dir, "tunes", tunes);
}

static int tune_from_json(const json_t *item, struct fw_stand *stand)
{
	const char *rule, *key, *value, *by;
	struct fw_tune tune = {};
	json_int_t expires_ns;

	if (json_unpack((json_t *)item, "{s:s, s:s, s:s, s:s, s:I}", "rule", &rule, "key", &key, "value",
			&value, "by", &by, "expires_ns", &expires_ns))
		return -EINVAL;
	snprintf(tune.rule, sizeof(tune.rule), "%s", rule);
	snprintf(tune.key, sizeof(tune.key), "%s", key);
	snprintf(tune.by, sizeof(tune.by), "%s", by);
	tune.value = (char *)value;
	tune.expires_ns = (uint64_t)expires_ns;
	return add_tune(stand, &tune);
}

int fw_stand_from_json(const json_t *document, struct fw_stand *ret)
{
	const char *text, *name, *base_dir;
	struct fw_stand stand = {};
	json_t *tunes, *item;
	size_t length, i;
	int r = 0;

	if (json_unpack((json_t *)document, "{s:s%, s:s, s:s, s:o}", "text", &text, &length, "name", &name,
			"base_dir", &base_dir, "tunes", &tunes))
		return -EINVAL;
	stand.length = length;
	stand.text = malloc(length + 1);
	stand.name = strdup(name);
	stand.base_dir = strdup(base_dir);
	if (!stand.text || !stand.name || !stand.base_dir)
		r = -ENOMEM;
	else
		memcpy(stand.text, text, length + 1);
	json_array_foreach (tunes, i, item)
		r = r ? r : tune_from_json(item, &stand);
	if (r)
		fw_stand_done(&stand);
	else
		*ret = stand;
	return r;
}

struct fw_loaded *fw_loaded_new(struct fw_stand *stand)
{
	return fw_loaded_new_by(stand, NULL);
}

struct fw_loaded *fw_loaded_new_by(struct fw_stand *stand, const struct fw_file_reader *reader)
{
	struct fw_loaded *loaded = calloc(1, sizeof(*loaded));

	if (!loaded)
		return NULL;
	loaded->stand = *stand;
	*stand = (struct fw_stand){};
	if (fw_policy_parse_by(loaded->stand.text, loaded->stand.length, loaded->stand.name,
			       loaded->stand.base_dir, reader, &loaded->diags, &loaded->policy))
		return loaded;
	loaded->rules = calloc(loaded->policy->rule_count + 1, sizeof(*loaded->rules));
	if (!loaded->rules) {
		fw_loaded_free(loaded);
		return NULL;
	}
	if (loaded->policy->rule_count)
		memcpy(loaded->rules, loaded->policy->rules,
		       loaded->policy->rule_count * sizeof(*loaded->rules));
	return loaded;
}

void fw_loaded_free(struct fw_loaded *loaded)
{
	if (!loaded)
		return;
	fw_image_free(loaded->image);
	fw_policy_free(loaded->policy);
	free(loaded->rules);
	fw_diags_done(&loaded->diags);
	fw_stand_done(&loaded->stand);
	fw_stand_ins_done(&loaded->stand_ins);
	free(loaded);
}

/* All tunes of one rule at once, so that they are checked together; the oldest is given up when they do not
 * fit. */
static void tune_rule(struct fw_loaded *loaded, size_t rule_index, json_t *dropped)
{
	struct fw_policy_rule *rule = &loaded->policy->rules[rule_index];
	struct fw_stand *stand = &loaded->stand;
	struct fw_err err = {};

	for (;;) {
		const char *keys[64], *values[64];
		size_t count = 0, first = 0;

		*rule = loaded->rules[rule_index];
		for (size_t i = stand->tune_count; i-- > 0;)
			if (!strcmp(stand->tunes[i].rule, rule->name))
				first = i;
		for (size_t i = first; i < stand->tune_count && count < 64; i++) {
			if (strcmp(stand->tunes[i].rule, rule->name))
				continue;
			keys[count] = stand->tunes[i].key;
			values[count++] = stand->tunes[i].value;
		}
		if (!count || !fw_policy_tune_keys(loaded->policy, rule->name, keys, values, count, &err))
			return;
		if (dropped)
			json_array_append_new(dropped, json_sprintf("tune %s %s=%s was given up: %s",
								    rule->name, stand->tunes[first].key,
								    stand->tunes[first].value, err.text));
		free(stand->tunes[first].value);
		memmove(&stand->tunes[first], &stand->tunes[first + 1],
			(--stand->tune_count - first) * sizeof(*stand->tunes));
	}
}

void fw_loaded_tune(struct fw_loaded *loaded, json_t *dropped)
{
	struct fw_stand *stand = &loaded->stand;
	size_t kept = 0;

	for (size_t i = 0; i < stand->tune_count; i++) {
		if (fw_policy_rule_find(loaded->policy, stand->tunes[i].rule) >= 0) {
			stand->tunes[kept++] = stand->tunes[i];
			continue;
		}
		if (dropped)
			json_array_append_new(dropped, json_sprintf("tune %s %s=%s ended: the rule is gone",
								    stand->tunes[i].rule, stand->tunes[i].key,
								    stand->tunes[i].value));
		free(stand->tunes[i].value);
	}
	stand->tune_count = kept;
	for (size_t i = 0; i < loaded->policy->rule_count; i++)
		tune_rule(loaded, i, dropped);
}

static bool says_the_same(const struct fw_loaded *loaded, const char *rule, const char *key)
{
	int index = fw_policy_rule_find(loaded->policy, rule);

	for (enum fw_aspect aspect = 0; index >= 0 && aspect < FW_ASPECT_MAX_; aspect++) {
		FW_FREE char *file = NULL, *now = NULL;

		if (strcmp(fw_aspect_key(aspect), key))
			continue;
		file = fw_aspect_text(loaded->policy, &loaded->rules[index], aspect);
		now = fw_aspect_text(loaded->policy, &loaded->policy->rules[index], aspect);
		return file && now && !strcmp(file, now);
	}
	return false;
}

static bool has_timed(const struct fw_stand *stand, const char *rule, const char *key)
{
	for (size_t i = 0; i < stand->tune_count; i++)
		if (stand->tunes[i].expires_ns && !strcmp(stand->tunes[i].rule, rule) &&
		    !strcmp(stand->tunes[i].key, key))
			return true;
	return false;
}

void fw_loaded_prune(struct fw_loaded *loaded)
{
	struct fw_stand *stand = &loaded->stand;
	size_t kept = 0;

	for (size_t i = 0; i < stand->tune_count; i++) {
		struct fw_tune *tune = &stand->tunes[i];

		if (has_timed(stand, tune->rule, tune->key) || !says_the_same(loaded, tune->rule, tune->key))
			stand->tunes[kept++] = *tune;
		else
			free(tune->value);
	}
	stand->tune_count = kept;
}
