// SPDX-License-Identifier: Apache-2.0
/* POST /v1/tune: in force with the next packet, on disk before it is answered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "agent/tune_text.h"
#include "agent/undo.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "policy/check.h"
#include "policy/describe.h"

/* As tune would be told to set it again. */
static char *value_of(const struct fw_loaded *loaded, const char *rule, const char *key)
{
	int index = fw_policy_rule_find(loaded->policy, rule);

	for (enum fw_aspect aspect = 0; index >= 0 && aspect < FW_ASPECT_MAX_; aspect++)
		if (!strcmp(fw_aspect_key(aspect), key))
			return fw_aspect_text(loaded->policy, &loaded->policy->rules[index], aspect);
	return NULL;
}

/* The same as the file has it, or had it when it was read. */
static char *text_in_file(const struct fw_loaded *loaded, const char *rule, const char *key)
{
	int index = fw_policy_rule_find(loaded->policy, rule);

	for (enum fw_aspect aspect = 0; index >= 0 && aspect < FW_ASPECT_MAX_; aspect++)
		if (!strcmp(fw_aspect_key(aspect), key))
			return fw_aspect_text(loaded->policy, &loaded->rules[index], aspect);
	return NULL;
}

/* Numbers and booleans are taken for what they look like. */
static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "true" : "false");
	return json_is_integer(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
}

/* A lasting change replaces what was tuned before; one for a while lies on top of it. */
static int add_tune(struct fw_stand *stand, const char *rule, const char *key, const char *value,
		    const char *by, uint64_t expires_ns)
{
	struct fw_tune tune = {.expires_ns = expires_ns};
	size_t kept = 0;

	snprintf(tune.rule, sizeof(tune.rule), "%s", rule);
	snprintf(tune.key, sizeof(tune.key), "%s", key);
	snprintf(tune.by, sizeof(tune.by), "%s", by);
	tune.value = strdup(value);
	if (!tune.value)
		return -ENOMEM;
	for (size_t i = 0; i < stand->tune_count; i++) {
		if (expires_ns || strcmp(stand->tunes[i].rule, rule) || strcmp(stand->tunes[i].key, key))
			stand->tunes[kept++] = stand->tunes[i];
		else
			free(stand->tunes[i].value);
	}
	stand->tune_count = kept;
	if (FW_APPEND(stand->tunes, stand->tune_count, tune)) {
		free(tune.value);
		return -ENOMEM;
	}
	return 0;
}

static void swap_tunes(struct fw_stand *a, struct fw_stand *b)
{
	struct fw_tune *tunes = a->tunes;
	size_t count = a->tune_count;

	a->tunes = b->tunes;
	a->tune_count = b->tune_count;
	b->tunes = tunes;
	b->tune_count = count;
}

/* {KEY: "text"} from whatever the request has. */
static json_t *as_texts(const json_t *changes, struct fw_answer *answer)
{
	json_t *texts = json_object(), *value;
	const char *key;

	json_object_foreach ((json_t *)changes, key, value) {
		FW_FREE char *text = text_of(value);

		if (!text) {
			fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
				"'%.40s': expected a value as text", key);
			json_decref(texts);
			return NULL;
		}
		json_object_set_new(texts, key, json_string(text));
	}
	return texts;
}

/* What was in force before: of keys that were changed for a while only, what lies below that; and those for
 * what is left of their time. */
struct before {
	json_t *old, *below;	/* {KEY: TEXT} */
	json_t *in_file, *live; /* likewise: what the file says, and what was tuned to stay over that */
	struct fw_undo temporary;
	bool tuned; /* some of it live */
};

struct order {
	const char *rule;
	json_t *changes; /* owned; {KEY: TEXT} */
	uint64_t for_ns;
	bool saves;
	struct before was;
};

static void order_done(struct order *order)
{
	json_decref(order->changes);
	json_decref(order->was.old);
	json_decref(order->was.below);
	json_decref(order->was.in_file);
	json_decref(order->was.live);
	fw_undo_done(&order->was.temporary);
}

static void note_key(const struct fw_agent *agent, const char *rule, const char *key, struct before *before)
{
	const struct fw_stand *stand = &agent->loaded->stand;
	FW_FREE char *now = value_of(agent->loaded, rule, key),
		     *in_file = text_in_file(agent->loaded, rule, key);
	const char *lasting = in_file;
	uint64_t now_ns = fw_monotonic_ns();
	bool any = false;

	for (size_t i = 0; i < stand->tune_count; i++) {
		const struct fw_tune *tune = &stand->tunes[i];
		char command[FW_NAME_MAX + 8], change[160], left[48];

		if (strcmp(tune->rule, rule) || strcmp(tune->key, key))
			continue;
		before->tuned = true;
		if (!tune->expires_ns) {
			lasting = tune->value;
		} else if (tune->expires_ns > now_ns) {
			any = true;
			snprintf(command, sizeof(command), "tune %s", rule);
			snprintf(change, sizeof(change), "'%s=%s'", key, tune->value);
			fw_undo_add(&before->temporary, command, change,
				    fw_undo_for(tune->expires_ns - now_ns, left, sizeof(left)));
		}
	}
	if (now)
		json_object_set_new(before->old, key, json_string(now));
	if (in_file)
		json_object_set_new(before->in_file, key, json_string(in_file));
	if (lasting != in_file)
		json_object_set_new(before->live, key, json_string(lasting));
	if (any && lasting)
		json_object_set_new(before->below, key, json_string(lasting));
}

