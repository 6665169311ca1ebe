// SPDX-License-Identifier: Apache-2.0
/* What happens to feeds without anybody asking: attempts, entries that end, trials that end, staleness. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"

#define AT_ONCE_MAX	 2
#define LOOK_AGAIN_NS	 (60 * FW_NS_PER_SEC) /* somebody may have set the clock */
#define RECOMPILE_NS	 FW_NS_PER_SEC
#define RECOMPILE_SHARE	 4 /* merging lists takes at most a fifth of the time */
#define AFTER_FAILURE_NS (10 * FW_NS_PER_SEC)

static uint64_t age_ns(const struct fw_feed_watch *watch, uint64_t wall)
{
	uint64_t since = watch->last_success_ns ? watch->last_success_ns : watch->active_since_ns;

	return wall > since ? wall - since : 0;
}

static void look_stale(struct fw_feed_watch *watch, uint64_t wall)
{
	struct fw_feed_timing timing = fw_feed_timing_of(watch);

	if (watch->stale || !fw_feed_is_stale(&timing, age_ns(watch, wall)))
		return;
	watch->stale = true;
	fw_feed_say_stale(watch);
}

/* What ends by itself; the compiler takes it up when it may. */
static void look_ended(struct fw_feed_watch *watch, uint64_t wall)
{
	if (watch->share.next_expiry && watch->share.next_expiry <= wall / FW_NS_PER_SEC)
		watch->expired = watch->recompile = true;
	if (!watch->on_trial || fw_feed_trial_until(watch))
		return;
	watch->on_trial = false;
	watch->recompile = true;
	fw_feed_say_trial_over(watch);
}

int fw_feeds_recompile(struct fw_agent *agent, struct fw_err *err)
{
	struct fw_feeds *feeds = &agent->feeds;
	uint64_t began = fw_monotonic_ns();
	int r = fw_force_recompile(agent, true, err);

	feeds->recompiled_ns = fw_monotonic_ns();
	feeds->recompile_cost_ns = feeds->recompiled_ns - began;
	if (r) {
		feeds->recompile_failed = true;
		return r;
	}
	feeds->recompile_failed = false;
	for (size_t i = 0; i < feeds->count; i++)
		feeds->items[i]->recompile = false;
	return 0;
}

static uint64_t recompile_due(const struct fw_feeds *feeds)
{
	uint64_t pause = feeds->recompile_cost_ns * RECOMPILE_SHARE;

	if (pause < RECOMPILE_NS)
		pause = RECOMPILE_NS;
	if (feeds->recompile_failed && pause < AFTER_FAILURE_NS)
		pause = AFTER_FAILURE_NS;
	return feeds->recompiled_ns ? feeds->recompiled_ns + pause : 0;
}

static bool wants_recompile(const struct fw_feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i]->active && feeds->items[i]->recompile)
			return true;
	return false;
}

static void recompile(struct fw_agent *agent)
{
	bool was_failed = agent->feeds.recompile_failed;
	struct fw_err err = {0};

	if (!wants_recompile(&agent->feeds) || fw_monotonic_ns() < recompile_due(&agent->feeds))
		return;
	if (fw_feeds_recompile(agent, &err) && !was_failed)
		fw_log(FW_LOG_WARNING, "lists of feeds are as they were, tried again soon: %s", err.text);
}

static void begin_attempts(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;
	uint64_t now = fw_monotonic_ns();

	for (size_t i = 0; i < feeds->count && feeds->running < AT_ONCE_MAX; i++) {
		struct fw_feed_watch *watch = feeds->items[i];

		if (!watch->active || watch->running || (!watch->wanted && watch->next_attempt_ns > now))
			continue;
		if (fw_feed_attempt_begin(watch)) {
			watch->wanted = watch->force = false;
			watch->next_attempt_ns = now + AFTER_FAILURE_NS;
			snprintf(watch->error, sizeof(watch->error),
				 "out of memory for an attempt, tried again in 10 s; what is in force stays");
		}
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	uint64_t wall = fw_wall_ns();

	fw_feeds_forget(agent);
	for (size_t i = 0; i < agent->feeds.count; i++) {
		if (!agent->feeds.items[i]->active)
			continue;
		look_stale(agent->feeds.items[i], wall);
		look_ended(agent->feeds.items[i], wall);
	}
	recompile(agent);
	if (agent->feeds.started)
		begin_attempts(agent);
	fw_feeds_arm(agent);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Until something about this feed is due. */
static uint64_t wait_of(const struct fw_feed_watch *watch, uint64_t now, uint64_t wall)
{
	const struct fw_feeds *feeds = &watch->agent->feeds;
	uint64_t wait = LOOK_AGAIN_NS, trial = watch->on_trial ? fw_feed_trial_until(watch) : UINT64_MAX;
	uint64_t second = wall / FW_NS_PER_SEC;

	if (!watch->running && feeds->started && feeds->running < AT_ONCE_MAX)
		wait = sooner(wait, watch->wanted || watch->next_attempt_ns <= now
					    ? 0
					    : watch->next_attempt_ns - now);
	if (watch->recompile)
		return sooner(wait, recompile_due(feeds) > now ? recompile_due(feeds) - now : 0);
	if (watch->share.next_expiry)
		wait = sooner(wait, watch->share.next_expiry > second
					    ? watch->share.next_expiry * FW_NS_PER_SEC - wall
					    : 0);
	if (trial != UINT64_MAX)
		wait = sooner(wait, trial > second ? trial * FW_NS_PER_SEC - wall : 0);
	return wait;
}

void fw_feeds_arm(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;
	uint64_t now = fw_monotonic_ns(), wall = fw_wall_ns(), wait = LOOK_AGAIN_NS;

	if (!feeds->timer.data)
		return;
	if (!feeds->count) {
		uv_timer_stop(&feeds->timer);
		return;
	}
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i]->active)
			wait = sooner(wait, wait_of(feeds->items[i], now, wall));
	uv_update_time(&agent->loop);
	uv_timer_start(&feeds->timer, on_timer, (wait + 999999) / 1000000, 0);
}

void fw_feeds_clock_start(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->feeds.timer);
	agent->feeds.timer.data = agent;
}
