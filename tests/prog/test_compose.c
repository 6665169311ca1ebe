// SPDX-License-Identifier: Apache-2.0
/* Composed matches through the real program: alternatives, negations, labels across rules, requests below any
 * and not, and what feeds on trial may do to rules with several terms. */
#include "lab.h"

#define HEAD "version: 1\n"

#define TCP(...)  PACKET(.protocol = IPPROTO_TCP, __VA_ARGS__)
#define HTTP(...) PACKET(.protocol = IPPROTO_TCP, .to_port = 80, .flags = TCP_ACK, __VA_ARGS__)

static void one_rule(struct lab *lab, const char *match)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 HEAD "sets: {bad: [" LISTED ", \"" LISTED6 "\"], mine: [" VICTIM ", \"" VICTIM6
		      "\"]}\nrules:\n  - {name: r, match: %s, action: block}\n",
		 match);
	lab_publish(lab, text);
}

#define TAKES(...)  expect_rule(&lab, FW_REASON_RULE_BLOCK, "r", __VA_ARGS__)
#define LEAVES(...) expect(&lab, FW_REASON_NO_RULE, __VA_ARGS__)

Test(compose, any_is_one_of_them)
{
	struct lab lab;

	lab_open(&lab, NULL);
	one_rule(&lab, "{any: [{source: bad, protocol: udp}, {dest_port: [22, 23]}, {packet: fragment}]}");
	TAKES(PACKET(.from = LISTED));
	TAKES(PACKET(.from = LISTED6));
	LEAVES(TCP(.from = LISTED, .to_port = 80));
	TAKES(TCP(.from = HONEST, .to_port = 22));
	TAKES(PACKET(.from = HONEST6, .to_port = 23, .protocol = PROTO_SCTP));
	TAKES(PACKET(.from = HONEST, .fragment = LATER_FRAGMENT));
	LEAVES(PACKET(.from = HONEST, .to_port = 53));
	LEAVES(PACKET(.from = HONEST6, .protocol = IPPROTO_ICMPV6));
	lab_close(&lab);
}

Test(compose, counted_once_whatever_holds)
{
	struct lab lab;

	lab_open(&lab, HEAD
		 "rules:\n  - {name: r, match: {any: [{protocol: udp}, {dest_port: 53}, {length: 0-2000}]}, "
		 "action: count}\n");
	expect(&lab, FW_REASON_NO_RULE, PACKET(.to_port = 53));
	cr_expect_eq(lab_counts(&lab, "r").packets, 1);
	lab_close(&lab);
}

Test(compose, not_is_none_of_them)
{
	struct lab lab;

	lab_open(&lab, NULL);
	one_rule(&lab, "{protocol: [tcp, udp, icmp], not: [{source: bad}, {dest_port: 80}]}");
	TAKES(TCP(.from = HONEST));
	TAKES(PACKET(.from = HONEST6));
	LEAVES(TCP(.from = LISTED));
	LEAVES(HTTP(.from = HONEST));
	/* What has no port is not said to have another. */
	LEAVES(PACKET(.from = HONEST, .protocol = IPPROTO_ICMP));
	LEAVES(PACKET(.from = HONEST, .fragment = LATER_FRAGMENT));
	one_rule(&lab, "{destination: mine, not: {source: bad, protocol: udp}}");
	TAKES(PACKET(.from = HONEST));
	TAKES(TCP(.from = LISTED));
	LEAVES(PACKET(.from = LISTED));
	LEAVES(PACKET(.from = LISTED6));
	LEAVES(PACKET(.from = HONEST, .to = VICTIM_OTHER));
	lab_close(&lab);
}

