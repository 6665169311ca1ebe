// SPDX-License-Identifier: Apache-2.0
/* Readers of the rule keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/check.h"
#include "policy/load.h"

#define BAN_MIN_NS FW_NS_PER_SEC
#define TIMES_MAX  1000
#define BAN_MAX_NS (365 * 86400 * FW_NS_PER_SEC)

void fw_load_rule_name(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;
	const char *name;

	char wider[FW_NAME_LENGTH_MAX + 8];

	if (!fw_read_name(loader, value, "rule", &name))
		return;
	if (loader->rule_suffix) {
		snprintf(wider, sizeof(wider), "%s%s", name, loader->rule_suffix);
		name = wider;
		if (strlen(name) > FW_NAME_LENGTH_MAX)
			fw_complain(loader, value, "too-long", "shorten the rule's name",
				    "'%s', which 'wider' makes, is longer than %d", name, FW_NAME_LENGTH_MAX);
	}
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

	if (fw_read_word(loader, value, &fw_rule_mode_words, "mode", &mode))
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
	unsigned int action;

	rule->action_mark = value->mark;
	if (fw_read_word(loader, value, &fw_action_words, "action", &action))
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

static void load_times(struct fw_loader *loader, const struct fw_node *value, uint16_t *times)
{
	unsigned int number;

	if (!fw_read_number(loader, value, TIMES_MAX, "number of times", &number))
		return;
	if (!number)
		fw_complain(loader, value, "out-of-range", "write 1 for no more than a single /64 may send",
			    "0 times the limit would be nothing at all");
	*times = (uint16_t)number;
}

void fw_load_rule_labels(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_names(loader, value, &((struct fw_policy_rule *)target)->labels);
}

/* What lists of signatures say of strangers' traffic is to be watched before it is believed. */
static void count_signatures(struct fw_loader *loader, struct fw_policy_rule *rule)
{
	bool asks = false;

	fw_rule_each_mention(match, rule) asks |= match->signature != 0;
	if (!asks || rule->mode != FW_MODE_INHERIT)
		return;
	rule->mode = FW_MODE_COUNT;
	if (rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE)
		fw_diag_add(loader->diags, rule->mark, FW_SEVERITY_NOTE, "signature-counts",
			    "look at what it would drop (floodwall rules), then write mode: enforce",
			    "rule '%s' only counts: rules with signatures do until they say otherwise",
			    rule->name ? rule->name : "");
}

static void compose_rule(struct fw_loader *loader, struct fw_policy_rule *rule, struct fw_expr *expr)
{
	if (fw_rule_compose(loader->policy, rule, expr, loader->diags) == -ENOMEM)
		loader->out_of_memory = true;
}

void fw_load_wider_56(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_times(loader, value, &((struct fw_policy_rule *)target)->wider56);
}

void fw_load_wider_48(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_times(loader, value, &((struct fw_policy_rule *)target)->wider48);
}

void fw_load_rule_wider(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "wider", "wider", target);
}

/* One reading of a rule; `suffix` is that of a wider one made of it, or NULL. False: not to be used. */
static bool read_rule(struct fw_loader *loader, const struct fw_node *node, const char *suffix,
		      struct fw_policy_rule *ret)
{
	struct fw_expr expr = {.kind = FW_EXPR_ALL};
	size_t errors = loader->diags->errors;

	*ret = (struct fw_policy_rule){.prefix4 = 32,
				       .prefix6 = 64,
				       .dest_prefix4 = 24,
				       .dest_prefix6 = 48,
				       .mode = FW_MODE_INHERIT,
				       .mark = node->mark};
	loader->rule_suffix = suffix;
	loader->expr = &expr;
	loader->matches = 0;
	fw_load_object(loader, node, "rule", loader->where, ret);
	loader->expr = NULL;
	loader->rule_suffix = NULL;
	if (suffix)
		ret->match.packet_not |= FW_PACKET_IPV4;
	if (!ret->action_mark.line)
		ret->action_mark = ret->mark;
	if (!ret->limit_mark.line)
		ret->limit_mark = ret->mark;
	/* Conclusions from a rule that was only half understood would mislead. */
	if (loader->diags->errors == errors && expr.count)
		compose_rule(loader, ret, &expr);
	count_signatures(loader, ret);
	fw_expr_done(&expr);
	return loader->diags->errors == errors;
}

