// SPDX-License-Identifier: Apache-2.0
/* Hears of links that come and go, so that a re-created interface is filtered again, and a guest is known. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/stacked.h"
#include "lib/log.h"

#define SETTLE_MS 200

static bool anything_missing(const struct fw_agent *agent)
{
	for (size_t i = 0; i < agent->interfaces.count; i++)
		if (!fw_interfaces_find(agent, agent->interfaces.wanted[i].request.name) &&
		    if_nametoindex(agent->interfaces.wanted[i].request.name))
			return true;
	return false;
}

/* What was filtered before links changed. */
struct filtered {
	struct fw_attached items[FW_IFACES_MAX];
	size_t count;
};

static void take_filtered(const struct fw_agent *agent, struct filtered *ret)
{
	const struct fw_attached *attached;

	ret->count = fw_attachments_list(agent->attachments, &attached);
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = attached[i];
}

/* By its counters, which go with it through a change of its name. NULL: it is not among them. */
static const struct fw_attached *find(const struct fw_attached *items, size_t count, uint32_t iface)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].iface == iface)
			return &items[i];
	return NULL;
}

static void say_gone(struct fw_agent *agent, const char *name)
{
	fw_event(agent, "detach", "agent", json_pack("{s:s, s:b}", "interface", name, "gone", 1),
		 "interface '%s': it is gone from this network namespace and NOT filtered; when it comes "
		 "back, "
		 "it is again",
		 name);
}

static void say_changes(struct fw_agent *agent, const struct filtered *before)
{
	const struct fw_attached *attached, *was;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	bool any = false;

	for (size_t i = 0; i < before->count; i++)
		if (!find(attached, count, before->items[i].iface)) {
			say_gone(agent, before->items[i].name);
			any = true;
		}
	for (size_t i = 0; i < count; i++) {
		was = find(before->items, before->count, attached[i].iface);
		if (was && was->ifindex == attached[i].ifindex)
			continue;
		if (was) /* deleted and made anew before anybody looked */
			say_gone(agent, was->name);
		fw_interfaces_say_attached(agent, &attached[i], "agent");
		any = true;
	}
	if (any)
		fw_challenge_settle(agent);
}

static void on_settled(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct filtered before;
	struct fw_err err = {};

	take_filtered(agent, &before);
	if (fw_attachments_refresh(agent->attachments, &err))
		fw_log(FW_LOG_WARNING, "links changed: %s", err.text);
	say_changes(agent, &before);
	if (anything_missing(agent) && fw_interfaces_sync(agent, false, &err))
		fw_log(FW_LOG_ERROR, "links changed and nothing is filtered now: %s", err.text);
	fw_stacked_look(agent);
	fw_challenge_links_changed(agent);
}

static void on_message(uv_poll_t *poll, int status, int events)
{
	struct fw_agent *agent = poll->data;
	char buffer[8192];

	(void)status;
	(void)events;
	/* What changed does not matter, and a lost message (ENOBUFS) is a change like any other. */
	while (recv(agent->interfaces.netlink_fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 ||
	       errno == ENOBUFS)
		errno = 0;
	/* Links that never cease to change must not keep it from looking. */
	if (!uv_is_active((uv_handle_t *)&agent->interfaces.settle))
		uv_timer_start(&agent->interfaces.settle, on_settled, SETTLE_MS, 0);
}

int fw_interfaces_watch(struct fw_agent *agent, struct fw_err *err)
{
	struct fw_interfaces *interfaces = &agent->interfaces;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

	interfaces->netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (interfaces->netlink_fd < 0 ||
	    bind(interfaces->netlink_fd, (struct sockaddr *)&address, sizeof(address)))
		return fw_err_set(
			err, -errno,
			"cannot listen for link changes: %s; interfaces that are re-created stay unfiltered "
			"until a reload",
			strerror(errno));
	uv_timer_init(&agent->loop, &interfaces->settle);
	uv_poll_init(&agent->loop, &interfaces->netlink, interfaces->netlink_fd);
	interfaces->settle.data = interfaces->netlink.data = agent;
	/* One may have gone before anybody listened. */
	uv_timer_start(&interfaces->settle, on_settled, SETTLE_MS, 0);
	return uv_poll_start(&interfaces->netlink, UV_READABLE, on_message);
}

void fw_interfaces_done(struct fw_interfaces *interfaces)
{
	if (interfaces->netlink_fd >= 0)
		close(interfaces->netlink_fd);
	free(interfaces->wanted);
	json_decref(interfaces->stacked);
	interfaces->stacked = NULL;
	interfaces->wanted = NULL;
	interfaces->count = 0;
}
