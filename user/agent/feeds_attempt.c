// SPDX-License-Identifier: Apache-2.0
/* One attempt: prepared here, made by a thread, put in force here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"

/* Everything the thread touches; the watch's copy is read there and does not change meanwhile. */
struct flight {
	uv_work_t work;
	struct fw_feed_watch *watch;
	struct fw_feed_attempt attempt;
	struct fw_feed_nest nest;
	struct fw_feed_job job;
	struct fw_guard guard;
	struct fw_feed_protected protected;
	struct fw_feed_update update;
	struct fw_feed_share share;
	size_t added, removed;
	int r;
};

static void flight_free(struct flight *flight)
{
	fw_feed_job_done(&flight->job);
	fw_feed_protected_done(&flight->protected);
	fw_feed_update_done(&flight->update);
	fw_feed_share_done(&flight->share);
	free(flight);
}

static void fly(uv_work_t *work)
{
	static const struct fw_feed_list nothing;
	struct flight *flight = work->data;
	const struct fw_feed_copy *before = flight->attempt.in_force;

	flight->r = fw_feed_attempt(&flight->attempt, &flight->update);
	if (flight->r || flight->update.outcome != FW_FEED_UPDATED)
		return;
	fw_feed_count_changes(before ? &before->entries : &nothing, &flight->update.copy.entries,
			      &flight->added, &flight->removed);
	flight->r = fw_feed_share_build(&flight->update.copy, &flight->guard, &flight->protected,
					flight->attempt.now, &flight->share);
}

/* The list before is in force again: so it must be after a restart. */
static void keep_old_copy(struct fw_feed_watch *watch)
{
	struct fw_err err = {0};

	if (watch->has_copy &&
	    fw_feed_store_save(watch->agent->feeds.dir, watch->definition.name, &watch->copy, &err))
		fw_log(FW_LOG_WARNING, "feed '%s': %s", watch->definition.name, err.text);
}

/* The new list into the filter, or everything as it was. */
static int put_in_force(struct fw_feed_watch *watch, struct flight *flight, struct fw_err *err)
{
	struct fw_feed_copy old_copy = watch->copy;
	struct fw_feed_share old_share = watch->share;
	bool had_copy = watch->has_copy, same = had_copy && fw_feed_share_same(&old_share, &flight->share);
	int r;

	watch->copy = flight->update.copy;
	watch->share = flight->share;
	watch->has_copy = true;
	r = same ? 0 : fw_feeds_recompile(watch->agent, err);
	/* What is not in force goes with the flight; compiling may have made another share. */
	flight->update.copy = r ? watch->copy : old_copy;
	flight->share = r ? watch->share : old_share;
	if (r) {
		watch->copy = old_copy;
		watch->share = old_share;
		watch->has_copy = had_copy;
		return r;
	}
	watch->added = flight->added;
	watch->removed = flight->removed;
	return 0;
}

/* What can be done about a list that is held. */
static void advise(const struct fw_feed_watch *watch, int held_by, char *text, size_t size)
{
	const char *name = watch->definition.name;

	if (held_by == -EPERM)
		snprintf(text, size, "; if that is right: floodwall feeds sync --force %s", name);
	else if (held_by == -E2BIG)
		snprintf(text, size, "; if that is right: a larger max_entries for the feed in the policy");
	else
		snprintf(text, size, "; no --force lets it pass: see what its url answers");
}

static void failed(struct fw_feed_watch *watch, enum fw_feed_outcome outcome, const char *why)
{
	fw_feed_say_trouble(watch, outcome, why);
	watch->failures++;
	watch->last_failure_ns = fw_wall_ns();
	watch->last_outcome = outcome;
	watch->outcomes[outcome]++;
	watch->everything = true;
	snprintf(watch->error, sizeof(watch->error), "%s", why);
}

static void succeeded(struct fw_feed_watch *watch, const struct flight *flight, uint64_t now_ns)
{
	const struct fw_feed_update *update = &flight->update;
	bool trouble = watch->failures || watch->stale;

	watch->last_success_ns = now_ns;
	watch->stale = false;
	watch->last_outcome = update->outcome;
	watch->outcomes[update->outcome]++;
	watch->everything = false;
	watch->error[0] = '\0';
	snprintf(watch->notice, sizeof(watch->notice), "%s", update->why);
	if (*update->why)
		fw_log(FW_LOG_WARNING, "feed '%s': %s", watch->definition.name, update->why);
	if (update->outcome == FW_FEED_UPDATED && (flight->added || flight->removed || watch->attempts == 1))
		fw_feed_say_updated(watch);
	if (trouble)
		fw_feed_say_recovered(watch);
	watch->failures = 0;
}

