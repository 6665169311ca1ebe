// SPDX-License-Identifier: Apache-2.0
/* The quick parser beside the general one: which packets it takes, and that it reads them alike. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "bpf/parse_plain.h"

#define LEAD 2 /* the IP header is aligned as drivers align it */

struct frame {
	uint8_t lead[LEAD], bytes[128];
	size_t length;
};

enum { V4 = 4, V6 = 6 };

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t l4_at(int family)
{
	return family == V4 ? 34 : 54;
}

/* UDP with 16 bytes or TCP with 8 behind 20 of header: 24 or 28 bytes of L4, every length in order. */
static struct frame frame_of(int family, int protocol)
{
	struct frame frame = {.length = l4_at(family) + (protocol == IPPROTO_UDP ? 24 : 28)};
	uint8_t *ip = frame.bytes + 14, *l4 = frame.bytes + l4_at(family);
	const uint32_t l4_bytes = (uint32_t)(frame.length - l4_at(family));

	put16(frame.bytes + 12, family == V4 ? ETH_P_IP : ETH_P_IPV6);
	ip[0] = family == V4 ? 0x45 : 0x60;
	put16(ip + (family == V4 ? 2 : 4), family == V4 ? 20 + l4_bytes : l4_bytes);
	ip[family == V4 ? 9 : 6] = (uint8_t)protocol;
	ip[family == V4 ? 12 : 8] = 0x20; /* source */
	ip[family == V4 ? 16 : 24] = 0x30;
	put16(l4, 40000);
	put16(l4 + 2, 443);
	if (protocol == IPPROTO_UDP)
		put16(l4 + 4, l4_bytes);
	if (protocol == IPPROTO_TCP) {
		l4[12] = 0x50;
		l4[13] = 0x12;
	}
	return frame;
}

static bool is_plain(struct frame frame)
{
	uint8_t *start = frame.bytes, *end = start + frame.length;
	struct fw_cursor cursor = {
		.start = start, .end = end, .at = start, .frame_length = (__u32)frame.length};
	struct fw_pkt general = {0}, plain, before;
	enum fw_reason why = parse_frame(&cursor, &general);

	memset(&before, 0x5a, sizeof(before)); /* whatever the packet before has left there */
	before.now_ns = before.key_hash = 0;   /* are the packet path's, as these: */
	before.counting = before.epoch = before.slot = 0;
	plain = before;
	if (!parse_plain(start, end, &plain)) {
		cr_expect(!memcmp(&plain, &before, sizeof(plain)), "left as it was");
		return false;
	}
	cr_expect_eq(why, FW_REASON_UNDECIDED, "the general parser has a reason to say no: %d", (int)why);
	cr_expect(!memcmp(&plain, &general, sizeof(plain)), "both read the same");
	return true;
}

/* One byte or two of the frame are others. at: from the IP or the L4 header. */
static bool plain_with(int family, int protocol, bool in_l4, size_t at, uint32_t value, int bytes)
{
	struct frame frame = frame_of(family, protocol);
	uint8_t *place = frame.bytes + (in_l4 ? l4_at(family) : 14) + at;

	if (bytes == 2)
		put16(place, value);
	else
		*place = (uint8_t)value;
	return is_plain(frame);
}

#define IP(family, at, value, bytes)  plain_with(family, IPPROTO_UDP, false, at, value, bytes)
#define UDP(family, at, value, bytes) plain_with(family, IPPROTO_UDP, true, at, value, bytes)
#define TCP(at, value, bytes)	      plain_with(V4, IPPROTO_TCP, true, at, value, bytes)

Test(parse_plain, what_nearly_everybody_sends)
{
	struct frame padded = frame_of(V4, IPPROTO_UDP);

	cr_expect(is_plain(frame_of(V4, IPPROTO_UDP)));
	cr_expect(is_plain(frame_of(V4, IPPROTO_TCP)));
	cr_expect(is_plain(frame_of(V6, IPPROTO_UDP)));
	cr_expect(is_plain(frame_of(V6, IPPROTO_TCP)));
	padded.length += 6;
	cr_expect(is_plain(padded), "Ethernet's padding is behind the packet");
	cr_expect(IP(V4, 6, 0x4000, 2), "don't fragment");
	cr_expect(IP(V4, 6, 0x8000, 2), "the reserved bit");
	cr_expect(UDP(V4, 4, 8, 2), "UDP may be shorter than its packet, RFC 9868");
	cr_expect(TCP(12, 0x70, 1), "TCP options that end with the packet");
	cr_expect(UDP(V4, 0, 68, 2) && UDP(V4, 2, 67, 2), "a client's DHCP is a packet like any other");
}

Test(parse_plain, whatever_is_not_is_left_to_the_general_parser)
{
	struct frame cut = frame_of(V4, IPPROTO_UDP), tagged = frame_of(V4, IPPROTO_UDP);

	cr_expect_not(IP(V4, 0, 0x46, 1), "options");
	cr_expect_not(IP(V4, 0, 0x44, 1), "a header too short");
	cr_expect_not(IP(V4, 0, 0x65, 1), "another version");
	cr_expect_not(IP(V6, 0, 0x45, 1), "another version");
	cr_expect_not(IP(V4, 6, 0x2000, 2), "a first fragment");
	cr_expect_not(IP(V4, 6, 0x0001, 2), "a later fragment");
	cr_expect_not(IP(V4, 2, 19, 2), "shorter than its header");
	cr_expect_not(IP(V4, 2, 27, 2), "shorter than UDP's");
	cr_expect_not(IP(V4, 2, 45, 2), "longer than the frame");
	cr_expect_not(IP(V6, 4, 25, 2), "longer than the frame");
	cr_expect_not(IP(V6, 4, 0, 2), "no length: a jumbogram's");
	cr_expect_not(IP(V4, 9, IPPROTO_ICMP, 1) || IP(V4, 9, 47, 1), "another protocol");
	cr_expect_not(IP(V6, 6, IPPROTO_HOPOPTS, 1) || IP(V6, 6, IPPROTO_FRAGMENT, 1), "extension headers");
	cr_expect_not(UDP(V4, 4, 7, 2) || UDP(V6, 4, 7, 2), "UDP shorter than itself");
	cr_expect_not(UDP(V4, 4, 25, 2) || UDP(V6, 4, 25, 2), "UDP longer than its packet");
	cr_expect_not(UDP(V4, 4, 0, 2) || UDP(V6, 4, 0, 2), "UDP without a length");
	cr_expect_not(TCP(12, 0x40, 1), "a TCP header too short");
	cr_expect_not(TCP(12, 0x80, 1), "TCP options behind the packet");
	cr_expect_not(UDP(V4, 0, 67, 2) || UDP(V6, 2, 546, 2), "what may be an answer of DHCP");
	put16(tagged.bytes + 12, ETH_P_8021Q);
	cr_expect_not(is_plain(tagged));
	for (cut.length = 0; cut.length < 58; cut.length++)
		cr_expect_not(is_plain(cut), "cut to %zu bytes", cut.length);
}

Test(parse_plain, an_ipv6_source_that_claims_to_be_ipv4)
{
	struct frame frame = frame_of(V6, IPPROTO_UDP);

	memset(frame.bytes + 14 + 8, 0, 16);
	memset(frame.bytes + 14 + 8 + 10, 0xff, 2);
	cr_expect_not(is_plain(frame));
}
