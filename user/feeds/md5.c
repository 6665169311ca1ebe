// SPDX-License-Identifier: Apache-2.0
/* MD5 (RFC 1321). Pure. */
#include "feeds/md5.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

/* floor(2^32 × |sin(i + 1)|) */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const unsigned char rotations[4][4] = {
	{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t mixed(unsigned int round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0:
		return (b & c) | (~b & d);
	case 1:
		return (b & d) | (c & ~d);
	case 2:
		return b ^ c ^ d;
	default:
		return c ^ (b | ~d);
	}
}

static void take_block(struct fw_md5 *md5)
{
	static const unsigned char step[4] = {1, 5, 3, 7}, offset[4] = {0, 1, 5, 0};
	uint32_t a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3], words[16];

	memcpy(words, md5->block, sizeof(words));
	for (unsigned int i = 0; i < 64; i++) {
		unsigned int round = i / 16, turn = rotations[round][i % 4];
		uint32_t sum = a + mixed(round, b, c, d) + sines[i] +
			       le32toh(words[(step[round] * i + offset[round]) % 16]);

		a = d;
		d = c;
		c = b;
		b += sum << turn | sum >> (32 - turn);
	}
	md5->state[0] += a;
	md5->state[1] += b;
	md5->state[2] += c;
	md5->state[3] += d;
}

void fw_md5_init(struct fw_md5 *md5)
{
	*md5 = (struct fw_md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void fw_md5_feed(struct fw_md5 *md5, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;

	while (length) {
		size_t at = md5->bytes % sizeof(md5->block);
		size_t part = sizeof(md5->block) - at < length ? sizeof(md5->block) - at : length;

		memcpy(md5->block + at, from, part);
		md5->bytes += part;
		from += part;
		length -= part;
		if (at + part == sizeof(md5->block))
			take_block(md5);
	}
}

void fw_md5_finish(struct fw_md5 *md5, char ret[FW_MD5_TEXT_MAX])
{
	static const unsigned char padding[64] = {0x80};
	uint64_t bits = htole64(md5->bytes * 8);
	size_t at = md5->bytes % 64;

	fw_md5_feed(md5, padding, at < 56 ? 56 - at : 120 - at);
	fw_md5_feed(md5, &bits, sizeof(bits));
	for (unsigned int i = 0; i < 16; i++)
		snprintf(ret + 2 * i, 3, "%02x", md5->state[i / 4] >> (i % 4 * 8) & 0xff);
}
