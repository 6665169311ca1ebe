// SPDX-License-Identifier: Apache-2.0
/* Meters: trailing windows by packets, bytes and connections, by every kind of key, kept while limits are
 * tuned. */
#include <stdio.h>

#include "lab.h"

#define HEAD "version: 1\n"

static void check_block(const char *from)
{
	struct lab lab;
	struct packet packet = PACKET(.from = from);

	lab_open(&lab, HEAD "rules: [{name: r, limit: 100 packets/10s, action: block}]\n");
	cr_expect_eq(lab_send(&lab, packet, 100), 100);
	cr_expect_eq(lab_send(&lab, packet, 50), 0, "dropped from the packet that crosses the limit");
	for (int i = 0; i < 40; i++) { /* blocked packets count: who goes on stays blocked */
		lab.now_ns += 500 * MS;
		cr_expect_eq(lab_send(&lab, packet, 10), 0, "%d ms later", i * 500);
	}
	lab.now_ns += 12500 * MS;
	cr_expect_eq(lab_send(&lab, packet, 5), 5, "free again after a quiet window");
	lab_close(&lab);
}

Test(meters, block_over_limit_ipv4)
{
	check_block(ATTACKER);
}

Test(meters, block_over_limit_ipv6)
{
	check_block(ATTACKER6);
}

/* Both bounds of the promise for a steady source: 0.9 of the limit loses nothing, nothing passes more
 * than 1.1 of it. */
Test(meters, steady_sources_at_the_edges)
{
	struct lab lab;
	unsigned int lost = 0, passed_in_window = 0;

	lab_open(&lab,
		 HEAD "rules:\n"
		      "  - {name: b, match: {protocol: udp}, limit: 1000 packets/10s, action: block}\n"
		      "  - {name: p, match: {protocol: sctp}, limit: 1000 packets/10s, action: police}\n");
	for (int i = 0; i < 2700; i++) { /* 90 a second for 30 s */
		lost += 1 - lab_send(&lab, PACKET(.from = HONEST), 1);
		lab.now_ns += SECONDS / 90;
	}
	cr_expect_eq(lost, 0, "%u packets of a source at 0.9 of the limit were lost", lost);
	for (int i = 0; i < 6000; i++) { /* 200 a second for 30 s, the last 10 s are one window */
		unsigned int passed = lab_send(&lab, PACKET(.from = ATTACKER, .protocol = PROTO_SCTP), 1);

		passed_in_window += i >= 4000 ? passed : 0;
		lab.now_ns += 5 * MS;
	}
	cr_expect_leq(passed_in_window, 1100);
	cr_expect_geq(passed_in_window, 800, "police passes up to the limit: %u", passed_in_window);
	lab_close(&lab);
}

Test(meters, police_counts_what_it_passed)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 10 packets/10s, action: police}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 1000), 10);
	lab.now_ns += 11500 * MS; /* only the ten count, so they are all that must leave */
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 1000), 10);
	lab_close(&lab);
}

Test(meters, allow_up_to_a_limit_then_next_rule)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules:\n"
			    "  - {name: some, match: {protocol: udp}, limit: 5 packets/10s, action: allow}\n"
			    "  - {name: rest, match: {protocol: udp}, action: block, force: true}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 5), 5);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from = HONEST));
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST6), 6), 5);
	lab_close(&lab);
}

Test(meters, bytes_and_connections)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "rules:\n"
		      "  - {name: bytes, match: {protocol: udp}, limit: 10000 bytes/10s, action: block}\n"
		      "  - {name: conns, match: {protocol: tcp}, limit: 3 connections/10s, action: block}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .payload = 958), 20), 10); /* 1000 bytes each */
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_ACK), 20),
		     20);
	cr_expect_eq(lab_send(&lab,
			      PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_SYN | TCP_ACK),
			      20),
		     20);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_SYN), 20),
		     3);
	lab_close(&lab);
}

