// SPDX-License-Identifier: Apache-2.0
/* Bodies that arrive compressed. libcurl would take a truncated gzip body for a complete one: zlib tells. */
#include "feeds/inflate.h"

#include <errno.h>
#include <string.h>

#define WINDOW_GZIP_OR_ZLIB (15 + 32)

void fw_inflate_init(struct fw_inflate *body, uint64_t max_bytes, fw_feed_sink sink, void *user)
{
	*body = (struct fw_inflate){.max_bytes = max_bytes, .sink = sink, .user = user};
}

void fw_inflate_done(struct fw_inflate *body)
{
	if (body->compressed)
		inflateEnd(&body->stream);
	body->compressed = false;
}

static int pass_on(struct fw_inflate *body, const char *bytes, size_t length, struct fw_err *err)
{
	if (!length)
		return 0;
	body->bytes += length;
	if (body->bytes > body->max_bytes)
		return fw_err_set(err, -EFBIG, "larger than %llu bytes, the cap of this feed",
				  (unsigned long long)body->max_bytes);
	return body->sink(body->user, bytes, length, err);
}

static int broken(const struct fw_inflate *body, struct fw_err *err)
{
	return fw_err_set(err, -EBADMSG, "the compressed body is damaged: %s",
			  body->stream.msg ? body->stream.msg : "no valid data");
}

/* Everything that the input at hand gives. */
static int expand(struct fw_inflate *body, const char *bytes, size_t length, struct fw_err *err)
{
	z_stream *stream = &body->stream;
	char out[32768];

	stream->next_in = (Bytef *)(uintptr_t)bytes;
	stream->avail_in = (uInt)length;
	for (;;) {
		int z, r;

		/* gzip allows several members one after the other. */
		if (body->ended && stream->avail_in) {
			if (inflateReset(stream) != Z_OK)
				return broken(body, err);
			body->ended = false;
		}
		stream->next_out = (Bytef *)out;
		stream->avail_out = sizeof(out);
		z = body->ended ? Z_BUF_ERROR : inflate(stream, Z_NO_FLUSH);
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return broken(body, err);
		r = pass_on(body, out, sizeof(out) - stream->avail_out, err);
		if (r)
			return r;
		if (z == Z_STREAM_END)
			body->ended = true;
		else if (z == Z_BUF_ERROR || (!stream->avail_in && stream->avail_out))
			return 0;
	}
}

/* zlib's header is 78 and one of these; no list begins so. */
static bool is_compressed(const unsigned char *first)
{
	return (first[0] == 0x1f && first[1] == 0x8b) ||
	       (first[0] == 0x78 &&
		(first[1] == 0x01 || first[1] == 0x5e || first[1] == 0x9c || first[1] == 0xda));
}

static int start(struct fw_inflate *body, struct fw_err *err)
{
	body->started = true;
	if (body->first_length == 2 && is_compressed(body->first)) {
		if (inflateInit2(&body->stream, WINDOW_GZIP_OR_ZLIB) != Z_OK)
			return fw_err_set(err, -ENOMEM, "out of memory");
		body->compressed = true;
		return expand(body, (const char *)body->first, 2, err);
	}
	return pass_on(body, (const char *)body->first, body->first_length, err);
}

int fw_inflate_feed(struct fw_inflate *body, const char *bytes, size_t length, struct fw_err *err)
{
	int r;

	while (!body->started && length) {
		body->first[body->first_length++] = (unsigned char)*bytes++;
		length--;
		if (body->first_length < 2)
			continue;
		r = start(body, err);
		if (r)
			return r;
	}
	if (!length)
		return 0;
	return body->compressed ? expand(body, bytes, length, err) : pass_on(body, bytes, length, err);
}

int fw_inflate_finish(struct fw_inflate *body, struct fw_err *err)
{
	if (!body->started)
		return start(body, err);
	if (body->compressed && !body->ended)
		return fw_err_set(err, -EBADMSG, "the compressed body ends in the middle: it was cut off");
	return 0;
}
