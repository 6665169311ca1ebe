/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) without libsystemd: the protocol is one datagram of lines. */
#ifndef FW_AGENT_NOTIFY_H
#define FW_AGENT_NOTIFY_H

#include <uv.h>

struct fw_notify {
	int fd; /* -1: nobody listens */
	char path[108];
	size_t path_length;
	uv_timer_t watchdog;
};

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC and takes them out of the environment, so that no child inherits
 * them. */
void fw_notify_init(struct fw_notify *notify);
void fw_notify_close(struct fw_notify *notify);
/* "READY=1\nSTATUS=…" */
void fw_notify_send(const struct fw_notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void fw_notify_reloading(const struct fw_notify *notify);
/* Feeds the watchdog from the loop, at half its period. */
void fw_notify_watchdog(struct fw_notify *notify, uv_loop_t *loop);

#endif
