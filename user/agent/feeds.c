// SPDX-License-Identifier: Apache-2.0
/* Feeds of the policies the agent deals with: watched by definition, handed to the compiler, forgotten. */
#include "agent/feeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/feeds_inside.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "policy/describe_feed.h"

#define DIRECTORY "feeds"
#define WORKER	  "floodwall-feed"

void fw_feed_watch_free(struct fw_feed_watch *watch)
{
	fw_policy_feed_done(&watch->definition);
	fw_feed_copy_done(&watch->copy);
	fw_feed_share_done(&watch->share);
	free(watch);
}

/* The last good copy, as it was when the agent ended or the policy before named this feed. */
static void load_copy(struct fw_feed_watch *watch)
{
	const struct fw_feeds *feeds = &watch->agent->feeds;
	const char *name = watch->definition.name;
	struct fw_err err = {0};
	int r = fw_feed_store_load(feeds->dir, name, watch->origin, watch->guard.max_entries,
				   fw_wall_ns() / FW_NS_PER_SEC, &watch->copy, &err);

	watch->has_copy = !r;
	if (!r)
		watch->last_success_ns = watch->copy.checked * FW_NS_PER_SEC;
	else if (r != -ENOENT)
		fw_log(FW_LOG_WARNING, "feed '%s' begins without entries: %s", name, err.text);
}

static struct fw_feed_watch *watch_new(struct fw_agent *agent, const struct fw_feed *feed)
{
	struct fw_feed_watch *watch = calloc(1, sizeof(*watch));
	struct fw_feed_job job = {0};

	if (!watch || fw_policy_feed_copy(feed, &watch->definition)) {
		free(watch);
		return NULL;
	}
	watch->agent = agent;
	watch->everything = true;
	watch->active_since_ns = fw_wall_ns();
	fw_feed_guard_of(feed, &watch->guard);
	if (fw_feed_job_of(feed, &job) || FW_APPEND(agent->feeds.items, agent->feeds.count, watch)) {
		fw_feed_job_done(&job);
		fw_feed_watch_free(watch);
		return NULL;
	}
	watch->origin = fw_feed_origin(job.url, &job.shape);
	fw_feed_job_done(&job);
	load_copy(watch);
	return watch;
}

static struct fw_feed_watch *watch_of(const struct fw_agent *agent, const struct fw_feed *feed)
{
	for (size_t i = 0; i < agent->feeds.count; i++)
		if (fw_feed_same(&agent->feeds.items[i]->definition, feed))
			return agent->feeds.items[i];
	return NULL;
}

/* Anew where something ended or other addresses are to be spared than when it was made. */
static int refresh_share(struct fw_feed_watch *watch, const struct fw_feed_protected *protected)
{
	struct fw_feed_share share;
	int r;

	if (!watch->has_copy || (!watch->expired && watch->share.protected_digest == protected->digest))
		return 0;
	r = fw_feed_share_build(&watch->copy, &watch->guard, protected, fw_wall_ns() / FW_NS_PER_SEC, &share);
	if (r)
		return r;
	fw_feed_share_done(&watch->share);
	watch->share = share;
	watch->expired = false;
	return 0;
}

static int add_parts(struct fw_feed_watch *watch, struct fw_feed_parts *parts)
{
	int r = 0;

	watch->on_trial = watch->has_copy && fw_feed_trial_until(watch);
	for (unsigned int tier = 0; tier < FW_TIER_MAX_ && !r; tier++) {
		struct fw_feed_part part = {.feed = watch->definition.name,
					    .tier = (enum fw_tier)tier,
					    .prefixes = watch->share.prefixes[tier],
					    .count = watch->share.counts[tier],
					    .trial = watch->on_trial};

		if (part.count)
			r = FW_APPEND(parts->items, parts->count, part);
	}
	return r;
}

int fw_feeds_parts(struct fw_agent *agent, const struct fw_policy *policy, struct fw_feed_parts *ret)
{
	struct fw_feed_protected protected = {0};
	struct fw_feed_parts parts = {0};
	int r = 0;

	*ret = parts;
	if (!policy->feed_count || !agent->feeds.dir[0])
		return 0;
	r = fw_feed_protected_find(agent, policy, &protected);
	for (size_t i = 0; i < policy->feed_count && !r; i++) {
		struct fw_feed_watch *watch = watch_of(agent, &policy->feeds[i]);

		if (!watch)
			watch = watch_new(agent, &policy->feeds[i]);
		r = watch ? refresh_share(watch, &protected) : -ENOMEM;
		if (!r)
			r = add_parts(watch, &parts);
	}
	fw_feed_protected_done(&protected);
	if (r)
		free(parts.items);
	else
		*ret = parts;
	return r;
}

