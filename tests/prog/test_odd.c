// SPDX-License-Identifier: Apache-2.0
/* Packets that no honest host sends: broken ones drop under their own reason, odd ones are kinds for rules.
 */
#include "lab.h"

/* Each row in every disguise: the packet's kind is found behind tags, options and extension headers. */
#define expect_everywhere(lab, reason, from4, from6, ...)                                                    \
	do {                                                                                                 \
		expect(lab, reason, PACKET(.from = from4, __VA_ARGS__));                                     \
		expect(lab, reason, PACKET(.from = from4, .tags = 1, __VA_ARGS__));                          \
		expect(lab, reason, PACKET(.from = from4, .tags = 2, .options = 8, __VA_ARGS__));            \
		expect(lab, reason, PACKET(.from = from6, __VA_ARGS__));                                     \
		expect(lab, reason, PACKET(.from = from6, .tags = 1, __VA_ARGS__));                          \
	} while (0)
#define expect_disguised6(lab, reason, from6, ...)                                                           \
	expect(lab, reason, PACKET(.from = from6, .extensions = {HOP, IPPROTO_DSTOPTS}, __VA_ARGS__))

#define NOTHING "version: 1\nrules: [{name: any, match: {protocol: 253}, action: block}]\n"

Test(odd, fragments_that_hide_a_header_drop)
{
	struct lab lab;

	lab_open(&lab, NOTHING);
	/* A first fragment that ends inside its L4 header. */
	expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .protocol = IPPROTO_TCP,
			  .fragment = FIRST_FRAGMENT, .payload = NO_PAYLOAD, .tcp_options = 20,
			  .total_lies = -24);
	expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .protocol = IPPROTO_TCP,
			  .fragment = FIRST_FRAGMENT, .payload = NO_PAYLOAD, .tcp_options = 20,
			  .total_lies = -16);
	expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .fragment = FIRST_FRAGMENT,
			  .payload = NO_PAYLOAD, .total_lies = -4);
	/* Later ones that could be laid over ports and flags. */
	for (int offset = 1; offset < 3; offset++)
		expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .protocol = IPPROTO_TCP,
				  .fragment = LATER_FRAGMENT, .offset = offset);
	/* Beyond the longest datagram, and one that brings nothing on. */
	expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .fragment = LATER_FRAGMENT,
			  .offset = 8190, .payload = 64);
	expect_everywhere(&lab, FW_REASON_BAD_FRAGMENT, ATTACKER, ATTACKER6, .fragment = LATER_FRAGMENT,
			  .more = true, .payload = 4);
	lab_close(&lab);
}

Test(odd, honest_fragments_pass)
{
	struct lab lab;

	lab_open(&lab, NOTHING);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .protocol = IPPROTO_TCP,
			  .fragment = FIRST_FRAGMENT, .payload = 28);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .protocol = IPPROTO_TCP,
			  .fragment = LATER_FRAGMENT, .offset = 3);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .fragment = LATER_FRAGMENT, .offset = 1);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .fragment = LATER_FRAGMENT,
			  .offset = 8183, .payload = 64);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .fragment = LATER_FRAGMENT, .more = true,
			  .payload = 8);
	/* The first fragment's UDP length is that of the whole datagram. */
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .fragment = FIRST_FRAGMENT,
			  .payload = 1400, .udp_lies = 2000);
	lab_close(&lab);
}

Test(odd, udp_lengths_must_agree)
{
	struct lab lab;

	lab_open(&lab, NOTHING);
	expect_everywhere(&lab, FW_REASON_MALFORMED_L4, ATTACKER, ATTACKER6, .udp_lies = 1);
	expect_everywhere(&lab, FW_REASON_MALFORMED_L4, ATTACKER, ATTACKER6, .payload = 4, .udp_lies = -5);
	expect_disguised6(&lab, FW_REASON_MALFORMED_L4, ATTACKER6, .udp_lies = 100);
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .udp_lies = -8); /* RFC 9868 */
	expect_everywhere(&lab, FW_REASON_NO_RULE, HONEST, HONEST6, .payload = NO_PAYLOAD);
	/* 0 is no length in IPv4, and a jumbogram's in IPv6. */
	expect(&lab, FW_REASON_MALFORMED_L4, PACKET(.from = ATTACKER, .payload = 32, .udp_lies = -40));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6, .payload = 32, .udp_lies = -40));
	lab_close(&lab);
}

