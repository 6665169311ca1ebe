// SPDX-License-Identifier: Apache-2.0
/* Hears of links that come and go, so that a re-created interface is filtered again. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
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

static void on_settled(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_err err = {};

	if (fw_attachments_refresh(agent->attachments, &err))
		fw_log(FW_LOG_WARNING, "links changed: %s", err.text);
	if (anything_missing(agent) && fw_interfaces_sync(agent, false, &err))
		fw_log(FW_LOG_ERROR, "links changed and nothing is filtered now: %s", err.text);
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
	return uv_poll_start(&interfaces->netlink, UV_READABLE, on_message);
}

void fw_interfaces_done(struct fw_interfaces *interfaces)
{
	if (interfaces->netlink_fd >= 0)
		close(interfaces->netlink_fd);
	free(interfaces->wanted);
	interfaces->wanted = NULL;
	interfaces->count = 0;
}