void fw_feeds_set_aside(struct fw_agent *agent)
{
	for (size_t i = 0; i < agent->feeds.count; i++) {
		struct fw_feed_watch *watch = agent->feeds.items[i];

		fw_feed_copy_done(&watch->copy);
		fw_feed_share_done(&watch->share);
		watch->has_copy = watch->on_trial = false;
		watch->last_success_ns = 0;
	}
}

void fw_feeds_forget(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;
	size_t kept = 0;

	for (size_t i = 0; i < feeds->count; i++) {
		struct fw_feed_watch *watch = feeds->items[i];

		if (watch->active) {
			feeds->items[kept++] = watch;
			continue;
		}
		watch->dropped = true;
		if (!watch->running)
			fw_feed_watch_free(watch);
	}
	feeds->count = kept;
}

static void schedule_first(struct fw_feed_watch *watch)
{
	struct fw_feed_timing timing = fw_feed_timing_of(watch);
	uint64_t wall = fw_wall_ns(), age = UINT64_MAX;
	uint32_t chance = 0;

	if (watch->last_success_ns)
		age = wall > watch->last_success_ns ? wall - watch->last_success_ns : 0;
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	watch->next_attempt_ns = fw_monotonic_ns() + fw_feed_wait_at_start(&timing, age, chance);
}

void fw_feeds_follow(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_feeds *feeds = &agent->feeds;

	if (!feeds->dir[0])
		return;
	for (size_t i = 0; i < feeds->count; i++) {
		struct fw_feed_watch *watch = feeds->items[i];
		int index = fw_policy_feed_find(policy, watch->definition.name);
		bool named = index >= 0 && fw_feed_same(&watch->definition, &policy->feeds[index]);

		if (named && !watch->active)
			schedule_first(watch);
		watch->active = named;
	}
	fw_feeds_forget(agent);
	fw_feeds_arm(agent);
}

void fw_feeds_want(struct fw_agent *agent, struct fw_feed_watch *watch, bool force)
{
	/* One that is under way may have begun before the reason to ask. */
	watch->wanted = true;
	watch->force |= force;
	fw_feeds_arm(agent);
}

void fw_feeds_init(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;

	feeds->nursery_fd = feeds->stop_fd = -1;
	if (agent->state.dir_fd < 0)
		fw_log(FW_LOG_WARNING,
		       "copies of feeds cannot be kept, they would begin without entries: there "
		       "is no %s",
		       agent->state.dir);
	else if (mkdirat(agent->state.dir_fd, DIRECTORY, 0700) && errno != EEXIST)
		fw_log(FW_LOG_WARNING,
		       "copies of feeds cannot be kept, they would begin without entries: "
		       "cannot make '%s/" DIRECTORY "': %s",
		       agent->state.dir, strerror(errno));
	if ((size_t)snprintf(feeds->dir, sizeof(feeds->dir), "%s/" DIRECTORY, agent->state.dir) >=
	    sizeof(feeds->dir))
		feeds->dir[0] = '\0';
	fw_nursery_program(WORKER, feeds->worker, sizeof(feeds->worker));
	fw_feeds_clock_start(agent);
}

void fw_feeds_start(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;

	/* The agent closes its own when the nursery is gone; a thread may still be using this one. */
	feeds->nursery_fd = agent->web.nursery_fd < 0 ? -1 : fcntl(agent->web.nursery_fd, F_DUPFD_CLOEXEC, 3);
	feeds->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	feeds->started = feeds->stop_fd >= 0;
	fw_feeds_arm(agent);
}

void fw_feeds_stop(struct fw_agent *agent)
{
	struct fw_feeds *feeds = &agent->feeds;

	feeds->started = false;
	if (feeds->timer.data)
		uv_timer_stop(&feeds->timer);
	if (feeds->stop_fd > 0)
		(void)!write(feeds->stop_fd, &(uint64_t){1}, sizeof(uint64_t));
	for (size_t i = 0; i < feeds->count; i++)
		if (!feeds->items[i]->running) /* a thread reads the others until the process ends */
			fw_feed_watch_free(feeds->items[i]);
	free(feeds->items);
	feeds->items = NULL;
	feeds->count = 0;
}
