// SPDX-License-Identifier: Apache-2.0
/* Readers of `resources`: what other numbers rules have for some destinations. Each override becomes a rule
 * of its own, RULE@RESOURCE, in front of the rule it stands in for, which leaves these destinations out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/check.h"
#include "policy/copy.h"
#include "policy/describe.h"
#include "policy/load.h"
#include "policy/match.h"
#include "policy/overlap.h"

struct resource {
	const char *name;
	struct fw_set_refs destination;
	struct fw_mark mark;
};

/* `none` takes away what the rule has. */
static bool is_none(const struct fw_node *value)
{
	return value->kind == FW_NODE_SCALAR && value->text && !strcmp(value->text, "none");
}

void fw_load_override_limit(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	rule->limit = (struct fw_limit){0};
	if (!is_none(value))
		fw_load_rule_limit(loader, value, target);
}

void fw_load_override_ban(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	rule->ban = (struct fw_ban_spec){0};
	if (!is_none(value))
		fw_load_rule_ban(loader, value, target);
}

void fw_load_override_per(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy_rule *rule = target;

	rule->per = FW_PER_SOURCE;
	rule->prefix4 = 32;
	rule->prefix6 = 64;
	fw_load_rule_per(loader, value, target);
}

void fw_load_resource_destination(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct resource *resource = target;
	char name[FW_NAME_LENGTH_MAX + 16];

	snprintf(name, sizeof(name), "%s.destination", resource->name);
	fw_load_set_refs(loader, value, name, &resource->destination);
}

static int append_refs(const struct fw_set_refs *refs, struct fw_set_refs *to)
{
	int r = 0;

	for (size_t i = 0; i < refs->count && !r; i++)
		r = FW_APPEND(to->items, to->count, refs->items[i]);
	return r;
}

/* One part more that every alternative of the rule must keep to. -E2BIG: there is no room. */
static int add_part(struct fw_policy_rule *rule, const struct fw_set_refs *destination)
{
	struct fw_match part = {0};
	int r = fw_set_refs_copy(destination, &part.destination);

	if (!r)
		r = FW_APPEND(rule->parts, rule->part_count, part);
	if (r) {
		fw_match_done(&part);
		return r;
	}
	if (!rule->alternative_count)
		r = FW_APPEND(rule->alternatives, rule->alternative_count, (struct fw_alternative){0});
	for (size_t i = 0; i < rule->alternative_count && !r; i++) {
		struct fw_alternative *one = &rule->alternatives[i];
		unsigned int *grown = NULL;

		if (one->count + 2 > FW_PARTS_MAX)
			return -E2BIG;
		grown = reallocarray(one->parts, one->count + 1, sizeof(*one->parts));
		if (!grown)
			return -ENOMEM;
		one->parts = grown;
		one->parts[one->count++] = (unsigned int)rule->part_count - 1;
	}
	return r;
}

static int confine(struct fw_policy_rule *rule, const struct fw_set_refs *destination)
{
	return rule->match.destination.count ? add_part(rule, destination)
					     : fw_set_refs_copy(destination, &rule->match.destination);
}

static int stand_in(struct fw_policy_rule *rule, const struct resource *resource)
{
	char *name = NULL;

	rule->stands_in_for = strdup(rule->name);
	if (!rule->stands_in_for || asprintf(&name, "%s@%s", rule->name, resource->name) < 0)
		return -ENOMEM;
	free(rule->name);
	rule->name = name;
	return confine(rule, &resource->destination);
}

/* Keys that the override says itself: tuning the rule it stands in for leaves them alone. */
static unsigned int own_aspects(const struct fw_node *override)
{
	unsigned int own = 0;

	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_; aspect++)
		if (fw_node_get(override, fw_aspect_key(aspect)))
			own |= 1u << aspect;
	if (fw_node_get(override, "source_prefix") || fw_node_get(override, "destination_prefix"))
		own |= 1u << FW_ASPECT_PER;
	return own;
}

static bool never_meets(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			const struct fw_set_refs *destination)
{
	struct fw_prefix where;

	return rule->match.destination.count &&
	       fw_refs_overlap(policy, &rule->match.destination, destination, &where) == FW_OVERLAP_NONE;
}

