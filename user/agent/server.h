/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server on the two UNIX sockets: connections, limits, bodies; what is answered is the routes'
 * business. */
#ifndef FW_AGENT_SERVER_H
#define FW_AGENT_SERVER_H

#include "lib/err.h"

struct fw_agent;
struct fw_server;

/* Binds api.sock (root and group floodwall) and read.sock beside it (everybody, read-only); a stale socket
 * file is replaced, one that somebody listens on is -EADDRINUSE. Needs the right to chown. */
int fw_server_listen(struct fw_agent *agent, struct fw_server **ret, struct fw_err *err);
/* Answers from now on, on the agent's loop. */
int fw_server_start(struct fw_server *server, struct fw_err *err);
/* Ends all connections and removes the sockets. */
void fw_server_free(struct fw_server *server);
const char *fw_server_read_path(const struct fw_server *server);

#endif
