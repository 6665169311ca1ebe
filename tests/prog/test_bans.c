// SPDX-License-Identifier: Apache-2.0
/* Bans as leases: who gets one, how long it lasts, what proves an address, and a filter that never forgets
 * one. */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "kern/events.h"
#include "lab.h"

#define UNVERIFIED                                                                                           \
	"version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block, ban: {for: 1m, unverified: "     \
	"true}}]\n"

static struct fw_ban manual(uint64_t expires_ns)
{
	return (struct fw_ban){.expires_ns = expires_ns, .rule = FW_RULE_NONE, .origin = FW_BAN_MANUAL};
}

static int add(struct lab *lab, const char *prefix_text, uint64_t expires_ns)
{
	struct fw_prefix prefix = lab_prefix(prefix_text);
	struct fw_ban ban = manual(expires_ns);

	return fw_ban_add(lab->datapath, &prefix, &ban, NULL);
}

static int find(struct lab *lab, const char *addr_text, struct fw_ban_entry *ret)
{
	struct fw_addr addr = lab_addr(addr_text);

	return fw_ban_find(lab->datapath, &addr, ret);
}

Test(bans, crossing_the_limit_bans_the_key)
{
	struct lab lab;
	struct fw_ban_entry entry;

	lab_open(&lab, UNVERIFIED);
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 5), 5);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER)); /* the packet that crosses */
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER, .protocol = PROTO_ESP, .tags = 2));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER_NEAR));
	cr_assert_eq(find(&lab, ATTACKER, &entry), 0);
	cr_expect_eq(entry.ban.expires_ns, lab.now_ns + 60 * SECONDS);
	cr_expect_eq(entry.ban.strikes, 1);
	cr_expect_eq(entry.ban.origin, FW_BAN_RULE);
	cr_expect_eq(entry.ban.packets, 1);
	cr_expect_eq(entry.prefix.bits, 128);
	lab_send(&lab, PACKET(.from = ATTACKER6), 6);
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER6_NEAR)); /* the whole /64 */
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER6_FAR));
	cr_assert_eq(find(&lab, ATTACKER6_NEAR, &entry), 0);
	cr_expect_eq(entry.prefix.bits, 64);
	lab.now_ns += 60 * SECONDS - 1;
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER));
	lab.now_ns += 1;
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	cr_expect_eq(find(&lab, ATTACKER, &entry), -ENOENT);
	lab_close(&lab);
}

Test(bans, repeated_offences_escalate)
{
	static const uint64_t steps[] = {60, 300, 3600, 3600};
	struct lab lab;
	struct fw_ban_entry entry;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block, "
		       "ban: {for: 1m, escalate: [1m, 5m, 1h], unverified: true}}]\n");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		lab_send(&lab, PACKET(.from = ATTACKER), 6);
		cr_assert_eq(find(&lab, ATTACKER, &entry), 0, "offence %zu", i + 1);
		cr_expect_eq(entry.ban.expires_ns - lab.now_ns, steps[i] * SECONDS, "offence %zu", i + 1);
		cr_expect_eq(entry.ban.strikes, i + 1);
		lab.now_ns = entry.ban.expires_ns;
		cr_expect_eq(fw_ban_collect(lab.datapath, 3600 * SECONDS),
			     0); /* the memory of escalation stays */
	}
	lab_close(&lab);
}

/* A forged source gets nobody banned: without a socket as evidence it is only blocked, and that is counted.
 */
Test(bans, need_evidence)
{
	struct lab lab;
	struct fw_ban_entry entry;
	uint64_t faults[FW_FAULT_MAX_];

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block, ban: 1m}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER, .protocol = IPPROTO_TCP, .flags = TCP_ACK), 20),
		     5);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = ATTACKER));
	cr_expect_eq(find(&lab, ATTACKER, &entry), -ENOENT);
	cr_assert_eq(fw_stats_faults(lab.datapath, faults), 0);
	cr_expect_geq(faults[FW_FAULT_BAN_UNVERIFIED], 1);
	lab_close(&lab);
}

struct connection {
	int listener, client, server;
	uint16_t client_port, server_port;
};

/* An established connection over loopback, in the family of `family`. */
static struct connection connect_loopback(int family)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *addr = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct connection c = {.listener = socket(family, SOCK_STREAM, 0),
			       .client = socket(family, SOCK_STREAM, 0)};
	struct sockaddr_in6 local;
	socklen_t local_size = sizeof(local);

	cr_assert_eq(bind(c.listener, addr, size), 0);
	cr_assert_eq(listen(c.listener, 1), 0);
	cr_assert_eq(getsockname(c.listener, addr, &size), 0);
	cr_assert_eq(connect(c.client, addr, size), 0);
	c.server = accept(c.listener, NULL, NULL);
	cr_assert_geq(c.server, 0);
	cr_assert_eq(getsockname(c.client, (struct sockaddr *)&local, &local_size), 0);
	c.client_port = ntohs(local.sin6_port); /* the port lies at the same place in both */
	c.server_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return c;
}

