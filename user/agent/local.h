/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are this host's own, and which of its ports are a container's, told to the packet path
 * while a rule challenges: only there does the stack give a SYN to a listener of this host. */
#ifndef FW_AGENT_LOCAL_H
#define FW_AGENT_LOCAL_H

#include <stdbool.h>
#include <uv.h>

#include "lib/err.h"
#include "lib/local_routes.h"
#include "lib/published_ports.h"

struct fw_agent;

struct fw_local_watch {
	struct fw_local_routes own; /* as the packet path knows them, if it does: */
	bool written;
	bool stale;			     /* something has changed since, or nobody would have told */
	struct fw_published_ports published; /* none where nothing is passed on */
	bool published_known;
	uint32_t generation; /* in whose time the ports were looked for */
	unsigned int looks;
	int netlink_fd; /* -1: nobody tells of changes */
	uv_poll_t netlink;
	uv_timer_t settle; /* one look for a burst of messages */
};

void fw_local_init(struct fw_agent *agent);
void fw_local_done(struct fw_local_watch *watch);
/* Looks, if that is due, and writes what differs. Call at least every second while a rule challenges.
 * passes_on: packets to others come through here. An error says why nobody can be answered. */
int fw_local_refresh(struct fw_agent *agent, bool passes_on, struct fw_err *err);
/* No rule challenges any more: the next look is one from the beginning. */
void fw_local_rest(struct fw_local_watch *watch);

#endif