Test(compose, nested)
{
	struct lab lab;

	lab_open(&lab, NULL);
	one_rule(&lab, "{protocol: tcp, any: [{all: [{source: bad}, {not: {tcp_flags: syn}}]}, "
		       "{not: {any: [{destination: mine}, {tcp_flags: ack}]}}]}");
	TAKES(TCP(.from = LISTED, .flags = TCP_ACK));
	TAKES(TCP(.from = LISTED6, .flags = TCP_RST));
	LEAVES(TCP(.from = LISTED, .flags = TCP_SYN));
	LEAVES(TCP(.from = HONEST, .flags = TCP_SYN));
	TAKES(TCP(.from = HONEST, .to = VICTIM_OTHER, .flags = TCP_SYN));
	LEAVES(TCP(.from = HONEST, .to = VICTIM_OTHER, .flags = TCP_ACK));
	TAKES(TCP(.from = HONEST6, .to = VICTIM6_OTHER, .flags = TCP_SYN));
	LEAVES(PACKET(.from = LISTED));
	lab_close(&lab);
}

Test(compose, labels_across_rules)
{
	struct lab lab;

	lab_open(&lab, HEAD
		 "sets: {bad: [" LISTED "]}\n"
		 "rules:\n"
		 "  - {name: odd, match: {any: [{source: bad}, {packet: options}]}, action: label, labels: "
		 "[odd]}\n"
		 "  - {name: udp, match: {protocol: udp}, action: label, labels: [udp]}\n"
		 "  - {name: both, match: {all: [{label: odd}, {label: udp}]}, action: block}\n"
		 "  - {name: either, match: {dest_port: 22, any: [{label: [odd, udp]}, {source: " OFFICE
		 "}]}, action: block}\n"
		 "  - {name: neither, match: {dest_port: 23, not: {label: [odd, udp]}}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "both", PACKET(.from = LISTED));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "both", PACKET(.from = HONEST, .options = 4));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "either", TCP(.from = LISTED, .to_port = 22));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "either", PACKET(.from = HONEST, .to_port = 22));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "either", TCP(.from = OFFICE, .to_port = 22));
	expect(&lab, FW_REASON_NO_RULE, TCP(.from = HONEST, .to_port = 22));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "neither", TCP(.from = HONEST, .to_port = 23));
	expect(&lab, FW_REASON_NO_RULE, TCP(.from = LISTED, .to_port = 23));
	lab_close(&lab);
}

#define GET(path, host)	 "GET " path " HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define POST(path, host) "POST " path " HTTP/1.1\r\nHost: " host "\r\n\r\n"

Test(compose, requests_below_any_and_not)
{
	struct lab lab;

	lab_open(&lab, NULL);
	one_rule(&lab, "{dest_port: 80, any: [{uri: {prefix: /login}}, {method: POST}, {source: bad}]}");
	TAKES(HTTP(.data = GET("/login", "a.example")));
	TAKES(HTTP(.data = POST("/", "a.example")));
	LEAVES(HTTP(.data = GET("/", "a.example")));
	TAKES(HTTP(.from = LISTED, .data = GET("/", "a.example")));
	TAKES(HTTP(.from = LISTED6, .payload = NO_PAYLOAD));
	one_rule(&lab,
		 "{dest_port: 80, not: [{uri: [{exact: /health}, {prefix: /static/}]}, {method: HEAD}]}");
	TAKES(HTTP(.data = GET("/", "a.example")));
	TAKES(HTTP(.data = GET("/health/x", "a.example")));
	LEAVES(HTTP(.data = GET("/health", "a.example")));
	LEAVES(HTTP(.data = GET("/x/../static/y", "a.example")));
	LEAVES(HTTP(.data = "HEAD / HTTP/1.1\r\n\r\n"));
	/* What is no request has no other path either. */
	LEAVES(HTTP(.payload = NO_PAYLOAD));
	LEAVES(HTTP(.payload = 100));
	lab_close(&lab);
}