static void disconnect(const struct connection *c)
{
	close(c->client);
	close(c->server);
	close(c->listener);
}

static void check_verified(struct lab *lab, int family, const char *addr)
{
	struct connection c = connect_loopback(family);
	struct shape shape = {.from = addr, .to = addr, .protocol = IPPROTO_TCP, .flags = TCP_ACK};
	struct fw_ban_entry entry;

	shape.from_port = c.client_port;
	shape.to_port = c.server_port;
	lab_send(lab, packet_make(shape), 6);
	cr_expect_eq(find(lab, addr, &entry), 0, "%s has a connection and crossed the limit: banned", addr);
	disconnect(&c);
}

Test(bans, an_established_connection_is_evidence)
{
	struct lab lab;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 5 packets/10s, action: block, ban: 1m}]\n");
	check_verified(&lab, AF_INET, "127.0.0.1");
	check_verified(&lab, AF_INET6, "::1");
	lab_close(&lab);
}

Test(bans, of_prefixes_and_by_hand)
{
	struct lab lab;
	struct fw_ban_entry entry;
	struct fw_prefix net = lab_prefix("203.0.113.0/24");

	lab_open(&lab, "version: 1\n");
	cr_assert_eq(add(&lab, "203.0.113.0/24", lab.now_ns + 10 * SECONDS), 0);
	cr_assert_eq(add(&lab, "2001:db8:bad::/48", lab.now_ns + 10 * SECONDS), 0);
	cr_assert_eq(add(&lab, "203.0.113.66", lab.now_ns + 20 * SECONDS), 0);
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER_NEAR, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER6_FAR));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6));
	cr_assert_eq(find(&lab, ATTACKER, &entry), 0);
	cr_expect_eq(entry.prefix.bits, 128, "the longest comes first");
	cr_assert_eq(find(&lab, ATTACKER_NEAR, &entry), 0);
	cr_expect_eq(entry.prefix.bits, 120);
	cr_assert_eq(fw_ban_remove(lab.datapath, &net, NULL), 0);
	cr_expect_eq(fw_ban_remove(lab.datapath, &net, NULL), -ENOENT);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER_NEAR));
	expect(&lab, FW_REASON_BANNED, PACKET(.from = ATTACKER));
	lab_close(&lab);
}

/* The filter is rebuilt, in another size too, and every lease in force is still found. */
Test(bans, survive_rebuilds_of_the_filter)
{
	enum { BANS = 9000 };
	struct lab lab;
	struct fw_ban_entry *entries = NULL;
	char addr[32];
	size_t count = 0;

	lab_open_with(&lab, "version: 1\n", (struct fw_datapath_options){.sources = 4096, .bans = 16384},
		      false);
	for (int i = 0; i < BANS; i++) {
		snprintf(addr, sizeof(addr), "10.%d.%d.%d", i >> 12, i >> 6 & 63, i & 63);
		cr_assert_eq(add(&lab, addr, lab.now_ns + (i % 3 ? 100 : 1) * SECONDS), 0);
	}
	lab.now_ns += 2 * SECONDS;
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	cr_expect_eq(fw_ban_collect(lab.datapath, 0), BANS / 3);
	cr_assert_eq(fw_ban_list(lab.datapath, false, &entries, &count, NULL), 0);
	cr_expect_eq(count, BANS - BANS / 3);
	free(entries);
	for (int i = 0; i < BANS; i++) {
		snprintf(addr, sizeof(addr), "10.%d.%d.%d", i >> 12, i >> 6 & 63, i & 63);
		expect(&lab, i % 3 ? FW_REASON_BANNED : FW_REASON_NO_RULE, PACKET(.from = addr));
	}
	lab_close(&lab);
}

/* The filter that an agent leaves behind fits the bans it left: the next one takes it as it is. */
Test(bans, many_hold_for_the_next_agent)
{
	enum { BANS = 9000 };
	const struct fw_datapath_options options = {
		.sources = 4096, .bans = 16384, .pin_dir = "/sys/fs/bpf/floodwall/1"};
	struct lab lab;
	char addr[32];

	lab_needs_root();
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL), 0);
	lab_open_with(&lab, "version: 1\n", options, false);
	for (int i = 0; i < BANS; i++) {
		snprintf(addr, sizeof(addr), "10.%d.%d.%d", i >> 12, i >> 6 & 63, i & 63);
		cr_assert_eq(add(&lab, addr, lab.now_ns + 100 * SECONDS), 0);
	}
	lab_close(&lab);

	lab_open_with(&lab, NULL, options, false);
	for (int i = 0; i < BANS; i++) {
		snprintf(addr, sizeof(addr), "10.%d.%d.%d", i >> 12, i >> 6 & 63, i & 63);
		expect(&lab, FW_REASON_BANNED, PACKET(.from = addr));
	}
	lab_close(&lab);
}

