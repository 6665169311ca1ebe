// SPDX-License-Identifier: Apache-2.0
/* What would change if one policy took the place of another, in the words of the file. Pure. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/describe.h"
#include "policy/lists.h"
#include "policy/plan_line.h"
#include "policy/prefixes.h"
#include "policy/words.h"

void fw_plan_done(struct fw_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->lines[i].object);
		free(plan->lines[i].name);
		free(plan->lines[i].detail);
	}
	free(plan->lines);
	*plan = (struct fw_plan){0};
}

int fw_plan_line(struct fw_plan *plan, char kind, const char *object, const char *name, const char *format,
		 ...)
{
	struct fw_plan_line line = {.kind = kind, .object = strdup(object), .name = strdup(name)};
	va_list args;
	int r;

	va_start(args, format);
	if (vasprintf(&line.detail, format, args) < 0)
		line.detail = NULL;
	va_end(args);
	r = line.object && line.name && line.detail ? FW_APPEND(plan->lines, plan->count, line) : -ENOMEM;
	if (r) {
		free(line.object);
		free(line.name);
		free(line.detail);
		return r;
	}
	plan->added += kind == '+';
	plan->changed += kind == '~';
	plan->removed += kind == '-';
	return 0;
}

/* Defaults are not worth a word. */
static bool is_default(enum fw_aspect aspect, const char *text)
{
	static const char *const defaults[] = {
		[FW_ASPECT_MODE] = "enforce", [FW_ASPECT_MATCH] = "{}",	   [FW_ASPECT_LIMIT] = "none",
		[FW_ASPECT_PER] = "source",   [FW_ASPECT_ACTION] = "",	   [FW_ASPECT_BAN] = "none",
		[FW_ASPECT_LABELS] = "none",  [FW_ASPECT_FORCE] = "false",
	};

	return !strcmp(defaults[aspect], text);
}

static int rule_added(struct fw_plan *plan, const struct fw_policy *policy, const struct fw_policy_rule *rule)
{
	FW_FREE char *detail = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&detail, &size);
	const char *comma = "";

	if (!out)
		return -ENOMEM;
	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_; aspect++) {
		FW_FREE char *text = fw_aspect_text(policy, rule, aspect);

		if (!text || is_default(aspect, text))
			continue;
		fprintf(out, "%s%s: %s", comma, fw_aspect_key(aspect), text);
		comma = ", ";
	}
	return fclose(out) ? -ENOMEM : fw_plan_line(plan, '+', "rule", rule->name, "%s", detail);
}

static int rule_changed(struct fw_plan *plan, const struct fw_policy *running,
			const struct fw_policy_rule *old, const struct fw_policy *wanted,
			const struct fw_policy_rule *new)
{
	FW_FREE char *detail = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&detail, &size);
	const char *comma = "";

	if (!out)
		return -ENOMEM;
	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_; aspect++) {
		FW_FREE char *before = fw_aspect_text(running, old, aspect);
		FW_FREE char *after = fw_aspect_text(wanted, new, aspect);

		if (!before || !after || !strcmp(before, after))
			continue;
		fprintf(out, "%s%s %s -> %s", comma, fw_aspect_key(aspect), before, after);
		comma = ", ";
	}
	if (fclose(out))
		return -ENOMEM;
	return *comma ? fw_plan_line(plan, '~', "rule", new->name, "%s", detail) : 0;
}

/* Names of the rules that both have, in the order of `policy`. */
static char *common_order(const struct fw_policy *policy, const struct fw_policy *other)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < policy->rule_count; i++)
		if (fw_policy_rule_find(other, policy->rules[i].name) >= 0)
			fprintf(out, "%s%s", ftell(out) ? " " : "", policy->rules[i].name);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int diff_rules(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	FW_FREE char *before = common_order(running, wanted);
	FW_FREE char *after = common_order(wanted, running);
	int r = 0;

	for (size_t i = 0; i < wanted->rule_count && !r; i++) {
		const struct fw_policy_rule *rule = &wanted->rules[i];
		int old = fw_policy_rule_find(running, rule->name);

		r = old < 0 ? rule_added(plan, wanted, rule)
			    : rule_changed(plan, running, &running->rules[old], wanted, rule);
	}
	for (size_t i = 0; i < running->rule_count && !r; i++)
		if (fw_policy_rule_find(wanted, running->rules[i].name) < 0)
			r = fw_plan_line(plan, '-', "rule", running->rules[i].name, "%s",
					 fw_action_word(running->rules[i].action));
	if (!r && before && after && strcmp(before, after))
		r = fw_plan_line(plan, '~', "rules", "order", "%s -> %s", before, after);
	return r;
}

/* How many prefixes write down what is in a and not in b. */
static int count_missing(struct fw_prefix *a, size_t a_count, struct fw_prefix *b, size_t b_count,
			 size_t *ret)
{
	FW_FREE struct fw_prefix *missing = NULL;

	return fw_prefixes_subtract(a, a_count, b, b_count, &missing, ret);
}

/* One of the two: its sets as the policy has them, or with live changes as its image does. */
struct side {
	const struct fw_policy *policy;
	const struct fw_image *image; /* NULL: without them */
};

