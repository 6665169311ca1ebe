// SPDX-License-Identifier: Apache-2.0
/* Rules that drop this machine's own networks, or all but a trickle of them: lists of bogons and private
 * ranges are made for an uplink. Pure.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "policy/check.h"
#include "policy/lists.h"
#include "policy/match.h"

static bool is_link_local(const struct fw_own_network *own)
{
	return (ntohl(own->addr.w[0]) & 0xffc00000) == 0xfe800000;
}

static bool is_filtered(const struct fw_interface *interfaces, size_t count, const struct fw_own_network *own)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(interfaces[i].name, own->interface))
			return true;
	return !count;
}

/* Police passes the first of it: with less than this a neighbour's session does not work. */
#define FEW_PACKETS_PER_SECOND 100
#define FEW_BYTES_PER_SECOND   125000

static bool is_starving(const struct fw_policy_rule *rule)
{
	double per_second = (double)rule->limit.amount * 1e9 /
			    (double)(rule->limit.window_ns ? rule->limit.window_ns : 1000000000);

	return (rule->limit.unit == FW_UNIT_PACKETS && per_second <= FEW_PACKETS_PER_SECOND) ||
	       (rule->limit.unit == FW_UNIT_BYTES && per_second <= FEW_BYTES_PER_SECOND);
}

/* Terms of the rule that take the address because a list has it, and not only a feed on trial. */
static bool drops(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
		  unsigned int class)
{
	const struct fw_rule *compiled = &image->slot->rules[rule];
	bool all = compiled->action == FW_ACTION_BLOCK && compiled->unit == FW_UNIT_NONE;
	bool nearly_all = policy->rules[rule].action == FW_ACTION_POLICE && is_starving(&policy->rules[rule]);

	return class && (all || nearly_all) && !(compiled->flags & FW_RULE_COUNT_MODE) &&
	       !(image->classes[class].flags & FW_CLASS_NEVER_BLOCK) &&
	       compiled->terms & image->classes[class].source_terms &
		       ~image->classes[class].source_count_terms & ~image->classes[0].source_terms;
}

/* A rule before it lets everything pass that comes from there. */
static bool is_allowed_before(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
			      unsigned int class)
{
	for (size_t i = 0; i < rule; i++) {
		const struct fw_policy_rule *before = &policy->rules[i];
		const struct fw_policy_rule same_sources = {
			.match = {.source = before->match.source, .source_not = before->match.source_not}};

		if (before->action == FW_ACTION_ALLOW && before->limit.unit == FW_UNIT_NONE &&
		    image->slot->rules[i].terms & image->classes[class].source_terms &&
		    fw_rule_covers(before, &same_sources))
			return true;
	}
	return false;
}

static const char *set_that_has(const struct fw_policy *policy, const struct fw_image *image, size_t rule,
				unsigned int class)
{
	fw_rule_each_mention(match, &policy->rules[rule])
	{
		for (size_t i = 0; i < match->source.count; i++)
			if (fw_bit_test(image->class_sets[class], match->source.items[i]))
				return policy->sets[match->source.items[i]].name;
	}
	return "its lists";
}

static void check_rule(const struct fw_policy *policy, const struct fw_image *image, size_t index,
		       const struct fw_interface *interfaces, size_t interface_count,
		       const struct fw_own_network *networks, size_t count, struct fw_diags *diags)
{
	const struct fw_own_network *first = NULL;
	char text[FW_ADDR_TEXT_MAX], hint[512], all[256] = "";
	unsigned int first_class = 0;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fw_own_network *own = &networks[i];
		unsigned int class = fw_image_classify(image, &own->addr);

		if (own->loopback || own->network.bits == 128 || is_link_local(own) ||
		    !is_filtered(interfaces, interface_count, own) || !drops(policy, image, index, class) ||
		    is_allowed_before(policy, image, index, class))
			continue;
		if (!first) {
			first = own;
			first_class = class;
		}
		fw_prefix_format(&own->network, text, sizeof(text));
		if (used < sizeof(all) && !strstr(all, text))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s%s%s", used ? ", " : "",
						 fw_addr_is_v4(&own->addr) ? "" : "\"", text,
						 fw_addr_is_v4(&own->addr) ? "" : "\"");
	}
	if (!first)
		return;
	snprintf(hint, sizeof(hint),
		 "write source_not: [%s] into the rule, or name a set with it in never_block; leave the rule "
		 "if "
		 "nobody there has business with this host",
		 all);
	fw_diag_add(diags, policy->rules[index].mark, FW_SEVERITY_WARNING, "blocks-own-network", hint,
		    "rule '%s' drops %sthis host's own network: '%s' has %s, which %s is in; its neighbours "
		    "there "
		    "can%s reach this host",
		    policy->rules[index].name,
		    policy->rules[index].action == FW_ACTION_POLICE ? "nearly all of " : "",
		    set_that_has(policy, image, index, first_class),
		    fw_prefix_format(&first->network, text, sizeof(text)), first->interface,
		    policy->rules[index].action == FW_ACTION_POLICE ? " hardly" : "not");
}

void fw_check_own_networks(const struct fw_policy *policy, const struct fw_image *image,
			   const struct fw_interface *interfaces, size_t interface_count,
			   const struct fw_own_network *networks, size_t count, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!policy->rules[i].match.log)
			check_rule(policy, image, i, interfaces, interface_count, networks, count, diags);
}
