// SPDX-License-Identifier: Apache-2.0
/* GET /v1/sets, /v1/sets/test and POST /v1/sets/add, /v1/sets/del. */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "agent/undo.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/units.h"
#include "policy/lists.h"
#include "policy/users.h"

static const char *const kind_words[] = {
	[FW_SET_STATIC] = "static", [FW_SET_FILE] = "file", [FW_SET_FEED] = "feed"};

static json_t *set_to_json(const struct fw_agent *agent, unsigned int index, uint64_t packets)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_set *set = &policy->sets[index];
	const struct fw_set_file *file = fw_set_files_find(agent, set->name);
	const struct fw_feed_watch *feed = set->kind == FW_SET_FEED ? fw_feeds_find(agent, set->name) : NULL;
	bool broken = file && file->error[0];
	const char *user;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:s?, s:s?}", "name", set->name, "kind",
			 kind_words[set->kind], "prefixes4",
			 (json_int_t)agent->loaded->image->set_prefixes4[index], "prefixes6",
			 (json_int_t)agent->loaded->image->set_prefixes6[index], "packets",
			 (json_int_t)packets, "state",
			 feed	  ? fw_feed_condition_word(fw_feed_condition(feed))
			 : broken ? "broken"
				  : "ok",
			 "used", (int)(fw_set_users(policy, index, &user, 1) > 0), "file", set->file, "error",
			 broken ? file->error : NULL);
}

void fw_api_sets(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE uint64_t *packets = calloc(policy->set_count + 1, sizeof(*packets));
	json_t *list = json_array();

	if (!packets) {
		json_decref(list);
		fw_reply(answer, NULL);
		return;
	}
	fw_set_totals_read(agent, packets);
	for (size_t i = 0; i < policy->set_count; i++)
		json_array_append_new(list, set_to_json(agent, (unsigned int)i, packets[i]));
	fw_reply(answer, list);
}

static int find_set(struct fw_agent *agent, const char *name, struct fw_answer *answer)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = fw_policy_set_find(policy, name);
	FW_FREE const char **names = NULL;
	const char *near;
	char hint[128];

	if (index >= 0)
		return index;
	names = calloc(policy->set_count + 1, sizeof(*names));
	for (size_t i = 0; names && i < policy->set_count; i++)
		names[i] = policy->sets[i].name;
	near = names ? fw_did_you_mean(name, names, policy->set_count) : NULL;
	snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near : "");
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-set",
		near ? hint : "'floodwall sets' lists them; new ones go into the policy",
		"there is no set '%.80s'", name);
	return -1;
}

static bool feed_holds(const struct fw_agent *agent, const struct fw_set *set, const struct fw_prefix *prefix,
		       struct fw_prefix *ret)
{
	const struct fw_feed_watch *watch = fw_feeds_find(agent, set->name);

	for (unsigned int tier = 0; watch && tier < FW_TIER_MAX_; tier++)
		for (size_t i = 0; i < watch->share.counts[tier]; i++)
			if (fw_prefix_covers(&watch->share.prefixes[tier][i], prefix)) {
				*ret = watch->share.prefixes[tier][i];
				return true;
			}
	return false;
}

/* Whether all of a prefix is in the set: what covers it, minus what was taken out inside it. */
static bool holds_all(const struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefix,
		      struct fw_prefix *ret)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	bool found = fw_set_covering(agent, set, &prefix->addr, ret);

	/* The longest one may be narrower than what was asked for. */
	if (found && !fw_prefix_covers(ret, prefix)) {
		found = false;
		for (size_t i = 0; i < known->prefix_count && !found; i++)
			if (fw_prefix_covers(&known->prefixes[i], prefix)) {
				*ret = known->prefixes[i];
				found = true;
			}
	}
	if (!found && known->kind == FW_SET_FEED)
		found = feed_holds(agent, known, prefix, ret);
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;

		if (strcmp(change->set, known->name))
			continue;
		if (change->removed &&
		    (fw_prefix_covers(&change->prefix, prefix) || fw_prefix_covers(prefix, &change->prefix)))
			found = false;
		else if (!change->removed && fw_prefix_covers(&change->prefix, prefix)) {
			*ret = change->prefix;
			found = true;
		}
	}
	return found;
}

static bool overlap(const struct fw_prefix *a, const struct fw_prefix *b)
{
	return fw_prefix_covers(a, b) || fw_prefix_covers(b, a);
}

/* Whether any of a prefix is in the set. What was taken out bit by bit still counts: taking it out again does
 * no harm. */