Test(compose, requests_that_have_one_and_lack_another)
{
	struct lab lab;

	lab_open(&lab, NULL);
	one_rule(
		&lab,
		"{dest_port: 80, uri: {prefix: /api}, not: {uri: [{prefix: /api/health}, {contains: pub}]}}");
	TAKES(HTTP(.data = GET("/api/users", "a.example")));
	LEAVES(HTTP(.data = GET("/api/health", "a.example")));
	LEAVES(HTTP(.data = GET("/api/public", "a.example")));
	LEAVES(HTTP(.data = GET("/index", "a.example")));
	one_rule(&lab, "{dest_port: 80, uri: {prefix: /api}, host: \"*.example\", not: {host: a.example}}");
	TAKES(HTTP(.data = GET("/api", "b.example")));
	LEAVES(HTTP(.data = GET("/api", "a.example")));
	LEAVES(HTTP(.data = GET("/api", "b.test")));
	LEAVES(HTTP(.data = GET("/", "b.example")));
	one_rule(&lab, "{dest_port: 80, all: [{uri: {prefix: /a}}, {uri: {contains: b}}, {uri: {contains: "
		       "c}}], not: {uri: {exact: /abc}}}");
	TAKES(HTTP(.data = GET("/a/c/b", "a.example")));
	LEAVES(HTTP(.data = GET("/abc", "a.example")));
	LEAVES(HTTP(.data = GET("/xabc", "a.example")));
	LEAVES(HTTP(.data = GET("/ab", "a.example")));
	LEAVES(HTTP(.data = GET("/ac", "a.example")));
	/* A host that does not show is not known to be another. */
	one_rule(&lab, "{dest_port: 80, not: {host: a.example}}");
	TAKES(HTTP(.data = GET("/", "b.example")));
	LEAVES(HTTP(.data = GET("/", "a.example")));
	LEAVES(HTTP(.data = "GET / HTTP/1.0\r\n\r\n"));
	lab_close(&lab);
}

#define FEED                                                                                                 \
	HEAD "feeds: {fresh: {url: \"https://feeds.example/list\", trial: 1d}}\n"                            \
	     "sets: {mine: [" VICTIM "]}\nrules:\n"
#define MARKS                                                                                                \
	"  - {name: fresh, match: {source: fresh}, action: label, labels: [seen]}\n"                         \
	"  - {name: sure, match: {source_port: 123}, action: label, labels: [seen]}\n"

static void open_on_trial(struct lab *lab, struct fw_prefix *listed, struct fw_feed_part *part)
{
	lab_open(lab, NULL);
	*listed = lab_prefix(LISTED);
	*part = (struct fw_feed_part){
		.feed = "fresh", .tier = FW_TIER_HIGH, .prefixes = listed, .count = 1, .trial = true};
	lab->parts = part;
	lab->part_count = 1;
}

/* Only what holds without the feed drops, whichever term comes first. */
Test(compose, a_feed_on_trial_counts)
{
	static const char *const matches[] = {"{any: [{source: fresh}, {dest_port: 53}]}",
					      "{any: [{dest_port: 53}, {source: fresh}]}"};
	struct fw_feed_part part;
	struct fw_prefix listed;
	struct lab lab;

	open_on_trial(&lab, &listed, &part);
	for (size_t i = 0; i < 2; i++) {
		char text[512];

		snprintf(text, sizeof(text), FEED "  - {name: r, match: %s, action: block}\n", matches[i]);
		lab_publish(&lab, text);
		LEAVES(PACKET(.from = LISTED));
		cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
		TAKES(PACKET(.from = LISTED, .to_port = 53));
		cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP);
		TAKES(PACKET(.from = HONEST, .to_port = 53));
	}
	part.trial = false;
	lab_publish(&lab, FEED "  - {name: r, match: {source: fresh}, action: block}\n");
	TAKES(PACKET(.from = LISTED));
	lab_close(&lab);
}

Test(compose, a_feed_on_trial_counts_as_destination)
{
	struct fw_feed_part part;
	struct fw_prefix listed;
	struct lab lab;

	open_on_trial(&lab, &listed, &part);
	lab_publish(&lab, FEED "  - {name: r, match: {destination: [fresh, mine]}, action: block}\n");
	LEAVES(PACKET(.from = HONEST, .to = LISTED));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	TAKES(PACKET(.from = HONEST, .to = VICTIM));
	/* As a source it says nothing. */
	TAKES(PACKET(.from = LISTED, .to = VICTIM));
	LEAVES(PACKET(.from = LISTED, .to = VICTIM_OTHER));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_PASS);
	lab_publish(&lab, FEED
		    "  - {name: r, match: {any: [{destination: fresh}, {protocol: udp}]}, action: block}\n");
	TAKES(PACKET(.from = HONEST, .to = LISTED));
	LEAVES(TCP(.from = HONEST, .to = LISTED));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	part.trial = false;
	lab_publish(&lab, FEED "  - {name: r, match: {destination: fresh}, action: block}\n");
	TAKES(PACKET(.from = HONEST, .to = LISTED));
	lab_close(&lab);
}

