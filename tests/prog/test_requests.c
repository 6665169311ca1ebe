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

/* A path of `bytes` bytes. */
static const char *padded(size_t bytes, char *text, size_t room)
{
	char path[400];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	snprintf(text, room, "GET %.*s HTTP/1.1\r\n\r\n", (int)bytes, path);
	return text;
}

/* Padding must not dodge a rule; a long query does not hide the path. */
Test(requests, long_targets)
{
	struct lab lab;
	char text[900], query[600];

	lab_open(&lab, HEAD LOGIN_BLOCK);
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = padded(255, text, sizeof(text))));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = padded(256, text, sizeof(text))));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "login", REQUEST(.data = padded(257, text, sizeof(text))));
	memset(query, 'q', sizeof(query));
	snprintf(text, sizeof(text), "GET /login?%.500s HTTP/1.1\r\n\r\n", query);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "login", REQUEST(.data = text));
	snprintf(text, sizeof(text), "GET /other?%.500s HTTP/1.1\r\n\r\n", query);
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = text));
	lab_close(&lab);
}

Test(requests, limits_count_the_requests_of_the_rule)
{
	static const char *const alike[] = {
		"GET /login HTTP/1.1\r\n\r\n",	       "GET /%6cogin HTTP/1.1\r\n\r\n",
		"GET //login HTTP/1.1\r\n\r\n",	       "GET /./login HTTP/1.1\r\n\r\n",
		"GET /a/../login HTTP/1.1\r\n\r\n",    "GET http://h/login HTTP/1.1\r\n\r\n",
		"GET HTTP://H/LOGIN HTTP/1.1\r\n\r\n", "POST /LogIn?x=1 HTTP/1.1\r\n\r\n",
	};
	const unsigned int spellings = sizeof(alike) / sizeof(alike[0]);
	struct lab lab;

	lab_open(&lab, HEAD "  - {name: login, match: {protocol: tcp, dest_port: 80, uri: {prefix: /login}}, "
			    "limit: 150 requests/5m, action: block}\n");
	for (unsigned int i = 0; i < 150; i++)
		expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = alike[i % spellings], .tags = (int)(i % 3)));
	for (unsigned int i = 0; i < 20; i++)
		expect_rule(&lab, FW_REASON_OVER_LIMIT, "login", REQUEST(.data = alike[i % spellings]));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = OTHER));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.payload = NO_PAYLOAD));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.from = HONEST, .data = LOGIN));
	cr_expect_eq(lab_counts(&lab, "login").packets, 171);
	lab.now_ns += 400 * SECONDS;
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = LOGIN));
	lab_close(&lab);
}

Test(requests, method_and_host)
{
	struct lab lab;

	lab_open(&lab, HEAD "  - {name: post, match: {dest_port: 80, method: [POST, PUT]}, action: block}\n"
			    "  - {name: shop, match: {dest_port: 80, host: [\"*.example\"], uri: {exact: "
			    "/buy}}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "post", REQUEST(.data = "POST / HTTP/1.1\r\n\r\n"));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = "GET / HTTP/1.1\r\n\r\n"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "shop",
		    REQUEST(.data = "GET /buy HTTP/1.1\r\nA: b\r\nhost: Shop.Example:80\r\n\r\n"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "shop",
		    REQUEST(.data = "GET http://u@shop.example/buy HTTP/1.1\r\n\r\n"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "shop",
		    REQUEST(.data = "GET /buy HTTP/1.1\r\nHost: shop.example.:80\r\n\r\n"));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = "GET /buy HTTP/1.1\r\nHost: shop.example..\r\n\r\n"));
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = "GET /buy HTTP/1.1\r\nHost: example\r\n\r\n"));
	cr_expect_eq(faults(&lab, FW_FAULT_URI_NOT_SEEN), 0);
	expect(&lab, FW_REASON_NO_RULE, REQUEST(.data = "GET /buy HTTP/1.1\r\nA: b\r\n"));
	cr_expect_eq(faults(&lab, FW_FAULT_URI_NOT_SEEN), 1);
	lab_close(&lab);
}
