/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that arrive compressed: gzip and deflate, with the size cap on what comes out. */
#ifndef FW_FEEDS_INFLATE_H
#define FW_FEEDS_INFLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "lib/err.h"

/* Non-zero ends the transfer with that code. */
typedef int (*fw_feed_sink)(void *user, const char *bytes, size_t length, struct fw_err *err);

struct fw_inflate {
	z_stream stream;
	bool started, compressed, ended;
	unsigned char first[2]; /* held back until there are two: they tell what this is */
	size_t first_length;
	uint64_t bytes, max_bytes; /* of what comes out */
	fw_feed_sink sink;
	void *user;
};

void fw_inflate_init(struct fw_inflate *body, uint64_t max_bytes, fw_feed_sink sink, void *user);
/* Plain bytes pass through. -EFBIG beyond the cap, -EBADMSG when broken, or what the sink returned. */
int fw_inflate_feed(struct fw_inflate *body, const char *bytes, size_t length, struct fw_err *err);
/* -EBADMSG when the compressed stream is not over. */
int fw_inflate_finish(struct fw_inflate *body, struct fw_err *err);
void fw_inflate_done(struct fw_inflate *body);

#endif
