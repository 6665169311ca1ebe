// SPDX-License-Identifier: Apache-2.0
/* Readers of the rule keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/check.h"
#include "policy/load.h"

#define BAN_MIN_NS FW_NS_PER_SEC
#define BAN_MAX_NS (365 * 86400 * FW_NS_PER_SEC)

void fw_load_rule_name(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	const char *name;

	if (!fw_read_name(loader, value, "rule", &name))
		return;
	for (size_t i = 0; i < loader->policy->rule_count; i++) {
		const struct fw_policy_rule *other = &loader->policy->rules[i];

		if (strcmp(other->name, name))
			continue;
		fw_complain(loader, value, "duplicate-rule", NULL,
			    "two rules are called '%s' (the first at %d:%d): counters and tune need one name "
			    "each",
			    name, other->mark.line, other->mark.column);
	}
	rule->name = strdup(name);
	rule->mark = value->mark;
	if (!rule->name)
		loader->out_of_memory = true;
}

void fw_load_rule_force(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_policy_rule *)target)->force);
}

void fw_load_rule_mode(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int mode;

	if (fw_read_word(loader, value, &fw_mode_words, "mode", &mode))
		((struct fw_policy_rule *)target)->mode = (enum fw_mode)mode;
}

void fw_load_rule_match(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	char where[sizeof(loader->where) + 16];

	snprintf(where, sizeof(where), "match of %s", loader->where);
	fw_load_object(loader, value, "match", where, rule);
}

void fw_load_rule_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	rule->limit_mark = value->mark;
	fw_read_limit(loader, value, &rule->limit);
}

void fw_load_rule_action(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	const char *text;
	unsigned int action;

	rule->action_mark = value->mark;
	if (!fw_read_text(loader, value, &text))
		return;
	if (!strcmp(text, "challenge"))
		fw_complain(loader, value, "not-yet", "police limits a SYN flood until then",
			    "action 'challenge' is not supported by this version");
	else if (fw_read_word(loader, value, &fw_action_words, "action", &action))
		rule->action = (enum fw_action)action;
}

static void complain_per(struct fw_loader *loader, const struct fw_node *node)
{
	fw_complain(
		loader, node, "bad-per",
		"write source, source_prefix, destination, destination_prefix, [source, dest_port] or total",
		"this is nothing to count by");
}

/* [source, dest_port] in either order; a list of one word is that word. */
static void load_per_list(struct fw_loader *loader, const struct fw_node *value, struct fw_policy_rule *rule)
{
	const struct fw_node *first = value->first, *second = first->next;
	const char *one, *other;

	if (value->count == 1 && first->kind == FW_NODE_SCALAR) {
		fw_load_rule_per(loader, first, rule);
		return;
	}
	if (value->count == 2 && first->text && second->text) {
		one = first->text;
		other = second->text;
		if ((!strcmp(one, "source") && !strcmp(other, "dest_port")) ||
		    (!strcmp(one, "dest_port") && !strcmp(other, "source"))) {
			rule->per = FW_PER_SOURCE_DEST_PORT;
			return;
		}
	}
	complain_per(loader, value);
}

void fw_load_rule_per(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	const struct fw_node *source, *destination;
	unsigned int per;

	switch (value->kind) {
	case FW_NODE_LIST:
		load_per_list(loader, value, rule);
		return;
	case FW_NODE_MAP:
		source = fw_node_get(value, "source_prefix");
		destination = fw_node_get(value, "destination_prefix");
		if (source && value->count == 1)
			fw_load_rule_source_prefix(loader, source, rule);
		else if (destination && value->count == 1)
			fw_load_rule_destination_prefix(loader, destination, rule);
		else
			complain_per(loader, value);
		return;
	case FW_NODE_SCALAR:
		if (fw_read_word(loader, value, &fw_per_words, "thing to count by", &per))
			rule->per = (enum fw_per)per;
	}
}

void fw_load_rule_source_prefix(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	/* per was read before: only its default may become source_prefix. */
	if (rule->per != FW_PER_SOURCE && rule->per != FW_PER_SOURCE_PREFIX) {
		fw_complain(loader, value, "bad-per", "remove one of them",
			    "source_prefix does not go with per: %s", fw_per_word(rule->per));
		return;
	}
	rule->per = FW_PER_SOURCE_PREFIX;
	fw_load_object(loader, value, "source_prefix", "source_prefix", rule);
}

void fw_load_rule_destination_prefix(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	if (rule->per != FW_PER_SOURCE && rule->per != FW_PER_DESTINATION_PREFIX) {
		fw_complain(loader, value, "bad-per", "remove one of them",
			    "destination_prefix does not go with per: %s", fw_per_word(rule->per));
		return;
	}
	rule->per = FW_PER_DESTINATION_PREFIX;
	fw_load_object(loader, value, "destination_prefix", "destination_prefix", rule);
}

static void load_bits(struct fw_loader *loader, const struct fw_node *value, unsigned int most, uint8_t *bits)
{
	unsigned int number;

	if (!fw_read_number(loader, value, most, "prefix length", &number))
		return;
	if (!number)
		fw_complain(loader, value, "out-of-range", "write per: total",
			    "a prefix of 0 bits is everybody");
	else
		*bits = (uint8_t)number;
}

