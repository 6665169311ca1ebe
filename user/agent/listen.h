/* SPDX-License-Identifier: Apache-2.0 */
/* Makes listening UNIX sockets that are whose they should be from their first moment. */
#ifndef FW_AGENT_LISTEN_H
#define FW_AGENT_LISTEN_H

#include <sys/types.h>

#include "lib/err.h"

/* Returns a listening, non-blocking fd. gid -1: leaves the group alone. -EADDRINUSE when somebody listens
 * there. */
int fw_listen_unix(const char *path, mode_t mode, gid_t gid, struct fw_err *err);
/* "127.0.0.1:9854", "[::1]:9854": a listening TCP socket, -EINVAL for what is no address. */
int fw_listen_tcp(const char *address, struct fw_err *err);
/* Sockets for syslog messages. A UNIX one anybody on this host may send to; a stale one is replaced. */
int fw_bind_udp(const char *address, struct fw_err *err);
int fw_bind_unix_datagrams(const char *path, struct fw_err *err);

#endif