/* False after a complaint. */
static bool may_override(struct fw_loader *loader, const struct resource *resource,
			 const struct fw_policy_rule *rule, const struct fw_node *node)
{
	if (rule->match.log)
		fw_complain(loader, node->key, "bad-resource", "remove it from the resource",
			    "rule '%s' is about lines of log '%s', which do not show the destination",
			    rule->name, loader->policy->logs[rule->match.log - 1].name);
	else if (strlen(rule->name) + 1 + strlen(resource->name) > FW_NAME_LENGTH_MAX)
		fw_complain(loader, node->key, "bad-name", "shorten one of them",
			    "'%s@%s' is longer than the name of a rule may be, 63", rule->name,
			    resource->name);
	else if (loader->policy->rule_count == FW_RULES_MAX)
		fw_complain(loader, node->key, "too-many-rules", "each rule of a resource is a rule more",
			    "rule '%s' of resource '%s' does not fit: more than %d rules", rule->name,
			    resource->name, FW_RULES_MAX);
	else if (never_meets(loader->policy, rule, &resource->destination))
		fw_complain(loader, node->key, "never-matches", "remove it from the resource",
			    "rule '%s' is about other destinations than resource '%s'", rule->name,
			    resource->name);
	else
		return true;
	return false;
}

/* Which numbers hold where two resources meet is said, not guessed. */
static void warn_of_overlaps(struct fw_loader *loader, const struct resource *resource,
			     const struct fw_policy_rule *rule, const struct fw_node *node)
{
	const struct fw_policy *policy = loader->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *other = &policy->rules[i];
		char text[FW_ADDR_TEXT_MAX];
		struct fw_prefix where;

		if (!other->stands_in_for || strcmp(other->stands_in_for, rule->name) ||
		    fw_refs_overlap(policy, &other->resource, &resource->destination, &where) !=
			    FW_OVERLAP_SOME)
			continue;
		fw_diag_add(loader->diags, node->key->mark, FW_SEVERITY_WARNING, "resources-overlap",
			    "put the narrower resource first, or take the addresses out of one",
			    "%s is in resource '%s' as well, which comes first: for '%s' its numbers hold "
			    "there",
			    fw_prefix_format(&where, text, sizeof(text)), strchr(other->name, '@') + 1,
			    rule->name);
	}
}

static int insert(struct fw_policy *policy, size_t index, struct fw_policy_rule *rule)
{
	int r = FW_APPEND(policy->rules, policy->rule_count, *rule);

	if (r)
		return r;
	memmove(&policy->rules[index + 1], &policy->rules[index],
		(policy->rule_count - 1 - index) * sizeof(*policy->rules));
	policy->rules[index] = *rule;
	return 0;
}

/* What the override of a rule says of one that `wider` made of it. False: nothing that counts sources by that
 * prefix, and the destinations have no such rule. */
static bool widen(const struct fw_policy_rule *made, const struct fw_node *override,
		  struct fw_policy_rule *rule)
{
	bool by_source = rule->per == FW_PER_SOURCE || rule->per == FW_PER_SOURCE_PREFIX;
	bool drops = rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE ||
		     rule->action == FW_ACTION_COUNT;
	bool counts_elsewhere = fw_node_get(override, "per") || fw_node_get(override, "source_prefix");

	if (rule->limit.unit == FW_UNIT_NONE || !drops ||
	    (counts_elsewhere && (!by_source || rule->prefix6 <= made->prefix6)))
		return false;
	if (fw_node_get(override, "limit"))
		rule->limit.amount *= made->times;
	rule->per = made->per;
	rule->prefix4 = made->prefix4;
	rule->prefix6 = made->prefix6;
	rule->ban = made->ban;
	rule->own |= 1u << FW_ASPECT_PER | 1u << FW_ASPECT_BAN;
	return true;
}

static int override_rule(struct fw_loader *loader, const struct resource *resource, size_t index,
			 const struct fw_node *node, bool made_by_wider)
{
	struct fw_policy *policy = loader->policy;
	size_t errors = loader->diags->errors;
	struct fw_policy_rule rule;
	int r = fw_policy_rule_copy(&policy->rules[index], &rule);

	if (r)
		return r;
	rule.mark = rule.limit_mark = rule.action_mark = node->key->mark;
	rule.own = own_aspects(node);
	rule.has_stand_ins = false;
	snprintf(loader->where, sizeof(loader->where), "rule '%.50s' of resource '%.50s'", rule.name,
		 resource->name);
	fw_load_object(loader, node, "override", loader->where, &rule);
	if (made_by_wider && !widen(&policy->rules[index], node, &rule)) {
		fw_policy_rule_done(&rule);
		policy->rules[index].has_stand_ins = true; /* which stand for nothing */
		return append_refs(&resource->destination, &policy->rules[index].match.destination_not);
	}
	r = fw_set_refs_copy(&resource->destination, &rule.resource);
	if (!r)
		r = stand_in(&rule, resource);
	if (!r)
		r = append_refs(&resource->destination, &policy->rules[index].match.destination_not);
	if (!r && loader->diags->errors == errors)
		fw_rule_check(policy, &rule, loader->diags);
	if (!r)
		r = insert(policy, index, &rule);
	if (r)
		fw_policy_rule_done(&rule);
	else
		policy->rules[index + 1].has_stand_ins = true;
	return r;
}