/* Who shares a meter with whom. */
Test(meters, keys)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 3 packets/10s, action: block}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER_NEAR));
	expect(&lab, FW_REASON_OVER_LIMIT,
	       PACKET(.from = ATTACKER, .tags = 2, .options = 4, .to = VICTIM_OTHER));
	lab_send(&lab, PACKET(.from = ATTACKER6), 9);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER6_NEAR)); /* one /64 */
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER6_FAR));

	lab_publish(&lab,
		    HEAD "rules: [{name: prefix, limit: 3 packets/10s, action: block, per: source_prefix, "
			 "source_prefix: {ipv4: 24, ipv6: 48}}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER_NEAR));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	lab_send(&lab, PACKET(.from = ATTACKER6), 9);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER6_FAR));

	lab_publish(&lab,
		    HEAD "rules: [{name: dest, limit: 3 packets/10s, action: police, per: destination}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	expect(&lab, FW_REASON_POLICED, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER, .to = VICTIM_OTHER));

	lab_publish(&lab, HEAD "rules: [{name: net, match: {protocol: udp}, limit: 3 packets/10s, "
			       "action: police, per: destination_prefix}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 2);
	lab_send(&lab, PACKET(.from = HONEST, .to = VICTIM_OTHER), 2); /* one /24: a carpet */
	expect(&lab, FW_REASON_POLICED, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .protocol = IPPROTO_TCP));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .to = VICTIM_FAR));
	lab_send(&lab, PACKET(.from = ATTACKER6), 2);
	lab_send(&lab, PACKET(.from = HONEST6, .to = VICTIM6_OTHER), 2); /* one /48 */
	expect(&lab, FW_REASON_POLICED, PACKET(.from = HONEST6));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6, .to = VICTIM6_FAR));

	lab_publish(&lab, HEAD "rules: [{name: host, limit: 3 packets/10s, action: police, "
			       "destination_prefix: {ipv4: 32}}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	expect(&lab, FW_REASON_POLICED, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER, .to = VICTIM_OTHER));

	lab_publish(&lab, HEAD
		    "rules: [{name: port, limit: 3 packets/10s, action: block, per: [source, dest_port]}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER, .to_port = 80));

	lab_publish(&lab, HEAD "rules: [{name: total, limit: 3 packets/10s, action: police, per: total}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 2);
	lab_send(&lab, PACKET(.from = HONEST6), 2);
	expect(&lab, FW_REASON_POLICED, PACKET(.from = HONEST));
	lab_close(&lab);
}

static struct packet from6(unsigned int site, unsigned int net)
{
	static char text[64];

	snprintf(text, sizeof(text), "2001:db8:%x:%x::66", site, net);
	return PACKET(.from = text);
}

/* An IPv6 site with many /64s: each stays under its limit, or is blocked at it; a /56 may send three times as
 * much, a /48 five times. Who floods alone uses up nothing of his neighbours'. */
Test(meters, wider_prefixes)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 10 packets/10s, action: block, wider: {ipv6_56: 3, "
			    "ipv6_48: 5}}]\n");
	cr_expect_eq(lab_send(&lab, from6(0xb, 0x100), 1000), 10, "one /64 floods");
	cr_expect_eq(lab_send(&lab, from6(0xb, 0x101), 10), 10, "its neighbour in the /56 loses nothing");
	cr_expect_eq(lab_send(&lab, from6(0xb, 0x102), 10), 10);
	expect_rule(&lab, FW_REASON_OVER_LIMIT, "r-56", from6(0xb, 0x103));
	expect_rule(&lab, FW_REASON_OVER_LIMIT, "r", from6(0xb, 0x100));
	cr_expect_eq(lab_send(&lab, from6(0xb, 0x200), 10), 10, "the next /56");
	cr_expect_eq(lab_send(&lab, from6(0xb, 0x300), 10), 10);
	expect_rule(&lab, FW_REASON_OVER_LIMIT, "r-48", from6(0xb, 0x400));
	cr_expect_eq(lab_send(&lab, from6(0xc, 0x100), 10), 10, "another /48");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 20), 10, "IPv4 has no wider limit");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER_NEAR), 20), 10);
	lab_close(&lab);
}

/* A new /64 for every packet: no limit per /64 sees that. */
Test(meters, wider_prefixes_stop_who_changes_his_64)
{
	struct lab lab;
	unsigned int passed = 0;

	lab_open(&lab,
		 HEAD "rules: [{name: r, limit: 10 packets/10s, action: police, wider: {ipv6_48: 5}}]\n");
	for (unsigned int i = 0; i < 2000; i++)
		passed += lab_send(&lab, from6(0xb, i), 1);
	cr_expect_eq(passed, 50);
	lab_close(&lab);
}

static void tune(struct lab *lab, const char *policy)
{
	lab_compile(lab, policy);
	lab_put(lab, false); /* lists stay, as for tune */
}

static uint64_t amount_of(struct lab *lab, const char *from)
{
	struct fw_addr source = lab_addr(from), dest = lab_addr(VICTIM);
	struct fw_meter_entry entry = {0};

	cr_assert_eq(fw_meter_read(lab->datapath, &lab->image->slot->rules[0], &source, &dest, 443, &entry),
		     0);
	return entry.amount;
}