Test(bans, a_full_table_is_said_and_makes_room)
{
	struct lab lab;
	struct fw_ban ban = manual(LAB_START_NS + 100 * SECONDS);
	struct fw_prefix prefix = lab_prefix("198.18.0.1");
	struct fw_err err = {0};
	char addr[32];
	int added = 0;

	lab_open_with(&lab, UNVERIFIED, (struct fw_datapath_options){.sources = 4096, .bans = 1024}, false);
	for (int i = 0; i < 1100; i++) {
		snprintf(addr, sizeof(addr), "10.0.%d.%d", i >> 8, i & 255);
		added += add(&lab, addr, lab.now_ns + 10 * SECONDS) == 0;
	}
	cr_expect_eq(added, 1024);
	cr_expect_eq(fw_ban_add(lab.datapath, &prefix, &ban, &err), -ENOSPC);
	cr_expect(strstr(err.text, "capacity") && strstr(err.text, "1024"), "%s", err.text);
	lab_send(&lab, PACKET(.from = ATTACKER), 10);
	uint64_t faults[FW_FAULT_MAX_];
	cr_assert_eq(fw_stats_faults(lab.datapath, faults), 0);
	cr_expect_geq(faults[FW_FAULT_BAN_FULL], 1, "a ban that the packet path could not store is counted");
	lab.now_ns += 11 * SECONDS;
	lab_send(&lab, PACKET(.from = HONEST), 1); /* moves the clock */
	cr_expect_eq(fw_ban_add(lab.datapath, &prefix, &ban, &err), 0, "expired leases make room: %s",
		     err.text);
	lab_close(&lab);
}

Test(bans, only_so_many_prefix_lengths)
{
	struct lab lab;
	struct fw_err err = {0};
	struct fw_ban ban = manual(LAB_START_NS + 100 * SECONDS);
	struct fw_prefix prefix;
	char text[32];

	lab_open(&lab, "version: 1\n");
	for (int bits = 32; bits > 32 - FW_BAN_LENGTHS; bits--) {
		snprintf(text, sizeof(text), "10.0.0.0/%d", bits);
		cr_assert_eq(add(&lab, text, lab.now_ns + SECONDS), 0, "/%d", bits);
	}
	prefix = lab_prefix("10.0.0.0/8");
	cr_expect_eq(fw_ban_add(lab.datapath, &prefix, &ban, &err), -E2BIG);
	cr_expect(strstr(err.text, "prefix lengths"), "%s", err.text);
	cr_expect_eq(add(&lab, "2001:db8::/32", lab.now_ns + SECONDS), 0, "the other family has its own");
	lab.now_ns += 2 * SECONDS;
	lab_send(&lab, PACKET(.from = HONEST), 1);
	fw_ban_collect(lab.datapath, 0);
	cr_expect_eq(fw_ban_add(lab.datapath, &prefix, &ban, &err), 0, "unused lengths are given back: %s",
		     err.text);
	expect(&lab, FW_REASON_BANNED, PACKET(.from = "10.200.0.1"));
	lab_close(&lab);
}

static void remember(const struct fw_event_ban *ban, void *context)
{
	*(struct fw_event_ban *)context = *ban;
}

Test(bans, are_told_as_events)
{
	struct lab lab;
	struct fw_events *events;
	struct fw_event_ban seen = {0};
	struct fw_addr attacker = lab_addr(ATTACKER);

	lab_open(&lab, UNVERIFIED);
	cr_assert_eq(fw_events_open(lab.datapath, remember, &seen, &events, NULL), 0);
	cr_expect_eq(fw_events_drain(events), 0);
	lab_send(&lab, PACKET(.from = ATTACKER), 9);
	cr_expect_eq(fw_events_drain(events), 1);
	cr_expect_eq(memcmp(&seen.addr, &attacker, sizeof(attacker)), 0);
	cr_expect_eq(seen.bits, 128);
	cr_expect_eq(seen.amount, 6);
	cr_expect_eq(seen.expires_ns, lab.now_ns + 60 * SECONDS);
	fw_events_close(events);
	lab_close(&lab);
}