/* A label that only a feed on trial brought about is on trial itself: what asks for it counts, and what
 * forbids it drops as if the label was not there. */
Test(compose, a_label_of_a_feed_on_trial_is_on_trial)
{
	static const char *const both[] = {"{any: [{label: seen}, {dest_port: 53}]}",
					   "{any: [{dest_port: 53}, {label: seen}]}"};
	struct fw_feed_part part;
	struct fw_prefix listed;
	struct lab lab;

	open_on_trial(&lab, &listed, &part);
	for (size_t i = 0; i < 2; i++) {
		char text[512];

		snprintf(text, sizeof(text), FEED MARKS "  - {name: r, match: %s, action: block}\n", both[i]);
		lab_publish(&lab, text);
		LEAVES(PACKET(.from = LISTED));
		cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
		TAKES(PACKET(.from = LISTED, .to_port = 53));
		TAKES(PACKET(.from = HONEST, .from_port = 123));
		/* Another rule sets it for sure. */
		TAKES(PACKET(.from = LISTED, .from_port = 123));
		LEAVES(PACKET(.from = HONEST));
		cr_expect_eq(lab.trace.verdict, FW_VERDICT_PASS);
	}
	/* Through a second label, and for SYNs that would be answered with cookies. */
	lab_publish(&lab,
		    FEED MARKS "  - {name: again, match: {label: seen}, action: label, labels: [twice]}\n"
			       "  - {name: syn, match: {label: twice, protocol: tcp, tcp_flags: syn},\n"
			       "     limit: 1 connections/1s, per: total, action: challenge}\n"
			       "  - {name: r, match: {label: twice}, action: block}\n");
	LEAVES(PACKET(.from = LISTED));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect_eq(lab_send(&lab, TCP(.from = LISTED, .flags = TCP_SYN), 2), 2);
	cr_expect_eq(lab_counts(&lab, "syn").would_drop, 1);
	TAKES(PACKET(.from = HONEST, .from_port = 123));
	lab_publish(&lab, FEED MARKS "  - {name: r, match: {label_not: seen}, action: block, force: true}\n");
	TAKES(PACKET(.from = LISTED));
	TAKES(PACKET(.from = HONEST));
	LEAVES(PACKET(.from = LISTED, .from_port = 123));
	part.trial = false;
	lab_publish(&lab, FEED MARKS "  - {name: r, match: {label: seen}, action: block}\n");
	TAKES(PACKET(.from = LISTED));
	lab_publish(&lab, FEED MARKS "  - {name: r, match: {label_not: seen}, action: block, force: true}\n");
	LEAVES(PACKET(.from = LISTED));
	lab_close(&lab);
}

/* Packets to a resource are counted by its own numbers, and towards nobody else's. */
Test(compose, resources_have_numbers_of_their_own)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules:\n"
			    "  - {name: early, match: {protocol: icmp}, action: block}\n"
			    "  - {name: r, limit: 3 packets/10s, action: block}\n"
			    "resources:\n"
			    "  big: {destination: [" VICTIM ", \"" VICTIM6
			    "\"], rules: {r: {limit: 10 packets/10s}, early: {action: count}}}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 15), 10);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST, .to = VICTIM_OTHER), 15), 3);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST6), 15), 10);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST6, .to = VICTIM6_OTHER), 15), 3);
	cr_expect_eq(lab_counts(&lab, "r@big").packets, 30);
	cr_expect_eq(lab_counts(&lab, "r").packets, 30);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "early",
		    PACKET(.from = ATTACKER, .to = VICTIM_OTHER, .protocol = IPPROTO_ICMP));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER, .protocol = IPPROTO_ICMP));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	lab_close(&lab);
}
