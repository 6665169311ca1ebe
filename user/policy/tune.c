// SPDX-License-Identifier: Apache-2.0
/* Live changes of one rule: KEY=VALUE, checked like a file, all or nothing. Pure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"
#include "policy/check.h"
#include "policy/describe.h"
#include "policy/load.h"

#define BAN_MIN_NS FW_NS_PER_SEC
#define BAN_MAX_NS (365 * 86400 * FW_NS_PER_SEC)

typedef int tune_setter(struct fw_policy_rule *rule, const char *value, struct fw_err *err);

static int set_limit(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	if (!strcmp(value, "none")) {
		rule->limit = (struct fw_limit){0};
		return 0;
	}
	return fw_limit_parse(value, &rule->limit, &rule->limit, err);
}

static int set_action(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	return fw_action_parse(value, &rule->action, err);
}

static int set_mode(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	return fw_rule_mode_parse(value, &rule->mode, err);
}

static int set_force(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	if (strcmp(value, "true") && strcmp(value, "false"))
		return fw_err_set(err, -EINVAL, "'%.80s' is neither true nor false", value);
	rule->force = !strcmp(value, "true");
	return 0;
}

#define AS_FILE_MAX 120

/* Undo lines repeat a value between single quotes, for a shell of root's. */
static bool can_be_repeated(const char *value)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\'')
			return false;
	return strlen(value) <= AS_FILE_MAX;
}

static int first_error(const struct fw_diags *diags, const char *key, struct fw_err *err)
{
	for (size_t i = 0; i < diags->count; i++) {
		const char *hint = diags->items[i].hint;

		if (diags->items[i].severity == FW_SEVERITY_ERROR)
			return fw_err_set(err, -EINVAL, "%s: %s%s%s; nothing was changed", key,
					  diags->items[i].message, hint ? "; " : "", hint ? hint : "");
	}
	return fw_err_set(err, -ENOMEM, "out of memory; nothing was changed");
}

/* As a file has it, and as fw_aspect_text() writes it: {for: 10m, unverified: true}. */
static int read_as_file(struct fw_policy_rule *rule, const char *value, const char *key,
			void (*read)(struct fw_loader *loader, const struct fw_node *value, void *target),
			struct fw_err *err)
{
	struct fw_diags diags = {0};
	struct fw_loader loader = {.diags = &diags};
	struct fw_tree tree = {0};
	int r;

	if (!can_be_repeated(value))
		return fw_err_set(err, -EINVAL,
				  "%s: expected at most %d bytes without ' and control characters; nothing "
				  "was changed",
				  key, AS_FILE_MAX);
	r = fw_tree_parse(&tree, value, strlen(value), key, &diags);

	if (!r && tree.root)
		read(&loader, tree.root, rule);
	if (loader.out_of_memory || r || diags.errors)
		r = first_error(&diags, key, err);
	fw_tree_done(&tree);
	fw_diags_done(&diags);
	return r;
}

static int set_per(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	unsigned int per;
	int r;

	if (!strcmp(value, "[source, dest_port]") || !strcmp(value, "source,dest_port")) {
		rule->per = FW_PER_SOURCE_DEST_PORT;
		return 0;
	}
	if (value[0] == '{' || value[0] == '[')
		return read_as_file(rule, value, "per", fw_load_override_per, err);
	r = fw_word_parse(&fw_per_words, "thing to count by", value, &per, err);
	if (!r)
		rule->per = (enum fw_per)per;
	return r;
}

/* "10m" or the steps of an escalation, "10m,1h,24h"; it says what it says in a file, so that it takes back
 * {for: 10m, unverified: true}. */
static int set_ban(struct fw_policy_rule *rule, const char *value, struct fw_err *err)
{
	struct fw_ban_spec ban = {.set = true};

	if (!strcmp(value, "none")) {
		rule->ban = (struct fw_ban_spec){0};
		return 0;
	}
	if (value[0] == '{')
		return read_as_file(rule, value, "ban", fw_load_override_ban, err);
	for (;;) {
		size_t length = strcspn(value, ",");
		char step[32];
		int r;

		if (ban.step_count == FW_BAN_STEPS)
			return fw_err_set(err, -EINVAL, "a ban has at most %d steps; the last one repeats",
					  FW_BAN_STEPS);
		snprintf(step, sizeof(step), "%.*s", (int)(length < sizeof(step) ? length : sizeof(step)),
			 value);
		r = fw_duration_parse(step, &ban.steps_ns[ban.step_count], err);
		if (r && r != -ERANGE)
			return r;
		if (r || ban.steps_ns[ban.step_count] < BAN_MIN_NS ||
		    ban.steps_ns[ban.step_count] > BAN_MAX_NS)
			return fw_err_set(err, -EINVAL, "a ban lasts 1s to 365d, got '%s'", step);
		ban.step_count++;
		if (!value[length])
			break;
		value += length + 1;
	}
	rule->ban = ban;
	return 0;
}