static void append_rule(struct fw_loader *loader, const struct fw_node *node, struct fw_policy_rule *rule)
{
	struct fw_policy *policy = loader->policy;

	if (policy->rule_count == FW_RULES_MAX)
		fw_complain(loader, node, "too-many-rules", "those that 'wider' makes count, too",
			    "more than %d rules", FW_RULES_MAX);
	if (!rule->name || policy->rule_count == FW_RULES_MAX ||
	    FW_APPEND(policy->rules, policy->rule_count, *rule)) {
		loader->out_of_memory |= rule->name != NULL && policy->rule_count < FW_RULES_MAX;
		fw_policy_rule_done(rule);
	}
}

static void check_wider(struct fw_loader *loader, const struct fw_node *node,
			const struct fw_policy_rule *rule)
{
	const struct fw_node *value = fw_node_get(node, "wider");
	bool by_source = rule->per == FW_PER_SOURCE || rule->per == FW_PER_SOURCE_PREFIX;

	if (rule->limit.unit == FW_UNIT_NONE)
		fw_complain(loader, value, "needs-limit", "add a limit or remove 'wider'",
			    "'wider' multiplies the rule's limit, and there is none");
	else if (!by_source || rule->match.log || rule->prefix6 <= (rule->wider56 ? 56 : 48))
		fw_complain(loader, value, "bad-per", "use it in rules per source",
			    "'wider' is for packets counted per source with an IPv6 prefix longer than /%d",
			    rule->wider56 ? 56 : 48);
	else if (rule->action != FW_ACTION_BLOCK && rule->action != FW_ACTION_POLICE &&
		 rule->action != FW_ACTION_COUNT)
		fw_complain(loader, value, "bad-wider", "use action: block, police or count",
			    "'wider' goes with what drops; %s does not", fw_action_word(rule->action));
}

/* A rule of its own for IPv6 sources of `bits`: it sees what the narrower one lets pass, so that one flooding
 * /64 does not use up what its neighbours may send. It bans nobody: no single source of it is the offender.
 */
static void load_wider(struct fw_loader *loader, const struct fw_node *node, uint8_t bits, uint16_t times)
{
	struct fw_policy_rule rule;

	if (!times || !read_rule(loader, node, bits == 56 ? "-56" : "-48", &rule)) {
		if (times)
			fw_policy_rule_done(&rule);
		return;
	}
	rule.per = FW_PER_SOURCE_PREFIX;
	rule.prefix6 = bits;
	rule.limit.amount *= times;
	rule.times = times;
	rule.ban = (struct fw_ban_spec){0};
	rule.wider56 = rule.wider48 = 0;
	fw_rule_check(loader->policy, &rule, loader->diags);
	append_rule(loader, node, &rule);
}

static void load_rule(struct fw_loader *loader, const struct fw_node *node, unsigned int number)
{
	const struct fw_node *name = fw_node_get(node, "name");
	size_t errors = loader->diags->errors;
	struct fw_policy_rule rule;
	uint16_t wider56, wider48;

	if (name && name->text && *name->text)
		snprintf(loader->where, sizeof(loader->where), "rule '%.80s'", name->text);
	else
		snprintf(loader->where, sizeof(loader->where), "rule number %u", number);
	/* Conclusions from a rule that was only half understood would mislead. */
	if (read_rule(loader, node, NULL, &rule)) {
		fw_rule_check(loader->policy, &rule, loader->diags);
		if (rule.wider56 || rule.wider48)
			check_wider(loader, node, &rule);
	}
	wider56 = rule.wider56;
	wider48 = rule.wider48;
	rule.wider56 = rule.wider48 = 0;
	append_rule(loader, node, &rule);
	if (loader->diags->errors != errors)
		return;
	load_wider(loader, node, 56, wider56);
	load_wider(loader, node, 48, wider48);
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
