// SPDX-License-Identifier: Apache-2.0
/* Which id a rule has: the one that its name had before, so that counters and meters stay with it. */
#include <string.h>

#include "policy/image.h"
#include "policy/policy.h"

#define ID_FIRST 1
#define ID_LAST	 (FW_RULE_SSH_PEERS - 1)
_Static_assert(ID_LAST - ID_FIRST + 1 >= 2 * FW_RULES_MAX,
	       "while one policy is in force, the next one finds ids that are not");

static uint16_t id_find(const struct fw_rule_ids *ids, const char *name)
{
	for (uint16_t id = ID_FIRST; id <= ID_LAST; id++)
		if (!strcmp(ids->name[id], name))
			return id;
	return 0;
}

/* A free id, else the one unused for the longest time. There are more ids than rules, so one is always found.
 */
static uint16_t id_take(struct fw_rule_ids *ids, const char *name, uint64_t now)
{
	uint16_t best = 0;

	for (uint16_t id = ID_FIRST; id <= ID_LAST; id++) {
		if (!*ids->name[id]) {
			best = id;
			break;
		}
		if (!best || ids->last_used[id] < ids->last_used[best])
			best = id;
	}
	memset(ids->name[best], 0, sizeof(ids->name[best]));
	memcpy(ids->name[best], name, strnlen(name, FW_NAME_MAX - 1));
	ids->last_used[best] = now;
	return best;
}

static uint64_t next_use(const struct fw_rule_ids *ids)
{
	uint64_t last = 0;

	for (uint16_t id = ID_FIRST; id <= ID_LAST; id++)
		if (ids->last_used[id] > last)
			last = ids->last_used[id];
	return last + 1;
}

void fw_rule_ids_hold(struct fw_rule_ids *ids, const struct fw_policy_slot *in_force)
{
	uint64_t now = next_use(ids);

	for (size_t i = 0; i < FW_RULES_MAX; i++)
		if (in_force->rules[i].terms)
			ids->last_used[in_force->rules[i].id % FW_RULE_IDS] = now;
}

void fw_rule_ids_assign(struct fw_rule_ids *ids, const struct fw_policy *policy, uint16_t ret[FW_RULES_MAX])
{
	uint64_t now = next_use(ids);

	/* Known names first, so that a new one cannot take the id of a rule further down. */
	for (size_t i = 0; i < policy->rule_count; i++) {
		ret[i] = id_find(ids, policy->rules[i].name);
		if (ret[i])
			ids->last_used[ret[i]] = now;
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!ret[i])
			ret[i] = id_take(ids, policy->rules[i].name, now);
}
