// SPDX-License-Identifier: Apache-2.0
/* Tells when the rules of a log see nothing: it cannot be read, it is written in another format, or nobody
 * reads. A rotation leaves a log without a file for a moment; that is no news. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/logs.h"
#include "lib/clock.h"

#define PATIENCE_NS (5 * FW_NS_PER_SEC)
#define LINES_LEAST 50 /* that say whether a log is in its format */

static void say_blind(struct fw_agent *agent, const char *name, const char *place, const char *why)
{
	fw_event(agent, "log", "agent",
		 json_pack("{s:s?, s:s, s:s?, s:s}", "log", name, "change", "blind", "file", place, "error",
			   why),
		 "%s%s%s%s: %s see nothing new until that is mended", name ? "log '" : "", name ? name : "",
		 name ? "': " : "", why, name ? "its rules" : "rules of logs");
}

static void say_mended(struct fw_agent *agent, const char *name, const char *place)
{
	fw_event(agent, "log", "agent",
		 json_pack("{s:s?, s:s, s:s?}", "log", name, "change", "mended", "file", place),
		 "%s%s%s read again", name ? "log '" : "logs", name ? name : "", name ? "' is" : " are");
}

/* Once it has lasted, and when it is over; `why` is empty while nothing is wrong. */
static void follow(struct fw_agent *agent, struct fw_blindness *state, const char *name, const char *place,
		   const char *why, uint64_t now_ns)
{
	if (!*why) {
		if (state->told)
			say_mended(agent, name, place);
		*state = (struct fw_blindness){};
		return;
	}
	if (!state->since_ns)
		state->since_ns = now_ns;
	if (state->told || now_ns - state->since_ns < PATIENCE_NS)
		return;
	state->told = true;
	say_blind(agent, name, place, why);
}

/* Lines since the last judgement, once there are enough of them. What a regex does not pick is no fault. */
static void judge_format(struct fw_log_state *log)
{
	uint64_t lines = log->counts[FW_LOG_COUNT_LINES] - log->format.lines;
	uint64_t unparsed = log->counts[FW_LOG_COUNT_UNPARSED] - log->format.unparsed;

	if (lines < LINES_LEAST)
		return;
	log->format.wrong[0] = '\0';
	if (unparsed * 2 > lines)
		snprintf(log->format.wrong, sizeof(log->format.wrong),
			 "%lu of its last %lu lines are not in its format", (unsigned long)unparsed,
			 (unsigned long)lines);
	log->format.lines = log->counts[FW_LOG_COUNT_LINES];
	log->format.unparsed = log->counts[FW_LOG_COUNT_UNPARSED];
}

void fw_logs_look(struct fw_agent *agent, uint64_t now_ns)
{
	struct fw_logs *logs = &agent->logs;
	const char *why = "";

	for (size_t i = 0; i < logs->count; i++) {
		struct fw_log_state *log = &logs->logs[i];

		judge_format(log);
		follow(agent, &log->unread, log->name, log->place, log->error, now_ns);
		follow(agent, &log->format.blind, log->name, log->place, log->format.wrong, now_ns);
	}
	if (!logs->worker)
		why = "no log is read: floodwall-log is not running";
	else if (logs->keeper_fd < 0)
		why = "the process that opens logs is gone, rotated logs are not found: restart floodwalld";
	if (logs->wanted)
		follow(agent, &logs->idle, NULL, NULL, why, now_ns);
	else
		logs->idle = (struct fw_blindness){}; /* nothing is read again: no rule asks for it */
}
