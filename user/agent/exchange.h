/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the server: one HTTP exchange from its first header to its last byte. */
#ifndef FW_AGENT_EXCHANGE_H
#define FW_AGENT_EXCHANGE_H

#include <microhttpd.h>
#include <sys/un.h>
#include <uv.h>

#include "agent/request.h"

struct fw_server;

struct fw_listener {
	struct fw_server *server;
	bool writable;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
};

struct fw_exchange {
	struct fw_request request;
	struct fw_listener *listener;
	struct fw_exchange *next;
	char *body;
	size_t length, received;
	bool suspended, answered;
	struct fw_follower *follower;
	uv_timer_t timer; /* of a deferred answer */
};

#define FW_LISTENERS 2

struct fw_server {
	struct fw_agent *agent;
	struct fw_listener listeners[FW_LISTENERS]; /* api.sock, read.sock */
	gid_t writers;				    /* group that may change things, -1 for none */
	struct fw_exchange *exchanges;
	uv_timer_t timer, heartbeat;
	uv_timer_cb on_timer;
	bool started;
};

enum MHD_Result fw_exchange_handle(void *listener, struct MHD_Connection *connection, const char *url,
				   const char *method, const char *version, const char *upload,
				   size_t *upload_size, void **exchange);
void fw_exchange_completed(void *listener, struct MHD_Connection *connection, void **exchange,
			   enum MHD_RequestTerminationCode why);
/* Lets a suspended connection go on. */
void fw_exchange_wake(struct fw_exchange *exchange);
void fw_exchange_end_all(struct fw_server *server);
void fw_server_kick(struct fw_server *server);

#endif