static const struct {
	const char *key;
	tune_setter *set;
} setters[] = {
	{"limit", set_limit}, {"action", set_action}, {"mode", set_mode},
	{"ban", set_ban},     {"per", set_per},	      {"force", set_force},
};

static tune_setter *find_setter(const char *key, struct fw_err *err)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++)
		if (!strcmp(setters[i].key, key))
			return setters[i].set;
	fw_err_set(err, -EINVAL, "'%.80s' cannot be tuned; limit, action, mode, ban, per and force can", key);
	return NULL;
}

static int no_such_rule(const struct fw_policy *policy, const char *name, struct fw_err *err)
{
	const char *names[FW_RULES_MAX], *near;
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count && count < FW_RULES_MAX; i++)
		names[count++] = policy->rules[i].name;
	near = fw_did_you_mean(name, names, count);
	if (near)
		return fw_err_set(err, -ENOENT, "there is no rule '%.80s'; did you mean '%s'?", name, near);
	return fw_err_set(err, -ENOENT, "there is no rule '%.80s'; 'floodwall rules' lists them", name);
}

static unsigned int aspect_bit(const char *key)
{
	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_; aspect++)
		if (!strcmp(fw_aspect_key(aspect), key))
			return 1u << aspect;
	return 0;
}

/* What this version does not know or cannot hold is a bad value here. */
static int set_keys(struct fw_policy_rule *rule, const char *const *keys, const char *const *values,
		    size_t count, unsigned int except, struct fw_err *err)
{
	for (size_t i = 0; i < count; i++) {
		tune_setter *set = find_setter(keys[i], err);

		if (!set || (!(except & aspect_bit(keys[i])) && set(rule, values[i], err)))
			return -EINVAL;
	}
	return 0;
}

static int check_changed(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 struct fw_err *err)
{
	struct fw_diags diags = {0};
	int r = 0;

	fw_rule_check(policy, rule, &diags);
	for (size_t i = 0; i < diags.count && !r; i++) {
		const struct fw_diag *diag = &diags.items[i];

		if (diag->severity == FW_SEVERITY_ERROR)
			r = fw_err_set(err, -EINVAL, "%s%s%s", diag->message, diag->hint ? "; " : "",
				       diag->hint ? diag->hint : "");
	}
	fw_diags_done(&diags);
	return r;
}

/* Rules that stand in for this one follow it in all that they do not say themselves. */
static bool follows(const struct fw_policy_rule *other, const struct fw_policy_rule *rule)
{
	return other->stands_in_for && !strcmp(other->stands_in_for, rule->name);
}

int fw_policy_tune_keys(struct fw_policy *policy, const char *rule, const char *const *keys,
			const char *const *values, size_t count, struct fw_err *err)
{
	FW_FREE struct fw_policy_rule *changed = calloc(policy->rule_count + 1, sizeof(*changed));
	int index = fw_policy_rule_find(policy, rule), r = 0;

	if (index < 0)
		return no_such_rule(policy, rule, err);
	if (!changed)
		return fw_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < policy->rule_count && !r; i++) {
		changed[i] = policy->rules[i];
		if (i != (size_t)index && !follows(&changed[i], &policy->rules[index]))
			continue;
		r = set_keys(&changed[i], keys, values, count, i == (size_t)index ? 0 : changed[i].own, err);
		if (!r)
			r = check_changed(policy, &changed[i], err);
	}
	if (r)
		return r;
	for (size_t i = 0; i < count; i++)
		changed[index].own |= aspect_bit(keys[i]);
	memcpy(policy->rules, changed, policy->rule_count * sizeof(*changed));
	return 0;
}

int fw_policy_tune(struct fw_policy *policy, const char *rule, const char *key, const char *value,
		   struct fw_err *err)
{
	return fw_policy_tune_keys(policy, rule, &key, &value, 1, err);
}
