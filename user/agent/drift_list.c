// SPDX-License-Identifier: Apache-2.0
/* Drift as status shows it: what runs and is in no file. */
#include <string.h>

#include "agent/agent.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "policy/describe.h"

static json_t *seconds_left(uint64_t expires_ns)
{
	uint64_t now = fw_monotonic_ns();

	if (!expires_ns)
		return json_null();
	return json_integer(
		expires_ns > now ? (json_int_t)((expires_ns - now + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC) : 0);
}

static void add(json_t *list, const char *kind, const char *object, const char *by, uint64_t expires_ns,
		json_t *detail)
{
	json_array_append_new(list,
			      json_pack("{s:s, s:s, s:o, s:s, s:o}", "kind", kind, "object", object, "detail",
					detail, "by", by, "expires_in_seconds", seconds_left(expires_ns)));
}

static char *text_of(const struct fw_loaded *loaded, const struct fw_policy_rule *rule, const char *key)
{
	for (enum fw_aspect aspect = 0; aspect < FW_ASPECT_MAX_; aspect++)
		if (!strcmp(fw_aspect_key(aspect), key))
			return fw_aspect_text(loaded->policy, rule, aspect);
	return NULL;
}

static void add_tune(json_t *list, const struct fw_loaded *loaded, const struct fw_tune *tune)
{
	int index = fw_policy_rule_find(loaded->policy, tune->rule);
	FW_FREE char *old = NULL, *new = NULL;

	if (index < 0)
		return;
	old = text_of(loaded, &loaded->rules[index], tune->key);
	new = text_of(loaded, &loaded->policy->rules[index], tune->key);
	add(list, "tune", tune->rule, tune->by, tune->expires_ns,
	    json_sprintf("%s %s -> %s", tune->key, old ? old : "?", new ? new : tune->value));
}

/* Only the last of several tunes of one key is in force. */
static bool is_overridden(const struct fw_stand *stand, size_t index)
{
	for (size_t i = index + 1; i < stand->tune_count; i++)
		if (!strcmp(stand->tunes[i].rule, stand->tunes[index].rule) &&
		    !strcmp(stand->tunes[i].key, stand->tunes[index].key))
			return true;
	return false;
}

/* Of a set that another policy has: the change waits for that one, or for a boot, which forgets it. */
static void add_set(json_t *list, const struct fw_loaded *loaded, const struct fw_set_edit *edit)
{
	bool known = fw_policy_set_find(loaded->policy, edit->change.set) >= 0;
	char text[FW_ADDR_TEXT_MAX];

	add(list, "set", edit->change.set, edit->by, edit->change.expires_ns,
	    json_sprintf("%s %s%s", edit->change.removed ? "without" : "with",
			 fw_prefix_format(&edit->change.prefix, text, sizeof(text)),
			 known ? "" : "; not in force: the policy has no such set"));
}

json_t *fw_drift_to_json(const struct fw_agent *agent)
{
	const struct fw_stand *stand = &agent->loaded->stand;
	json_t *list = json_array();

	if (strcmp(stand->name, agent->options.config))
		add(list, "policy", stand->name, "apply", 0,
		    json_sprintf("in force; a boot loads %s instead", agent->options.config));
	for (size_t i = 0; i < stand->tune_count; i++)
		if (!is_overridden(stand, i))
			add_tune(list, agent->loaded, &stand->tunes[i]);
	if (agent->under_attack.mode != FW_UNDER_ATTACK_AUTO)
		add(list, "under-attack", "under-attack", agent->under_attack.by,
		    agent->under_attack.expires_ns,
		    json_sprintf("auto -> %s", fw_under_attack_word(agent->under_attack.mode)));
	for (size_t i = 0; i < agent->drift.set_count; i++)
		add_set(list, agent->loaded, &agent->drift.sets[i]);
	for (size_t i = 0; i < agent->drift.iface_count; i++) {
		const struct fw_iface_edit *edit = &agent->drift.ifaces[i];

		add(list, edit->detached ? "detach" : "attach", edit->request.name, edit->by, 0,
		    edit->detached
			    ? json_string("detached live")
			    : json_sprintf("attached live, xdp %s", fw_xdp_mode_word(edit->request.xdp)));
	}
	return list;
}

size_t fw_drift_count(const struct fw_agent *agent)
{
	json_t *list = fw_drift_to_json(agent);
	size_t count = json_array_size(list);

	json_decref(list);
	return count;
}
