// SPDX-License-Identifier: Apache-2.0
/* Events to targets: who wants it, does its rate let it, is there room; and then one after the other. */
#include "agent/notifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/nursery.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "notify/payload.h"
#include "policy/event_kinds.h"

#define PROGRAM		"floodwall-notify"
#define TICK_MS		200
#define RETRY_AFTER_MAX 300 /* seconds that a server may ask for */

static const char *const usual_kinds[] = {"ban", "attack_start", "attack_end", "utilisation", "failure"};

static bool wants(const struct fw_notify_watch *watch, const char *type, bool failed)
{
	const struct fw_names *events = &watch->definition.events;
	size_t count = events->count ? events->count : sizeof(usual_kinds) / sizeof(usual_kinds[0]);

	for (size_t i = 0; i < count; i++)
		if (fw_event_is(events->count ? events->items[i] : usual_kinds[i], type, failed))
			return true;
	return false;
}

/* Whether a level of the target lies between the two that the event names. */
static bool wants_level(const struct fw_notify_watch *watch, const json_t *event)
{
	json_int_t level = json_integer_value(json_object_get(event, "level"));
	json_int_t before = json_integer_value(json_object_get(event, "previous_level"));

	for (size_t i = 0; i < watch->definition.level_count; i++)
		if (watch->definition.levels[i] > before && watch->definition.levels[i] <= level)
			return true;
	return false;
}

void fw_notifier_levels(const struct fw_agent *agent, struct fw_levels *levels)
{
	const struct fw_notifier *notifier = &agent->notifier;

	for (size_t i = 0; i < notifier->count; i++)
		for (size_t k = 0; k < notifier->items[i]->definition.level_count; k++)
			if (wants(notifier->items[i], "utilisation", false))
				fw_levels_add(levels, notifier->items[i]->definition.levels[k]);
}

static void message_done(struct fw_notify_message *message)
{
	free(message->body);
	*message = (struct fw_notify_message){0};
}

static void watch_free(struct fw_notify_watch *watch)
{
	if (watch->flight)
		fw_notifier_abandon(watch->flight);
	for (size_t i = 0; i < watch->kind_count; i++)
		json_decref(watch->kinds[i].last);
	for (size_t i = 0; i < watch->queued; i++)
		message_done(&watch->queue[(watch->first + i) % FW_NOTIFY_QUEUE]);
	message_done(&watch->test_message);
	fw_notify_target_done(&watch->definition);
	free(watch);
}

static void enqueue(struct fw_notify_watch *watch, const json_t *event, uint64_t held)
{
	struct fw_notify_about about = {.host = watch->agent->notifier.host,
					.target = watch->definition.name,
					.held_back = held,
					.dropped = watch->untold};
	char *body = watch->queued < FW_NOTIFY_QUEUE ? fw_notify_payload(event, &about) : NULL;

	if (!body) {
		watch->dropped++;
		watch->untold++;
		return;
	}
	watch->queue[(watch->first + watch->queued++) % FW_NOTIFY_QUEUE] =
		(struct fw_notify_message){.body = body};
}

static struct fw_notify_kind *kind_of(struct fw_notify_watch *watch, const char *type)
{
	struct fw_notify_kind *kind;

	for (size_t i = 0; i < watch->kind_count; i++)
		if (!strcmp(watch->kinds[i].type, type))
			return &watch->kinds[i];
	if (watch->kind_count == FW_NOTIFY_KINDS)
		return &watch->kinds[FW_NOTIFY_KINDS - 1];
	kind = &watch->kinds[watch->kind_count++];
	snprintf(kind->type, sizeof(kind->type), "%s", type);
	return kind;
}

static void offer_to(struct fw_notify_watch *watch, const char *type, const json_t *event)
{
	struct fw_notify_kind *kind = kind_of(watch, type);

	if (fw_notify_budget_take(&kind->budget, watch->definition.rate, watch->definition.rate_window_ns,
				  fw_monotonic_ns())) {
		enqueue(watch, event, 0);
		return;
	}
	watch->held_back++;
	json_decref(kind->last);
	kind->last = json_copy((json_t *)event);
}

void fw_notifier_offer(struct fw_agent *agent, const json_t *event, bool failed)
{
	const char *type = json_string_value(json_object_get(event, "event_type"));
	struct fw_notifier *notifier = &agent->notifier;
	bool any = false, utilisation = type && !strcmp(type, "utilisation");

	if (!notifier->started || !type || json_object_get(event, "suppressed"))
		return;
	for (size_t i = 0; i < notifier->count; i++) {
		if (!wants(notifier->items[i], type, failed) ||
		    (utilisation && !wants_level(notifier->items[i], event)))
			continue;
		offer_to(notifier->items[i], type, event);
		any = true;
	}
	if (any)
		fw_notifier_pump(agent);
}

