// SPDX-License-Identifier: Apache-2.0
/* Readers of `suppress`: findings that are expected. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/daytime.h"
#include "policy/event_kinds.h"
#include "policy/load.h"

#define SUPPRESSIONS_MAX 64
#define KINDS_MAX	 32

static void append(struct fw_loader *loader, struct fw_names *names, const char *text)
{
	char *copy = strdup(text);

	if (!copy || FW_APPEND(names->items, names->count, copy)) {
		free(copy);
		loader->out_of_memory = true;
	}
}

void fw_load_event_kinds(struct fw_loader *loader, const struct fw_node *value, bool findings,
			 struct fw_names *kinds)
{
	const char *names[KINDS_MAX];
	size_t count = fw_event_kind_names(findings, names, KINDS_MAX);

	fw_node_each (item, value) {
		char hint[512] = "";
		const char *text, *near;
		bool finding = false;
		size_t used = 0;

		if (fw_list_is_full(loader, item, kinds->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (fw_event_kind_find(text, &finding) && (finding || !findings)) {
			append(loader, kinds, text);
			continue;
		}
		near = fw_did_you_mean(text, names, count);
		if (near)
			used = (size_t)snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, "\nkinds here:");
		for (size_t i = 0; i < count && used < sizeof(hint); i++)
			used += (size_t)snprintf(hint + used, sizeof(hint) - used, " %s", names[i]);
		fw_complain(
			loader, item, "unknown-event", hint,
			fw_event_kind_find(text, NULL)
				? "'%.80s' is nothing that is noticed about traffic: it cannot be suppressed"
				: "there are no events of kind '%.80s'",
			text);
	}
}

void fw_load_suppress_events(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_event_kinds(loader, value, true, &((struct fw_suppression *)target)->events);
}

static void complain_unknown_rule(struct fw_loader *loader, const struct fw_node *item, const char *name)
{
	const struct fw_policy *policy = loader->policy;
	char hint[128] = "a rule of this file, by its name";
	const char *near, **names = calloc(policy->rule_count + 1, sizeof(*names));

	for (size_t i = 0; names && i < policy->rule_count; i++)
		names[i] = policy->rules[i].name;
	near = names ? fw_did_you_mean(name, names, policy->rule_count) : NULL;
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	free(names);
	fw_complain(loader, item, "unknown-rule", hint, "there is no rule '%.80s'", name);
}

void fw_load_suppress_rule(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_suppression *suppression = target;

	fw_node_each (item, value) {
		const char *text;

		if (fw_list_is_full(loader, item, suppression->rules.count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (fw_policy_rule_find(loader->policy, text) < 0)
			complain_unknown_rule(loader, item, text);
		else
			append(loader, &suppression->rules, text);
	}
}

void fw_load_suppress_source(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_suppression *suppression = target;
	char name[FW_NAME_LENGTH_MAX + 32];

	snprintf(name, sizeof(name), "%s.source", suppression->name);
	fw_load_set_refs(loader, value, name, &suppression->source);
}

static bool read_daytime(struct fw_loader *loader, const struct fw_node *value, uint16_t *ret)
{
	struct fw_err err;
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return false;
	if (!fw_daytime_parse(text, ret, &err))
		return true;
	fw_complain(loader, value, "bad-time", "write \"02:00\", in this machine's local time", "%s",
		    err.text);
	return false;
}

void fw_load_suppress_from(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_suppression *suppression = target;

	if (read_daytime(loader, value, &suppression->from) && suppression->from == FW_DAY_MINUTES)
		fw_complain(loader, value, "bad-time", "write \"00:00\"", "a window cannot begin at 24:00");
}

void fw_load_suppress_to(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	read_daytime(loader, value, &((struct fw_suppression *)target)->to);
}

void fw_load_suppress_days(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_suppression *suppression = target;

	fw_node_each (item, value) {
		struct fw_err err;
		const char *text;

		if (fw_read_text(loader, item, &text) && fw_days_parse(text, &suppression->days, &err))
			fw_complain(loader, item, "bad-day", NULL, "%s", err.text);
	}
}

void fw_load_suppress_until(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_suppression *suppression = target;
	struct fw_err err;
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (fw_date_parse(text, &suppression->until, &err))
		fw_complain(loader, value, "bad-date", NULL, "%s", err.text);
	else
		suppression->has_until = true;
}

static void check_window(struct fw_loader *loader, const struct fw_node *value,
			 const struct fw_suppression *suppression)
{
	const struct fw_node *from = fw_node_get(value, "from"), *to = fw_node_get(value, "to");

	if (!from != !to)
		fw_complain(loader, from ? from->key : to->key, "bad-window", "add the other one",
			    "suppression '%s' has %s and no %s", suppression->name, from ? "from" : "to",
			    from ? "to" : "from");
	else if (from && suppression->from == suppression->to)
		fw_complain(loader, from, "bad-window", "leave both out to mean the whole day",
			    "suppression '%s' begins when it ends", suppression->name);
	if (!suppression->events.count && !suppression->rules.count && !suppression->source.count && !from &&
	    !to && !suppression->days && !suppression->has_until)
		fw_complain(loader, value->key, "bad-suppression", "name events, a rule, sources or a time",
			    "suppression '%s' would silence everything for ever", suppression->name);
}

static void load_suppression(struct fw_loader *loader, const struct fw_node *value)
{
	struct fw_policy *policy = loader->policy;
	struct fw_suppression suppression = {.mark = value->key->mark, .to = FW_DAY_MINUTES};
	size_t errors = loader->diags->errors;
	char where[FW_NAME_LENGTH_MAX + 24];
	const char *name;

	if (value->broken || !fw_read_name(loader, value->key, "suppression", &name))
		return;
	snprintf(where, sizeof(where), "suppression '%s'", name);
	suppression.name = strdup(name);
	if (!suppression.name) {
		loader->out_of_memory = true;
		return;
	}
	fw_load_object(loader, value, "suppression", where, &suppression);
	if (loader->diags->errors == errors)
		check_window(loader, value, &suppression);
	if (FW_APPEND(policy->suppressions, policy->suppression_count, suppression)) {
		loader->out_of_memory = true;
		fw_suppression_done(&suppression);
	}
}

void fw_load_suppress(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type",
			    "write suppress: {backup: {rule: blanket, source: 192.0.2.7}}",
			    "suppress must be a map of names");
		return;
	}
	if (value->count > SUPPRESSIONS_MAX) {
		fw_complain(loader, value, "too-many", NULL, "more than %d suppressions", SUPPRESSIONS_MAX);
		return;
	}
	for (const struct fw_node *item = value->first; item; item = item->next)
		load_suppression(loader, item);
}
