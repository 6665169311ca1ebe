// SPDX-License-Identifier: Apache-2.0
/* Looks through everything in a policy that can name a set. Pure. */
#include "policy/users.h"

#include "policy/match.h"

static bool names_set(const struct fw_set_refs *refs, unsigned int set)
{
	for (size_t i = 0; i < refs->count; i++)
		if (refs->items[i] == set)
			return true;
	return false;
}

/* Whether anything the feed lists has a tier; other sets have none. */
static bool gives_tiers(const struct fw_policy *policy, unsigned int set)
{
	for (size_t i = 0; i < policy->feed_count; i++) {
		const struct fw_feed *feed = &policy->feeds[i];

		if (feed->set == set)
			return feed->tier != FW_TIER_NONE || feed->score || feed->format == FW_FEED_CROWDSEC;
	}
	return false;
}

static bool match_asks(const struct fw_policy *policy, const struct fw_match *match, unsigned int set)
{
	return names_set(&match->source, set) || names_set(&match->source_not, set) ||
	       names_set(&match->destination, set) || names_set(&match->destination_not, set) ||
	       ((match->tiers || match->tiers_not) && gives_tiers(policy, set));
}

static bool rule_asks(const struct fw_policy *policy, const struct fw_policy_rule *rule, unsigned int set)
{
	bool asks = false;

	fw_rule_each_mention(match, rule) asks |= match_asks(policy, match, set);
	return asks;
}

size_t fw_set_users(const struct fw_policy *policy, unsigned int set, const char **names, size_t most)
{
	size_t count = 0;

	if (names_set(&policy->never_block, set)) {
		if (count < most)
			names[count] = "never_block";
		count++;
	}
	if (names_set(&policy->safety.resolvers, set) || names_set(&policy->safety.time_servers, set)) {
		if (count < most)
			names[count] = "safety";
		count++;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (!rule_asks(policy, &policy->rules[i], set))
			continue;
		if (count < most)
			names[count] = policy->rules[i].name;
		count++;
	}
	return count;
}
