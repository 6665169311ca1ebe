// SPDX-License-Identifier: Apache-2.0
/* Compressed bodies: whatever the pieces, what comes out is what went in; cut, broken or endless ones end in
 * words. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "feeds/inflate.h"

#define PLAIN_BYTES 100000
#define ROOM	    200000

struct pot {
	char bytes[ROOM];
	size_t length;
};

static int on_bytes(void *user, const char *bytes, size_t length, struct fw_err *err)
{
	struct pot *pot = user;

	(void)err;
	cr_assert_leq(pot->length + length, sizeof(pot->bytes));
	memcpy(pot->bytes + pot->length, bytes, length);
	pot->length += length;
	return 0;
}

/* wbits 31: gzip, 15: zlib. */
static size_t deflated(const char *plain, size_t length, int wbits, char *ret)
{
	z_stream stream = {0};
	size_t made;

	cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, wbits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)plain;
	stream.avail_in = (uInt)length;
	stream.next_out = (Bytef *)ret;
	stream.avail_out = ROOM;
	cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	made = ROOM - stream.avail_out;
	deflateEnd(&stream);
	return made;
}

static int run(const char *body, size_t length, size_t piece, uint64_t cap, struct pot *pot,
	       struct fw_err *err)
{
	struct fw_inflate inflate;
	int r = 0;

	pot->length = 0;
	fw_inflate_init(&inflate, cap, on_bytes, pot);
	for (size_t at = 0; at < length && !r; at += piece)
		r = fw_inflate_feed(&inflate, body + at, length - at < piece ? length - at : piece, err);
	if (!r)
		r = fw_inflate_finish(&inflate, err);
	fw_inflate_done(&inflate);
	return r;
}

static char *make_plain(void)
{
	char *plain = malloc(PLAIN_BYTES);

	for (size_t i = 0; i < PLAIN_BYTES; i++)
		plain[i] = (char)('0' + i * i % 7 + i / 1000 % 10);
	return plain;
}

Test(feed_inflate, gzip_zlib_and_plain_in_pieces)
{
	static const size_t pieces[] = {1, 2, 3, 1000, ROOM};
	char *plain = make_plain(), *body = malloc(ROOM);
	struct pot *pot = malloc(sizeof(*pot));
	struct fw_err err = {0};

	for (int kind = 0; kind < 3; kind++) {
		size_t length = PLAIN_BYTES;

		if (kind == 2)
			memcpy(body, plain, PLAIN_BYTES);
		else
			length = deflated(plain, PLAIN_BYTES, kind ? 15 : 31, body);
		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			cr_assert_eq(run(body, length, pieces[i], PLAIN_BYTES, pot, &err), 0, "%s", err.text);
			cr_assert_eq(pot->length, PLAIN_BYTES);
			cr_assert_eq(memcmp(pot->bytes, plain, PLAIN_BYTES), 0);
		}
		cr_expect_eq(run(body, length, 1000, PLAIN_BYTES - 1, pot, &err), -EFBIG);
	}
	free(plain);
	free(body);
	free(pot);
}

Test(feed_inflate, two_members_are_one_body)
{
	char *body = malloc(2 * ROOM);
	struct pot *pot = malloc(sizeof(*pot));
	size_t length = deflated("one ", 4, 31, body);

	length += deflated("two", 3, 31, body + length);
	for (size_t piece = 1; piece < 40; piece += 13) {
		cr_assert_eq(run(body, length, piece, 100, pot, NULL), 0);
		cr_expect_eq(pot->length, 7);
		cr_expect_eq(memcmp(pot->bytes, "one two", 7), 0);
	}
	free(body);
	free(pot);
}

Test(feed_inflate, a_cut_or_broken_body_is_seen)
{
	char *plain = make_plain(), *body = malloc(ROOM);
	struct pot *pot = malloc(sizeof(*pot));
	struct fw_err err = {0};
	size_t length = deflated(plain, 5000, 31, body);

	for (size_t cut = 2; cut < length; cut++)
		cr_expect_eq(run(body, cut, 100, ROOM, pot, &err), -EBADMSG, "cut at %zu of %zu", cut,
			     length);
	cr_expect(strstr(err.text, "it was cut off"), "%s", err.text);
	body[length - 6] ^= 1;
	cr_expect_eq(run(body, length, 100, ROOM, pot, &err), -EBADMSG);
	cr_expect(strstr(err.text, "damaged: incorrect data check"), "%s", err.text);
	free(plain);
	free(body);
	free(pot);
}

Test(feed_inflate, short_bodies)
{
	struct pot *pot = malloc(sizeof(*pot));

	cr_expect_eq(run("", 0, 1, 10, pot, NULL), 0);
	cr_expect_eq(pot->length, 0);
	cr_expect_eq(run("x", 1, 1, 10, pot, NULL), 0);
	cr_expect_eq(pot->length, 1);
	free(pot);
}
