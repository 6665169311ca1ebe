// SPDX-License-Identifier: Apache-2.0
/* What status and metrics say of the history. */
#include "agent/agent.h"
#include "agent/recorder.h"
#include "lib/moment.h"

static const char *state_of(const struct fw_agent *agent)
{
	const struct fw_recorder *recorder = &agent->recorder;

	if (!agent->loaded->policy->history.enabled)
		return "off";
	if (recorder->paused || !recorder->started)
		return "paused";
	return recorder->wrote ? "recording" : "starting";
}

json_t *fw_recorder_to_json(const struct fw_agent *agent, json_t *warnings)
{
	const struct fw_recorder *recorder = &agent->recorder;
	char since[FW_MOMENT_TEXT_MAX];
	json_t *json = json_pack("{s:s, s:s, s:I, s:s?, s:I, s:I}", "state", state_of(agent), "file",
				 recorder->path, "bytes", (json_int_t)recorder->bytes, "since",
				 recorder->oldest ? fw_moment_format(recorder->oldest, since) : NULL,
				 "steps_written", (json_int_t)recorder->written, "steps_lost",
				 (json_int_t)recorder->lost);

	if (!recorder->paused || !agent->loaded->policy->history.enabled)
		return json;
	json_object_set_new(json, "error", json_string(recorder->why));
	json_array_append_new(warnings,
			      json_sprintf("history is paused, filtering goes on: %.700s", recorder->why));
	return json;
}

void fw_recorder_snapshot(const struct fw_agent *agent, struct fw_history_snapshot *ret)
{
	const struct fw_recorder *recorder = &agent->recorder;

	*ret = (struct fw_history_snapshot){.enabled = agent->loaded->policy->history.enabled,
					    .recording = agent->loaded->policy->history.enabled &&
							 recorder->wrote && !recorder->paused,
					    .bytes = recorder->bytes,
					    .written = recorder->written,
					    .lost = recorder->lost};
}
