// SPDX-License-Identifier: Apache-2.0
/* Reload, and what signals do. */
#include "agent/reload.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/changes.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"

/* The copy of what runs goes to `previous` once the new one is in force. */
static int replace(struct fw_agent *agent, struct fw_stand *next, bool saved, json_t *notes,
		   json_t **ret_changes, struct fw_loaded **refused, struct fw_err *err)
{
	struct fw_stand before = {};
	struct fw_loaded *loaded = NULL;
	bool same = next->length == agent->loaded->stand.length &&
		    !memcmp(next->text, agent->loaded->stand.text, next->length);
	int r = fw_force_prepare(agent, next, &loaded, notes, err);

	if (!r && fw_stand_copy(&agent->loaded->stand, &before))
		r = fw_err_set(err, -ENOMEM, "out of memory; the policy in force stays");
	if (r) {
		*refused = loaded;
		return r;
	}
	if (ret_changes)
		*ret_changes = fw_changes_reread(agent, loaded);
	r = fw_force_install(agent, loaded, err);
	if (r && ret_changes) {
		json_decref(*ret_changes);
		*ret_changes = NULL;
	}
	if (r || same ||
	    (saved && ret_changes && json_is_array(*ret_changes) && !json_array_size(*ret_changes))) {
		fw_stand_done(&before);
		return r;
	}
	fw_stand_done(&agent->previous);
	agent->previous = before;
	agent->previous_left = false;
	agent->confirm.taken_back = 0;
	return 0;
}

int fw_reload(struct fw_agent *agent, const struct fw_reload_order *order, json_t *notes,
	      json_t **ret_changes, struct fw_loaded **ret_refused, struct fw_err *err)
{
	struct fw_stand next = {}, tunes = {};
	struct fw_loaded *refused = NULL;
	const char *held = fw_force_is_held(agent);
	int r = held ? fw_err_set(err, -EAGAIN, "%s", held)
		     : fw_stand_reread(agent->loaded->stand.name, &next, err);

	fw_notify_reloading(&agent->notify);
	if (!r && fw_stand_copy(&agent->loaded->stand, &tunes))
		r = fw_err_set(err, -ENOMEM, "out of memory; the policy in force stays");
	if (!r) {
		next.tunes = tunes.tunes;
		next.tune_count = tunes.tune_count;
		tunes.tunes = NULL;
		tunes.tune_count = 0;
		r = replace(agent, &next, order->saved, notes, ret_changes, &refused, err);
	}
	fw_stand_done(&tunes);
	fw_stand_done(&next);
	agent->last_reload_ok = !r;
	if (!r) {
		agent->last_reload_wall_ns = fw_wall_ns();
		fw_drift_forget_saved(agent);
		fw_force_note_config(agent);
		fw_force_save(agent);
		fw_drift_schedule(agent);
		fw_event(agent, "reload", order->by,
			 json_pack("{s:s, s:I}", "file", agent->loaded->stand.name, "generation",
				   (json_int_t)agent->generation),
			 "policy '%s' read again by %s, generation %u is in force", agent->loaded->stand.name,
			 order->by, agent->generation);
	} else {
		fw_event(agent, "reload", order->by,
			 json_pack("{s:b, s:s, s:s}", "ok", 0, "file", agent->loaded->stand.name, "error",
				   err->text),
			 "reload by %s failed, the policy in force stays: %s", order->by, err->text);
	}
	fw_notify_send(&agent->notify, "READY=1");
	if (ret_refused)
		*ret_refused = refused;
	else
		fw_loaded_free(refused);
	return r;
}

static void on_hangup(uv_signal_t *signal, int number)
{
	struct fw_agent *agent = signal->data;
	const struct fw_reload_order order = {.by = "signal"};
	struct fw_loaded *refused = NULL;
	struct fw_err err = {};

	(void)number;
	if (fw_reload(agent, &order, NULL, NULL, &refused, &err) && refused)
		fw_diags_render(&refused->diags, stderr);
	fw_loaded_free(refused);
}

static void on_terminate(uv_signal_t *signal, int number)
{
	struct fw_agent *agent = signal->data;

	(void)number;
	uv_stop(&agent->loop);
}

void fw_reload_on_signal(struct fw_agent *agent)
{
	agent->hangup.data = agent->terminate.data = agent->interrupt.data = agent;
	uv_signal_init(&agent->loop, &agent->hangup);
	uv_signal_init(&agent->loop, &agent->terminate);
	uv_signal_init(&agent->loop, &agent->interrupt);
	uv_signal_start(&agent->hangup, on_hangup, SIGHUP);
	uv_signal_start(&agent->terminate, on_terminate, SIGTERM);
	uv_signal_start(&agent->interrupt, on_terminate, SIGINT);
}
