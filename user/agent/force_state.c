// SPDX-License-Identifier: Apache-2.0
/* The policy in force on disk, and which one a starting agent puts in force. */
#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "kern/publish.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "policy/geo.h"

/* FNV-1a by words: tells an edited file from the same one, nothing more is asked of it. */
static uint64_t mix(uint64_t digest, const void *bytes, size_t length)
{
	const unsigned char *from = bytes, *end = from + length;

	while (from < end) {
		size_t part =
			(size_t)(end - from) < sizeof(uint64_t) ? (size_t)(end - from) : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, from, part);
		digest = (digest ^ word) * 0x100000001b3ULL;
		digest ^= digest >> 29;
		from += part;
	}
	return digest;
}

#define DIGEST_START 0xcbf29ce484222325ULL

uint64_t fw_force_digest(const char *text, size_t length)
{
	return mix(DIGEST_START ^ length, text, length);
}

uint64_t fw_force_fingerprint(const struct fw_image *image)
{
	struct fw_policy_slot *slot = malloc(sizeof(*slot));
	uint64_t digest = DIGEST_START;

	if (!slot)
		return 0;
	memcpy(slot, image->slot, sizeof(*slot));
	slot->generation = slot->list_slot = slot->count_ifaces = 0;
	digest = mix(digest, slot, sizeof(*slot));
	free(slot);
	digest = mix(digest, image->classes, image->class_count * sizeof(*image->classes));
	if (image->geo)
		digest = mix(digest, image->geo_terms, image->geo->class_count * sizeof(*image->geo_terms));
	for (size_t i = 0; i < image->listed_count; i++) {
		const struct fw_listed *line = &image->listed[i];

		digest = mix(digest, &line->prefix.addr, sizeof(line->prefix.addr));
		digest = mix(digest, &line->prefix.bits, sizeof(line->prefix.bits));
		digest = mix(digest, &line->list_class, sizeof(line->list_class));
	}
	return digest;
}

void fw_force_note_config(struct fw_agent *agent)
{
	struct fw_stand stand = {};

	if (fw_stand_reread(agent->options.config, &stand, NULL))
		return;
	agent->config_digest = fw_force_digest(stand.text, stand.length);
	fw_stand_done(&stand);
}

static json_t *ids_to_json(const struct fw_rule_ids *ids)
{
	json_t *list = json_array();

	for (size_t id = 0; id < FW_RULE_IDS; id++)
		if (ids->name[id][0])
			json_array_append_new(list, json_pack("{s:I, s:s, s:I}", "id", (json_int_t)id, "name",
							      ids->name[id], "last_used",
							      (json_int_t)ids->last_used[id]));
	return list;
}

static void ids_from_json(const json_t *list, struct fw_rule_ids *ids)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		json_int_t id, last_used;
		const char *name;

		if (json_unpack(item, "{s:I, s:s, s:I}", "id", &id, "name", &name, "last_used", &last_used) ||
		    id < 0 || id >= FW_RULE_IDS || strlen(name) >= FW_NAME_MAX)
			continue;
		snprintf(ids->name[id], FW_NAME_MAX, "%s", name);
		ids->last_used[id] = (uint64_t)last_used;
	}
}

uint32_t fw_force_list_changes(const struct fw_agent *agent)
{
	const struct fw_policy_slot *active =
		agent->datapath ? fw_datapath_active_slot(agent->datapath) : NULL;

	return active ? active->lists.changes : 0;
}

/* fingerprint 0: the next agent publishes what this document says once more, whatever the kernel has. */
static void save(struct fw_agent *agent, uint64_t fingerprint)
{
	json_t *document = json_pack(
		"{s:o, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:I}", "running",
		fw_stand_to_json(&agent->loaded->stand), "previous",
		agent->previous.text ? fw_stand_to_json(&agent->previous) : json_null(), "previous_left",
		(int)agent->previous_left, "confirm", fw_confirm_to_json(&agent->confirm), "rule_ids",
		ids_to_json(&agent->ids), "generation", (json_int_t)agent->generation, "fingerprint",
		(json_int_t)fingerprint, "list_changes", (json_int_t)fw_force_list_changes(agent),
		"config_digest", (json_int_t)agent->config_digest);

	fw_keep(agent, FW_KEPT_POLICY, document);
}

void fw_force_save(struct fw_agent *agent)
{
	uv_timer_stop(&agent->save_soon);
	save(agent, fw_force_fingerprint(agent->loaded->image));
}

static void on_save_soon(uv_timer_t *timer)
{
	fw_force_save(timer->data);
}

void fw_force_save_soon(struct fw_agent *agent)
{
	uv_update_time(&agent->loop);
	uv_timer_start(&agent->save_soon, on_save_soon, 2, 0);
}

void fw_force_save_tunes(struct fw_agent *agent)
{
	save(agent, 0);
	fw_force_save_soon(agent);
}

/* What an earlier agent left behind. */
struct saved {
	struct fw_stand running;
	bool same_boot;
	uint64_t config_digest;
};