#define KINDS                                                                                                \
	"version: 1\n"                                                                                       \
	"rules:\n"                                                                                           \
	"  - {name: flags, match: {packet: bad_flags}, action: block}\n"                                     \
	"  - {name: land, match: {packet: land}, action: block}\n"                                           \
	"  - {name: zero, match: {packet: [zero_port]}, action: block}\n"                                    \
	"  - {name: quic, match: {packet: quic_short_initial, dest_port: 443}, action: block}\n"

#define expect_kind(lab, rule, from4, from6, ...)                                                            \
	do {                                                                                                 \
		expect_everywhere(lab, FW_REASON_RULE_BLOCK, from4, from6, __VA_ARGS__);                     \
		expect_disguised6(lab, FW_REASON_RULE_BLOCK, from6, __VA_ARGS__);                            \
		cr_expect_str_eq(lab_rule(lab), rule, "%s: decided by '%s'", #__VA_ARGS__, lab_rule(lab));   \
	} while (0)
#define expect_plain(lab, ...)                                                                               \
	do {                                                                                                 \
		expect_everywhere(lab, FW_REASON_NO_RULE, HONEST, HONEST6, __VA_ARGS__);                     \
		expect_disguised6(lab, FW_REASON_NO_RULE, HONEST6, __VA_ARGS__);                             \
	} while (0)

#define TCP_PSH 0x08
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

Test(odd, flags_that_no_tcp_sends)
{
	static const uint8_t bad[] = {0,
				      TCP_FIN,
				      TCP_PSH,
				      TCP_URG,
				      TCP_SYN | TCP_FIN,
				      TCP_SYN | TCP_RST,
				      TCP_FIN | TCP_RST,
				      TCP_FIN | TCP_PSH | TCP_URG,
				      TCP_SYN | TCP_ACK | TCP_FIN,
				      TCP_ECE | TCP_CWR,
				      0xff};
	static const uint8_t good[] = {TCP_SYN,
				       TCP_SYN | TCP_ECE | TCP_CWR,
				       TCP_SYN | TCP_ACK,
				       TCP_SYN | TCP_ACK | TCP_ECE,
				       TCP_ACK,
				       TCP_ACK | TCP_PSH,
				       TCP_ACK | TCP_URG | TCP_PSH,
				       TCP_FIN | TCP_ACK,
				       TCP_FIN | TCP_ACK | TCP_PSH,
				       TCP_RST,
				       TCP_RST | TCP_ACK};
	struct lab lab;

	lab_open(&lab, KINDS);
	for (size_t i = 0; i < sizeof(bad); i++)
		expect_kind(&lab, "flags", ATTACKER, ATTACKER6, .protocol = IPPROTO_TCP, .flags = bad[i]);
	for (size_t i = 0; i < sizeof(good); i++)
		expect_plain(&lab, .protocol = IPPROTO_TCP, .flags = good[i]);
	lab_close(&lab);
}

Test(odd, land_and_port_zero)
{
	struct lab lab;
	struct packet zero;

	lab_open(&lab, KINDS);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "land",
		    PACKET(.from = VICTIM, .protocol = IPPROTO_TCP, .flags = TCP_SYN, .from_port = 443));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "land", PACKET(.from = VICTIM6, .from_port = 443, .tags = 1));
	/* A host may talk to itself, and a prefix of an address is not the address. */
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = VICTIM));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = VICTIM6_OTHER, .from_port = 443));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = VICTIM, .protocol = IPPROTO_ICMP, .icmp_type = 8));
	zero = PACKET(.from = ATTACKER);
	packet_set16(&zero, zero.ip + 22, 0);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "zero", zero);
	zero = PACKET(.from = ATTACKER6, .protocol = IPPROTO_TCP, .flags = TCP_SYN);
	packet_set16(&zero, zero.ip + 40, 0);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "zero", zero);
	zero = PACKET(.from = HONEST6); /* RFC 768: no answer wanted */
	packet_set16(&zero, zero.ip + 40, 0);
	expect(&lab, FW_REASON_NO_RULE, zero);
	lab_close(&lab);
}

