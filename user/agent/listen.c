// SPDX-License-Identifier: Apache-2.0
/* Listening sockets: UNIX for the API, TCP on behalf of the unprivileged web process. */
#include "agent/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "agent/options.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/units.h"

#define BACKLOG 64

#define DATAGRAM_BUFFER (8 << 20)

static int make_parent(const char *path, struct fw_err *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	if (!mkdir(parent, 0755)) {
		if (!chmod(parent, 0755)) /* whatever umask says: everybody may ask */
			return 0;
	} else if (errno == EEXIST) {
		return 0;
	}
	return fw_err_set(err, -errno, "cannot create %s for the API socket: %s", parent, strerror(errno));
}

/* Left over from an agent that was killed, or somebody's? */
static int clear_the_way(const struct sockaddr_un *address, struct fw_err *err)
{
	FW_CLOSE int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (lstat(address->sun_path, &status))
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return fw_err_set(
			err, -EEXIST,
			"%s is in the way: it exists and is no socket; remove it or choose another --socket",
			address->sun_path);
	if (probe >= 0 && !connect(probe, (const struct sockaddr *)address, sizeof(*address)))
		return fw_err_set(err, -EADDRINUSE, "another floodwalld listens on %s; " FW_SECOND_AGENT,
				  address->sun_path);
	if (unlink(address->sun_path) && errno != ENOENT)
		return fw_err_set(err, -errno, "cannot replace the stale socket %s: %s", address->sun_path,
				  strerror(errno));
	return 0;
}

int fw_listen_unix(const char *path, mode_t mode, gid_t gid, struct fw_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FW_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return fw_err_set(err, -ENAMETOOLONG,
				  "socket path %.40s… is too long: at most %zu characters", path,
				  sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = make_parent(path, err);
	if (!r)
		r = clear_the_way(&address, err);
	if (r)
		return r;
	mask = umask(0177); /* nobody may slip in before chown */
	r = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(mask);
	if (!r && gid != (gid_t)-1 && chown(path, (uid_t)-1, gid))
		r = -errno;
	if (!r && (chmod(path, mode) || listen(fd, BACKLOG)))
		r = -errno;
	if (r)
		return fw_err_set(err, r, "cannot listen on %s: %s", path, strerror(-r));
	return TAKE_FD(fd);
}

static int parse_listen(const char *text, struct sockaddr_storage *ret, socklen_t *ret_length,
			struct fw_err *err)
{
	const char *colon = strrchr(text, ':');
	char host[FW_ADDR_TEXT_MAX];
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	size_t length = colon ? (size_t)(colon - text) : 0;
	uint64_t port = 0;

	*ret = (struct sockaddr_storage){};
	if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
		text++;
		length -= 2;
	}
	if (!colon || length >= sizeof(host) || fw_amount_parse(colon + 1, &port, NULL) || !port ||
	    port > 65535)
		return fw_err_set(err, -EINVAL, "'%s' is no ADDRESS:PORT", text);
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*ret_length = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, host[0] ? host : "::", &v6->sin6_addr) != 1)
		return fw_err_set(err, -EINVAL, "'%s' is no IP address", host);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*ret_length = sizeof(*v6);
	return 0;
}

int fw_listen_tcp(const char *text, struct fw_err *err)
{
	struct sockaddr_storage address;
	socklen_t length = 0;
	int on = 1, r = parse_listen(text, &address, &length, err);
	FW_CLOSE int fd = -1;

	if (r)
		return r;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || listen(fd, BACKLOG))
		return fw_err_set(err, -errno, "%s: %s", text, strerror(errno));
	return TAKE_FD(fd);
}

int fw_bind_udp(const char *text, struct fw_err *err)
{
	struct sockaddr_storage address;
	socklen_t length = 0;
	int bytes = DATAGRAM_BUFFER, r = parse_listen(text, &address, &length, err);
	FW_CLOSE int fd = -1;

	if (r)
		return r;
	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length))
		return fw_err_set(err, -errno, "udp:%s: %s", text, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return TAKE_FD(fd);
}

int fw_bind_unix_datagrams(const char *path, struct fw_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FW_CLOSE int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	FW_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int bytes = DATAGRAM_BUFFER;

	if (strlen(path) >= sizeof(address.sun_path))
		return fw_err_set(err, -ENAMETOOLONG, "unix:%.40s… is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* What somebody reads is not ours to replace; what nobody reads is what an agent before us left. */
	if (!connect(probe, (struct sockaddr *)&address, sizeof(address)))
		return fw_err_set(err, -EADDRINUSE, "unix:%s: another process receives there", path);
	if (errno == ECONNREFUSED)
		unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || chmod(path, 0666))
		return fw_err_set(err, -errno, "unix:%s: %s", path, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return TAKE_FD(fd);
}
