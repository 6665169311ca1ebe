/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent knows of every feed, and how their lists get into the policy in force. */
#ifndef FW_AGENT_FEEDS_H
#define FW_AGENT_FEEDS_H

#include <jansson.h>
#include <limits.h>
#include <uv.h>

#include "feeds/update.h"
#include "policy/image.h"

struct fw_agent;

/* X(NAME, word, what it means) — the state of GET /v1/feeds, metrics and events. */
#define FW_FEED_CONDITIONS(X)                                                                                \
	X(WAITING, "waiting", "nothing was fetched yet, this feed lists nobody")                             \
	X(OK, "ok", "the list in force is current")                                                          \
	X(FAILED, "failed", "the last attempt failed; the last good copy is in force, if there is one")      \
	X(HELD, "held", "a guard does not believe the new list; the last good copy is in force")             \
	X(STALE, "stale", "no success for longer than stale_after; the last good copy is in force")

enum fw_feed_condition {
#define X(name, word, help) FW_FEED_IS_##name,
	FW_FEED_CONDITIONS(X)
#undef X
		FW_FEED_CONDITION_MAX_
};
const char *fw_feed_condition_word(enum fw_feed_condition condition);

/* What a feed brings into the filter: made by a thread, swapped in as a whole, never changed. */
struct fw_feed_share {
	struct fw_prefix *prefixes[FW_TIER_MAX_]; /* per tier, in normal form */
	size_t counts[FW_TIER_MAX_];
	struct fw_guard_report report; /* what the guards took out */
	uint64_t next_expiry;	       /* wall-clock seconds, 0 = none ever */
	uint64_t protected_digest;     /* of what was subtracted */
};

/* One feed as the agent has it. Times are wall-clock nanoseconds unless they say otherwise, 0 = never. */
struct fw_feed_watch {
	struct fw_agent *agent;
	struct fw_feed definition; /* a copy of its own */
	bool active;		   /* the policy in force names it; others wait to be forgotten */
	struct fw_guard guard;
	uint64_t origin;

	struct fw_feed_copy copy; /* as the feed lists it, in force after its guards; valid if has_copy */
	bool has_copy;
	struct fw_feed_share share;

	enum fw_feed_outcome last_outcome;	/* of the last attempt, valid if attempts */
	uint64_t attempts;			/* that ended since the agent started */
	uint64_t outcomes[FW_FEED_UPDATED + 1]; /* of them, by enum fw_feed_outcome */
	unsigned int failures;			/* in a row, held ones included */
	uint64_t last_attempt_ns, last_success_ns, last_failure_ns;
	uint64_t next_attempt_ns;     /* monotonic */
	uint64_t active_since_ns;     /* when the agent began to watch it */
	char error[FW_ERR_TEXT_MAX];  /* why it failed or is held, "" when current */
	char notice[FW_ERR_TEXT_MAX]; /* what is odd about a success, such as a copy that cannot be kept */
	struct fw_feed_status status; /* of the last worker: http, bytes, refused lines and why */
	uint64_t retry_after_ns;
	size_t added, removed; /* entries, by the last update */

	bool running;	 /* an attempt is under way */
	bool wanted;	 /* somebody asked for one now */
	bool force;	 /* and accepts growth and shrink */
	bool everything; /* crowdsec: deltas may have been missed */
	bool stale;
	bool on_trial;	/* as of the last compilation */
	bool dropped;	/* to be freed when its attempt ends */
	bool expired;	/* its share holds entries that ended */
	bool recompile; /* its share is newer than what is in force */
};

struct fw_feeds {
	struct fw_feed_watch **items;
	size_t count;
	size_t running;	    /* attempts at the same time */
	char dir[PATH_MAX]; /* of the copies, "" before the state directory is known */
	char worker[PATH_MAX];
	int nursery_fd, stop_fd;
	uv_timer_t timer;
	bool started; /* attempts may begin */
	bool recompile_failed;
	uint64_t recompiled_ns, recompile_cost_ns; /* monotonic: when lists were last merged for feeds */
};

/* Once the state directory is known, before the first policy that is put in force is compiled. */
void fw_feeds_init(struct fw_agent *agent);
/* Once the nursery lives: attempts may begin. */
void fw_feeds_start(struct fw_agent *agent);
void fw_feeds_stop(struct fw_agent *agent);

/* What the feeds of any policy bring, from the copies there are. Free the items; what they point to stays
 * until feeds change. -ENOMEM. */
struct fw_feed_parts {
	struct fw_feed_part *items;
	size_t count;
};
int fw_feeds_parts(struct fw_agent *agent, const struct fw_policy *policy, struct fw_feed_parts *ret);
/* Their lists do not fit: none of them is in force until it is fetched anew. The copies stay on disk. */
void fw_feeds_set_aside(struct fw_agent *agent);
/* The policy in force is another one: feeds whose definition is the same go on. */
void fw_feeds_follow(struct fw_agent *agent);
/* Puts the feeds' lists in force as they are now. */
int fw_feeds_recompile(struct fw_agent *agent, struct fw_err *err);
/* An attempt as soon as possible; force accepts growth and shrink once. */
void fw_feeds_want(struct fw_agent *agent, struct fw_feed_watch *watch, bool force);

/* The feed that fills a set of the policy in force, NULL: none. */
const struct fw_feed_watch *fw_feeds_find(const struct fw_agent *agent, const char *set);
enum fw_feed_condition fw_feed_condition(const struct fw_feed_watch *watch);
/* Entries in force after the guards, merged. */
size_t fw_feed_kept(const struct fw_feed_watch *watch);
/* When its trial ends, wall-clock seconds: 0 = not on trial, UINT64_MAX = begins with the first success. */
uint64_t fw_feed_trial_until(const struct fw_feed_watch *watch);
/* The entry of the feed's list that covers an address, the longest, or NULL. Linear. *ret_in_force: its
 * address is really in force, neither expired nor taken out by a guard. */
const struct fw_feed_entry *fw_feed_entry_of(const struct fw_feed_watch *watch, const struct fw_addr *addr,
					     bool *ret_in_force);
/* One element of GET /v1/feeds. */
json_t *fw_feed_to_json(const struct fw_feed_watch *watch);

#endif
