// SPDX-License-Identifier: Apache-2.0
/* Rules about server names: which packets they match, whatever carries them, and what is not seen and
 * counted. */
#include "lab.h"

#include "hello_reference.h"

#define HEAD "version: 1\nrules:\n"
#define SHOP                                                                                                 \
	HEAD "  - {name: shop, match: {protocol: tcp, dest_port: 443, sni: [shop.example, "                  \
	     "\"*.example.org\"]}, "                                                                         \
	     "action: block}\n"
#define HELLO(made, ...)                                                                                     \
	PACKET(.protocol = IPPROTO_TCP, .to_port = 443, .flags = TCP_ACK, .data = (made)->bytes,             \
	       .payload = (int)(made)->length, __VA_ARGS__)

static uint64_t not_seen(struct lab *lab)
{
	uint64_t all[FW_FAULT_MAX_] = {0};

	cr_assert_eq(fw_stats_faults(lab->datapath, all), 0);
	return all[FW_FAULT_SNI_NOT_SEEN];
}

static void check_name(struct lab *lab, const char *name, enum fw_reason reason)
{
	struct hello_bytes made;

	hello_make(&(struct hello){.names = {name}, .grease = 1}, &made);
	expect(lab, reason, HELLO(&made));
}

Test(hello, whatever_carries_one)
{
	struct hello_bytes shop, other;
	struct lab lab;

	hello_make(&(struct hello){.names = {"Shop.Example"}}, &shop);
	hello_make(&(struct hello){.names = {"other.example"}, .session = 32}, &other);
	lab_open(&lab, SHOP);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "shop", HELLO(&shop));
	expect(&lab, FW_REASON_NO_RULE, HELLO(&other));
	for (int tags = 0; tags <= 2; tags++) {
		expect(&lab, FW_REASON_RULE_BLOCK, HELLO(&shop, .tags = tags, .tcp_options = 12));
		expect(&lab, FW_REASON_RULE_BLOCK,
		       HELLO(&shop, .tags = tags, .options = 40, .tcp_options = 40));
		expect(&lab, FW_REASON_RULE_BLOCK, HELLO(&shop, .from = HONEST6, .tags = tags));
		expect(&lab, FW_REASON_RULE_BLOCK,
		       HELLO(&shop, .from = HONEST6, .tags = tags, .extensions = {HOP, IPPROTO_DSTOPTS}));
		expect(&lab, FW_REASON_NO_RULE, HELLO(&other, .from = HONEST6, .tags = tags));
	}
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.protocol = IPPROTO_TCP, .to_port = 8443, .data = shop.bytes,
		      .payload = (int)shop.length));
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.to_port = 443, .data = shop.bytes, .payload = (int)shop.length));
	expect(&lab, FW_REASON_NO_RULE, HELLO(&shop, .fragment = LATER_FRAGMENT));
	cr_expect_eq(not_seen(&lab), 0);
	lab_close(&lab);
}

Test(hello, names)
{
	struct lab lab;

	lab_open(&lab, SHOP);
	check_name(&lab, "shop.example.", FW_REASON_RULE_BLOCK);
	check_name(&lab, "www.shop.example", FW_REASON_NO_RULE);
	check_name(&lab, "shop.example.net", FW_REASON_NO_RULE);
	check_name(&lab, "a.EXAMPLE.org", FW_REASON_RULE_BLOCK);
	check_name(&lab, "a.b.example.org", FW_REASON_RULE_BLOCK);
	check_name(&lab, "example.org", FW_REASON_NO_RULE);
	check_name(&lab, "", FW_REASON_NO_RULE);
	cr_expect_eq(not_seen(&lab), 0);
	lab_close(&lab);
}

/* What is no ClientHello is of no interest, what is one and cannot be read is counted. */
Test(hello, not_seen)
{
	struct hello_bytes made;
	struct lab lab;
	size_t whole;

	lab_open(&lab, SHOP);
	hello_make(&(struct hello){.unnamed = true}, &made);
	expect(&lab, FW_REASON_NO_RULE, HELLO(&made));
	hello_make(&(struct hello){.bare = true}, &made);
	expect(&lab, FW_REASON_NO_RULE, HELLO(&made));
	made.bytes[5] = 2; /* a ServerHello */
	expect(&lab, FW_REASON_NO_RULE, HELLO(&made));
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.protocol = IPPROTO_TCP, .to_port = 443, .data = "\x17\x03\x03 data"));
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.protocol = IPPROTO_TCP, .to_port = 443, .data = "GET / HTTP/1.1\r\n\r\n"));
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.protocol = IPPROTO_TCP, .to_port = 443, .payload = NO_PAYLOAD));
	cr_expect_eq(not_seen(&lab), 0);
	/* A key share of the size of a post-quantum one, in front: the name is in the next segment. */
	hello_make(&(struct hello){.names = {"shop.example"}, .before = 1216}, &made);
	expect(&lab, FW_REASON_RULE_BLOCK, HELLO(&made));
	whole = made.length;
	made.length = 1200;
	expect(&lab, FW_REASON_NO_RULE, HELLO(&made));
	cr_expect_eq(not_seen(&lab), 1);
	made.length = whole;
	made.bytes[4]--; /* the record ends before the hello does, but behind the name */
	expect(&lab, FW_REASON_RULE_BLOCK, HELLO(&made));
	made.bytes[3] = 0;
	made.bytes[4] = 80; /* a hello over two records */
	expect(&lab, FW_REASON_NO_RULE, HELLO(&made));
	cr_expect_eq(not_seen(&lab), 2);
	lab_close(&lab);
}

Test(hello, limits_and_opposites)
{
	struct hello_bytes shop, other, none;
	struct lab lab;

	hello_make(&(struct hello){.names = {"shop.example"}}, &shop);
	hello_make(&(struct hello){.names = {"other.example"}}, &other);
	hello_make(&(struct hello){.unnamed = true}, &none);
	lab_open(&lab, HEAD
		 "  - {name: shop, match: {dest_port: 443, sni: shop.example}, limit: 5 packets/10s, "
		 "action: block}\n"
		 "  - {name: odd, match: {dest_port: 443, not: {sni: [\"*.example\"]}}, action: block}\n");
	for (int i = 0; i < 5; i++)
		expect(&lab, FW_REASON_NO_RULE, HELLO(&shop));
	expect_rule(&lab, FW_REASON_OVER_LIMIT, "shop", HELLO(&shop));
	expect(&lab, FW_REASON_NO_RULE, HELLO(&other));
	expect(&lab, FW_REASON_NO_RULE, HELLO(&shop, .from = HONEST));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "odd", HELLO(&none));
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.protocol = IPPROTO_TCP, .to_port = 443, .data = "\x17\x03\x03 data"));
	shop.length = 60;
	expect(&lab, FW_REASON_NO_RULE, HELLO(&shop, .from = HONEST6));
	cr_expect_eq(not_seen(&lab), 1, "what cannot be read is neither one nor the other");
	lab_close(&lab);
}
