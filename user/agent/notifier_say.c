// SPDX-License-Identifier: Apache-2.0
/* What is said of those who are told. Of a URL only the host: many are credentials. */
#include <stdio.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "policy/describe_notify.h"

static const char *state_of(const struct fw_notify_watch *watch)
{
	if (watch->troubled)
		return "failing";
	if (watch->queued || watch->flight)
		return "sending";
	return watch->delivered ? "ok" : "idle";
}

static json_t *retry_in(const struct fw_notify_watch *watch)
{
	uint64_t now = fw_monotonic_ns(), at = watch->queue[watch->first].not_before_ns;

	if (!watch->queued || at <= now)
		return json_null();
	return json_real((double)(at - now) / 1e9);
}

static json_t *kinds_of(const struct fw_notify_target *target)
{
	json_t *list = json_array();

	for (size_t i = 0; i < target->events.count; i++)
		json_array_append_new(list, json_string(target->events.items[i]));
	if (!target->events.count)
		json_array_append_new(list, json_string("the usual"));
	return list;
}

static json_t *target_to_json(const struct fw_notify_watch *watch)
{
	const struct fw_notify_target *target = &watch->definition;
	uint64_t now = fw_wall_ns();
	char to[512];

	if (target->url)
		fw_url_mask(target->url, to, sizeof(to));
	else
		snprintf(to, sizeof(to), "%s", target->argv.items[0]);
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s}", "name",
			 target->name, "kind", target->url ? "webhook" : "exec", "to", to, "events",
			 kinds_of(target), "state", state_of(watch), "queued", (json_int_t)watch->queued,
			 "delivered", (json_int_t)watch->delivered, "retried", (json_int_t)watch->retried,
			 "failed", (json_int_t)watch->failed, "held_back", (json_int_t)watch->held_back,
			 "dropped", (json_int_t)watch->dropped, "last_success_seconds_ago",
			 watch->last_success_wall_ns && now > watch->last_success_wall_ns
				 ? json_real((double)(now - watch->last_success_wall_ns) / 1e9)
				 : json_null(),
			 "retry_in_seconds", retry_in(watch), "error", watch->error);
}

json_t *fw_notifier_to_json(const struct fw_agent *agent, json_t *warnings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < agent->notifier.count; i++) {
		const struct fw_notify_watch *watch = agent->notifier.items[i];

		json_array_append_new(list, target_to_json(watch));
		if (!warnings)
			continue;
		if (watch->troubled)
			json_array_append_new(warnings,
					      json_sprintf("notify '%s': messages do not get through: %s",
							   watch->definition.name, watch->error));
		if (watch->dropped)
			json_array_append_new(
				warnings,
				json_sprintf(
					"notify '%s': %llu messages were dropped because %d waited already",
					watch->definition.name, (unsigned long long)watch->dropped,
					FW_NOTIFY_QUEUE));
	}
	return list;
}

void fw_notifier_snapshot(const struct fw_agent *agent, struct fw_snapshot *snapshot)
{
	for (size_t i = 0; i < agent->notifier.count && i < FW_NOTIFY_SNAPSHOTS_MAX; i++) {
		const struct fw_notify_watch *watch = agent->notifier.items[i];

		snapshot->notify[i] = (struct fw_notify_snapshot){.name = watch->definition.name,
								  .up = !watch->troubled,
								  .queued = watch->queued,
								  .delivered = watch->delivered,
								  .retried = watch->retried,
								  .failed = watch->failed,
								  .dropped = watch->dropped,
								  .held_back = watch->held_back};
		snapshot->notify_count = i + 1;
	}
}
