// SPDX-License-Identifier: Apache-2.0
/* Live changes of sets and interfaces, and the end of those that were made for a while. */
#include "agent/drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"

void fw_drift_done(struct fw_drift *drift)
{
	free(drift->sets);
	free(drift->ifaces);
	drift->sets = NULL;
	drift->ifaces = NULL;
	drift->set_count = drift->iface_count = 0;
}

size_t fw_drift_changes(const struct fw_drift *drift, struct fw_set_change **ret)
{
	struct fw_set_change *changes = calloc(drift->set_count + 1, sizeof(*changes));
	uint64_t now = fw_monotonic_ns();
	size_t count = 0;

	for (size_t i = 0; i < drift->set_count && changes; i++) {
		const struct fw_set_change *change = &drift->sets[i].change;

		if (!change->expires_ns || change->expires_ns > now)
			changes[count++] = *change;
	}
	*ret = changes;
	return count;
}

static void take_set(struct fw_drift *drift, size_t index)
{
	memmove(&drift->sets[index], &drift->sets[index + 1],
		(--drift->set_count - index) * sizeof(*drift->sets));
}

int fw_drift_set(struct fw_drift *drift, const struct fw_set_change *change, const char *by)
{
	struct fw_set_edit edit = {.change = *change};

	snprintf(edit.by, sizeof(edit.by), "%s", by);
	for (size_t i = drift->set_count; i-- > 0;)
		if (!strcmp(drift->sets[i].change.set, change->set) &&
		    (!fw_prefix_compare(&drift->sets[i].change.prefix, &change->prefix) ||
		     (!change->expires_ns &&
		      fw_prefix_covers(&change->prefix, &drift->sets[i].change.prefix))))
			take_set(drift, i);
	return FW_APPEND(drift->sets, drift->set_count, edit);
}

bool fw_drift_forget_set(struct fw_drift *drift, const char *set, const struct fw_prefix *prefix)
{
	for (size_t i = 0; i < drift->set_count; i++) {
		const struct fw_set_change *change = &drift->sets[i].change;

		if (strcmp(change->set, set) || fw_prefix_compare(&change->prefix, prefix))
			continue;
		take_set(drift, i);
		return true;
	}
	return false;
}

int fw_drift_copy_sets(const struct fw_drift *drift, struct fw_set_edit **ret, size_t *ret_count)
{
	size_t room = 1;

	while (room < drift->set_count)
		room *= 2; /* as fw_grow() would have it */
	*ret = calloc(room, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	if (drift->set_count)
		memcpy(*ret, drift->sets, drift->set_count * sizeof(**ret));
	*ret_count = drift->set_count;
	return 0;
}

void fw_drift_restore_sets(struct fw_drift *drift, struct fw_set_edit *sets, size_t count)
{
	free(drift->sets);
	drift->sets = sets;
	drift->set_count = count;
}

const struct fw_iface_edit *fw_drift_iface_find(const struct fw_drift *drift, const char *name)
{
	for (size_t i = 0; i < drift->iface_count; i++)
		if (!strcmp(drift->ifaces[i].request.name, name))
			return &drift->ifaces[i];
	return NULL;
}

void fw_drift_iface_forget(struct fw_drift *drift, const char *name)
{
	const struct fw_iface_edit *edit = fw_drift_iface_find(drift, name);
	size_t index;

	if (!edit)
		return;
	index = (size_t)(edit - drift->ifaces);
	memmove(&drift->ifaces[index], &drift->ifaces[index + 1],
		(--drift->iface_count - index) * sizeof(*drift->ifaces));
}

int fw_drift_iface(struct fw_drift *drift, const struct fw_interface *request, bool detached, const char *by)
{
	struct fw_iface_edit edit = {.request = *request, .detached = detached};

	edit.request.mark = (struct fw_mark){};
	snprintf(edit.by, sizeof(edit.by), "%s", by);
	fw_drift_iface_forget(drift, request->name);
	return FW_APPEND(drift->ifaces, drift->iface_count, edit);
}

/* Takes out what has ended; true when there was something. */
static bool expire_sets(struct fw_agent *agent, uint64_t now)
{
	struct fw_drift *drift = &agent->drift;
	bool any = false;

	for (size_t i = drift->set_count; i-- > 0;) {
		struct fw_set_change *change = &drift->sets[i].change;
		char text[FW_ADDR_TEXT_MAX];

		if (!change->expires_ns || change->expires_ns > now)
			continue;
		fw_event(
			agent, "set", "agent",
			json_pack("{s:s, s:s, s:s}", "name", change->set, "cidr",
				  fw_prefix_format(&change->prefix, text, sizeof(text)), "change", "expired"),
			"set '%s': the %s of %s ended", change->set, change->removed ? "removal" : "addition",
			fw_prefix_format(&change->prefix, text, sizeof(text)));
		take_set(drift, i);
		any = true;
	}
	return any;
}

static bool expire_tunes(struct fw_agent *agent, uint64_t now)
{
	struct fw_stand *stand = &agent->loaded->stand;
	size_t kept = 0;

	for (size_t i = 0; i < stand->tune_count; i++) {
		struct fw_tune *tune = &stand->tunes[i];

		if (!tune->expires_ns || tune->expires_ns > now) {
			stand->tunes[kept++] = *tune;
			continue;
		}
		fw_event(agent, "tune", "agent",
			 json_pack("{s:s, s:s, s:s, s:s}", "rule", tune->rule, "key", tune->key, "value",
				   tune->value, "change", "expired"),
			 "rule '%s': %s=%s ended, what was before holds again", tune->rule, tune->key,
			 tune->value);
		free(tune->value);
	}
	if (kept == stand->tune_count)
		return false;
	stand->tune_count = kept;
	fw_loaded_tune(agent->loaded, NULL);
	return true;
}

static void on_expiry(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	uint64_t now = fw_monotonic_ns();
	bool sets = expire_sets(agent, now), tunes = expire_tunes(agent, now);
	struct fw_err err = {};

	if ((sets || tunes) && fw_force_recompile(agent, sets, &err))
		fw_log(FW_LOG_ERROR,
		       "a change that was made for a while ended, but the policy without it could not be "
		       "published: "
		       "%s",
		       err.text);
	if (sets)
		fw_drift_save(agent);
	if (tunes)
		fw_force_save(agent);
	fw_drift_schedule(agent);
}

void fw_drift_init(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->drift.expiry);
	agent->drift.expiry.data = agent;
}

