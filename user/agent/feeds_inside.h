/* SPDX-License-Identifier: Apache-2.0 */
/* Inside feeds: what its files share. Everybody else includes agent/feeds.h. */
#ifndef FW_AGENT_FEEDS_INSIDE_H
#define FW_AGENT_FEEDS_INSIDE_H

#include "agent/feeds.h"

#include "feeds/schedule.h"

struct fw_policy;

/* feeds_guard.c: addresses that no feed may bring into force. */
struct fw_feed_protected {
	struct fw_protected *items;
	size_t count;
	uint64_t digest; /* of what only changes when somebody reconfigures */
};
int fw_feed_protected_find(const struct fw_agent *agent, const struct fw_policy *policy,
			   struct fw_feed_protected *ret);
void fw_feed_protected_done(struct fw_feed_protected *list);

/* feeds_share.c: pure. What of a copy may be in force at `now`. -ENOMEM. */
int fw_feed_share_build(const struct fw_feed_copy *copy, const struct fw_guard *guard,
			const struct fw_feed_protected *protected, uint64_t now, struct fw_feed_share *ret);
bool fw_feed_share_same(const struct fw_feed_share *a, const struct fw_feed_share *b);
void fw_feed_share_done(struct fw_feed_share *share);
/* Prefixes that are in one list and not in the other; both sorted. */
void fw_feed_count_changes(const struct fw_feed_list *before, const struct fw_feed_list *after,
			   size_t *ret_added, size_t *ret_removed);

/* feeds_definition.c: pure. What a policy's words mean for the worker and the guards. */
void fw_feed_guard_of(const struct fw_feed *feed, struct fw_guard *ret);
int fw_feed_job_of(const struct fw_feed *feed, struct fw_feed_job *ret); /* -ENOMEM */
struct fw_feed_timing fw_feed_timing_of(const struct fw_feed_watch *watch);

/* feeds_spawn.c: for a thread; `user` is a struct fw_feed_nest. */
struct fw_feed_nest {
	int nursery_fd;
	int stop_fd; /* readable: the agent ends, wait for nothing */
};
int fw_feed_run_in_nursery(void *user, const struct fw_feed_process *process, int *ret_status,
			   struct fw_err *err);

/* feeds_attempt.c: starts one in a thread. -ENOMEM: nothing began. */
int fw_feed_attempt_begin(struct fw_feed_watch *watch);

/* feeds_clock.c: looks at what is due now or arms the timer for it. */
void fw_feeds_arm(struct fw_agent *agent);
void fw_feeds_clock_start(struct fw_agent *agent);

/* feeds.c */
void fw_feed_watch_free(struct fw_feed_watch *watch);
/* Forgets those that the policy in force does not name and nobody works on. */
void fw_feeds_forget(struct fw_agent *agent);

/* feeds_say.c: events. */
void fw_feed_say_updated(struct fw_feed_watch *watch);
void fw_feed_say_trouble(struct fw_feed_watch *watch, enum fw_feed_outcome outcome, const char *why);
void fw_feed_say_recovered(struct fw_feed_watch *watch);
void fw_feed_say_stale(struct fw_feed_watch *watch);
void fw_feed_say_trial_over(struct fw_feed_watch *watch);

#endif
