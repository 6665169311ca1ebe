// SPDX-License-Identifier: Apache-2.0
/* Confirm or roll back. */
#include "agent/confirm.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/changes.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "agent/policy_warnings.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define RETRY_NS (2 * FW_NS_PER_SEC)

static void on_deadline(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_err err = {};

	if (!agent->confirm.pending)
		return;
	if (fw_confirm_take_back(agent, "agent", "nobody confirmed it in time", NULL, &err)) {
		fw_log(FW_LOG_ERROR,
		       "the unconfirmed policy could not be rolled back, it stays for now and I try again: "
		       "%s",
		       err.text);
		uv_timer_start(timer, on_deadline, RETRY_NS / 1000000, 0);
		return;
	}
	agent->confirm.timed_out = true;
	fw_force_save(agent);
}

void fw_confirm_init(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->confirm.timer);
	agent->confirm.timer.data = agent;
	if (!agent->confirm.outcome)
		agent->confirm.outcome = "none";
}

void fw_confirm_resume(struct fw_agent *agent)
{
	struct fw_confirm *confirm = &agent->confirm;
	uint64_t now = fw_monotonic_ns();

	if (!confirm->pending)
		return;
	uv_update_time(&agent->loop);
	uv_timer_start(&confirm->timer, on_deadline,
		       confirm->deadline_ns > now ? (confirm->deadline_ns - now) / 1000000 + 1 : 0, 0);
}

void fw_confirm_begin(struct fw_agent *agent, struct fw_stand *before, uint32_t previous_generation,
		      uint64_t timeout_ns)
{
	struct fw_confirm *confirm = &agent->confirm;

	fw_stand_done(&confirm->before);
	confirm->before = *before;
	*before = (struct fw_stand){};
	confirm->pending = true;
	confirm->deadline_ns = fw_monotonic_ns() + timeout_ns;
	confirm->deadline_wall_ns = fw_wall_ns() + timeout_ns;
	confirm->generation = agent->generation;
	confirm->previous_generation = previous_generation;
	confirm->outcome = "none";
	confirm->timed_out = false;
	confirm->taken_back = 0;
	fw_confirm_resume(agent);
}

void fw_confirm_keep(struct fw_agent *agent, const char *by)
{
	struct fw_confirm *confirm = &agent->confirm;

	uv_timer_stop(&confirm->timer);
	confirm->pending = false;
	confirm->outcome = "confirmed";
	fw_stand_done(&agent->previous);
	agent->previous = confirm->before;
	agent->previous_left = false;
	confirm->before = (struct fw_stand){};
	fw_force_save(agent);
	fw_event(agent, "confirm", by, json_pack("{s:I}", "generation", (json_int_t)agent->generation),
		 "generation %u confirmed by %s", agent->generation, by);
}

void fw_confirm_forget_left(struct fw_agent *agent)
{
	if (agent->previous_left)
		fw_stand_done(&agent->previous);
	agent->previous_left = false;
}

int fw_confirm_take_back(struct fw_agent *agent, const char *by, const char *why, struct fw_come_back *ret,
			 struct fw_err *err)
{
	struct fw_confirm *confirm = &agent->confirm;
	uint32_t refused = agent->generation;
	bool hand = strcmp(by, "agent") != 0;
	struct fw_loaded *loaded = NULL;
	struct fw_stand stand = {};
	struct fw_come_back back = {};
	int r = fw_stand_copy(&confirm->before, &stand);

	if (!r)
		r = fw_last_good_prepare(agent, &stand, true, &loaded, NULL, err);
	if (r) {
		fw_loaded_free(loaded);
		fw_stand_done(&stand);
		return r;
	}
	if (ret)
		back = (struct fw_come_back){.changes = fw_changes_to(agent, loaded->policy),
					     .warnings = fw_warnings_of_change(agent, loaded, false)};
	r = fw_force_install(agent, loaded, err);
	if (r) {
		json_decref(back.changes);
		json_decref(back.warnings);
		return r;
	}
	if (ret)
		*ret = back;
	uv_timer_stop(&confirm->timer);
	confirm->pending = false;
	confirm->outcome = "rolled_back";
	confirm->taken_back = confirm->generation;
	fw_stand_done(&confirm->before);
	fw_confirm_forget_left(agent);
	fw_force_save(agent);
	fw_event(agent, "rollback", by,
		 json_pack("{s:I, s:I, s:s}", "generation", (json_int_t)agent->generation, "rolled_back",
			   (json_int_t)refused, "why", why),
		 "rolled back generation %u, its predecessor is in force as generation %u: %s%s", refused,
		 agent->generation, hand ? "taken back by " : why, hand ? by : "");
	return 0;
}