static bool holds_some(const struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefix)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	const struct fw_feed_watch *watch =
		known->kind == FW_SET_FEED ? fw_feeds_find(agent, known->name) : NULL;
	bool found = false;

	for (size_t i = 0; i < known->prefix_count && !found; i++)
		found = overlap(&known->prefixes[i], prefix);
	for (unsigned int tier = 0; watch && tier < FW_TIER_MAX_; tier++)
		for (size_t i = 0; i < watch->share.counts[tier] && !found; i++)
			found = overlap(&watch->share.prefixes[tier][i], prefix);
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *change = &agent->drift.sets[i].change;

		if (strcmp(change->set, known->name))
			continue;
		if (change->removed && fw_prefix_covers(&change->prefix, prefix))
			found = false;
		else if (!change->removed && overlap(&change->prefix, prefix))
			found = true;
	}
	return found;
}

/* Whether what the change says is so already, and for as long. An earlier one with an end of its own would
 * take this one along. */
static bool is_so_already(const struct fw_agent *agent, unsigned int set, const struct fw_set_change *change)
{
	struct fw_prefix by;

	if (change->removed ? holds_some(agent, set, &change->prefix)
			    : !holds_all(agent, set, &change->prefix, &by))
		return false;
	for (size_t i = 0; i < agent->drift.set_count; i++) {
		const struct fw_set_change *other = &agent->drift.sets[i].change;

		if (strcmp(other->set, change->set) || other->removed != change->removed)
			continue;
		if (change->expires_ns ? !fw_prefix_compare(&other->prefix, &change->prefix)
				       : other->expires_ns && overlap(&other->prefix, &change->prefix))
			return false;
	}
	return true;
}

struct test {
	const struct fw_agent *agent;
	unsigned int set;
	json_t *results;
	bool all;
	struct fw_answer *answer;
	bool bad;
};

static enum MHD_Result test_one(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct test *test = context;
	struct fw_prefix prefix, by;
	char text[FW_ADDR_TEXT_MAX], by_text[FW_ADDR_TEXT_MAX];
	struct fw_err err = {};
	bool member;

	(void)kind;
	if (strcmp(key, "cidr") || !value)
		return MHD_YES;
	if (fw_prefix_parse(value, &prefix, &err)) {
		fw_fail(test->answer, 400, FW_EXIT_USAGE, "bad-address", NULL, "'%.80s': %s", value,
			err.text);
		test->bad = true;
		return MHD_NO;
	}
	member = holds_all(test->agent, test->set, &prefix, &by);
	test->all &= member;
	json_array_append_new(test->results,
			      json_pack("{s:s, s:b, s:s?}", "cidr",
					fw_prefix_format(&prefix, text, sizeof(text)), "member", (int)member,
					"by",
					member ? fw_prefix_format(&by, by_text, sizeof(by_text)) : NULL));
	return MHD_YES;
}

void fw_api_sets_test(struct fw_request *request, struct fw_answer *answer)
{
	const char *name = fw_request_query(request, "name");
	struct test test = {.agent = request->agent, .all = true, .answer = answer};
	int set;

	if (!name) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "which set? name=NAME is missing");
		return;
	}
	set = find_set(request->agent, name, answer);
	if (set < 0)
		return;
	test.set = (unsigned int)set;
	test.results = json_array();
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, test_one, &test);
	if (!test.bad && !json_array_size(test.results)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
			"which addresses? cidr=CIDR is missing");
		test.bad = true;
	}
	if (!test.bad)
		fw_reply(answer, json_pack("{s:s, s:O, s:b}", "name", name, "results", test.results, "member",
					   (int)test.all));
	json_decref(test.results);
}

static void say_changed(struct fw_request *request, const char *name, const json_t *cidrs, bool removed)
{
	size_t count = json_array_size(cidrs);

	fw_event(request->agent, "set", request->by,
		 json_pack("{s:s, s:s, s:O, s:I}", "name", name, "change", removed ? "del" : "add", "cidrs",
			   cidrs, "generation", (json_int_t)request->agent->generation),
		 "set '%s': %s%s %s by %s", name, json_string_value(json_array_get(cidrs, 0)),
		 count > 1 ? " and more" : "", removed ? "taken out" : "added", request->by);
}

/* A live change of the same prefix that this one takes the place of comes back as it was, for what is left of
 * it; else the opposite is done. Those that were so already are nothing to undo. */
