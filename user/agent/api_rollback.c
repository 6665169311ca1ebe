// SPDX-License-Identifier: Apache-2.0
/* POST /v1/rollback: back to the policy before, unless the agent has gone back already by itself. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/changes.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "agent/policy_warnings.h"
#include "agent/request.h"
#include "agent/undo.h"

/* What is said of a rollback that is done. */
struct done {
	uint32_t refused, to; /* generations */
	struct fw_come_back back;
	json_t *undo;
};

/* Swaps the policy in force with the one before: done twice it is undone. */
static int go_back(struct fw_agent *agent, const char *by, struct fw_come_back *ret, struct fw_err *err)
{
	struct fw_stand target = {}, before = {};
	struct fw_loaded *loaded = NULL;
	struct fw_come_back back = {};
	int r = fw_stand_copy(&agent->previous, &target);

	if (!r)
		r = fw_stand_copy(&agent->loaded->stand, &before);
	if (!r)
		r = fw_last_good_prepare(agent, &target, true, &loaded, NULL, err);
	else
		fw_err_set(err, r, "out of memory; the policy in force stays");
	if (r) {
		if (loaded && loaded->diags.count)
			fw_err_set(err, r,
				   "the policy before cannot be had again: %s; the one in force stays",
				   loaded->diags.items[0].message);
		fw_loaded_free(loaded);
	} else {
		back.changes = fw_changes_to(agent, loaded->policy);
		back.warnings = fw_warnings_of_change(agent, loaded, true);
		r = fw_force_install(agent, loaded, err);
	}
	if (!r) {
		fw_stand_done(&agent->previous);
		agent->previous = before;
		before = (struct fw_stand){};
		agent->previous_left = !agent->previous_left;
		agent->confirm.taken_back = 0;
		fw_force_note_config(agent);
		fw_force_save(agent);
		fw_drift_schedule(agent);
		fw_event(agent, "rollback", by,
			 json_pack("{s:I, s:s}", "generation", (json_int_t)agent->generation, "file",
				   agent->loaded->stand.name),
			 "rolled back by %s: policy '%s' is in force again as generation %u", by,
			 agent->loaded->stand.name, agent->generation);
		*ret = back;
	} else {
		json_decref(back.changes);
		json_decref(back.warnings);
	}
	fw_stand_done(&target);
	fw_stand_done(&before);
	return r;
}

/* "floodwall apply FILE" for a policy that is about to go, null where the file is not what was applied. */
static json_t *apply_again(const struct fw_stand *stand)
{
	struct fw_stand file = {};
	char name[PATH_MAX];
	bool same = !stand->tune_count && !fw_stand_reread(stand->name, &file, NULL) &&
		    file.length == stand->length && !memcmp(file.text, stand->text, file.length);

	fw_stand_done(&file);
	return same && fw_undo_word(stand->name, name, sizeof(name))
		       ? json_sprintf("floodwall apply %s", name)
		       : json_null();
}

static int take_back_pending(struct fw_request *request, struct done *done, struct fw_err *err)
{
	struct fw_agent *agent = request->agent;
	json_t *undo = apply_again(&agent->loaded->stand);
	int r;

	done->refused = agent->confirm.generation;
	done->to = agent->confirm.previous_generation;
	r = fw_confirm_take_back(agent, request->by, "rolled back by hand", &done->back, err);
	if (r)
		json_decref(undo);
	else
		done->undo = undo;
	return r;
}

/* Whoever sits before a screen that went dark, or did not see that somebody else was faster, means the policy
 * that is gone by now, not the one before. Once: then it is said, and asking again goes further. */
static void reply_gone_already(struct fw_agent *agent, struct fw_answer *answer)
{
	const struct fw_stand *before = &agent->previous;
	json_int_t now = agent->generation;

	fw_reply(answer, json_pack("{s:b, s:I, s:I, s:I, s:s, s:s, s:[], s:[], s:o, s:n}", "unchanged", 1,
				   "generation", now, "rolled_back_to", now, "rolled_back",
				   (json_int_t)agent->confirm.taken_back, "why",
				   agent->confirm.timed_out ? "nobody confirmed it in time" : "by hand",
				   "policy_file", agent->loaded->stand.name, "changes", "warnings", "before",
				   before->text ? json_string(before->name) : json_null(), "undo"));
	agent->confirm.taken_back = 0;
	fw_force_save(agent);
}

static void reply_done(const struct fw_agent *agent, const struct done *done, struct fw_answer *answer)
{
	fw_reply(answer, fw_kept_reply(agent, FW_KEPT_POLICY,
				       json_pack("{s:b, s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "unchanged", 0,
						 "generation", (json_int_t)agent->generation,
						 "rolled_back_to", (json_int_t)done->to, "rolled_back",
						 (json_int_t)done->refused, "policy_file",
						 agent->loaded->stand.name, "changes", done->back.changes,
						 "warnings", done->back.warnings, "undo", done->undo)));
}

void fw_api_rollback(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct done done = {.refused = agent->generation};
	struct fw_err err = {};
	int r;

	if (!agent->confirm.pending && agent->confirm.taken_back) {
		reply_gone_already(agent, answer);
		return;
	}
	if (!agent->confirm.pending && !agent->previous.text) {
		fw_fail(answer, 409, FW_EXIT_FAILED, "nothing-before",
			"put another one in force with: floodwall apply FILE",
			"there is no policy to go back to: this is the first one, or the one before it was "
			"taken back itself");
		return;
	}
	if (agent->confirm.pending) {
		r = take_back_pending(request, &done, &err);
	} else {
		r = go_back(agent, request->by, &done.back, &err);
		done.to = agent->generation;
		done.undo = r ? NULL : json_string("floodwall rollback");
	}
	if (r)
		fw_fail_err(answer, &err);
	else
		reply_done(agent, &done, answer);
}