void fw_load_prefix_ipv4(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 32, &((struct fw_policy_rule *)target)->prefix4);
}

void fw_load_prefix_ipv6(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 128, &((struct fw_policy_rule *)target)->prefix6);
}

void fw_load_dest_prefix_ipv4(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 32, &((struct fw_policy_rule *)target)->dest_prefix4);
}

void fw_load_dest_prefix_ipv6(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 128, &((struct fw_policy_rule *)target)->dest_prefix6);
}

void fw_load_ban_for(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_ban_spec *ban = &((struct fw_policy_rule *)target)->ban;

	if (fw_read_duration(loader, value, BAN_MIN_NS, BAN_MAX_NS, &ban->steps_ns[0]))
		ban->step_count = 1;
}

/* Read after `for`, which then must be the first step. */
void fw_load_ban_escalate(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_ban_spec *ban = &((struct fw_policy_rule *)target)->ban;
	uint64_t first = ban->step_count ? ban->steps_ns[0] : 0;

	ban->step_count = 0;
	fw_node_each (item, value) {
		if (ban->step_count == FW_BAN_STEPS) {
			fw_complain(loader, item, "too-many", "the last one repeats", "more than %d steps",
				    FW_BAN_STEPS);
			return;
		}
		if (!fw_read_duration(loader, item, BAN_MIN_NS, BAN_MAX_NS, &ban->steps_ns[ban->step_count]))
			continue;
		ban->step_count++;
	}
	if (first && ban->step_count && ban->steps_ns[0] != first)
		fw_complain(loader, value, "bad-ban", "leave out 'for'",
			    "'for' and the first step of 'escalate' are both the first ban, and they differ");
}

void fw_load_ban_unverified(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_policy_rule *)target)->ban.unverified);
}

void fw_load_rule_ban(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	size_t errors = loader->diags->errors;

	if (value->kind != FW_NODE_MAP) {
		fw_load_ban_for(loader, value, rule);
	} else {
		fw_load_object(loader, value, "ban", "ban", rule);
		if (!rule->ban.step_count && loader->diags->errors == errors)
			fw_complain(loader, value, "bad-ban", "write ban: 10m", "the ban has no duration");
	}
	rule->ban.set = rule->ban.step_count > 0;
}

void fw_load_rule_labels(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_names(loader, value, &((struct fw_policy_rule *)target)->labels);
}

/* What lists of signatures say of strangers' traffic is to be watched before it is believed. */
static void count_signatures(struct fw_loader *loader, struct fw_policy_rule *rule)
{
	if (!rule->match.signature || rule->mode != FW_MODE_INHERIT)
		return;
	rule->mode = FW_MODE_COUNT;
	if (rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE)
		fw_diag_add(loader->diags, rule->mark, FW_SEVERITY_NOTE, "signature-counts",
			    "look at what it would drop (floodwall rules), then write mode: enforce",
			    "rule '%s' only counts: rules with signatures do until they say otherwise",
			    rule->name ? rule->name : "");
}

static void load_rule(struct fw_loader *loader, const struct fw_node *node, unsigned int number)
{
	struct fw_policy *policy = loader->policy;
	struct fw_policy_rule rule = {.prefix4 = 32,
				      .prefix6 = 64,
				      .dest_prefix4 = 24,
				      .dest_prefix6 = 48,
				      .mode = FW_MODE_INHERIT,
				      .mark = node->mark};
	const struct fw_node *name = fw_node_get(node, "name");
	size_t errors = loader->diags->errors;

	if (name && name->text && *name->text)
		snprintf(loader->where, sizeof(loader->where), "rule '%.80s'", name->text);
	else
		snprintf(loader->where, sizeof(loader->where), "rule number %u", number);
	fw_load_object(loader, node, "rule", loader->where, &rule);
	if (!rule.action_mark.line)
		rule.action_mark = rule.mark;
	if (!rule.limit_mark.line)
		rule.limit_mark = rule.mark;
	count_signatures(loader, &rule);
	/* Conclusions from a rule that was only half understood would mislead. */
	if (loader->diags->errors == errors)
		fw_rule_check(policy, &rule, loader->diags);
	if (!rule.name || FW_APPEND(policy->rules, policy->rule_count, rule)) {
		loader->out_of_memory |= rule.name != NULL;
		fw_policy_rule_done(&rule);
	}
}

void fw_load_rules(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int number = 0;

	(void)target;
	if (value->kind == FW_NODE_SCALAR) {
		fw_complain(loader, value, "bad-type", "rules: [{name: ..., action: ...}]",
			    "rules must be a list of rules");
		return;
	}
	fw_node_each (item, value) {
		if (++number > FW_RULES_MAX) {
			fw_complain(loader, item, "too-many-rules",
				    "join rules: values of one key are alternatives, sets hold any number of "
				    "addresses",
				    "more than %d rules", FW_RULES_MAX);
			return;
		}
		load_rule(loader, item, number);
	}
}