static void load_saved(struct fw_agent *agent, struct saved *saved)
{
	json_t *document = fw_kept_read(agent, FW_KEPT_POLICY, &saved->same_boot);

	if (!document)
		return;
	ids_from_json(json_object_get(document, "rule_ids"), &agent->ids);
	fw_confirm_from_json(&agent->confirm, json_object_get(document, "confirm"), saved->same_boot);
	fw_stand_from_json(json_object_get(document, "running"), &saved->running);
	fw_stand_from_json(json_object_get(document, "previous"), &agent->previous);
	agent->previous_left = json_is_true(json_object_get(document, "previous_left"));
	saved->config_digest = (uint64_t)json_integer_value(json_object_get(document, "config_digest"));
	if (saved->same_boot) {
		agent->adoptable.generation =
			(uint32_t)json_integer_value(json_object_get(document, "generation"));
		agent->adoptable.list_changes =
			(uint32_t)json_integer_value(json_object_get(document, "list_changes"));
		agent->adoptable.fingerprint =
			(uint64_t)json_integer_value(json_object_get(document, "fingerprint"));
	}
	json_decref(document);
}

static void end_tunes(struct fw_stand *stand, bool all)
{
	uint64_t now = fw_monotonic_ns();
	size_t kept = 0;

	for (size_t i = 0; i < stand->tune_count; i++) {
		if (!all && (!stand->tunes[i].expires_ns || stand->tunes[i].expires_ns > now))
			stand->tunes[kept++] = stand->tunes[i];
		else
			free(stand->tunes[i].value);
	}
	stand->tune_count = kept;
}

/* Moves the live changes of one stand to another. */
static void move_tunes(struct fw_stand *from, struct fw_stand *to)
{
	to->tunes = from->tunes;
	to->tune_count = from->tune_count;
	from->tunes = NULL;
	from->tune_count = 0;
}

/* They were made for the rules of another file, as with apply: a rule of the same name may mean another. */
static void say_dropped_tunes(const struct fw_stand *from, const struct fw_loaded *configured)
{
	for (size_t i = 0; i < from->tune_count; i++)
		fw_log(FW_LOG_WARNING,
		       "the unsaved tune %s %s=%s belongs to %s, which ran before, and is not in force with "
		       "%s; "
		       "to have it here: floodwall tune %s '%s=%s'",
		       from->tunes[i].rule, from->tunes[i].key, from->tunes[i].value, from->name,
		       configured->stand.name, from->tunes[i].rule, from->tunes[i].key, from->tunes[i].value);
}

/* Fills *stand with what to run when that is not simply the file; returns why, NULL for the file. */
static const char *choose(struct fw_agent *agent, const struct fw_loaded *configured, struct saved *saved,
			  struct fw_stand *stand)
{
	struct fw_confirm *confirm = &agent->confirm;

	end_tunes(&saved->running, !saved->same_boot);
	end_tunes(&confirm->before, !saved->same_boot);
	if (confirm->pending && confirm->deadline_ns <= fw_monotonic_ns()) {
		*stand = confirm->before;
		confirm->before = (struct fw_stand){};
		confirm->pending = false;
		confirm->outcome = "rolled_back";
		confirm->timed_out = true;
		confirm->taken_back = confirm->late = confirm->generation;
		fw_confirm_forget_left(agent);
		return "an applied policy was not confirmed before its deadline, which passed while no agent "
		       "ran: rolled back";
	}
	if (!saved->running.text || (!saved->same_boot && !confirm->pending))
		return NULL;
	if (confirm->pending || saved->config_digest == agent->config_digest) {
		*stand = saved->running;
		saved->running = (struct fw_stand){};
		if (confirm->pending)
			return "an applied policy still waits for confirmation";
		return strcmp(stand->name, configured->stand.name) ||
				       stand->length != configured->stand.length ||
				       memcmp(stand->text, configured->stand.text, stand->length)
			       ? "the policy that ran before this restart was applied from elsewhere and "
				 "goes on"
			       : "";
	}
	if (saved->running.tune_count && strcmp(saved->running.name, configured->stand.name)) {
		say_dropped_tunes(&saved->running, configured);
		return NULL;
	}
	if (saved->running.tune_count && !fw_stand_copy(&configured->stand, stand)) {
		move_tunes(&saved->running, stand);
		confirm->taken_back = 0; /* another file is in force */
		return "";
	}
	return NULL;
}

int fw_force_start(struct fw_agent *agent, struct fw_loaded *configured, struct fw_err *err)
{
	struct fw_loaded *chosen = NULL;
	struct fw_stand stand = {};
	struct saved saved = {};
	struct fw_err problem = {};
	json_t *notes = json_array();
	const char *why;
	int r;

	uv_timer_init(&agent->loop, &agent->save_soon);
	agent->save_soon.data = agent;
	agent->config_digest = fw_force_digest(configured->stand.text, configured->stand.length);
	load_saved(agent, &saved);
	why = choose(agent, configured, &saved, &stand);
	fw_stand_done(&saved.running);
	if (why && why[0])
		fw_log(FW_LOG_NOTICE, "policy '%s': %s", stand.name, why);
	if (why && fw_last_good_prepare(agent, &stand, true, &chosen, notes, &problem)) {
		fw_log(FW_LOG_ERROR,
		       "the policy that ran before cannot be had again (%s: %s), %s is loaded instead",
		       problem.text,
		       chosen && chosen->diags.count ? chosen->diags.items[0].message : "no details",
		       agent->options.config);
		fw_loaded_free(chosen);
		chosen = NULL;
	}
	for (size_t i = 0; i < json_array_size(notes); i++)
		fw_log(FW_LOG_NOTICE, "%s", json_string_value(json_array_get(notes, i)));
	json_decref(notes);
	fw_stand_done(&stand);
	agent->confirm.late_lost = !chosen;
	if (!chosen)
		agent->confirm.taken_back = 0;
	r = fw_force_install(agent, chosen ? chosen : configured, err);
	if (chosen)
		fw_loaded_free(configured);
	return r;
}
