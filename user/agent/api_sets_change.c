// SPDX-License-Identifier: Apache-2.0
/* POST /v1/sets/add, /v1/sets/del and /v1/sets/forget: in force at once, and how to take that back. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "agent/set_members.h"
#include "agent/set_undo.h"
#include "agent/set_warnings.h"
#include "agent/sources.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

enum change_kind { CHANGE_ADD, CHANGE_DEL, CHANGE_FORGET };

static const struct change_words {
	const char *key, *event, *said;
} words[] = {
	[CHANGE_ADD] = {"added", "add", "added"},
	[CHANGE_DEL] = {"removed", "del", "taken out"},
	[CHANGE_FORGET] = {"forgotten", "forget", "forgotten as a live change"},
};

struct order {
	enum change_kind kind;
	unsigned int set;
	const char *name;
	json_t *cidrs;
	struct fw_prefix *prefixes;  /* owned; as many as cidrs */
	uint64_t for_ns, expires_ns; /* the same for all, so that one named twice is so already */
	bool saves;
	json_t *changed; /* owned; of cidrs */
};

static void order_done(struct order *order)
{
	free(order->prefixes);
	json_decref(order->changed);
}

static bool order_read(struct fw_request *request, struct order *order, struct fw_answer *answer)
{
	const char *name = fw_request_text(request, "name", answer);
	int set;

	order->cidrs = name ? fw_request_texts(request, "cidrs", answer) : NULL;
	if (!order->cidrs || !fw_request_seconds(request, "for_seconds", &order->for_ns, answer))
		return false;
	set = fw_set_named(request->agent, name, answer);
	if (set < 0 || !fw_sources_parse(order->cidrs, &order->prefixes, answer))
		return false;
	order->set = (unsigned int)set;
	order->name = request->agent->loaded->policy->sets[set].name;
	/* In a feed nothing can be saved. */
	order->saves = order->kind != CHANGE_FORGET && json_is_true(json_object_get(request->body, "save")) &&
		       request->agent->loaded->policy->sets[set].kind != FW_SET_FEED;
	order->expires_ns = order->for_ns ? fw_monotonic_ns() + order->for_ns : 0;
	order->changed = json_array();
	return true;
}

/* One prefix of the order; *ret_changed: whether that was anything new. */
static int change_one(struct fw_request *request, const struct order *order, size_t index, bool *ret_changed)
{
	struct fw_agent *agent = request->agent;
	struct fw_set_change one = {.prefix = order->prefixes[index],
				    .removed = order->kind == CHANGE_DEL,
				    .expires_ns = order->expires_ns};

	*ret_changed = false;
	if (order->kind == CHANGE_FORGET) {
		*ret_changed = fw_drift_forget_set(&agent->drift, order->name, &one.prefix);
		return 0;
	}
	snprintf(one.set, sizeof(one.set), "%s", order->name);
	if (fw_set_is_so_already(agent, order->set, &one))
		return 0;
	*ret_changed = true;
	return fw_drift_set(&agent->drift, &one, request->by);
}

/* All of the request or nothing of it. */
static int put_in_force(struct fw_request *request, struct order *order, struct fw_err *err)
{
	struct fw_agent *agent = request->agent;
	bool changed;
	int r = 0;

	for (size_t i = 0; i < json_array_size(order->cidrs) && !r; i++) {
		r = change_one(request, order, i, &changed);
		if (!r && changed)
			json_array_append(order->changed, json_array_get(order->cidrs, i));
	}
	if (r)
		return fw_err_set(err, r, "out of memory; nothing was changed");
	return json_array_size(order->changed) ? fw_force_recompile(agent, true, err) : 0;
}

static void say_changed(struct fw_request *request, const struct order *order)
{
	size_t count = json_array_size(order->changed);

	fw_event(request->agent, "set", request->by,
		 json_pack("{s:s, s:s, s:O, s:I}", "name", order->name, "change", words[order->kind].event,
			   "cidrs", order->changed, "generation", (json_int_t)request->agent->generation),
		 "set '%s': %s%s %s by %s", order->name, json_string_value(json_array_get(order->changed, 0)),
		 count > 1 ? " and more" : "", words[order->kind].said, request->by);
}

static void keep_changed(struct fw_request *request, const struct order *order)
{
	struct fw_agent *agent = request->agent;

	/* What was added live and is taken out again leaves nothing behind. */
	fw_drift_forget_saved(agent);
	fw_drift_save(agent);
	/* Hashing a million lines can wait: until then a restart sees that the lists were changed in place.
	 */
	fw_force_save_soon(agent);
	fw_drift_schedule(agent);
	if (json_array_size(order->changed))
		say_changed(request, order);
}

static bool is_among(const struct fw_prefix *prefix, const char *set, const struct fw_set_edit *edits,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(edits[i].change.set, set) && !fw_prefix_compare(&edits[i].change.prefix, prefix))
			return true;
	return false;
}

