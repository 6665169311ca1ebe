/* SPDX-License-Identifier: Apache-2.0 */
/* Which interfaces should be filtered, and keeping it so as they come and go. */
#ifndef FW_AGENT_INTERFACES_H
#define FW_AGENT_INTERFACES_H

#include <jansson.h>
#include <uv.h>

#include "kern/attach.h"
#include "policy/policy.h"

struct fw_agent;

/* One that is wanted and what came of it. */
struct fw_wanted {
	struct fw_interface request;
	char error[FW_ERR_TEXT_MAX]; /* "" when attached */
};

struct fw_interfaces {
	struct fw_wanted *wanted;
	size_t count;
	bool count_unknown; /* interfaces whose counter index is not known yet only count */
	json_t *stacked;    /* pairs of filtered ones that stand on each other */
	int netlink_fd;
	uv_poll_t netlink;
	uv_timer_t settle; /* one refresh for a burst of link messages */
};

/* Command line, else file, changed by what was attached and detached live. Caller frees. */
int fw_interfaces_wanted(const struct fw_agent *agent, const struct fw_policy *policy,
			 struct fw_interface **ret, size_t *ret_count);
/* -ENODEV when a wanted interface that is not attached does not exist; one that is only attached by hand may
 * be gone: it waits. */
int fw_interfaces_check(const struct fw_agent *agent, const struct fw_policy *policy, struct fw_err *err);
/* Attaches and detaches until what runs is what the policy in force wants. strict: the first failure ends it
 * and is returned; otherwise failures are kept per interface, and an error is returned only when nothing is
 * attached at all. What is only attached by hand never fails it. */
int fw_interfaces_sync(struct fw_agent *agent, bool strict, struct fw_err *err);
/* Bit per counter index of interfaces that only count. */
uint32_t fw_interfaces_counting(const struct fw_agent *agent, const struct fw_policy *policy);
/* Whether under this policy some interface that is there would not only count. */
bool fw_interfaces_would_enforce(const struct fw_agent *agent, const struct fw_policy *policy);
/* Of one that is not attached: what status says. */
void fw_interfaces_why_not(const struct fw_agent *agent, const struct fw_wanted *wanted,
			   char text[FW_ERR_TEXT_MAX]);
const struct fw_attached *fw_interfaces_find(const struct fw_agent *agent, const char *name);

/* Live, by name; remembered as drift. */
int fw_interfaces_attach(struct fw_agent *agent, const struct fw_interface *request, const char *by,
			 const struct fw_attached **ret, struct fw_err *err);
int fw_interfaces_detach(struct fw_agent *agent, const char *name, const char *by, struct fw_err *err);

/* The event of an interface that is filtered from now on. */
void fw_interfaces_say_attached(struct fw_agent *agent, const struct fw_attached *attached, const char *by);

/* Links that vanish and come back. */
int fw_interfaces_watch(struct fw_agent *agent, struct fw_err *err);
void fw_interfaces_done(struct fw_interfaces *interfaces);

#endif
