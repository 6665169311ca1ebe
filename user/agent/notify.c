// SPDX-License-Identifier: Apache-2.0
/* Tells systemd how we are. */
#include "agent/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/units.h"

void fw_notify_init(struct fw_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	notify->fd = -1;
	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(notify->path))
		return;
	notify->path_length = strlen(path);
	memcpy(notify->path, path, notify->path_length + 1);
	if (notify->path[0] == '@')
		notify->path[0] = '\0'; /* abstract */
	unsetenv("NOTIFY_SOCKET");
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void fw_notify_close(struct fw_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void fw_notify_send(const struct fw_notify *notify, const char *format, ...)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[512];
	va_list args;
	int length;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length <= 0)
		return;
	memcpy(address.sun_path, notify->path, notify->path_length);
	sendto(notify->fd, text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1,
	       MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + notify->path_length));
}

void fw_notify_reloading(const struct fw_notify *notify)
{
	fw_notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%llu",
		       (unsigned long long)(fw_monotonic_ns() / 1000));
}

static void on_watchdog(uv_timer_t *timer)
{
	fw_notify_send(timer->data, "WATCHDOG=1");
}

void fw_notify_watchdog(struct fw_notify *notify, uv_loop_t *loop)
{
	const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char mine[16];
	uint64_t period_us = 0;

	snprintf(mine, sizeof(mine), "%d", (int)getpid());
	if (notify->fd < 0 || !text || (pid && strcmp(pid, mine)) || fw_amount_parse(text, &period_us, NULL))
		return;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	uv_timer_init(loop, &notify->watchdog);
	notify->watchdog.data = notify;
	uv_timer_start(&notify->watchdog, on_watchdog, 0, period_us / 2000 ? period_us / 2000 : 1);
}
