// SPDX-License-Identifier: Apache-2.0
/* A blocked source is blocked whatever its packets look like, by the plain program and by the one for frags.
 */
#include "lab.h"

static const char policy[] = "version: 1\n"
			     "sets: {bad: {entries: [" LISTED ", \"" LISTED6 "\"]}}\n"
			     "rules:\n"
			     "  - {name: bad, match: {source: [bad]}, action: block}\n";

static const struct shape disguises[] = {
	{.from = LISTED},
	{.from = LISTED, .tags = 1},
	{.from = LISTED, .tags = 2},
	{.from = LISTED, .options = 4},
	{.from = LISTED, .options = 40},
	{.from = LISTED, .options = 40, .tags = 2, .protocol = IPPROTO_TCP},
	{.from = LISTED, .fragment = FIRST_FRAGMENT},
	{.from = LISTED, .fragment = LATER_FRAGMENT},
	{.from = LISTED, .fragment = LATER_FRAGMENT, .options = 8, .tags = 1},
	{.from = LISTED, .protocol = IPPROTO_TCP, .flags = TCP_SYN},
	{.from = LISTED, .protocol = IPPROTO_ICMP, .icmp_type = 8},
	{.from = LISTED, .protocol = PROTO_GRE},
	{.from = LISTED, .protocol = PROTO_ESP},
	{.from = LISTED, .protocol = PROTO_AH},
	{.from = LISTED, .protocol = PROTO_SCTP},
	{.from = LISTED, .protocol = 255},
	{.from = LISTED6},
	{.from = LISTED6, .tags = 1},
	{.from = LISTED6, .tags = 2},
	{.from = LISTED6, .extensions = {HOP}},
	{.from = LISTED6, .extensions = {IPPROTO_ROUTING}},
	{.from = LISTED6, .extensions = {IPPROTO_DSTOPTS}},
	{.from = LISTED6, .extensions = {PROTO_AH}},
	{.from = LISTED6,
	 .extensions = {HOP, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, PROTO_AH, IPPROTO_DSTOPTS}},
	{.from = LISTED6, .extensions = {60, 60, 60, 60, 60, 60, 60, 60}},
	{.from = LISTED6,
	 .extensions = {60, 60, 60, 60, 60, 60, 60, 60, 60, 60},
	 .tags = 2}, /* deeper than is read */
	{.from = LISTED6, .fragment = FIRST_FRAGMENT},
	{.from = LISTED6, .fragment = LATER_FRAGMENT},
	{.from = LISTED6, .fragment = LATER_FRAGMENT, .extensions = {HOP, IPPROTO_FRAGMENT}},
	{.from = LISTED6, .protocol = IPPROTO_TCP, .flags = TCP_SYN},
	{.from = LISTED6, .protocol = IPPROTO_ICMPV6, .icmp_type = 128},
	{.from = LISTED6, .protocol = PROTO_GRE},
	{.from = LISTED6, .protocol = PROTO_ESP},
	{.from = LISTED6, .protocol = PROTO_SCTP},
	{.from = LISTED6, .protocol = IPPROTO_NONE},
};
#define DISGUISES (sizeof(disguises) / sizeof(disguises[0]))

static struct shape honest_of(struct shape shape)
{
	shape.from = strchr(shape.from, ':') ? HONEST6 : HONEST;
	return shape;
}

static void check_disguises(bool frags)
{
	struct lab lab;

	lab_open_with(&lab, policy, (struct fw_datapath_options){.sources = 4096, .bans = 1024}, frags);
	for (size_t i = 0; i < DISGUISES; i++) {
		struct packet bad = packet_make(disguises[i]), good = packet_make(honest_of(disguises[i]));
		enum fw_reason found = lab_run(&lab, &bad);

		cr_expect_eq(found, FW_REASON_RULE_BLOCK, "row %zu, listed source: %s", i, lab_words[found]);
		found = lab_run(&lab, &good);
		cr_expect_eq(found, FW_REASON_NO_RULE, "row %zu, honest source: %s", i, lab_words[found]);
	}
	lab_close(&lab);
}

Test(disguise, plain_program)
{
	check_disguises(false);
}

Test(disguise, program_for_frags)
{
	check_disguises(true);
}

static bool is_truncation(enum fw_reason reason)
{
	return reason == FW_REASON_TRUNCATED_LINK || reason == FW_REASON_TRUNCATED_IP ||
	       reason == FW_REASON_TRUNCATED_L4;
}

/* Cut anywhere, a frame no longer holds what its headers promise: it drops under a name. */
Test(disguise, every_truncation_has_a_name)
{
	struct lab lab;

	lab_open(&lab, policy);
	for (size_t i = 0; i < DISGUISES; i++) {
		struct packet whole = packet_make(honest_of(disguises[i]));

		for (uint32_t length = 14; length < whole.length; length++) {
			struct packet cut = packet_cut(whole, length);
			enum fw_reason found = lab_run(&lab, &cut);

			cr_expect(is_truncation(found), "row %zu cut to %u of %u bytes: %s", i, length,
				  whole.length, lab_words[found]);
			cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP, "row %zu cut to %u bytes", i,
				     length);
		}
	}
	lab_close(&lab);
}

