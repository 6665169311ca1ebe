// SPDX-License-Identifier: Apache-2.0
#include "agent/set_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "lib/cleanup.h"
#include "lib/units.h"
#include "policy/lists.h"

int fw_set_named(struct fw_agent *agent, const char *name, struct fw_answer *answer)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = fw_policy_set_find(policy, name);
	FW_FREE const char **names = NULL;
	const char *near;
	char hint[128];

	if (index >= 0)
		return index;
	names = calloc(policy->set_count + 1, sizeof(*names));
	for (size_t i = 0; names && i < policy->set_count; i++)
		names[i] = policy->sets[i].name;
	near = names ? fw_did_you_mean(name, names, policy->set_count) : NULL;
	snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near : "");
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-set",
		near ? hint : "'floodwall sets' lists them; new ones go into the policy",
		"there is no set '%.80s'", name);
	return -1;
}

static bool feed_holds(const struct fw_agent *agent, const struct fw_set *set, const struct fw_prefix *prefix,
		       struct fw_prefix *ret)
{
	const struct fw_feed_watch *watch = fw_feeds_find(agent, set->name);

	for (unsigned int tier = 0; watch && tier < FW_TIER_MAX_; tier++)
		for (size_t i = 0; i < watch->share.counts[tier]; i++)
			if (fw_prefix_covers(&watch->share.prefixes[tier][i], prefix)) {
				*ret = watch->share.prefixes[tier][i];
				return true;
			}
	return false;
}

bool fw_set_holds_all(const struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefix,
		      struct fw_prefix *ret)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	bool found = fw_set_covering(agent, set, &prefix->addr, ret);

	/* The longest one may be narrower than what was asked for. */
	if (found && !fw_prefix_covers(ret, prefix)) {
		found = false;
		for (size_t i = 0; i < known->prefix_count && !found; i++)
			if (fw_prefix_covers(&known->prefixes[i], prefix)) {
				*ret = known->prefixes[i];
				found = true;
			}
	}
	if (!found && known->kind == FW_SET_FEED)
		found = feed_holds(agent, known, prefix, ret);
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;

		if (strcmp(change->set, known->name))
			continue;
		if (change->removed && fw_prefix_overlaps(&change->prefix, prefix))
			found = false;
		else if (!change->removed && fw_prefix_covers(&change->prefix, prefix)) {
			*ret = change->prefix;
			found = true;
		}
	}
	return found;
}

/* Whether any of a prefix is in the set. What was taken out bit by bit still counts: taking it out again does
 * no harm. */
static bool holds_some(const struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefix)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	const struct fw_feed_watch *watch =
		known->kind == FW_SET_FEED ? fw_feeds_find(agent, known->name) : NULL;
	bool found = false;

	for (size_t i = 0; i < known->prefix_count && !found; i++)
		found = fw_prefix_overlaps(&known->prefixes[i], prefix);
	for (unsigned int tier = 0; watch && tier < FW_TIER_MAX_; tier++)
		for (size_t i = 0; i < watch->share.counts[tier] && !found; i++)
			found = fw_prefix_overlaps(&watch->share.prefixes[tier][i], prefix);
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;

		if (strcmp(change->set, known->name))
			continue;
		if (change->removed && fw_prefix_covers(&change->prefix, prefix))
			found = false;
		else if (!change->removed && fw_prefix_overlaps(&change->prefix, prefix))
			found = true;
	}
	return found;
}

static bool ends_before(const struct fw_set_change *one, const struct fw_set_change *other)
{
	return one->expires_ns && (!other->expires_ns || one->expires_ns < other->expires_ns);
}

bool fw_set_is_so_already(const struct fw_agent *agent, unsigned int set, const struct fw_set_change *change)
{
	struct fw_prefix by;

	if (change->removed ? holds_some(agent, set, &change->prefix)
			    : !fw_set_holds_all(agent, set, &change->prefix, &by))
		return false;
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *other = &agent->drift.sets[i].change;

		if (strcmp(other->set, change->set) || other->removed != change->removed)
			continue;
		if (change->expires_ns && other->expires_ns != change->expires_ns &&
		    !fw_prefix_compare(&other->prefix, &change->prefix))
			return false;
		if (ends_before(other, change) && fw_prefix_overlaps(&other->prefix, &change->prefix))
			return false;
	}
	return true;
}