void fw_drift_schedule(struct fw_agent *agent)
{
	const struct fw_drift *drift = &agent->drift;
	const struct fw_stand *stand = &agent->loaded->stand;
	uint64_t next = UINT64_MAX, now = fw_monotonic_ns();

	for (size_t i = 0; i < drift->set_count; i++)
		if (drift->sets[i].change.expires_ns && drift->sets[i].change.expires_ns < next)
			next = drift->sets[i].change.expires_ns;
	for (size_t i = 0; i < stand->tune_count; i++)
		if (stand->tunes[i].expires_ns && stand->tunes[i].expires_ns < next)
			next = stand->tunes[i].expires_ns;
	if (next == UINT64_MAX) {
		uv_timer_stop(&agent->drift.expiry);
		return;
	}
	uv_update_time(&agent->loop);
	uv_timer_start(&agent->drift.expiry, on_expiry, next > now ? (next - now) / 1000000 + 1 : 0, 0);
}

void fw_drift_save(struct fw_agent *agent)
{
	json_t *document = json_object(), *sets = json_array(), *ifaces = json_array();

	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_edit *edit = &agent->drift.sets[i];
		char text[FW_ADDR_TEXT_MAX];

		json_array_append_new(sets,
				      json_pack("{s:s, s:s, s:b, s:I, s:s}", "set", edit->change.set, "cidr",
						fw_prefix_format(&edit->change.prefix, text, sizeof(text)),
						"removed", (int)edit->change.removed, "expires_ns",
						(json_int_t)edit->change.expires_ns, "by", edit->by));
	}
	for (size_t i = 0; i < agent->drift.iface_count; i++) {
		const struct fw_iface_edit *edit = &agent->drift.ifaces[i];

		json_array_append_new(ifaces,
				      json_pack("{s:s, s:s, s:b, s:b, s:s}", "name", edit->request.name,
						"xdp", fw_xdp_mode_word(edit->request.xdp), "chain",
						(int)edit->request.chain, "detached", (int)edit->detached,
						"by", edit->by));
	}
	json_object_set_new(document, "sets", sets);
	json_object_set_new(document, "interfaces", ifaces);
	fw_keep(agent, FW_KEPT_DRIFT, document);
}

static void load_set(struct fw_agent *agent, const json_t *item)
{
	const char *set, *cidr, *by;
	struct fw_set_change change = {};
	json_int_t expires_ns;
	int removed;

	if (json_unpack((json_t *)item, "{s:s, s:s, s:b, s:I, s:s}", "set", &set, "cidr", &cidr, "removed",
			&removed, "expires_ns", &expires_ns, "by", &by) ||
	    fw_prefix_parse(cidr, &change.prefix, NULL))
		return;
	snprintf(change.set, sizeof(change.set), "%s", set);
	change.removed = removed;
	change.expires_ns = (uint64_t)expires_ns;
	fw_drift_set(&agent->drift, &change, by);
}

static void load_iface(struct fw_agent *agent, const json_t *item)
{
	struct fw_interface request = {.mode = FW_MODE_INHERIT};
	const char *name, *xdp, *by;
	int chain, detached;

	if (json_unpack((json_t *)item, "{s:s, s:s, s:b, s:b, s:s}", "name", &name, "xdp", &xdp, "chain",
			&chain, "detached", &detached, "by", &by) ||
	    strlen(name) >= sizeof(request.name) || fw_xdp_mode_parse(xdp, &request.xdp, NULL))
		return;
	snprintf(request.name, sizeof(request.name), "%s", name);
	request.chain = chain;
	fw_drift_iface(&agent->drift, &request, detached, by);
}

void fw_drift_load(struct fw_agent *agent)
{
	bool same_boot = false;
	json_t *document = fw_kept_read(agent, FW_KEPT_DRIFT, &same_boot), *item;
	size_t i;

	if (!document)
		return;
	if (same_boot) {
		json_array_foreach (json_object_get(document, "sets"), i, item)
			load_set(agent, item);
		json_array_foreach (json_object_get(document, "interfaces"), i, item)
			load_iface(agent, item);
	}
	json_decref(document);
}