/* A ban is the affair of the rule itself. */
static bool concerns_wider(const struct fw_node *override)
{
	return own_aspects(override) & ~(1u << FW_ASPECT_BAN);
}

/* What `wider` made of the rule follows what the resource says of it, unless the resource names it as well.
 */
static int override_wider(struct fw_loader *loader, const struct resource *resource,
			  const struct fw_node *rules, const struct fw_node *node)
{
	static const char *const suffixes[] = {"-56", "-48"};
	int r = 0;

	for (size_t i = 0; i < 2 && !r && concerns_wider(node); i++) {
		char name[FW_NAME_LENGTH_MAX + 8];
		int index;

		snprintf(name, sizeof(name), "%.*s%s", FW_NAME_LENGTH_MAX, node->key->text, suffixes[i]);
		index = fw_policy_rule_find(loader->policy, name);
		if (index < 0 || !loader->policy->rules[index].times || fw_node_get(rules, name) ||
		    !may_override(loader, resource, &loader->policy->rules[index], node))
			continue;
		r = override_rule(loader, resource, (size_t)index, node, true);
	}
	return r;
}

/* NULL after a complaint. */
static const struct fw_policy_rule *find_rule(struct fw_loader *loader, const struct resource *resource,
					      const struct fw_node *node)
{
	const struct fw_policy *policy = loader->policy;
	int index = strchr(node->key->text, '@') ? -1 : fw_policy_rule_find(policy, node->key->text);
	const char *names[FW_RULES_MAX], *near;
	size_t count = 0;
	char hint[128];

	if (index >= 0)
		return &policy->rules[index];
	for (size_t i = 0; i < policy->rule_count && count < FW_RULES_MAX; i++)
		if (!policy->rules[i].stands_in_for)
			names[count++] = policy->rules[i].name;
	near = fw_did_you_mean(node->key->text, names, count);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	fw_complain(loader, node->key, "unknown-rule", near ? hint : "write the name of a rule under rules",
		    "resource '%s' has numbers for rule '%.80s', and there is no such rule", resource->name,
		    node->key->text);
	return NULL;
}

void fw_load_resource_rules(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const struct resource *resource = target;

	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write rules: {RULE: {limit: 80k packets/10s}}",
			    "the rules of a resource must be a map of their names");
		return;
	}
	for (const struct fw_node *node = value->first; node; node = node->next) {
		const struct fw_policy_rule *rule = node->broken ? NULL : find_rule(loader, resource, node);
		size_t errors;
		int r;

		if (!rule || !resource->destination.count || !may_override(loader, resource, rule, node))
			continue;
		if (node->kind == FW_NODE_MAP ? !node->count : fw_node_is_empty(node)) {
			fw_complain(loader, node->key, "empty-value", "write what differs, or remove it",
				    "rule '%s' of resource '%s' is as it was", rule->name, resource->name);
			continue;
		}
		warn_of_overlaps(loader, resource, rule, node);
		errors = loader->diags->errors;
		r = override_rule(loader, resource, (size_t)(rule - loader->policy->rules), node, false);
		if (!r && loader->diags->errors == errors)
			r = override_wider(loader, resource, value, node);
		if (r == -E2BIG)
			fw_complain(loader, node->key, "too-many-terms", NULL,
				    "rule '%s' asks too much to be told apart by destination",
				    node->key->text);
		else if (r)
			loader->out_of_memory = true;
	}
}

void fw_load_resources(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	char where[FW_NAME_LENGTH_MAX + 16];

	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type",
			    "write resources: {NAME: {destination: 192.0.2.80, rules: {RULE: {...}}}}",
			    "resources must be a map of names");
		return;
	}
	for (const struct fw_node *node = value->first; node; node = node->next) {
		struct resource resource = {.mark = node->key->mark};

		if (node->broken || !fw_read_name(loader, node->key, "resource", &resource.name))
			continue;
		snprintf(where, sizeof(where), "resource '%s'", resource.name);
		fw_load_object(loader, node, "resource", where, &resource);
		free(resource.destination.items);
	}
}
