/* SPDX-License-Identifier: Apache-2.0 */
/* Writes down what passed and was dropped: counters of rules every second, sources, peaks and spreads every
 * ten, by a thread with a connection of its own. Neither packets nor the API ever wait for it. */
#ifndef FW_AGENT_RECORDER_H
#define FW_AGENT_RECORDER_H

#include <jansson.h>
#include <limits.h>
#include <uv.h>

#include "fw_types.h"
#include "history/batch.h"
#include "history/pace.h"
#include "observe/snapshot.h"

struct fw_agent;
struct fw_attack;
struct fw_gather;

#define FW_RECORDER_ATTACKS_MAX 1024

/* One that has begun; the number is that of its events. */
struct fw_open_attack {
	int64_t id;
	struct fw_history_attack attack;
};

struct fw_recorder {
	uv_timer_t timer;
	bool started, running; /* running: the thread has a step in work */
	uv_sem_t landed;       /* posted by the thread when it is done with one */
	struct fw_gather *gather;
	struct fw_gather_step *step; /* in work */
	char path[PATH_MAX];

	/* The step that is being gathered. */
	struct fw_pace pace;
	struct fw_history_rule *rules;
	size_t rule_count;
	struct fw_history_traffic *traffic;
	size_t traffic_count;
	struct fw_history_attack *attacks; /* begun or ended */
	size_t attack_count;
	struct fw_open_attack *open;
	size_t open_count;
	struct fw_rule_count last[FW_RULE_IDS];
	char last_name[FW_RULE_IDS][FW_HISTORY_NAME_MAX]; /* whose counters `last` were, "": nobody's */

	/* What became of the steps before. */
	bool paused, wrote;
	char why[FW_ERR_TEXT_MAX]; /* of the pause */
	uint64_t bytes, written, lost;
	int64_t oldest; /* Unix time, 0: nothing is there */
};

void fw_recorder_start(struct fw_agent *agent);
/* Waits for the thread and writes what is left. */
void fw_recorder_stop(struct fw_agent *agent);
/* recorder_attacks.c: events attack_start and attack_end, told apart by their member "attack"; others are
 * nothing to it. */
void fw_recorder_on_event(struct fw_agent *agent, const char *type, const json_t *event);
/* One that lasted when the agent before ended: the history took it for over, and opens it again from now. */
void fw_recorder_attack_goes_on(struct fw_agent *agent, const struct fw_attack *attack);
/* For status; a pause also becomes a warning. */
json_t *fw_recorder_to_json(const struct fw_agent *agent, json_t *warnings);
void fw_recorder_snapshot(const struct fw_agent *agent, struct fw_history_snapshot *ret);

#endif
