// SPDX-License-Identifier: Apache-2.0
/* libmicrohttpd on the agent's loop: two daemons, one per socket, driven through their epoll fds. */
#include "agent/server.h"

#include <errno.h>
#include <grp.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/exchange.h"
#include "agent/listen.h"
#include "lib/log.h"

#define CONNECTIONS_MAX	   64
#define CONNECTION_MEMORY  (64 << 10) /* request line and headers */
#define CONNECTION_SECONDS 30
#define HEARTBEAT_MS	   10000
#define GROUP		   "floodwall"

static void run(struct fw_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait = UINT64_MAX, one;

	for (size_t i = 0; i < FW_LISTENERS; i++)
		MHD_run(server->listeners[i].daemon);
	for (size_t i = 0; i < FW_LISTENERS; i++)
		if (MHD_get_timeout(server->listeners[i].daemon, &one) == MHD_YES && one < wait)
			wait = one;
	if (wait == UINT64_MAX)
		uv_timer_stop(&server->timer);
	else
		uv_timer_start(&server->timer, server->on_timer, wait, 0);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

/* From inside a handler the daemon must not run again: soon. */
void fw_server_kick(struct fw_server *server)
{
	uv_timer_start(&server->timer, server->on_timer, 0, 0);
}

/* A follower that hangs up while nothing happens is noticed when its connection is looked at. */
static void on_heartbeat(uv_timer_t *timer)
{
	struct fw_server *server = timer->data;

	for (struct fw_exchange *exchange = server->exchanges; exchange; exchange = exchange->next)
		if (exchange->follower)
			fw_exchange_wake(exchange);
}

static void on_mhd_log(void *context, const char *format, va_list args)
{
	char text[256];

	(void)context;
	vsnprintf(text, sizeof(text), format, args);
	fw_log(FW_LOG_DEBUG, "http: %s", text);
}

static gid_t group_of_writers(void)
{
	const struct group *group = getgrnam(GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

static int read_path_of(const char *socket, char path[sizeof(((struct sockaddr_un *)0)->sun_path)],
			struct fw_err *err)
{
	const char *slash = strrchr(socket, '/');
	int length = snprintf(path, sizeof(((struct sockaddr_un *)0)->sun_path), "%.*sread.sock",
			      (int)(slash ? slash - socket + 1 : 0), socket);

	if (length < 0 || (size_t)length >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return fw_err_set(err, -ENAMETOOLONG, "socket path %.40s… is too long", socket);
	if (!strcmp(path, socket))
		return fw_err_set(err, -EINVAL,
				  "--socket must not be named read.sock: the read-only socket is made there");
	return 0;
}

int fw_server_listen(struct fw_agent *agent, struct fw_server **ret, struct fw_err *err)
{
	struct fw_server *server = calloc(1, sizeof(*server));
	struct fw_listener *api, *read_only;
	int r;

	if (!server)
		return fw_err_set(err, -ENOMEM, "out of memory for the API");
	api = &server->listeners[0];
	read_only = &server->listeners[1];
	api->fd = read_only->fd = -1;
	api->server = read_only->server = server;
	api->writable = true;
	server->agent = agent;
	server->writers = group_of_writers();
	snprintf(api->path, sizeof(api->path), "%s", agent->options.socket);
	r = strlen(agent->options.socket) >= sizeof(api->path)
		    ? fw_err_set(err, -ENAMETOOLONG, "socket path %.40s… is too long", agent->options.socket)
		    : read_path_of(api->path, read_only->path, err);
	if (!r) {
		api->fd = fw_listen_unix(api->path, server->writers == (gid_t)-1 ? 0600 : 0660,
					 server->writers, err);
		r = api->fd < 0 ? api->fd : 0;
	}
	if (!r) {
		read_only->fd = fw_listen_unix(read_only->path, 0666, (gid_t)-1, err);
		r = read_only->fd < 0 ? read_only->fd : 0;
	}
	if (r) {
		fw_server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

static int start_one(struct fw_server *server, struct fw_listener *listener, struct fw_err *err)
{
	const union MHD_DaemonInfo *info;

	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		fw_exchange_handle, listener, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_NOTIFY_COMPLETED, fw_exchange_completed,
		listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)CONNECTION_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	info = listener->daemon ? MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return fw_err_set(err, -EIO, "the HTTP server does not start on %s", listener->path);
	uv_poll_init(&server->agent->loop, &listener->poll, info->epoll_fd);
	listener->poll.data = server;
	return uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

int fw_server_start(struct fw_server *server, struct fw_err *err)
{
	int r = 0;

	uv_timer_init(&server->agent->loop, &server->timer);
	uv_timer_init(&server->agent->loop, &server->heartbeat);
	server->timer.data = server->heartbeat.data = server;
	server->on_timer = on_timer;
	for (size_t i = 0; i < FW_LISTENERS && !r; i++)
		r = start_one(server, &server->listeners[i], err);
	if (r)
		return r;
	server->started = true;
	uv_timer_start(&server->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
	run(server);
	return 0;
}

void fw_server_free(struct fw_server *server)
{
	if (!server)
		return;
	if (server->started)
		fw_exchange_end_all(server);
	for (size_t i = 0; i < FW_LISTENERS; i++) {
		struct fw_listener *listener = &server->listeners[i];

		if (listener->daemon) {
			uv_poll_stop(&listener->poll);
			MHD_stop_daemon(listener->daemon); /* closes the socket */
		} else if (listener->fd >= 0) {
			close(listener->fd);
		}
		if (listener->fd >= 0)
			unlink(listener->path);
	}
	if (!server->started) {
		free(server);
		return;
	}
	uv_timer_stop(&server->timer);
	uv_timer_stop(&server->heartbeat);
	/* The loop still knows its handles; the process ends after this, and with it the server's memory. */
}

const char *fw_server_read_path(const struct fw_server *server)
{
	return server->listeners[1].path;
}