#define INITIAL_1 "\xc3\x00\x00\x00\x01\x08 12345678"
#define INITIAL_2 "\xd3\x6b\x33\x43\xcf\x08 12345678"

Test(odd, quic_initials_have_1200_bytes)
{
	char padded[1201] = INITIAL_1;
	struct lab lab;

	memset(padded + strlen("\xc3"), 0, 3);
	padded[4] = 1;
	lab_open(&lab, KINDS);
	expect_kind(&lab, "quic", ATTACKER, ATTACKER6, .data = INITIAL_1, .payload = 14);
	expect_kind(&lab, "quic", ATTACKER, ATTACKER6, .data = INITIAL_2, .payload = 14);
	expect_kind(&lab, "quic", ATTACKER, ATTACKER6, .data = INITIAL_1, .payload = 5);
	expect_kind(&lab, "quic", ATTACKER, ATTACKER6, .data = padded, .payload = 1199);
	expect_plain(&lab, .data = padded, .payload = 1200);
	/* 0-RTT, handshake, short header, version negotiation, a server's, too short to tell, another port.
	 */
	expect_plain(&lab, .data = "\xd3\x00\x00\x00\x01", .payload = 5);
	expect_plain(&lab, .data = "\xe3\x00\x00\x00\x01", .payload = 5);
	expect_plain(&lab, .data = "\x43\x00\x00\x00\x01", .payload = 5);
	expect_plain(&lab, .data = "\xc3\x00\x00\x00\x00", .payload = 5);
	expect_plain(&lab, .data = INITIAL_1, .payload = 14, .from_port = 443, .to_port = 50000);
	expect_plain(&lab, .data = INITIAL_1, .payload = 4);
	expect_plain(&lab, .data = INITIAL_1, .payload = 14, .to_port = 8443);
	expect_plain(&lab, .protocol = IPPROTO_TCP, .flags = TCP_ACK, .data = INITIAL_1, .payload = 14);
	lab_close(&lab);
}

Test(odd, kinds_join_with_others_and_negate)
{
	struct lab lab;

	lab_open(
		&lab,
		"version: 1\n"
		"rules:\n"
		"  - {name: either, match: {packet: [bad_flags, fragment]}, action: block}\n"
		"  - {name: rest, match: {protocol: udp, packet_not: [zero_port, tagged]}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "either", PACKET(.protocol = IPPROTO_TCP));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "either", PACKET(.fragment = LATER_FRAGMENT));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from = HONEST6));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6, .tags = 1));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_TCP, .flags = TCP_ACK));
	lab_close(&lab);
}

/* In count mode what is broken would have dropped, and passes. */
Test(odd, count_mode_drops_nothing)
{
	struct lab lab;
	struct packet packet = PACKET(.udp_lies = 1);

	lab_open(&lab,
		 "version: 1\nmode: count\nrules: [{name: a, match: {packet: bad_flags}, action: block}]\n");
	cr_expect_eq(lab_run(&lab, &packet), FW_REASON_MALFORMED_L4);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	packet = PACKET(.protocol = IPPROTO_TCP, .fragment = LATER_FRAGMENT, .offset = 1);
	cr_expect_eq(lab_run(&lab, &packet), FW_REASON_BAD_FRAGMENT);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	packet = PACKET(.protocol = IPPROTO_TCP);
	cr_expect_eq(lab_run(&lab, &packet), FW_REASON_RULE_BLOCK);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	lab_close(&lab);
}

/* Fragments have a budget of their own for each destination: one flooded host costs the others nothing. */
Test(odd, fragments_are_policed_per_destination)
{
	struct lab lab;

	lab_open(&lab,
		 "version: 1\n"
		 "rules:\n"
		 "  - {name: fragments, match: {packet: fragment}, limit: 10 packets/1s, per: destination,\n"
		 "     action: police}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.fragment = LATER_FRAGMENT), 50), 10);
	cr_expect_eq(lab_send(&lab, PACKET(.fragment = FIRST_FRAGMENT), 5), 0);
	cr_expect_eq(lab_send(&lab, PACKET(.fragment = LATER_FRAGMENT, .to = VICTIM_OTHER), 50), 10);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER6, .fragment = LATER_FRAGMENT), 50), 10);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 50), 50);
	lab_close(&lab);
}