/* What was held back is one message: how many, and the latest of them. */
static void tell_held(struct fw_notify_watch *watch, struct fw_notify_kind *kind, uint64_t held)
{
	const char *said = json_string_value(json_object_get(kind->last, "message"));
	json_t *event = kind->last ? json_copy(kind->last) : json_object();

	json_object_set_new(event, "event_type", json_string(kind->type));
	json_object_set_new(
		event, "message",
		json_sprintf("%llu more events of kind '%s' in the last %llu s, the latest: %s",
			     (unsigned long long)held, kind->type,
			     (unsigned long long)(watch->definition.rate_window_ns / FW_NS_PER_SEC),
			     said ? said : "?"));
	enqueue(watch, event, held);
	json_decref(event);
	json_decref(kind->last);
	kind->last = NULL;
}

/* Whether anything of the target waits for its time. */
static bool look(struct fw_notify_watch *watch, uint64_t now)
{
	bool waits = watch->queued || watch->test == FW_NOTIFY_TEST_WANTED;

	for (size_t i = 0; i < watch->kind_count; i++) {
		struct fw_notify_kind *kind = &watch->kinds[i];
		uint64_t held = fw_notify_budget_due(&kind->budget, watch->definition.rate_window_ns, now);

		if (held)
			tell_held(watch, kind, held);
		waits |= held || kind->budget.held;
	}
	return waits;
}

/* A test goes ahead of what waits, also while that waits for another attempt. */
static void launch(struct fw_notify_watch *watch, uint64_t now)
{
	bool test = watch->test == FW_NOTIFY_TEST_WANTED && watch->test_message.body;
	struct fw_notify_message *message = test ? &watch->test_message : &watch->queue[watch->first];
	struct fw_notify_status status;

	if (watch->flight || (!test && !watch->queued) || message->not_before_ns > now)
		return;
	if (test)
		message->attempts = 1;
	if (fw_notifier_send(watch, message->body, &status))
		fw_notifier_landed(watch, &status);
}

static void on_tick(uv_timer_t *timer)
{
	fw_notifier_pump(timer->data);
}

void fw_notifier_pump(struct fw_agent *agent)
{
	struct fw_notifier *notifier = &agent->notifier;
	uint64_t now = fw_monotonic_ns();
	bool waits = false;

	if (!notifier->started)
		return;
	for (size_t i = 0; i < notifier->count; i++) {
		struct fw_notify_watch *watch = notifier->items[(notifier->next + i) % notifier->count];

		waits |= look(watch, now);
		if (notifier->flights < FW_NURSERY_NOTIFYS)
			launch(watch, now);
	}
	notifier->next = notifier->count ? (notifier->next + 1) % notifier->count : 0;
	if (waits && !uv_is_active((uv_handle_t *)&notifier->tick))
		uv_timer_start(&notifier->tick, on_tick, TICK_MS, TICK_MS);
	else if (!waits)
		uv_timer_stop(&notifier->tick);
}

static void land_test(struct fw_notify_watch *watch, const struct fw_notify_status *status)
{
	watch->test = FW_NOTIFY_TEST_DONE;
	watch->test_status = *status;
	message_done(&watch->test_message);
}

static void delivered(struct fw_notify_watch *watch)
{
	watch->delivered++;
	watch->untold = 0;
	watch->last_success_wall_ns = fw_wall_ns();
	if (watch->troubled)
		fw_log(FW_LOG_NOTICE, "notify '%s': messages get through again", watch->definition.name);
	watch->troubled = false;
	watch->error[0] = '\0';
}

static void failed(struct fw_notify_watch *watch, const struct fw_notify_status *status, bool again,
		   uint64_t wait_ns)
{
	if (!watch->troubled || strcmp(watch->error, status->error)) {
		if (again)
			fw_log(FW_LOG_WARNING, "notify '%s': not told, again in %llu s: %s",
			       watch->definition.name, (unsigned long long)(wait_ns / FW_NS_PER_SEC),
			       status->error);
		else
			fw_log(FW_LOG_WARNING, "notify '%s': NOT told, given up: %s", watch->definition.name,
			       status->error);
	}
	watch->troubled = true;
	snprintf(watch->error, sizeof(watch->error), "%s", status->error);
}