/* Those that come into the file, but were in force live before. written: room for all of the order. */
static size_t find_written(const struct fw_agent *agent, const struct order *order,
			   const struct fw_set_edits *made, struct fw_set_edit *written)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(order->cidrs); i++) {
		struct fw_set_change change = {.prefix = order->prefixes[i],
					       .removed = order->kind == CHANGE_DEL};

		snprintf(change.set, sizeof(change.set), "%s", order->name);
		if (!is_among(&change.prefix, order->name, made->edits, made->count) &&
		    !is_among(&change.prefix, order->name, written, count) &&
		    !fw_drift_is_said(agent, order->set, &change))
			written[count++].change = change;
	}
	return count;
}

/* saves: the undo once the files are written, too. */
static json_t *undo_of(const struct fw_agent *agent, const struct order *order,
		       const struct fw_set_edits *before, bool saves)
{
	const struct fw_set_edits after = {.edits = agent->drift.sets, .count = agent->drift.set_count};
	size_t kept = fw_set_edits_kept(before, &after, NULL);
	const struct fw_set_edits made = {.edits = after.count > kept ? after.edits + kept : NULL,
					  .count = after.count - kept};
	FW_FREE struct fw_set_edit *written_edits =
		calloc(json_array_size(order->cidrs), sizeof(*written_edits));
	FW_FREE bool *leaves_nothing = calloc(made.count + 1, sizeof(*leaves_nothing));
	FW_FREE bool *said = calloc(made.count + 1, sizeof(*said));
	struct fw_set_edits written = {.edits = written_edits};
	FW_CLEANUP(fw_undo_done) struct fw_undo undo = {};

	if (!written_edits || !leaves_nothing || !said)
		return json_null();
	if (saves)
		written.count = find_written(agent, order, &made, written_edits);
	if (!json_array_size(order->changed) && !written.count)
		return json_null();
	for (size_t i = 0; i < made.count; i++) {
		leaves_nothing[i] = fw_drift_leaves_nothing(agent, &made.edits[i].change);
		said[i] = !made.edits[i].change.removed &&
			  fw_drift_is_said(agent, order->set, &made.edits[i].change);
	}
	fw_set_undo(order->name, before, &after, leaves_nothing, said, saves ? &written : NULL,
		    fw_monotonic_ns(), &undo);
	return fw_undo_to_json(&undo);
}

static json_t *warnings_of(struct fw_agent *agent, const struct order *order)
{
	json_t *warnings = json_array();

	fw_set_warnings(agent, order->set, order->prefixes, json_array_size(order->cidrs), warnings);
	return warnings;
}

/* Whether the files can be written shows only later: the caller gets the undo of both cases. */
static void reply_changed(struct fw_agent *agent, const struct order *order,
			  const struct fw_set_edits *before, struct fw_answer *answer)
{
	const struct fw_image *image = agent->loaded->image;
	size_t changed = json_array_size(order->changed);
	json_t *reply = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "name", order->name, words[order->kind].key,
		(json_int_t)changed, "already", (json_int_t)(json_array_size(order->cidrs) - changed),
		"prefixes4", (json_int_t)image->set_prefixes4[order->set], "prefixes6",
		(json_int_t)image->set_prefixes6[order->set], "expires_in_seconds",
		order->for_ns ? json_integer((json_int_t)(order->for_ns / FW_NS_PER_SEC)) : json_null(),
		"undo", undo_of(agent, order, before, order->saves));

	if (reply && order->kind == CHANGE_ADD)
		json_object_set_new(reply, "warnings", warnings_of(agent, order));
	if (reply && order->saves)
		json_object_set_new(reply, "undo_unsaved", undo_of(agent, order, before, false));
	fw_reply(answer, fw_kept_reply(agent, FW_KEPT_DRIFT, reply));
}

static void change(struct fw_request *request, struct fw_answer *answer, enum change_kind kind)
{
	FW_CLEANUP(order_done) struct order order = {.kind = kind};
	struct fw_agent *agent = request->agent;
	struct fw_set_edit *saved = NULL;
	size_t saved_count = 0;
	struct fw_err err = {};

	if (!order_read(request, &order, answer))
		return;
	if (!order.changed || fw_drift_copy_sets(&agent->drift, &saved, &saved_count)) {
		fw_reply(answer, NULL);
	} else if (put_in_force(request, &order, &err)) {
		fw_drift_restore_sets(&agent->drift, saved, saved_count);
		fw_fail_err(answer, &err);
	} else {
		keep_changed(request, &order);
		reply_changed(agent, &order, &(struct fw_set_edits){saved, saved_count}, answer);
		free(saved);
	}
}

void fw_api_sets_add(struct fw_request *request, struct fw_answer *answer)
{
	change(request, answer, CHANGE_ADD);
}

void fw_api_sets_del(struct fw_request *request, struct fw_answer *answer)
{
	change(request, answer, CHANGE_DEL);
}

void fw_api_sets_forget(struct fw_request *request, struct fw_answer *answer)
{
	change(request, answer, CHANGE_FORGET);
}
