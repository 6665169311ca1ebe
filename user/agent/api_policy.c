// SPDX-License-Identifier: Apache-2.0
/* POST /v1/plan, apply, confirm, reload and GET /v1/confirm. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/changes.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "agent/policy_warnings.h"
#include "agent/question.h"
#include "agent/reload.h"
#include "agent/request.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define CONFIRM_MIN_NS FW_NS_PER_SEC
#define CONFIRM_MAX_NS (24 * 3600 * FW_NS_PER_SEC)

/* What the policy came from, by its one name where it has one. A relative name is the caller's, whose
 * directory is not the agent's: the file is in base_dir. */
static char *file_name(const char *name, const char *base_dir)
{
	const char *slash = strrchr(name, '/');
	char *given = NULL, *real;

	if (name[0] == '/')
		given = strdup(name);
	else if (asprintf(&given, "%s/%s", base_dir, slash ? slash + 1 : name) < 0)
		given = NULL;
	real = given ? realpath(given, NULL) : NULL;
	if (!real || !strncmp(real, "/proc/", 6) || !strncmp(real, "/dev/", 5)) {
		free(real);
		return given;
	}
	free(given);
	return real;
}

static bool stand_of(struct fw_request *request, struct fw_stand *ret, struct fw_answer *answer)
{
	const json_t *base = json_object_get(request->body, "base_dir");
	const char *text = fw_request_text(request, "policy", answer);
	const char *name = text ? fw_request_text(request, "name", answer) : NULL;
	const char *base_dir = json_is_string(base) ? json_string_value(base) : "/";
	struct fw_stand stand = {};

	if (!name)
		return false;
	stand.length = json_string_length(json_object_get(request->body, "policy"));
	stand.text = malloc(stand.length + 1);
	stand.name = file_name(name, base_dir);
	stand.base_dir = strdup(base_dir);
	if (!stand.text || !stand.name || !stand.base_dir) {
		fw_stand_done(&stand);
		fw_reply(answer, NULL);
		return false;
	}
	memcpy(stand.text, text, stand.length + 1);
	*ret = stand;
	return true;
}

/* Loaded and compiled, or answered. */
static struct fw_loaded *prepare(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct fw_loaded *loaded = NULL;
	struct fw_stand stand = {};
	struct fw_err err = {};
	int r;

	if (!stand_of(request, &stand, answer))
		return NULL;
	r = fw_force_prepare(agent, &stand, &loaded, NULL, &err);
	fw_stand_done(&stand);
	if (!r)
		r = fw_interfaces_check(agent, loaded->policy, &err);
	if (!r)
		return loaded;
	if (loaded && loaded->diags.errors) {
		fw_diags_sort(&loaded->diags);
		fw_fail_diags(answer, &loaded->diags, loaded->stand.name);
	} else {
		fw_fail_err(answer, &err);
	}
	fw_loaded_free(loaded);
	return NULL;
}

static json_t *plan_to_json(const struct fw_agent *agent, const struct fw_plan *plan,
			    const struct fw_loaded *loaded)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "changes", fw_changes_to_json(plan), "add",
			 (json_int_t)plan->added, "change", (json_int_t)plan->changed, "remove",
			 (json_int_t)plan->removed, "memory_bytes", (json_int_t)loaded->image->memory_bytes,
			 "warnings", fw_warnings_of_plan(agent, loaded));
}

/* Limits that change are held against what was recorded, by a thread: then the answer is put off. */
void fw_api_plan(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_loaded *loaded = request->question ? NULL : prepare(request, answer);
	struct fw_plan plan = {};
	json_t *document;

	if (request->question)
		fw_plan_looked_back(request->question, answer);
	if (!loaded)
		return;
	if (fw_changes_plan(request->agent, loaded->policy, &plan)) {
		fw_reply(answer, NULL);
	} else {
		document = plan_to_json(request->agent, &plan, loaded);
		if (document && fw_plan_looks_back(request, loaded->policy, document))
			fw_plan_looked_back(request->question, answer);
		else
			fw_reply(answer, document);
	}
	fw_plan_done(&plan);
	fw_loaded_free(loaded);
}

static bool confirm_time(struct fw_request *request, uint64_t *ret_ns, struct fw_answer *answer)
{
	if (!fw_request_seconds(request, "confirm_seconds", ret_ns, answer))
		return false;
	if (!*ret_ns || (*ret_ns >= CONFIRM_MIN_NS && *ret_ns <= CONFIRM_MAX_NS))
		return true;
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-duration", NULL, "the time to confirm is 1s to 24h");
	return false;
}

static void remember(struct fw_agent *agent, struct fw_stand *before, uint32_t previous, uint64_t confirm_ns)
{
	if (confirm_ns) {
		fw_confirm_begin(agent, before, previous, confirm_ns);
	} else {
		fw_stand_done(&agent->previous);
		agent->previous = *before;
		agent->previous_left = false;
		*before = (struct fw_stand){};
		/* Whatever became of one before, it is not in force. */
		agent->confirm.outcome = "none";
		agent->confirm.taken_back = 0;
	}
	agent->last_reload_ok = true;
	agent->last_reload_wall_ns = fw_wall_ns();
	fw_force_note_config(agent);
	fw_force_save(agent);
	fw_drift_schedule(agent);
}

