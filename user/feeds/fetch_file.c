// SPDX-License-Identifier: Apache-2.0
/* Feeds that are files: read with the worker's rights, unchanged when size, time and inode are. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "feeds/fetch.h"
#include "lib/cleanup.h"

static int pour(int fd, struct fw_inflate *inflate, const char *path, struct fw_err *err)
{
	char buffer[65536];

	for (;;) {
		ssize_t got = read(fd, buffer, sizeof(buffer));
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fw_err_set(err, -errno, "cannot read '%.200s': %s", path, strerror(errno));
		if (!got)
			return fw_inflate_finish(inflate, err);
		r = fw_inflate_feed(inflate, buffer, (size_t)got, err);
		if (r)
			return r;
	}
}

int fw_fetch_file(const char *path, const struct fw_fetch_request *request, fw_feed_sink sink, void *user,
		  struct fw_fetch_answer *answer, struct fw_err *err)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the worker. */
	FW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct fw_inflate inflate;
	struct stat status;
	int r;

	if (fd < 0)
		return fw_err_set(err, -errno,
				  "cannot open '%.200s': %s (feeds are read by an unprivileged user)", path,
				  strerror(errno));
	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return fw_err_set(err, -EINVAL, "'%.200s' is not a regular file", path);
	snprintf(answer->etag, sizeof(answer->etag), "%lld-%lld.%09ld-%llu", (long long)status.st_size,
		 (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, (unsigned long long)status.st_ino);
	if (request->etag && !strcmp(request->etag, answer->etag)) {
		answer->not_modified = true;
		return 0;
	}
	fw_inflate_init(&inflate, request->max_bytes ? request->max_bytes : FW_FETCH_BYTES_DEFAULT, sink,
			user);
	r = pour(fd, &inflate, path, err);
	answer->bytes = inflate.bytes;
	answer->wire_bytes = (uint64_t)status.st_size;
	fw_inflate_done(&inflate);
	return r;
}