static json_t *describe(struct fw_agent *agent, const struct order *order)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach (order->changes, key, value) {
		FW_FREE char *now = value_of(agent->loaded, order->rule, key);
		const char *before = json_string_value(json_object_get(order->was.old, key));

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", key, "old",
						      before ? before : "none", "new",
						      now ? now : json_string_value(value)));
	}
	return list;
}

static void write_tune(FILE *out, const struct order *order, const json_t *values, const char *options)
{
	const char *key;
	json_t *value;

	fprintf(out, "floodwall tune %s", order->rule);
	json_object_foreach ((json_t *)values, key, value)
		fprintf(out, " '%s=%s'", key, json_string_value(value));
	fputs(options, out);
}

/* What the keys are set to again where no file was written. Caller owns it. */
static json_t *way_back(const struct order *order)
{
	json_t *back = json_object(), *value;
	const char *key;

	json_object_foreach (order->changes, key, value) {
		json_t *before = json_object_get(order->was.below, key);

		before = before ? before : json_object_get(order->was.old, key);
		json_object_set_new(back, key, before ? json_incref(before) : json_string("none"));
	}
	return back;
}

/* "floodwall tune r 'limit=7000 packets/5m'", and behind it what was for a while only. saved: with a file to
 * take it out of, first; that takes along what was tuned over it. */
static json_t *undo_of(const struct order *order, bool saved)
{
	FW_FREE char *temporary = fw_undo_text(&order->was.temporary), *text = NULL;
	json_t *back = saved ? NULL : way_back(order), *undo;
	size_t length;
	FILE *out = temporary ? open_memstream(&text, &length) : NULL;

	if (!out) {
		json_decref(back);
		return json_null();
	}
	write_tune(out, order, saved ? order->was.in_file : back, saved ? " --save" : "");
	if (saved && json_object_size(order->was.live)) {
		fputs(" && ", out);
		write_tune(out, order, order->was.live, "");
	}
	if (*temporary)
		fprintf(out, " && %s", temporary);
	undo = fclose(out) ? json_null() : json_string(text);
	json_decref(back);
	return undo;
}

/* The keys are in force as they were, none of them for a while only. */
static bool is_in_force_as_before(const struct fw_agent *agent, const struct order *order)
{
	json_t *value;
	const char *key;

	if (order->was.temporary.count)
		return false;
	json_object_foreach (order->changes, key, value) {
		FW_FREE char *now = value_of(agent->loaded, order->rule, key);
		const char *before = json_string_value(json_object_get(order->was.old, key));

		if (!now || !before || strcmp(now, before))
			return false;
	}
	return true;
}

/* Neither did the keys end with something, nor would they now. */
static bool changes_nothing(const struct fw_agent *agent, const struct order *order)
{
	return !order->for_ns && !(order->saves && order->was.tuned) && is_in_force_as_before(agent, order);
}

#define KEYS_MAX 16

struct keys {
	const char *keys[KEYS_MAX], *values[KEYS_MAX];
	size_t count;
};

static int keys_of(const struct order *order, struct keys *ret, struct fw_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (order->changes, key, value) {
		if (ret->count == KEYS_MAX || strlen(key) >= sizeof(((struct fw_tune *)0)->key))
			return fw_err_set(
				err, -EINVAL,
				"'%.40s' cannot be tuned; limit, action, mode, ban, per and force can", key);
		ret->keys[ret->count] = key;
		ret->values[ret->count++] = json_string_value(value);
	}
	return 0;
}

/* The policy has the keys already; on failure stand and policy are as before. */
static int put_in_force(struct fw_request *request, const struct order *order, const struct keys *keys,
			struct fw_err *err)
{
	struct fw_agent *agent = request->agent;
	struct fw_loaded *loaded = agent->loaded;
	uint64_t expires_ns = order->for_ns ? fw_monotonic_ns() + order->for_ns : 0;
	struct fw_stand backup = {};
	int r = fw_stand_copy(&loaded->stand, &backup);
	bool copied = !r;

	for (size_t i = 0; i < keys->count && !r; i++)
		r = add_tune(&loaded->stand, order->rule, keys->keys[i], keys->values[i], request->by,
			     expires_ns);
	if (r)
		fw_err_set(err, r, "out of memory; nothing was changed");
	else
		r = fw_force_recompile(agent, false, err);
	if (r && copied)
		swap_tunes(&loaded->stand, &backup);
	if (r)
		fw_loaded_tune(loaded, NULL);
	fw_stand_done(&backup);
	return r;
}

