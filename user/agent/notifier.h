/* SPDX-License-Identifier: Apache-2.0 */
/* Tells people of events: who is told what, how often, and what is still to be said. Nothing here waits: one
 * message a target is on its way in a worker of its own, the others stand in a queue that ends. */
#ifndef FW_AGENT_NOTIFIER_H
#define FW_AGENT_NOTIFIER_H

#include <jansson.h>
#include <limits.h>
#include <uv.h>

#include "notify/job.h"
#include "policy/policy.h"

struct fw_agent;
struct fw_delivery;
struct fw_snapshot;

#define FW_NOTIFY_QUEUE	   64
#define FW_NOTIFY_KINDS	   24 /* with a rate of their own; what is more shares the last */
#define FW_NOTIFY_KIND_MAX 32

/* A kind's rate: so many in a window that begins with the first. Pure. */
struct fw_notify_budget {
	uint64_t since_ns; /* 0: there was none yet */
	uint64_t sent, held;
};
/* Whether one more may go now; else it is counted as held. */
bool fw_notify_budget_take(struct fw_notify_budget *budget, uint64_t rate, uint64_t window_ns,
			   uint64_t now_ns);
/* Whether what was held is to be told now; then it is taken out, and the telling is the new window's first.
 */
uint64_t fw_notify_budget_due(struct fw_notify_budget *budget, uint64_t window_ns, uint64_t now_ns);
/* Wait before attempt number `attempt` + 1, the first being 1. */
uint64_t fw_notify_backoff_ns(unsigned int attempt);

struct fw_notify_kind {
	char type[FW_NOTIFY_KIND_MAX];
	struct fw_notify_budget budget;
	json_t *last; /* the latest event that was held */
};

struct fw_notify_message {
	char *body;
	unsigned int attempts; /* made */
	uint64_t not_before_ns;
};

enum fw_notify_test { FW_NOTIFY_TEST_NONE, FW_NOTIFY_TEST_WANTED, FW_NOTIFY_TEST_DONE };

/* One target of the policy in force; what it has seen follows its name over reloads. */
struct fw_notify_watch {
	struct fw_agent *agent;
	struct fw_notify_target definition;
	struct fw_notify_kind kinds[FW_NOTIFY_KINDS];
	size_t kind_count;
	struct fw_notify_message queue[FW_NOTIFY_QUEUE]; /* ring; the first may be on its way */
	size_t first, queued;
	struct fw_delivery *flight; /* NULL: nothing is on its way */
	uint64_t delivered, failed, retried, held_back, dropped;
	uint64_t untold; /* given up or dropped since the last delivery */
	uint64_t last_success_wall_ns;
	bool troubled; /* the last message was given up, or is being tried again */
	char error[FW_NOTIFY_ERROR_MAX];
	enum fw_notify_test test;
	struct fw_notify_message test_message;
	struct fw_notify_status test_status;
};

struct fw_notifier {
	struct fw_notify_watch **items;
	size_t count, next; /* next: whose turn it is */
	size_t flights;
	uv_timer_t tick; /* runs while something waits for its time */
	bool started;
	char host[256], program[PATH_MAX];
	int changer_fd; /* starts workers as other users; -1: the policy named none when the agent began */
};

/* Needs the loop and the nursery. */
void fw_notifier_start(struct fw_agent *agent);
void fw_notifier_stop(struct fw_agent *agent);
/* The policy in force is another one. */
void fw_notifier_follow(struct fw_agent *agent);
/* Adds what the targets want to be told of utilisation. */
struct fw_levels;
void fw_notifier_levels(const struct fw_agent *agent, struct fw_levels *levels);
/* An event has happened; the caller keeps it. */
void fw_notifier_offer(struct fw_agent *agent, const json_t *event, bool failed);
/* Begins to send a test, ahead of what waits. -EAGAIN: one is under way. */
int fw_notifier_test(struct fw_notify_watch *watch);
struct fw_notify_watch *fw_notifier_find(struct fw_agent *agent, const char *name);
/* Sends what is due and may go. */
void fw_notifier_pump(struct fw_agent *agent);

/* notifier_send.c: one message on its way; fw_notifier_landed is called when it is over. -errno when it did
 * not begin: *ret says why, and nothing is called. */
int fw_notifier_send(struct fw_notify_watch *watch, const char *body, struct fw_notify_status *ret);
void fw_notifier_abandon(struct fw_delivery *flight); /* the target is gone: the worker ends */
void fw_notifier_landed(struct fw_notify_watch *watch, const struct fw_notify_status *status);

/* notifier_say.c */
json_t *fw_notifier_to_json(const struct fw_agent *agent, json_t *warnings); /* warnings may be NULL */
void fw_notifier_snapshot(const struct fw_agent *agent, struct fw_snapshot *snapshot);

#endif