void fw_notifier_landed(struct fw_notify_watch *watch, const struct fw_notify_status *status)
{
	struct fw_notify_message *message = &watch->queue[watch->first];
	bool again;
	uint64_t wait, asked;

	if (watch->test == FW_NOTIFY_TEST_WANTED && watch->test_message.attempts) {
		land_test(watch, status);
		return;
	}
	message->attempts++;
	again = status->outcome == FW_NOTIFY_FAILED && message->attempts <= watch->definition.retries;
	wait = fw_notify_backoff_ns(message->attempts);
	asked = (status->retry_after < RETRY_AFTER_MAX ? status->retry_after : RETRY_AFTER_MAX) *
		FW_NS_PER_SEC;
	wait = asked > wait ? asked : wait;
	if (status->outcome == FW_NOTIFY_DELIVERED)
		delivered(watch);
	else
		failed(watch, status, again, wait);
	if (again) {
		watch->retried++;
		message->not_before_ns = fw_monotonic_ns() + wait;
	} else {
		watch->failed += status->outcome != FW_NOTIFY_DELIVERED;
		watch->untold += status->outcome != FW_NOTIFY_DELIVERED;
		message_done(message);
		watch->first = (watch->first + 1) % FW_NOTIFY_QUEUE;
		watch->queued--;
	}
}

struct fw_notify_watch *fw_notifier_find(struct fw_agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->notifier.count; i++)
		if (!strcmp(agent->notifier.items[i]->definition.name, name))
			return agent->notifier.items[i];
	return NULL;
}

int fw_notifier_test(struct fw_notify_watch *watch)
{
	struct fw_notify_about about = {.host = watch->agent->notifier.host,
					.target = watch->definition.name};
	json_t *event;

	if (watch->test == FW_NOTIFY_TEST_WANTED)
		return -EAGAIN;
	event = json_pack("{s:o, s:s, s:s, s:s}", "timestamp", fw_event_time(), "event_type", "test", "by",
			  "agent", "message", "a test message: nothing has happened");
	message_done(&watch->test_message);
	watch->test_message.body = event ? fw_notify_payload(event, &about) : NULL;
	json_decref(event);
	if (!watch->test_message.body)
		return -ENOMEM;
	watch->test = FW_NOTIFY_TEST_WANTED;
	fw_notifier_pump(watch->agent);
	return 0;
}

/* The old one under its new definition, or a new one. */
static struct fw_notify_watch *take_or_make(struct fw_agent *agent, const struct fw_notify_target *target)
{
	struct fw_notify_watch *old = fw_notifier_find(agent, target->name);
	struct fw_notify_watch *watch = old ? old : calloc(1, sizeof(*watch));
	struct fw_notify_target definition;

	if (!watch || fw_notify_target_copy(target, &definition)) {
		if (!old)
			free(watch);
		return NULL;
	}
	if (old)
		fw_notify_target_done(&old->definition);
	watch->agent = agent;
	watch->definition = definition;
	return watch;
}

static bool contains(struct fw_notify_watch *const *items, size_t count, const struct fw_notify_watch *watch)
{
	for (size_t i = 0; i < count; i++)
		if (items[i] == watch)
			return true;
	return false;
}

void fw_notifier_follow(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_notifier *notifier = &agent->notifier;
	struct fw_notify_watch **items = calloc(policy->notify_count + 1, sizeof(*items));
	size_t count = 0;

	if (!notifier->started) {
		free(items);
		return;
	}
	for (size_t i = 0; items && i < policy->notify_count; i++) {
		items[count] = take_or_make(agent, &policy->notify[i]);
		if (items[count])
			count++;
		else
			fw_log(FW_LOG_ERROR, "notify '%s': out of memory, NOBODY is told there",
			       policy->notify[i].name);
	}
	if (!items) {
		fw_log(FW_LOG_ERROR, "notify: out of memory, those of the policy before are told");
		return;
	}
	for (size_t i = 0; i < notifier->count; i++)
		if (!contains(items, count, notifier->items[i]))
			watch_free(notifier->items[i]);
	free(notifier->items);
	notifier->items = items;
	notifier->count = count;
	notifier->next = 0;
	fw_notifier_pump(agent);
}

void fw_notifier_start(struct fw_agent *agent)
{
	struct fw_notifier *notifier = &agent->notifier;

	uv_timer_init(&agent->loop, &notifier->tick);
	notifier->tick.data = agent;
	if (gethostname(notifier->host, sizeof(notifier->host) - 1))
		snprintf(notifier->host, sizeof(notifier->host), "?");
	fw_nursery_program(PROGRAM, notifier->program, sizeof(notifier->program));
	notifier->started = true;
	fw_notifier_follow(agent);
}

void fw_notifier_stop(struct fw_agent *agent)
{
	struct fw_notifier *notifier = &agent->notifier;

	if (!notifier->started)
		return;
	notifier->started = false;
	uv_timer_stop(&notifier->tick);
	for (size_t i = 0; i < notifier->count; i++)
		watch_free(notifier->items[i]);
	free(notifier->items);
	notifier->items = NULL;
	notifier->count = 0;
}
