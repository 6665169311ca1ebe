// SPDX-License-Identifier: Apache-2.0
/* POST /v1/tune: in force with the next packet, on disk after that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "agent/undo.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
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

/* Tries the keys on the policy in force; on failure it is as before. */
static int try(struct fw_agent *agent, const char *rule, const json_t *changes, const char *by,
	       uint64_t expires_ns, struct fw_err *err)
{
	struct fw_loaded *loaded = agent->loaded;
	const char *keys[16], *values[16];
	size_t count = 0;
	int r;
	struct fw_stand backup = {};
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)changes, key, value) {
		if (count == 16 || strlen(key) >= sizeof(((struct fw_tune *)0)->key))
			return fw_err_set(
				err, -EINVAL,
				"'%.40s' cannot be tuned; limit, action, mode, ban, per and force can", key);
		keys[count] = key;
		values[count++] = json_string_value(value);
	}
	r = fw_policy_tune_keys(loaded->policy, rule, keys, values, count, err);
	if (r)
		return r;
	if (fw_stand_copy(&loaded->stand, &backup)) {
		fw_loaded_tune(loaded, NULL);
		return fw_err_set(err, -ENOMEM, "out of memory; nothing was changed");
	}
	for (size_t i = 0; i < count && !r; i++)
		r = add_tune(&loaded->stand, rule, keys[i], values[i], by, expires_ns);
	if (r)
		fw_err_set(err, r, "out of memory; nothing was changed");
	else
		r = fw_force_recompile(agent, false, err);
	if (r) {
		swap_tunes(&loaded->stand, &backup);
		fw_loaded_tune(loaded, NULL);
	}
	fw_stand_done(&backup);
	return r;
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
	json_t *old, *below; /* {KEY: TEXT} */
	struct fw_undo temporary;
};

static void before_done(struct before *before)
{
	json_decref(before->old);
	json_decref(before->below);
}

/* "floodwall tune r 'limit=7000 packets/5m'", and behind it what was for a while only. */
static json_t *undo_to_json(const char *lasting, const struct fw_undo *temporary)
{
	FW_FREE char *text = fw_undo_text(temporary);

	return text && *text ? json_sprintf("%s && %s", lasting, text) : json_string(lasting);
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
	if (any && lasting)
		json_object_set_new(before->below, key, json_string(lasting));
}

static json_t *describe(struct fw_agent *agent, const char *rule, const struct before *was, json_t *changes,
			char *undo, size_t size)
{
	json_t *list = json_array();
	size_t used = (size_t)snprintf(undo, size, "floodwall tune %s", rule);
	const char *key;
	json_t *value;

	json_object_foreach (changes, key, value) {
		FW_FREE char *now = value_of(agent->loaded, rule, key);
		const char *before = json_string_value(json_object_get(was->old, key));
		const char *below = json_string_value(json_object_get(was->below, key));
		FW_FREE char *in_file = text_in_file(agent->loaded, rule, key);
		/* What was tuned already and comes to stay: what it was before that. */
		const char *back = below ? below : before && now && !strcmp(before, now) ? in_file : before;

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", key, "old",
						      before ? before : "none", "new",
						      now ? now : json_string_value(value)));
		if (used < size)
			used += (size_t)snprintf(undo + used, size - used, " '%s=%s'", key,
						 back ? back : "none");
	}
	return list;
}

/* Live changes of these keys, whatever became of them. */
static size_t count_tunes(const struct fw_stand *stand, const char *rule, json_t *changes)
{
	size_t count = 0;

	for (size_t i = 0; i < stand->tune_count; i++)
		count += !strcmp(stand->tunes[i].rule, rule) && json_object_get(changes, stand->tunes[i].key);
	return count;
}

static bool says_what_was(const json_t *list)
{
	const json_t *change;
	size_t i;

	json_array_foreach ((json_t *)list, i, change)
		if (!json_equal(json_object_get(change, "old"), json_object_get(change, "new")))
			return false;
	return true;
}

void fw_api_tune(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const char *rule = fw_request_text(request, "rule", answer), *key;
	const json_t *wanted = json_object_get(request->body, "changes");
	FW_CLEANUP(before_done) struct before was = {};
	json_t *changes, *value, *list, *undo_json;
	struct fw_err err = {};
	bool was_tuned, unchanged;
	uint64_t for_ns;
	char undo[512];

	if (!rule || !fw_request_seconds(request, "for_seconds", &for_ns, answer))
		return;
	if (!json_is_object(wanted) || !json_object_size(wanted)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"the request needs 'changes': {KEY: VALUE}");
		return;
	}
	changes = as_texts(wanted, answer);
	if (!changes)
		return;
	was.old = json_object();
	was.below = json_object();
	json_object_foreach (changes, key, value)
		note_key(agent, rule, key, &was);
	was_tuned = count_tunes(&agent->loaded->stand, rule, changes) > 0;
	if (try(agent, rule, changes, request->by, for_ns ? fw_monotonic_ns() + for_ns : 0, &err)) {
		fw_fail_err(answer, &err);
	} else {
		fw_loaded_prune(agent->loaded);
		fw_force_save_soon(agent);
		fw_drift_schedule(agent);
		list = describe(agent, rule, &was, changes, undo, sizeof(undo));
		undo_json = undo_to_json(undo, &was.temporary);
		/* Neither did they end with something, nor do they now. */
		unchanged = !was_tuned && !count_tunes(&agent->loaded->stand, rule, changes) &&
			    says_what_was(list);
		fw_event(agent, "tune", request->by,
			 json_pack("{s:s, s:O, s:I}", "rule", rule, "changes", list, "generation",
				   (json_int_t)agent->generation),
			 "rule '%s' tuned, generation %u is in force; undo: %s", rule, agent->generation,
			 json_string_value(undo_json));
		fw_reply(answer,
			 json_pack("{s:s, s:o, s:I, s:o, s:o, s:b, s:b}", "rule", rule, "changes", list,
				   "generation", (json_int_t)agent->generation, "expires_in_seconds",
				   for_ns ? json_integer((json_int_t)(for_ns / FW_NS_PER_SEC)) : json_null(),
				   "undo", unchanged ? json_null() : json_incref(undo_json), "unchanged",
				   (int)unchanged, "saved", 0));
		json_decref(undo_json);
	}
	json_decref(changes);
}
