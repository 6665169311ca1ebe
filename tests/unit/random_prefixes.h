/* SPDX-License-Identifier: Apache-2.0 */
/* Random addresses and prefixes that overlap, nest and touch, and a scan of all of them as the judge. */
#ifndef FW_TESTS_UNIT_RANDOM_PREFIXES_H
#define FW_TESTS_UNIT_RANDOM_PREFIXES_H

#include <criterion/criterion.h>
#include <string.h>

#include "lib/addr.h"

#define PREFIXES 24
#define PROBES	 400

/* xorshift: the same numbers everywhere. */
static inline uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* Few bits vary, near the family's edges too, so that prefixes overlap, nest and touch. */
static inline struct fw_addr random_addr(uint64_t *state)
{
	struct fw_addr addr = {0};
	unsigned char *byte = (unsigned char *)&addr;

	switch (random_next(state) % 4) {
	case 0: /* IPv4 */
		memset(byte + 10, 0xff, 2);
		byte[12] = (unsigned char)(random_next(state) % 2 * 0x80);
		byte[15] = (unsigned char)(random_next(state) % 16);
		break;
	case 1: /* around the mapped range */
		byte[10] = 0xff;
		byte[11] = (unsigned char)(0xfc + random_next(state) % 4);
		byte[15] = (unsigned char)(random_next(state) % 4);
		break;
	case 2:
		byte[0] = 0x20;
		byte[7] = (unsigned char)(random_next(state) % 16);
		byte[15] = (unsigned char)(random_next(state) % 4);
		break;
	default:
		byte[15] = (unsigned char)(random_next(state) % 32);
	}
	return addr;
}

static inline struct fw_prefix random_prefix(uint64_t *state)
{
	static const unsigned char short_bits[] = {0, 1, 60, 64, 95, 96, 97, 100};
	struct fw_addr addr = random_addr(state);
	unsigned int bits = random_next(state) % 3 ? 120 + random_next(state) % 9
						   : short_bits[random_next(state) % sizeof(short_bits)];

	return (struct fw_prefix){.addr = fw_addr_masked(&addr, bits), .bits = (unsigned char)bits};
}

static inline bool in_prefixes(const struct fw_prefix *prefixes, size_t count, const struct fw_addr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (fw_prefix_contains(&prefixes[i], addr))
			return true;
	return false;
}

static inline struct fw_prefix prefix_of(const char *text)
{
	struct fw_prefix prefix = {0};

	cr_assert_eq(fw_prefix_parse(text, &prefix, NULL), 0, "%s", text);
	return prefix;
}

#endif
