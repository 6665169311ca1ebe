// SPDX-License-Identifier: Apache-2.0
/* Live changes of sets that the files have come to say, as after `sets add --save`: no drift any more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "lib/cleanup.h"
#include "policy/lists.h"
#include "policy/prefixes.h"

/* A set as its file has it, in normal form. */
struct said {
	const struct fw_prefix *prefixes;
	size_t count;
};

/* Index of the first prefix behind this one in the order of the normal form. */
static size_t place_of(const struct said *said, const struct fw_prefix *prefix)
{
	enum fw_family family = fw_prefix_family(prefix);
	size_t low = 0, high = said->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct fw_prefix *other = &said->prefixes[middle];
		enum fw_family other_family = fw_prefix_family(other);

		if (other_family != family ? other_family == FW_FAMILY_V4
					   : fw_prefix_compare(other, prefix) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the file says of a prefix what the change says: all of it there, or nothing. */
static bool agrees(const struct said *said, const struct fw_set_change *change)
{
	size_t next = place_of(said, &change->prefix);
	bool inside = next && fw_prefix_covers(&said->prefixes[next - 1], &change->prefix);
	bool around = next < said->count && fw_prefix_covers(&change->prefix, &said->prefixes[next]);

	return change->removed ? !inside && !around : inside;
}

/* A change that another one of the set touches stays: together they may mean something else. */
static bool stands_alone(const struct fw_drift *drift, size_t index)
{
	const struct fw_set_change *change = &drift->sets[index].change;

	for (size_t i = 0; i < drift->set_count; i++) {
		const struct fw_set_change *other = &drift->sets[i].change;

		if (i != index && other->removed != change->removed && !strcmp(other->set, change->set) &&
		    (fw_prefix_covers(&other->prefix, &change->prefix) ||
		     fw_prefix_covers(&change->prefix, &other->prefix)))
			return false;
	}
	return true;
}

bool fw_drift_leaves_nothing(const struct fw_agent *agent, const struct fw_set_change *change)
{
	int set = fw_policy_set_find(agent->loaded->policy, change->set);
	struct fw_set_change opposite = *change;
	struct said said = {};

	if (set < 0 || agent->loaded->policy->sets[set].kind == FW_SET_FEED)
		return false;
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *other = &agent->drift.sets[i].change;

		if (!strcmp(other->set, change->set) && fw_prefix_compare(&other->prefix, &change->prefix) &&
		    (fw_prefix_covers(&other->prefix, &change->prefix) ||
		     fw_prefix_covers(&change->prefix, &other->prefix)))
			return false;
	}
	opposite.removed = !change->removed;
	said.prefixes = fw_members_own(&agent->loaded->image->truth->members, (unsigned int)set, &said.count);
	return agrees(&said, &opposite);
}

bool fw_drift_is_said(const struct fw_agent *agent, unsigned int set, const struct fw_set_change *change)
{
	struct said said = {};

	said.prefixes = fw_members_own(&agent->loaded->image->truth->members, set, &said.count);
	return agrees(&said, change);
}

void fw_drift_forget_saved(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_drift *drift = &agent->drift;
	FW_FREE bool *saved = calloc(drift->set_count + 1, sizeof(*saved));
	size_t kept = 0, count = drift->set_count;
	struct said said = {};

	for (size_t set = 0; saved && set < policy->set_count; set++) {
		/* What is taken out of a feed stays out, whatever the feed comes to say. */
		if (policy->sets[set].kind == FW_SET_FEED)
			continue;
		said.prefixes =
			fw_members_own(&agent->loaded->image->truth->members, (unsigned int)set, &said.count);
		for (size_t i = 0; i < count; i++) {
			const struct fw_set_change *change = &drift->sets[i].change;

			if (change->expires_ns || strcmp(change->set, policy->sets[set].name))
				continue;
			saved[i] = stands_alone(drift, i) && agrees(&said, change);
		}
	}
	for (size_t i = 0; saved && i < count; i++)
		if (!saved[i])
			drift->sets[kept++] = drift->sets[i];
	if (!saved || kept == count)
		return;
	drift->set_count = kept;
	fw_drift_save(agent);
}
