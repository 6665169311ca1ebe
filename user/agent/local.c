// SPDX-License-Identifier: Apache-2.0
#include "agent/local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "kern/local.h"
#include "lib/log.h"

#define SETTLE_MS     50
#define EVERY_LOOKS   10 /* also when nobody tells of a change: not every way of one is told of */
#define PORTS_LOOKS   5	 /* all of /proc */
#define MESSAGE_BYTES 8192

_Static_assert(sizeof(((struct fw_published_ports *)0)->words) == FW_PUBLISHED_WORDS * sizeof(uint64_t),
	       "a bit per port on both sides");

static void on_settled(uv_timer_t *timer)
{
	fw_challenge_settle(timer->data);
}

/* Which route it is does not matter, and a lost message (ENOBUFS) is a change like any other. Not later with
 * each: addresses that come and go all the time must not keep the first from being looked at. */
static void on_message(uv_poll_t *poll, int status, int events)
{
	struct fw_agent *agent = poll->data;
	struct fw_local_watch *watch = &agent->local;
	char buffer[MESSAGE_BYTES];

	(void)status;
	(void)events;
	while (recv(watch->netlink_fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	watch->stale = true;
	if (agent->challenge.engaged && !uv_is_active((uv_handle_t *)&watch->settle))
		uv_timer_start(&watch->settle, on_settled, SETTLE_MS, 0);
}

void fw_local_init(struct fw_agent *agent)
{
	struct fw_local_watch *watch = &agent->local;

	watch->stale = true;
	uv_timer_init(&agent->loop, &watch->settle);
	watch->settle.data = watch->netlink.data = agent;
	watch->netlink_fd = fw_local_routes_watch();
	if (watch->netlink_fd < 0) {
		fw_log(FW_LOG_NOTICE,
		       "cannot listen for changes of this host's addresses: %s; while a rule challenges they "
		       "are looked up every second",
		       strerror(-watch->netlink_fd));
		return;
	}
	uv_poll_init(&agent->loop, &watch->netlink, watch->netlink_fd);
	uv_poll_start(&watch->netlink, UV_READABLE, on_message);
}

void fw_local_done(struct fw_local_watch *watch)
{
	if (watch->netlink_fd >= 0)
		close(watch->netlink_fd);
	fw_local_routes_done(&watch->own);
}

#define SO_NOBODY "so that nobody knows whose SYNs to answer"

static int write_own(struct fw_agent *agent, const struct fw_local_routes *own, struct fw_err *err)
{
	int r = fw_local_set(agent->datapath, own->items, own->count);

	if (r == -E2BIG)
		return fw_err_set(err, r,
				  "this host takes %zu prefixes for its own and the packet path knows at "
				  "most %u, " SO_NOBODY
				  "; mend: fewer local routes ('ip route show table all "
				  "type local')",
				  own->count, FW_LOCAL_MAX);
	return r ? fw_err_set(err, r,
			      "this host's addresses cannot be written for the packet path (%s), " SO_NOBODY,
			      strerror(-r))
		 : 0;
}

static int look(struct fw_agent *agent, struct fw_err *err)
{
	struct fw_local_watch *watch = &agent->local;
	struct fw_local_routes own = {};
	int r = fw_local_routes_read(&own);

	/* They change faster than they can be listed: what was known is nearer to the truth than nothing. */
	if (r == -EINTR && watch->written)
		return 0;
	if (r)
		return fw_err_set(err, r, "this host's addresses cannot be read (%s), " SO_NOBODY,
				  strerror(-r));
	watch->stale = watch->netlink_fd < 0;
	if (watch->written && fw_local_routes_equal(&own, &watch->own)) {
		watch->own.proxy_table = own.proxy_table;
		fw_local_routes_done(&own);
		return 0;
	}
	r = write_own(agent, &own, err);
	fw_local_routes_done(&watch->own);
	watch->own = own;
	watch->written = !r;
	return r;
}

static void say_published(const struct fw_published_ports *ports)
{
	char text[128];

	fw_published_ports_text(ports, text, sizeof(text));
	if (*text)
		fw_log(FW_LOG_NOTICE,
		       "challenge: TCP port %s: published by docker-proxy, SYNs are for a container and are "
		       "not answered here",
		       text);
	else
		fw_log(FW_LOG_NOTICE, "challenge: no port is published by docker-proxy any more");
}

/* What cannot be read is as it was. */
static void look_for_published(struct fw_agent *agent, bool passes_on)
{
	struct fw_local_watch *watch = &agent->local;
	struct fw_published_ports now = {};

	if (passes_on && watch->published_known && watch->generation == agent->generation &&
	    watch->looks % PORTS_LOOKS)
		return;
	watch->published_known = passes_on;
	watch->generation = agent->generation;
	if ((passes_on && fw_published_ports_read(&now)) || !memcmp(&now, &watch->published, sizeof(now)))
		return;
	watch->published = now;
	fw_published_set(agent->datapath, now.words);
	say_published(&now);
}

int fw_local_refresh(struct fw_agent *agent, bool passes_on, struct fw_err *err)
{
	struct fw_local_watch *watch = &agent->local;
	int r = 0;

	if (watch->stale || !watch->written || watch->looks % EVERY_LOOKS == 0)
		r = look(agent, err);
	look_for_published(agent, passes_on);
	watch->looks++;
	if (r)
		watch->written = false;
	return r;
}

void fw_local_rest(struct fw_local_watch *watch)
{
	watch->stale = true;
	watch->looks = 0;
	watch->published_known = false;
}
