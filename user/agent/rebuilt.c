// SPDX-License-Identifier: Apache-2.0
/* What went with maps that could not be adopted, and what of it was on disk. */
#include "agent/rebuilt.h"

#include <stdio.h>

#include "agent/agent.h"
#include "lib/log.h"

static const char *const lost[] = {
	"counters",   "meters",		 "verified sources",
	"challenges", "busiest sources", "strikes of bans that are over",
};
static const char *const kept[] = {"policy", "unsaved changes", "history"};

#define WORDS(list) words_to_json(list, sizeof(list) / sizeof((list)[0]))

static bool are_bans_unread(const struct fw_leases *leases)
{
	return !leases->saved && leases->restore_error[0];
}

static json_t *words_to_json(const char *const *words, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(words[i]));
	return array;
}

void fw_rebuilt_note(struct fw_agent *agent, const struct fw_err *why)
{
	if (agent->adoption != FW_ADOPTED_REBUILT) {
		fw_log(FW_LOG_INFO, "%s", why->text);
		return;
	}
	snprintf(agent->rebuilt_why, sizeof(agent->rebuilt_why), "%s", why->text);
	fw_log(FW_LOG_WARNING, "the maps of an earlier agent cannot be adopted: %s", why->text);
}

/* Meters are told apart from counters: who was over a limit is let in up to the limit once more. */
static json_t *sentence(const struct fw_agent *agent)
{
	const struct fw_leases *leases = &agent->leases;
	char bans[96];

	if (are_bans_unread(leases))
		snprintf(bans, sizeof(bans), " are kept; the saved bans could NOT be read, none is in force");
	else
		snprintf(bans, sizeof(bans), " and %zu of %zu saved bans are kept", leases->restored,
			 leases->saved);
	return json_sprintf(
		"the agent REBUILT the maps when it started: %s. Counters begin at zero, and so do "
		"meters: every source has its whole limit again; verified sources, challenges, "
		"busiest sources and strikes of bans that are over are gone, too. Policy, unsaved "
		"changes, history%s%s%s",
		agent->rebuilt_why, bans, leases->restore_error[0] ? ": " : "", leases->restore_error);
}

static json_t *details(const struct fw_agent *agent)
{
	json_t *gone = WORDS(lost), *there = WORDS(kept);

	json_array_append_new(are_bans_unread(&agent->leases) ? gone : there, json_string("saved bans"));
	return json_pack("{s:o, s:o, s:I, s:I}", "lost", gone, "kept", there, "bans_saved",
			 (json_int_t)agent->leases.saved, "bans_restored",
			 (json_int_t)agent->leases.restored);
}

void fw_rebuilt_say(struct fw_agent *agent)
{
	json_t *members, *text;

	if (!agent->rebuilt_why[0])
		return;
	members = details(agent);
	text = sentence(agent);
	json_object_set_new(members, "error", json_string(agent->rebuilt_why));
	fw_event(agent, "maps", "agent", members, "%s", json_string_value(text));
	json_decref(text);
}

json_t *fw_rebuilt_to_json(const struct fw_agent *agent, json_t *warnings)
{
	json_t *json = agent->rebuilt_why[0] ? details(agent) : json_object();

	json_object_set_new(json, "state",
			    json_string(agent->rebuilt_why[0]		    ? "rebuilt"
					: agent->adoption == FW_ADOPTED_ALL ? "adopted"
									    : "fresh"));
	if (!agent->rebuilt_why[0])
		return json;
	json_object_set_new(json, "why", json_string(agent->rebuilt_why));
	json_array_append_new(warnings, sentence(agent));
	return json;
}