Test(meters, kept_while_limit_is_tuned)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 1000 packets/10s, action: block}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 500);
	tune(&lab, HEAD "rules: [{name: r, limit: 400 packets/10s, action: block}]\n");
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER)); /* from the very next packet */
	cr_expect_eq(amount_of(&lab, ATTACKER), 501);
	tune(&lab, HEAD "rules: [{name: r, limit: 2000 packets/10s, action: block}]\n");
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	cr_expect_eq(amount_of(&lab, ATTACKER), 502);
	cr_expect_eq(lab_counts(&lab, "r").packets, 502);
	lab_close(&lab);
}

Test(meters, kept_while_window_is_tuned)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 1000 packets/10s, action: block}]\n");
	for (int i = 0; i < 100; i++) { /* 50 a second for ten seconds */
		lab_send(&lab, PACKET(.from = ATTACKER), 5);
		lab.now_ns += 100 * MS;
	}
	tune(&lab, HEAD "rules: [{name: r, limit: 1000 packets/60s, action: block}]\n");
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	cr_expect_geq(amount_of(&lab, ATTACKER), 500, "a longer window keeps what was counted");
	cr_expect_leq(amount_of(&lab, ATTACKER), 570);
	lab_send(&lab, PACKET(.from = ATTACKER), 501);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER));
	tune(&lab, HEAD "rules: [{name: r, limit: 1000 packets/10s, action: block}]\n");
	expect(&lab, FW_REASON_NO_RULE,
	       PACKET(.from = ATTACKER)); /* the average of a minute, not all of it */
	cr_expect_gt(amount_of(&lab, ATTACKER), 0);
	lab_close(&lab);
}

