// SPDX-License-Identifier: Apache-2.0
/* Rules about requests: which packets are one, which target is which path, what is not seen and what is
 * counted. */
#include <stdio.h>

#include "lab.h"
#include "lib/cleanup.h"

#define HEAD "version: 1\nrules:\n"
#define LOGIN_BLOCK                                                                                          \
	"  - {name: login, match: {protocol: tcp, dest_port: 80, uri: {prefix: /login}}, action: block}\n"

#define REQUEST(...) PACKET(.protocol = IPPROTO_TCP, .to_port = 80, .flags = TCP_ACK, __VA_ARGS__)

static uint64_t faults(struct lab *lab, enum fw_fault fault)
{
	uint64_t all[FW_FAULT_MAX_] = {0};

	cr_assert_eq(fw_stats_faults(lab->datapath, all), 0);
	return all[fault];
}

#define LOGIN "GET /login HTTP/1.1\r\nHost: shop.example\r\n\r\n"
#define OTHER "GET /index.html HTTP/1.1\r\nHost: shop.example\r\n\r\n"

Test(requests, whatever_carries_them)
{
	struct lab lab;

	lab_open(&lab, HEAD LOGIN_BLOCK);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "login", REQUEST(.data = LOGIN));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = OTHER));
	for (int tags = 0; tags <= 2; tags++) {
		expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = LOGIN, .tags = tags, .tcp_options = 12));
		expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = LOGIN, .tags = tags, .tcp_options = 40));
		expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = LOGIN, .tags = tags, .options = 40));
		expect(&lab, FW_REASON_RULE_BLOCK,
		       REQUEST(.from = HONEST6, .data = LOGIN, .tags = tags, .tcp_options = 20));
		expect(&lab, FW_REASON_RULE_BLOCK,
		       REQUEST(.from = HONEST6, .data = LOGIN, .tags = tags,
			       .extensions = {HOP, IPPROTO_DSTOPTS, IPPROTO_ROUTING}));
		expect(&lab, FW_REASON_NO_RULE, REQUEST(.from = HONEST6, .data = OTHER, .tags = tags));
	}
	expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = LOGIN, .fragment = FIRST_FRAGMENT));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = LOGIN, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_TCP, .to_port = 8080, .data = LOGIN));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.to_port = 80, .data = LOGIN));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.payload = NO_PAYLOAD));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.payload = 900));
	lab_close(&lab);
}

Test(requests, what_begins_one)
{
	static const char *const yes[] = {
		"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE",
	};
	static const char *const no[] = {
		"get /login HTTP/1.1\r\n",  "GOT /login HTTP/1.1\r\n",	"GET/login HTTP/1.1\r\n",
		"xGET /login HTTP/1.1\r\n", " GET /login HTTP/1.1\r\n", "PROPFIND /login HTTP/1.1\r\n",
		"\x16\x03\x01\x02/login",
	};
	static const char *const unseen[] = {
		"GET /login\r\n",	   "GET /login HTTP/2.0\r\n",	"GET /login", "GET /login HTTP",
		"GET /login http/1.1\r\n", "GET /login x HTTP/1.1\r\n", "GET /",
	};
	struct lab lab;
	char text[128];

	lab_open(&lab, HEAD LOGIN_BLOCK);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		snprintf(text, sizeof(text), "%s /login HTTP/1.0\r\n\r\n", yes[i]);
		expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = text));
		snprintf(text, sizeof(text), "\r\n%s   /login  HTTP/1.", yes[i]);
		expect(&lab, FW_REASON_RULE_BLOCK, REQUEST(.data = text));
	}
	cr_expect_eq(faults(&lab, FW_FAULT_URI_NOT_SEEN), 0);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = no[i]));
	cr_expect_eq(faults(&lab, FW_FAULT_URI_NOT_SEEN), 0);
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
		expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = unseen[i]));
		cr_expect_eq(faults(&lab, FW_FAULT_URI_NOT_SEEN), i + 1, "%s", unseen[i]);
	}
	lab_close(&lab);
}