static void say_applied(struct fw_agent *agent, const char *by, uint32_t previous, uint64_t confirm_ns)
{
	char wait[48] = "", duration[32];

	if (confirm_ns)
		snprintf(wait, sizeof(wait), ", rolls back unless confirmed in %s",
			 fw_duration_format(confirm_ns, duration, sizeof(duration)));
	fw_event(agent, "apply", by,
		 json_pack("{s:s, s:I, s:I, s:I}", "file", agent->loaded->stand.name, "generation",
			   (json_int_t)agent->generation, "previous", (json_int_t)previous, "confirm_seconds",
			   (json_int_t)(confirm_ns / FW_NS_PER_SEC)),
		 "policy '%s' applied by %s, generation %u is in force%s", agent->loaded->stand.name, by,
		 agent->generation, wait);
}

void fw_api_apply(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const char *held = fw_force_is_held(agent);
	uint32_t previous = agent->generation;
	struct fw_stand before = {};
	struct fw_loaded *loaded;
	struct fw_plan plan = {};
	struct fw_err err = {};
	uint64_t confirm_ns;
	json_t *warnings, *reply;

	if (held) {
		fw_fail(answer, 409, FW_EXIT_TRY_AGAIN, "confirm-pending", NULL, "%s", held);
		return;
	}
	if (!confirm_time(request, &confirm_ns, answer) || !(loaded = prepare(request, answer)))
		return;
	if (fw_changes_plan(agent, loaded->policy, &plan) || fw_stand_copy(&agent->loaded->stand, &before)) {
		fw_loaded_free(loaded);
		fw_plan_done(&plan);
		fw_reply(answer, NULL);
		return;
	}
	warnings = fw_warnings_of_change(agent, loaded, true);
	if (fw_force_install(agent, loaded, &err)) {
		fw_fail_err(answer, &err);
		json_decref(warnings);
	} else {
		remember(agent, &before, previous, confirm_ns);
		say_applied(agent, request->by, previous, confirm_ns);
		reply = json_pack(
			"{s:I, s:I, s:o, s:o, s:o, s:s}", "generation", (json_int_t)agent->generation,
			"previous", (json_int_t)previous, "confirm_seconds",
			confirm_ns ? json_integer((json_int_t)(confirm_ns / FW_NS_PER_SEC)) : json_null(),
			"changes", fw_changes_to_json(&plan), "warnings", warnings, "undo",
			"floodwall rollback");
		fw_reply(answer, fw_kept_reply(agent, FW_KEPT_POLICY, reply));
	}
	fw_stand_done(&before);
	fw_plan_done(&plan);
}

void fw_api_confirm_state(struct fw_request *request, struct fw_answer *answer)
{
	const struct fw_confirm *confirm = &request->agent->confirm;
	uint64_t now = fw_monotonic_ns();

	fw_reply(answer,
		 json_pack(
			 "{s:b, s:f, s:I, s:s, s:b}", "pending", (int)confirm->pending, "deadline_seconds",
			 confirm->pending && confirm->deadline_ns > now
				 ? (double)(confirm->deadline_ns - now) / 1e9
				 : 0.0,
			 "generation",
			 (json_int_t)(confirm->generation ? confirm->generation : request->agent->generation),
			 "outcome", confirm->outcome, "timed_out", (int)confirm->timed_out));
}

void fw_api_confirm(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;

	if (!agent->confirm.pending) {
		fw_fail(answer, 409, FW_EXIT_FAILED, "nothing-pending",
			!strcmp(agent->confirm.outcome, "rolled_back")
				? "the last one was rolled back; apply it again"
				: NULL,
			"no applied policy waits for confirmation");
		return;
	}
	fw_confirm_keep(agent, request->by);
	fw_reply(answer,
		 fw_kept_reply(agent, FW_KEPT_POLICY,
			       json_pack("{s:b, s:I, s:s}", "confirmed", 1, "generation",
					 (json_int_t)agent->generation, "undo", "floodwall rollback")));
}

void fw_api_reload(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct fw_loaded *refused = NULL;
	const struct fw_reload_order order = {.by = request->by,
					      .saved = json_is_true(json_object_get(request->body, "saved"))};
	json_t *notes = json_array(), *changes = NULL, *reply;
	const char *previous = agent->previous.text;
	struct fw_err err = {};

	if (!fw_reload(agent, &order, notes, &changes, &refused, &err)) {
		json_t *nothing = fw_warnings_nothing_filtered(agent, agent->loaded->policy);

		if (nothing)
			json_array_insert_new(notes, 0, nothing);
		reply = json_pack("{s:I, s:s, s:O, s:o, s:b}", "generation", (json_int_t)agent->generation,
				  "file", agent->loaded->stand.name, "notes", notes, "changes", changes,
				  "unchanged", (int)(previous == agent->previous.text));
		fw_reply(answer, fw_kept_reply(agent, FW_KEPT_POLICY, reply));
	} else if (refused && refused->diags.errors) {
		fw_diags_sort(&refused->diags);
		fw_fail_diags(answer, &refused->diags, refused->stand.name);
	} else {
		fw_fail_err(answer, &err);
	}
	json_decref(notes);
	fw_loaded_free(refused);
}
