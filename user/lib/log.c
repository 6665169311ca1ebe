// SPDX-License-Identifier: Apache-2.0
/* Log lines: to the journal with fields where systemd listens, else to stderr; never buffers. */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "lib/cleanup.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LINE_MAX_BYTES 4096
#define FIELDS_MAX     32

static struct {
	const char *process;
	enum fw_log_level threshold;
	bool under_systemd;
	int journal; /* datagram socket, -1 without */
} state = {.process = "floodwall", .threshold = FW_LOG_INFO, .journal = -1};

static const char *level_word(enum fw_log_level level)
{
	switch (level) {
	case FW_LOG_ERROR:
		return "error";
	case FW_LOG_WARNING:
		return "warning";
	case FW_LOG_NOTICE:
		return "notice";
	case FW_LOG_INFO:
		return "info";
	case FW_LOG_DEBUG:
		return "debug";
	}
	return "info";
}

/* systemd names the journal stream by device and inode, so that a redirected stderr is told apart. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &status))
		return false;
	return status.st_dev == device && status.st_ino == inode && !isatty(STDERR_FILENO);
}

static int journal_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	FW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	return TAKE_FD(fd);
}

void fw_log_init(const char *process, enum fw_log_level threshold)
{
	state.process = process;
	state.threshold = threshold;
	if (state.journal >= 0)
		close(state.journal);
	state.under_systemd = stderr_is_journal();
	state.journal = state.under_systemd ? journal_connect() : -1;
}

/* The native protocol ends a field at a newline; one inside a value becomes a space. */
static size_t append_field(char *buffer, size_t used, size_t size, const char *key, const char *value)
{
	int written = snprintf(buffer + used, size - used, "%s%s\n", key, value);

	if (written < 0 || (size_t)written >= size - used)
		return used;
	for (size_t i = used; i < used + (size_t)written - 1; i++)
		if (buffer[i] == '\n')
			buffer[i] = ' ';
	return used + (size_t)written;
}

static bool journal_send(enum fw_log_level level, const char *message, const char *const *fields)
{
	char buffer[2 * LINE_MAX_BYTES], priority[4];
	size_t used = 0;

	if (state.journal < 0)
		return false;
	snprintf(priority, sizeof(priority), "%d", (int)level);
	used = append_field(buffer, used, sizeof(buffer), "PRIORITY=", priority);
	used = append_field(buffer, used, sizeof(buffer), "SYSLOG_IDENTIFIER=", state.process);
	used = append_field(buffer, used, sizeof(buffer), "MESSAGE=", message);
	for (size_t i = 0; fields && fields[i] && i < FIELDS_MAX; i++)
		used = append_field(buffer, used, sizeof(buffer), "", fields[i]);
	return send(state.journal, buffer, used, MSG_NOSIGNAL) == (ssize_t)used;
}

void fw_log_fields(enum fw_log_level level, const char *message, const char *const *fields)
{
	char line[LINE_MAX_BYTES];
	size_t used = 0;
	int saved = errno;

	if (level > state.threshold || journal_send(level, message, fields)) {
		errno = saved;
		return;
	}
	if (state.under_systemd)
		used += (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
	used += (size_t)snprintf(line + used, sizeof(line) - used, "%s: %.*s", level_word(level),
				 LINE_MAX_BYTES / 2, message);
	for (size_t i = 0; fields && fields[i] && i < FIELDS_MAX; i++) {
		int written = snprintf(line + used, sizeof(line) - used, " %s", fields[i]);

		if (written < 0 || (size_t)written >= sizeof(line) - used)
			break;
		used += (size_t)written;
	}
	for (size_t i = 0; i < used; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	fprintf(stderr, "%.*s\n", (int)used, line);
	errno = saved;
}

void fw_log(enum fw_log_level level, const char *format, ...)
{
	char message[LINE_MAX_BYTES / 2];
	int saved = errno;
	va_list args;

	if (level > state.threshold)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	errno = saved;
	fw_log_fields(level, message, NULL);
}