void fw_confirm_say_late(struct fw_agent *agent)
{
	const struct fw_confirm *confirm = &agent->confirm;
	static const char why[] = "nobody confirmed it in time, the deadline passed while no agent ran";

	if (!confirm->late)
		return;
	fw_event(agent, "rollback", "agent",
		 json_pack("{s:I, s:I, s:s}", "generation", (json_int_t)agent->generation, "rolled_back",
			   (json_int_t)confirm->late, "why", why),
		 "rolled back generation %u, %s is in force as generation %u: %s", confirm->late,
		 confirm->late_lost ? "the policy file, as its predecessor cannot be had again,"
				    : "its predecessor",
		 agent->generation, why);
}

json_t *fw_confirm_to_json(const struct fw_confirm *confirm)
{
	if (!confirm->pending)
		return json_pack("{s:b, s:s, s:b, s:I}", "pending", 0, "outcome", confirm->outcome,
				 "timed_out", (int)confirm->timed_out, "taken_back",
				 (json_int_t)confirm->taken_back);
	return json_pack("{s:b, s:s, s:o, s:I, s:I, s:I, s:I}", "pending", 1, "outcome", confirm->outcome,
			 "before", fw_stand_to_json(&confirm->before), "deadline_ns",
			 (json_int_t)confirm->deadline_ns, "deadline_wall_ns",
			 (json_int_t)confirm->deadline_wall_ns, "generation", (json_int_t)confirm->generation,
			 "previous_generation", (json_int_t)confirm->previous_generation);
}

/* The monotonic clock began anew with the boot: then the wall clock has to do. */
static uint64_t deadline_here(json_int_t deadline_ns, json_int_t deadline_wall_ns, bool same_boot)
{
	uint64_t wall = fw_wall_ns(), now = fw_monotonic_ns();

	if (same_boot)
		return (uint64_t)deadline_ns;
	return (uint64_t)deadline_wall_ns > wall ? now + ((uint64_t)deadline_wall_ns - wall) : now;
}

void fw_confirm_from_json(struct fw_confirm *confirm, const json_t *document, bool same_boot)
{
	json_int_t deadline_ns, deadline_wall_ns, generation, previous_generation;
	const char *outcome = json_string_value(json_object_get(document, "outcome"));
	const json_t *before = json_object_get(document, "before");

	if (outcome)
		confirm->outcome = !strcmp(outcome, "confirmed")     ? "confirmed"
				   : !strcmp(outcome, "rolled_back") ? "rolled_back"
								     : "none";
	confirm->timed_out = json_is_true(json_object_get(document, "timed_out"));
	/* A boot loads the file, whatever ran before. */
	if (same_boot)
		confirm->taken_back = (uint32_t)json_integer_value(json_object_get(document, "taken_back"));
	if (!json_is_true(json_object_get(document, "pending")) ||
	    json_unpack((json_t *)document, "{s:I, s:I, s:I, s:I}", "deadline_ns", &deadline_ns,
			"deadline_wall_ns", &deadline_wall_ns, "generation", &generation,
			"previous_generation", &previous_generation) ||
	    fw_stand_from_json(before, &confirm->before))
		return;
	confirm->pending = true;
	confirm->deadline_ns = deadline_here(deadline_ns, deadline_wall_ns, same_boot);
	confirm->deadline_wall_ns = (uint64_t)deadline_wall_ns;
	confirm->generation = (uint32_t)generation;
	confirm->previous_generation = (uint32_t)previous_generation;
}