static void land(struct flight *flight)
{
	struct fw_feed_watch *watch = flight->watch;
	struct fw_feed_update *update = &flight->update;
	uint64_t now_ns = fw_wall_ns();
	struct fw_err err = {0};
	char why[FW_ERR_TEXT_MAX], advice[160];

	watch->attempts++;
	watch->last_attempt_ns = now_ns;
	watch->status = update->status;
	watch->retry_after_ns = update->status.retry_after * FW_NS_PER_SEC;
	if (flight->r) {
		failed(watch, FW_FEED_FAILED, "out of memory; the last good copy stays in force");
		return;
	}
	if (update->outcome == FW_FEED_HELD) {
		advise(watch, update->held_by, advice, sizeof(advice));
		snprintf(why, sizeof(why), "%.800s%s", update->why, advice);
		failed(watch, FW_FEED_HELD, why);
		return;
	}
	if (update->outcome == FW_FEED_FAILED) {
		failed(watch, update->outcome, update->why);
		return;
	}
	if (update->outcome == FW_FEED_UPDATED && put_in_force(watch, flight, &err)) {
		snprintf(why, sizeof(why), "fetched, but cannot be put in force: %.700s; %s", err.text,
			 watch->has_copy ? "the list before stays in force" : "this feed lists nobody");
		keep_old_copy(watch);
		failed(watch, FW_FEED_FAILED, why);
		return;
	}
	if (update->outcome == FW_FEED_UNCHANGED && update->has_copy) {
		struct fw_feed_copy old = watch->copy;

		watch->copy = update->copy;
		update->copy = old;
	}
	watch->copy.checked = now_ns / FW_NS_PER_SEC;
	succeeded(watch, flight, now_ns);
}

static void on_landed(uv_work_t *work, int status)
{
	struct flight *flight = work->data;
	struct fw_feed_watch *watch = flight->watch;
	struct fw_agent *agent = watch->agent;
	struct fw_feed_timing timing;
	uint32_t chance = 0;

	(void)status; /* nobody cancels */
	agent->feeds.running--;
	watch->running = false;
	if (watch->dropped) {
		fw_feed_watch_free(watch);
	} else {
		land(flight);
		timing = fw_feed_timing_of(watch);
		(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
		watch->next_attempt_ns = fw_monotonic_ns() + fw_feed_wait(&timing, chance);
	}
	flight_free(flight);
	fw_feeds_arm(agent);
}

int fw_feed_attempt_begin(struct fw_feed_watch *watch)
{
	struct fw_agent *agent = watch->agent;
	struct fw_feeds *feeds = &agent->feeds;
	struct flight *flight = calloc(1, sizeof(*flight));

	if (!flight || fw_feed_job_of(&watch->definition, &flight->job) ||
	    fw_feed_protected_find(agent, agent->loaded->policy, &flight->protected)) {
		if (flight)
			flight_free(flight);
		return -ENOMEM;
	}
	flight->work.data = flight;
	flight->watch = watch;
	flight->guard = watch->guard;
	flight->guard.force = watch->force;
	flight->nest = (struct fw_feed_nest){feeds->nursery_fd, feeds->stop_fd};
	flight->attempt = (struct fw_feed_attempt){
		.runner = {.worker = feeds->worker, .run = fw_feed_run_in_nursery, .user = &flight->nest},
		.dir = feeds->dir,
		.name = watch->definition.name,
		.job = &flight->job,
		.secret_file = watch->definition.secret,
		.guard = &flight->guard,
		.in_force = watch->has_copy ? &watch->copy : NULL,
		.everything = watch->everything,
		.now = fw_wall_ns() / FW_NS_PER_SEC,
	};
	if (uv_queue_work(&agent->loop, &flight->work, fly, on_landed)) {
		flight_free(flight);
		return -ENOMEM;
	}
	watch->running = true;
	watch->wanted = watch->force = false;
	feeds->running++;
	return 0;
}
