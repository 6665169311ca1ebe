// SPDX-License-Identifier: Apache-2.0
/* GET /v1/feeds, POST /v1/feeds/sync. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "lib/cleanup.h"
#include "lib/diag.h"

#define LOOK_MS 20 /* how often a waiting sync looks whether the attempts ended */

void fw_api_feeds(struct fw_request *request, struct fw_answer *answer)
{
	const struct fw_feeds *feeds = &request->agent->feeds;
	json_t *list = json_array();

	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i]->active)
			json_array_append_new(list, fw_feed_to_json(feeds->items[i]));
	fw_reply(answer, list);
}

static bool is_meant(const struct fw_feed_watch *watch, const char *name)
{
	return watch->active && (!name || !strcmp(watch->definition.name, name));
}

static void unknown(const struct fw_feeds *feeds, const char *name, struct fw_answer *answer)
{
	FW_FREE const char **names = calloc(feeds->count + 1, sizeof(*names));
	const char *near = NULL;
	char hint[128];

	for (size_t i = 0; names && i < feeds->count; i++)
		names[i] = feeds->items[i]->definition.name;
	if (names)
		near = fw_did_you_mean(name, names, feeds->count);
	snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near : "");
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-feed",
		near ? hint : "'floodwall feeds' lists them; new ones go into the policy",
		"there is no feed '%.80s'", name);
}

/* The name (NULL: all feeds) and whether to force; false: answered. */
static bool read_request(const struct fw_request *request, const char **ret_name, bool *ret_force,
			 struct fw_answer *answer)
{
	const json_t *name = json_object_get(request->body, "name");
	const json_t *force = json_object_get(request->body, "force");

	*ret_name = json_string_value(name);
	*ret_force = json_is_true(force);
	if (name && !json_is_null(name) && !*ret_name)
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "'name' must be a string");
	else if (force && !json_is_null(force) && !json_is_boolean(force))
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "'force' must be true or false");
	else if (*ret_force && !*ret_name)
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request",
			"name the feed whose list you have looked at", "force is for one feed at a time");
	else
		return true;
	return false;
}

void fw_api_feeds_sync(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct fw_feeds *feeds = &agent->feeds;
	size_t meant = 0, busy = 0;
	const char *name;
	json_t *list;
	bool force;

	if (!read_request(request, &name, &force, answer))
		return;
	for (size_t i = 0; i < feeds->count; i++) {
		if (!is_meant(feeds->items[i], name))
			continue;
		meant++;
		if (!request->asked && feeds->started)
			fw_feeds_want(agent, feeds->items[i], force);
		busy += feeds->items[i]->wanted || feeds->items[i]->running;
	}
	if (!meant && name) {
		unknown(feeds, name, answer);
		return;
	}
	if (busy) {
		answer->defer_ms = LOOK_MS;
		return;
	}
	list = json_array();
	for (size_t i = 0; i < feeds->count; i++)
		if (is_meant(feeds->items[i], name))
			json_array_append_new(list, fw_feed_to_json(feeds->items[i]));
	fw_reply(answer, list);
}