static void note_undo(const struct fw_agent *agent, const struct fw_set_change *change, struct fw_undo *undo)
{
	const struct fw_set_change *before = NULL;
	char command[sizeof(change->set) + 16], left[48] = "", prefix[FW_ADDR_TEXT_MAX];
	uint64_t now = fw_monotonic_ns();

	for (size_t i = 0; i < agent->drift.set_count && !before; i++) {
		const struct fw_set_change *other = &agent->drift.sets[i].change;

		if (!strcmp(other->set, change->set) && !fw_prefix_compare(&other->prefix, &change->prefix) &&
		    (!other->expires_ns || other->expires_ns > now))
			before = other;
	}
	snprintf(command, sizeof(command), "sets %s %s",
		 (before ? before->removed : !change->removed) ? "del" : "add", change->set);
	if (before && before->expires_ns)
		fw_undo_for(before->expires_ns - now, left, sizeof(left));
	fw_undo_add(undo, command, fw_prefix_format(&change->prefix, prefix, sizeof(prefix)), left);
}

static void reply_changed(struct fw_request *request, struct fw_answer *answer, int set,
			  const json_t *changed, size_t asked, bool removed, uint64_t for_ns,
			  const struct fw_undo *undo)
{
	const struct fw_agent *agent = request->agent;
	const char *name = agent->loaded->policy->sets[set].name;
	FW_FREE char *text = fw_undo_text(undo);
	json_t *reply;

	reply = json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:s}", "name", name, removed ? "removed" : "added",
			  (json_int_t)json_array_size(changed), "already",
			  (json_int_t)(asked - json_array_size(changed)), "prefixes4",
			  (json_int_t)agent->loaded->image->set_prefixes4[set], "prefixes6",
			  (json_int_t)agent->loaded->image->set_prefixes6[set], "expires_in_seconds",
			  for_ns ? json_integer((json_int_t)(for_ns / FW_NS_PER_SEC)) : json_null(), "undo",
			  text ? text : "");
	if (reply && agent->drift.unsaved[0])
		json_object_set_new(reply, "not_kept", json_string(agent->drift.unsaved));
	fw_reply(answer, reply);
}

static void keep_changed(struct fw_request *request, const json_t *changed, int set, bool removed)
{
	struct fw_agent *agent = request->agent;

	/* What was added live and is taken out again leaves nothing behind. */
	fw_drift_forget_saved(agent);
	fw_drift_save(agent);
	/* Hashing a million lines can wait: until then a restart sees that the lists were changed in place.
	 */
	fw_force_save_soon(agent);
	fw_drift_schedule(agent);
	if (json_array_size(changed))
		say_changed(request, agent->loaded->policy->sets[set].name, changed, removed);
}

/* All of the request or nothing of it. */
static void change(struct fw_request *request, struct fw_answer *answer, bool removed)
{
	struct fw_agent *agent = request->agent;
	const char *name = fw_request_text(request, "name", answer);
	json_t *cidrs = name ? fw_request_texts(request, "cidrs", answer) : NULL;
	FW_FREE struct fw_prefix *prefixes = NULL;
	struct fw_set_edit *saved = NULL;
	size_t saved_count = 0;
	struct fw_undo undo = {};
	struct fw_err err = {};
	json_t *changed;
	uint64_t for_ns = 0;
	int set, r = 0;

	if (!cidrs || !fw_request_seconds(request, "for_seconds", &for_ns, answer))
		return;
	set = find_set(agent, name, answer);
	if (set < 0 || !fw_sources_parse(cidrs, &prefixes, answer))
		return;
	changed = json_array();
	if (!changed || fw_drift_copy_sets(&agent->drift, &saved, &saved_count)) {
		json_decref(changed);
		fw_reply(answer, NULL);
		return;
	}
	for (size_t i = 0; i < json_array_size(cidrs) && !r; i++) {
		struct fw_set_change one = {.prefix = prefixes[i],
					    .removed = removed,
					    .expires_ns = for_ns ? fw_monotonic_ns() + for_ns : 0};

		snprintf(one.set, sizeof(one.set), "%s", agent->loaded->policy->sets[set].name);
		if (is_so_already(agent, (unsigned int)set, &one))
			continue;
		json_array_append(changed, json_array_get(cidrs, i));
		note_undo(agent, &one, &undo);
		r = fw_drift_set(&agent->drift, &one, request->by);
	}
	if (r)
		fw_err_set(&err, r, "out of memory; nothing was changed");
	else if (json_array_size(changed))
		r = fw_force_recompile(agent, true, &err);
	if (r) {
		fw_drift_restore_sets(&agent->drift, saved, saved_count);
		fw_fail_err(answer, &err);
	} else {
		free(saved);
		keep_changed(request, changed, set, removed);
		reply_changed(request, answer, set, changed, json_array_size(cidrs), removed, for_ns, &undo);
	}
	json_decref(changed);
}

void fw_api_sets_add(struct fw_request *request, struct fw_answer *answer)
{
	change(request, answer, false);
}

void fw_api_sets_del(struct fw_request *request, struct fw_answer *answer)
{
	change(request, answer, true);
}