Test(meters, listed_read_and_forgotten)
{
	struct lab lab;
	struct fw_meter_entry *entries = NULL, one;
	struct fw_prefix attacker = lab_prefix(ATTACKER);
	struct fw_addr source = lab_addr(HONEST), dest = lab_addr(VICTIM);
	size_t count = 0;

	lab_open(&lab, HEAD "rules:\n"
			    "  - {name: r, limit: 5 packets/10s, action: block}\n"
			    "  - {name: t, limit: 1000 packets/10s, action: police, per: total}\n");
	cr_expect_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &source, &dest, 0, &one),
		     -ENOENT);
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	lab_send(&lab, PACKET(.from = HONEST), 2);
	lab_send(&lab, PACKET(.from = HONEST6), 2);
	cr_assert_eq(fw_meters_list(lab.datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	cr_expect_eq(count, 4, "three sources and a total, not %zu", count);
	free(entries);
	cr_assert_eq(fw_meters_list(lab.datapath, lab.image->slot->rules[1].id, 0, &entries, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_eq(entries[0].amount, 9); /* what `r` let through */
	free(entries);
	cr_assert_eq(fw_meters_list(lab.datapath, lab.image->slot->rules[0].id, 2, &entries, &count), 0);
	cr_expect_eq(count, 2, "bounded");
	free(entries);
	source = lab_addr(ATTACKER);
	cr_assert_eq(fw_meter_read(lab.datapath, &lab.image->slot->rules[0], &source, &dest, 0, &one), 0);
	cr_expect_eq(one.amount, 9);
	cr_expect_eq(one.dropped, 4);
	lab_forget(&lab, &attacker, 1);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	cr_expect_eq(amount_of(&lab, HONEST), 2);
	lab_close(&lab);
}

static void walk_keys(struct lab *lab, bool over_only, size_t limit, struct fw_meter_walk *ret)
{
	*ret = (struct fw_meter_walk){.over_only = over_only, .limit = limit};
	cr_assert_eq(fw_meter_walk_prepare(lab->datapath, lab->image->slot->rules[0].id, ret), 0);
	cr_assert_eq(fw_meter_walk_run(ret), 0);
}

Test(meters, keys_of_a_rule_largest_first)
{
	struct fw_meter_walk walk = {0};
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 20 packets/10s, action: block}]\n");
	for (int i = 1; i <= 40; i++) {
		char from[24];

		snprintf(from, sizeof(from), "203.0.113.%d", i);
		lab_send(&lab, PACKET(.from = from), (unsigned int)i);
	}
	walk_keys(&lab, false, 0, &walk);
	cr_expect_eq(walk.total, 40);
	cr_assert_eq(walk.count, 40);
	for (size_t i = 0; i < walk.count; i++)
		cr_expect_eq(walk.entries[i].amount, 40 - i);
	fw_meter_walk_done(&walk);
	walk_keys(&lab, true, 0, &walk);
	cr_expect_eq(walk.count, 20, "those over their limit: %zu", walk.count);
	fw_meter_walk_done(&walk);
	walk_keys(&lab, false, 3, &walk);
	cr_expect_eq(walk.total, 40);
	cr_assert_eq(walk.count, 3);
	cr_expect(walk.entries[0].amount == 40 && walk.entries[2].amount == 38, "the three largest");
	fw_meter_walk_done(&walk);
	cr_expect_eq(fw_meter_walk_prepare(lab.datapath, FW_RULE_IDS - 1, &walk), -ENOENT);
	lab_close(&lab);
}

/* Whether the one key of the rule is over its limit: for keys, and for all rules at once. */
static bool is_over(struct lab *lab)
{
	struct fw_meter_walk walk = {0};
	struct fw_meter_entry *entries = NULL;
	size_t count = 0;
	bool over;

	walk_keys(lab, true, 0, &walk);
	over = walk.count == 1;
	fw_meter_walk_done(&walk);
	cr_assert_eq(fw_meters_list(lab->datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_eq(entries[0].over, over, "both say the same");
	free(entries);
	return over;
}

static void pass(struct lab *lab, uint64_t ns)
{
	lab->now_ns += ns;
	lab_send(lab, PACKET(.from = HONEST, .protocol = IPPROTO_ICMP), 1); /* moves the clock */
}

/* police keeps a key at its limit: it is over while it drops. */
static void check_over_of_police(const char *rule, unsigned int limit)
{
	struct lab lab;

	lab_open(&lab, rule);
	lab_send(&lab, PACKET(.from = ATTACKER), limit);
	cr_expect(!is_over(&lab), "%s: all of them fitted", rule);
	lab_send(&lab, PACKET(.from = ATTACKER), 5);
	cr_expect(is_over(&lab), "%s: five did not", rule);
	pass(&lab, 8 * SECONDS);
	cr_expect(is_over(&lab), "%s: nor would the next one", rule);
	pass(&lab, 4 * SECONDS);
	cr_expect(!is_over(&lab), "%s: it is over", rule);
	/* A little too much: after a turn of the sub-window there is room. */
	for (int i = 0; i < 400; i++) {
		pass(&lab, SECONDS / 10);
		lab_send(&lab, PACKET(.from = ATTACKER), limit / 90);
	}
	cr_expect(is_over(&lab), "%s: most fit, not all", rule);
	lab_close(&lab);
}

Test(meters, a_key_that_police_keeps_at_its_limit_is_over)
{
	check_over_of_police(
		HEAD "rules: [{name: r, match: {protocol: udp}, limit: 200 packets/10s, action: police}]\n",
		200);
	check_over_of_police(HEAD "rules: [{name: r, match: {protocol: udp}, limit: 9000 packets/10s, per: "
				  "total, action: police}]\n",
			     9000);
	check_over_of_police(HEAD "rules: [{name: r, match: {protocol: udp}, limit: 200 packets/10s, per: "
				  "total, action: police, mode: count}]\n",
			     200);
}

/* What a CPU counts by itself and has not told the meter is listed all the same. */
Test(meters, keys_of_a_rule_with_what_cpus_keep)
{
	struct fw_meter_walk walk = {0};
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 100k packets/5m, action: block}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 777);
	walk_keys(&lab, false, 0, &walk);
	cr_assert_eq(walk.count, 1);
	cr_expect_eq(walk.entries[0].amount, 777, "%lu", (unsigned long)walk.entries[0].amount);
	fw_meter_walk_done(&walk);
	lab_close(&lab);
}

/* What the agent reads later is what the packet path would say then. */
Test(meters, read_amount_ages)
{
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 100 packets/8s, action: block}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER), 50);
	cr_expect_eq(amount_of(&lab, ATTACKER), 50);
	lab.now_ns += 7 * SECONDS;
	lab_send(&lab, PACKET(.from = HONEST), 1); /* moves the clock */
	cr_expect_eq(amount_of(&lab, ATTACKER), 50);
	lab.now_ns += 4 * SECONDS;
	lab_send(&lab, PACKET(.from = HONEST), 1);
	cr_expect_eq(amount_of(&lab, ATTACKER), 0);
	lab_close(&lab);
}

Test(meters, sources_are_sampled)
{
	struct lab lab;
	struct fw_source_entry *entries = NULL, one;
	struct fw_addr source = lab_addr(ATTACKER6_NEAR);
	size_t count = 0;

	lab_open(&lab, HEAD "rules: [{name: r, limit: 5 packets/10s, action: block}]\n");
	lab_send(&lab, PACKET(.from = ATTACKER6), 20); /* few packets: every one is taken */
	lab_send(&lab, PACKET(.from = HONEST), 3);
	cr_assert_eq(fw_source_find(lab.datapath, &source, &one), 0); /* an IPv6 source is its /64 */
	cr_expect_eq(one.source.packets, 20);
	cr_expect_eq(one.source.dropped, 15);
	cr_assert_eq(fw_sources_list(lab.datapath, &entries, &count), 0);
	cr_expect_eq(count, 2);
	free(entries);
	lab_close(&lab);
}