static struct fw_prefix *normal_copy(const struct side *side, unsigned int set, size_t *ret_count)
{
	const struct fw_prefix *items = side->policy->sets[set].prefixes;
	size_t count = side->policy->sets[set].prefix_count;
	struct fw_prefix *copy;

	if (side->image)
		items = fw_members_now(&side->image->truth->members, set, &count);
	copy = malloc((count + 1) * sizeof(*copy));
	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, items, count * sizeof(*copy));
	*ret_count = fw_prefixes_normalize(copy, count);
	return copy;
}

static int set_changed(struct fw_plan *plan, const struct side *running, unsigned int old,
		       const struct side *wanted, unsigned int new)
{
	size_t before_count = 0, after_count = 0, gone = 0, come = 0;
	FW_FREE struct fw_prefix *before = normal_copy(running, old, &before_count);
	FW_FREE struct fw_prefix *after = normal_copy(wanted, new, &after_count);
	int r;

	if (!before || !after)
		return -ENOMEM;
	r = count_missing(before, before_count, after, after_count, &gone);
	if (!r)
		r = count_missing(after, after_count, before, before_count, &come);
	if (r || (!come && !gone))
		return r;
	return fw_plan_line(plan, '~', "set", wanted->policy->sets[new].name,
			    "%zu prefixes added, %zu removed", come, gone);
}

static int diff_sets(struct fw_plan *plan, const struct side *from, const struct side *to)
{
	const struct fw_policy *running = from->policy, *wanted = to->policy;
	int r = 0;

	for (size_t i = 0; i < wanted->set_count && !r; i++) {
		const struct fw_set *set = &wanted->sets[i];
		int old = fw_policy_set_find(running, set->name);

		if (set->kind == FW_SET_FEED)
			continue;
		r = old < 0 ? fw_plan_line(plan, '+', "set", set->name, "%zu prefixes", set->prefix_count)
			    : set_changed(plan, from, (unsigned int)old, to, (unsigned int)i);
	}
	for (size_t i = 0; i < running->set_count && !r; i++)
		if (running->sets[i].kind != FW_SET_FEED &&
		    fw_policy_set_find(wanted, running->sets[i].name) < 0)
			r = fw_plan_line(plan, '-', "set", running->sets[i].name, "%zu prefixes",
					 running->sets[i].prefix_count);
	return r;
}

static const struct fw_interface *find_interface(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interfaces[i].name, name))
			return &policy->interfaces[i];
	return NULL;
}

static void interface_text(const struct fw_interface *interface, char *text, size_t size)
{
	snprintf(text, size, "xdp: %s%s%s%s", fw_xdp_mode_word(interface->xdp),
		 interface->mode == FW_MODE_INHERIT ? "" : ", mode: ",
		 interface->mode == FW_MODE_INHERIT ? "" : fw_mode_word(interface->mode),
		 interface->chain ? ", chain: true" : "");
}

static int diff_interfaces(struct fw_plan *plan, const struct fw_policy *running,
			   const struct fw_policy *wanted)
{
	char before[96], after[96];
	int r = 0;

	for (size_t i = 0; i < wanted->interface_count && !r; i++) {
		const struct fw_interface *new = &wanted->interfaces[i],
					  *old = find_interface(running, new->name);

		interface_text(new, after, sizeof(after));
		if (!old) {
			r = fw_plan_line(plan, '+', "interface", new->name, "%s", after);
			continue;
		}
		interface_text(old, before, sizeof(before));
		if (strcmp(before, after))
			r = fw_plan_line(plan, '~', "interface", new->name, "%s -> %s", before, after);
	}
	for (size_t i = 0; i < running->interface_count && !r; i++)
		if (!find_interface(wanted, running->interfaces[i].name))
			r = fw_plan_line(plan, '-', "interface", running->interfaces[i].name, "%s",
					 "detached");
	return r;
}

static int diff(const struct side *from, const struct side *to, struct fw_plan *ret)
{
	const struct fw_policy *running = from->policy, *wanted = to->policy;
	struct fw_plan plan = {0};
	int r = fw_plan_settings(&plan, running, wanted);

	if (!r)
		r = diff_interfaces(&plan, running, wanted);
	if (!r)
		r = diff_sets(&plan, from, to);
	if (!r)
		r = fw_plan_feeds(&plan, running, wanted);
	if (!r)
		r = fw_plan_logs(&plan, running, wanted);
	if (!r)
		r = fw_plan_signatures(&plan, running, wanted);
	if (!r)
		r = diff_rules(&plan, running, wanted);
	if (!r)
		r = fw_plan_notify(&plan, running, wanted);
	if (!r)
		r = fw_plan_suppressions(&plan, running, wanted);
	if (r) {
		fw_plan_done(&plan);
		return r;
	}
	*ret = plan;
	return 0;
}

int fw_plan_diff(const struct fw_policy *running, const struct fw_policy *wanted, struct fw_plan *ret)
{
	return diff(&(struct side){.policy = running}, &(struct side){.policy = wanted}, ret);
}

int fw_plan_diff_live(const struct fw_policy *running, const struct fw_image *running_image,
		      const struct fw_policy *wanted, const struct fw_image *wanted_image,
		      struct fw_plan *ret)
{
	return diff(&(struct side){running, running_image}, &(struct side){wanted, wanted_image}, ret);
}
