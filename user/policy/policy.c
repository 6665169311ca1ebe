// SPDX-License-Identifier: Apache-2.0
/* The policy model's lifetime and look-ups. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy/geo.h"

static void names_done(struct fw_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static void match_done(struct fw_match *match)
{
	free(match->source.items);
	free(match->source_not.items);
	free(match->destination.items);
	free(match->destination_not.items);
	free(match->protocols);
	free(match->protocols_not);
	free(match->source_port.items);
	free(match->source_port_not.items);
	free(match->dest_port.items);
	free(match->dest_port_not.items);
	free(match->length.items);
	free(match->tcp_flags.items);
	free(match->tcp_flags_not.items);
	free(match->country.items);
	free(match->country_not.items);
	free(match->asn.items);
	free(match->asn_not.items);
	names_done(&match->label);
	names_done(&match->label_not);
}

void fw_policy_rule_done(struct fw_policy_rule *rule)
{
	free(rule->name);
	match_done(&rule->match);
	names_done(&rule->labels);
	*rule = (struct fw_policy_rule){0};
}

void fw_policy_free(struct fw_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->set_count; i++) {
		free(policy->sets[i].name);
		free(policy->sets[i].file);
		free(policy->sets[i].prefixes);
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		fw_policy_rule_done(&policy->rules[i]);
	free(policy->geo.database);
	free(policy->geo.asn_database);
	fw_geo_unref(policy->geo.data);
	free(policy->interfaces);
	free(policy->never_block.items);
	free(policy->sets);
	free(policy->rules);
	free(policy->file);
	free(policy);
}

int fw_policy_rule_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!strcmp(policy->rules[i].name, name))
			return (int)i;
	return -1;
}

int fw_policy_set_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++)
		if (!strcmp(policy->sets[i].name, name))
			return (int)i;
	return -1;
}