/* Tries the keys on the policy in force. */
static int try(struct fw_request *request, const struct order *order, bool *ret_unchanged, struct fw_err *err)
{
	struct fw_loaded *loaded = request->agent->loaded;
	struct keys keys = {};
	int r = keys_of(order, &keys, err);

	if (!r)
		r = fw_policy_tune_keys(loaded->policy, order->rule, keys.keys, keys.values, keys.count, err);
	if (r)
		return r;
	*ret_unchanged = changes_nothing(request->agent, order);
	if (!*ret_unchanged)
		return put_in_force(request, order, &keys, err);
	fw_loaded_tune(loaded, NULL);
	return 0;
}

static bool order_read(const struct fw_request *request, struct order *order, struct fw_answer *answer)
{
	const json_t *wanted = json_object_get(request->body, "changes");
	const char *key;
	json_t *value;

	order->rule = fw_request_text(request, "rule", answer);
	if (!order->rule || !fw_request_seconds(request, "for_seconds", &order->for_ns, answer))
		return false;
	if (!json_is_object(wanted) || !json_object_size(wanted)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"the request needs 'changes': {KEY: VALUE}");
		return false;
	}
	order->changes = as_texts(wanted, answer);
	if (!order->changes)
		return false;
	order->saves = json_is_true(json_object_get(request->body, "save"));
	order->was.old = json_object();
	order->was.below = json_object();
	order->was.in_file = json_object();
	order->was.live = json_object();
	json_object_foreach (order->changes, key, value)
		note_key(request->agent, order->rule, key, &order->was);
	return true;
}

/* The undo of a change, and where a file is to be written with it, what it is if that fails: only the caller
 * will know. */
struct undo {
	json_t *undo, *unsaved; /* owned; unsaved may be NULL */
};

static struct undo undo_both(const struct fw_agent *agent, const struct order *order, bool unchanged)
{
	if (unchanged)
		return (struct undo){.undo = json_null()};
	if (!order->saves)
		return (struct undo){.undo = undo_of(order, false)};
	return (struct undo){.undo = undo_of(order, true),
			     .unsaved = is_in_force_as_before(agent, order) ? json_null()
									    : undo_of(order, false)};
}

static void keep_and_tell(struct fw_request *request, const struct order *order, json_t *changes,
			  const struct undo *undo)
{
	struct fw_agent *agent = request->agent;
	const char *unsaved = json_string_value(undo->unsaved);
	FW_FREE char *said = fw_tune_text(changes);

	fw_loaded_prune(agent->loaded);
	fw_force_save_tunes(agent);
	fw_drift_schedule(agent);
	fw_event(agent, "tune", request->by,
		 json_pack("{s:s, s:O, s:I}", "rule", order->rule, "changes", changes, "generation",
			   (json_int_t)agent->generation),
		 "rule '%s' tuned by %s: %s; generation %u is in force; undo: %s%s%s", order->rule,
		 request->by, said ? said : "", agent->generation, json_string_value(undo->undo),
		 unsaved ? "; if it could not be saved: " : "", unsaved ? unsaved : "");
}

/* What check warns of in a file, of the rule as it is now. */
static json_t *warnings_of(const struct fw_agent *agent, const char *rule)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = fw_policy_rule_find(policy, rule);
	json_t *warnings = json_array();
	struct fw_diags diags = {};

	if (index >= 0)
		fw_rule_check(policy, &policy->rules[index], &diags);
	for (size_t i = 0; i < diags.count; i++) {
		const struct fw_diag *diag = &diags.items[i];

		if (diag->severity == FW_SEVERITY_WARNING)
			json_array_append_new(warnings,
					      json_sprintf("%s%s%s", diag->message, diag->hint ? "; " : "",
							   diag->hint ? diag->hint : ""));
	}
	fw_diags_done(&diags);
	return warnings;
}

void fw_api_tune(struct fw_request *request, struct fw_answer *answer)
{
	FW_CLEANUP(order_done) struct order order = {};
	struct fw_agent *agent = request->agent;
	json_t *changes, *reply;
	struct fw_err err = {};
	bool unchanged = false;
	struct undo undo;

	if (!order_read(request, &order, answer))
		return;
	if (try(request, &order, &unchanged, &err)) {
		fw_fail_err(answer, &err);
		return;
	}
	changes = describe(agent, &order);
	undo = undo_both(agent, &order, unchanged);
	if (!unchanged)
		keep_and_tell(request, &order, changes, &undo);
	reply = json_pack("{s:s, s:o, s:I, s:o, s:o, s:b, s:b, s:o}", "rule", order.rule, "changes", changes,
			  "generation", (json_int_t)agent->generation, "expires_in_seconds",
			  order.for_ns ? json_integer((json_int_t)(order.for_ns / FW_NS_PER_SEC))
				       : json_null(),
			  "undo", undo.undo, "unchanged", (int)unchanged, "saved", 0, "warnings",
			  warnings_of(agent, order.rule));
	if (reply && undo.unsaved)
		json_object_set(reply, "undo_unsaved", undo.unsaved);
	json_decref(undo.unsaved);
	fw_reply(answer, fw_kept_reply(agent, FW_KEPT_POLICY, reply));
}
