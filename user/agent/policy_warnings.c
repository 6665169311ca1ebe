// SPDX-License-Identifier: Apache-2.0
#include "agent/policy_warnings.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/changes.h"
#include "agent/request.h"
#include "lib/cleanup.h"

/* "eth0, eth1": what is filtered now; "" when nothing is. */
static void attached_names(const struct fw_agent *agent, char *text, size_t size)
{
	const struct fw_attached *attached;
	size_t count = agent->attachments ? fw_attachments_list(agent->attachments, &attached) : 0, used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", attached[i].name);
}

json_t *fw_warnings_nothing_filtered(const struct fw_agent *agent, const struct fw_policy *policy)
{
	FW_FREE struct fw_interface *wanted = NULL;
	char names[256];
	size_t count = 0;

	if (fw_interfaces_wanted(agent, policy, &wanted, &count) || count)
		return NULL;
	attached_names(agent, names, sizeof(names));
	return json_sprintf("NOTHING WILL BE FILTERED: NO interface is named by this policy or by "
			    "--interface%s%s%s; name yours under interfaces:, or run: floodwall attach IFACE",
			    *names ? "; protection is SWITCHED OFF on " : "", names,
			    *names ? " with it" : "");
}

/* About a policy as a whole. */
static void insert_warning(json_t *list, const struct fw_loaded *loaded, const char *code, json_t *message)
{
	json_array_insert_new(list, 0,
			      json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:o, s:n, s:n}", "file",
					loaded->stand.name, "line", 1, "column", 1, "end_column", 0,
					"severity", "warning", "code", code, "message", message, "hint",
					"note"));
}

json_t *fw_warnings_of_plan(const struct fw_agent *agent, const struct fw_loaded *loaded)
{
	json_t *list = fw_diags_to_json(&loaded->diags, true);
	json_t *nothing = fw_warnings_nothing_filtered(agent, loaded->policy);
	json_t *in_vain = fw_changes_in_vain(agent, loaded->policy);

	if (in_vain)
		insert_warning(list, loaded, "interface-option", in_vain);
	if (nothing)
		insert_warning(list, loaded, "nothing-filtered", nothing);
	return list;
}

json_t *fw_warnings_of_change(const struct fw_agent *agent, const struct fw_loaded *loaded,
			      bool undone_by_rollback)
{
	const struct fw_policy *running = agent->loaded->policy, *next = loaded->policy;
	json_t *list = json_array(), *nothing = fw_warnings_nothing_filtered(agent, next);
	json_t *in_vain = fw_changes_in_vain(agent, next);

	if (nothing)
		json_array_append_new(list, nothing);
	if (in_vain)
		json_array_append_new(list, in_vain);
	for (size_t i = 0; i < loaded->diags.count; i++)
		if (loaded->diags.items[i].severity == FW_SEVERITY_WARNING)
			json_array_append_new(list, json_sprintf("%s:%d:%d: %s", loaded->stand.name,
								 loaded->diags.items[i].mark.line,
								 loaded->diags.items[i].mark.column,
								 loaded->diags.items[i].message));
	for (size_t i = 0; i < agent->loaded->stand.tune_count; i++)
		json_array_append_new(
			list,
			json_sprintf("the unsaved tune %s %s=%s belongs to the policy before and is not "
				     "in force any more%s",
				     agent->loaded->stand.tunes[i].rule, agent->loaded->stand.tunes[i].key,
				     agent->loaded->stand.tunes[i].value,
				     undone_by_rollback ? "; floodwall rollback brings both back" : ""));
	if (memcmp(&running->capacity, &next->capacity, sizeof(running->capacity)))
		json_array_append_new(
			list,
			json_string(
				"capacity: takes effect when the agent starts again, with tables rebuilt: "
				"meters begin at zero, bans are restored"));
	if (running->safety.protect_ssh_clients && !next->safety.protect_ssh_clients)
		json_array_append_new(
			list,
			json_string(
				"live SSH sessions are not protected from this policy's rules; confirm it "
				"over a new session before you close this one"));
	return list;
}