/* Lengths that agree with a shorter frame lead deeper into the parser: nothing may come out without a reason.
 */
Test(disguise, consistent_truncations_have_a_name)
{
	struct lab lab;

	lab_open(&lab, policy);
	for (size_t i = 0; i < DISGUISES; i++) {
		struct packet whole = packet_make(disguises[i]);
		bool v6 = strchr(disguises[i].from, ':') != NULL;
		uint32_t header = v6 ? 40 : 20u + (uint32_t)disguises[i].options;

		for (uint32_t length = whole.ip + header; length < whole.length; length++) {
			struct packet cut = packet_cut(whole, length);
			enum fw_reason found;

			packet_set16(&cut, cut.ip + (v6 ? 4 : 2), length - cut.ip - (v6 ? 40 : 0));
			found = lab_run(&lab, &cut);
			cr_expect(is_truncation(found) || found == FW_REASON_MALFORMED_L4 ||
					  found == FW_REASON_BAD_FRAGMENT || found == FW_REASON_RULE_BLOCK,
				  "row %zu cut to %u of %u bytes: %s", i, length, whole.length,
				  lab_words[found]);
			cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP, "row %zu cut to %u bytes", i,
				     length);
		}
	}
	lab_close(&lab);
}

Test(disguise, malformed_headers)
{
	struct lab lab;
	struct packet packet;

	lab_open(&lab, policy);
	packet = PACKET(.from = HONEST);
	packet.bytes[packet.ip] = 0x44; /* 16 bytes of header */
	expect(&lab, FW_REASON_MALFORMED_IP, packet);
	packet = PACKET(.from = HONEST);
	packet_set16(&packet, packet.ip + 2, 19); /* shorter than its header */
	expect(&lab, FW_REASON_MALFORMED_IP, packet);
	packet = PACKET(.from = HONEST6);
	packet.bytes[packet.ip] = 0x40;
	expect(&lab, FW_REASON_MALFORMED_IP, packet);
	packet = PACKET(.from = HONEST6);
	memcpy(packet.bytes + packet.ip + 8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x09",
	       16); /* ::ffff:192.0.2.9 */
	expect(&lab, FW_REASON_MALFORMED_IP, packet);
	expect(&lab, FW_REASON_TRUNCATED_IP, PACKET(.from = HONEST, .total_lies = 1));
	expect(&lab, FW_REASON_TRUNCATED_IP, PACKET(.from = HONEST6, .total_lies = 1));
	/* Ethernet padding; and a UDP datagram longer than what the IP header leaves it. */
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .total_lies = -8));
	expect(&lab, FW_REASON_MALFORMED_L4, PACKET(.from = HONEST, .total_lies = -8));
	packet = PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .payload = NO_PAYLOAD);
	packet.bytes[packet.ip + 20 + 12] = 15 << 4; /* options that are not there */
	expect(&lab, FW_REASON_MALFORMED_L4, packet);
	lab_close(&lab);
}

/* Three tags: no address is read, rules without addresses and ports still judge. */
Test(disguise, too_many_tags)
{
	struct lab lab;

	lab_open(&lab, policy);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = LISTED, .tags = 3));
	lab_publish(&lab, "version: 1\n"
			  "rules:\n"
			  "  - {name: ports, match: {protocol: udp, dest_port: 1-65535}, action: allow}\n"
			  "  - {name: rest, match: {packet: no_l4}, action: block, force: true}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from = LISTED, .tags = 3));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest",
		    PACKET(.from = LISTED6, .extensions = {60, 60, 60, 60, 60, 60, 60, 60, 60}));
	expect_rule(&lab, FW_REASON_RULE_ALLOW, "ports", PACKET(.from = LISTED, .tags = 2));
	lab_close(&lab);
}

/* Frames beyond a page go to the program for frags, and their length counts in full. */
Test(disguise, long_frames)
{
	struct lab lab;

	lab_open(&lab,
		 "version: 1\n"
		 "rules:\n"
		 "  - {name: jumbo, match: {length: 8000-65535, dest_port: 443}, action: block}\n"
		 "  - {name: big, match: {length: 3000-7999}, limit: 5000 bytes/10s, action: police}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "jumbo", PACKET(.from = HONEST, .payload = 8900));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "jumbo", PACKET(.from = HONEST6, .payload = 8900, .tags = 2));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .payload = 4800 - 42));
	expect_rule(&lab, FW_REASON_POLICED, "big", PACKET(.from = HONEST, .payload = 3100));
	lab_close(&lab);
}
