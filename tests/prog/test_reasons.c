// SPDX-License-Identifier: Apache-2.0
/* Every reason on the list is reached by a packet, with the verdict that the list gives it. */
#include "sockets.h"

static const char policy[] =
	"version: 1\n"
	"never_block: [office]\n"
	"sets:\n"
	"  office: {entries: [" OFFICE ", \"" OFFICE6 "\"]}\n"
	"  bad: {entries: [" LISTED ", \"" LISTED6 "\"]}\n"
	"safety: {essential_limit: 10, challenge_replies: 2}\n"
	"rules:\n"
	"  - {name: web, match: {protocol: tcp, dest_port: 80}, action: allow}\n"
	"  - {name: bad, match: {source: [bad]}, action: block}\n"
	"  - {name: dns, match: {protocol: udp, dest_port: 53}, limit: 2 packets/10s, action: police}\n"
	"  - {name: over, match: {protocol: udp, dest_port: 99}, limit: 2 packets/10s, action: block}\n"
	"  - {name: syn, match: {protocol: tcp, tcp_flags: syn, dest_port: [443, 444]}, limit: 1 "
	"connections/10s, "
	"per: total, action: challenge}\n";

static struct fw_spared_entry spare(const char *addr, enum fw_spared_kind kind)
{
	return (struct fw_spared_entry){.addr = lab_addr(addr), .kind = kind};
}

static void spare_all(struct lab *lab)
{
	struct fw_spared_entry entries[] = {
		spare(SSH_ADMIN, FW_SPARED_SSH),	   spare(SSH_ADMIN6, FW_SPARED_SSH),
		spare(GATEWAY, FW_SPARED_GATEWAY),	   spare(RESOLVER, FW_SPARED_RESOLVER),
		spare("198.51.100.99", FW_SPARED_ALLOWED), spare(TIME_SERVER, FW_SPARED_TIME_SERVER),
	};

	cr_assert_eq(fw_spared_set(lab->datapath, entries, sizeof(entries) / sizeof(entries[0]), NULL), 0);
}

static bool seen[FW_REASON_MAX_];

static void check(struct lab *lab, enum fw_reason reason, struct packet packet)
{
	static const bool drops[] = {
#define PASS			      0
#define DROP			      1
#define ANSWER			      1
#define X(id, action, by, word, help) action,
		FW_REASONS(X)
#undef X
	};
	static const bool by_rule[] = {
#define RULE			      true
#define NONE			      false
#define X(id, action, by, word, help) by,
		FW_REASONS(X)
#undef X
	};
	enum fw_reason found = lab_run(lab, &packet);

	cr_expect_eq(found, reason, "expected %s, got %s", lab_words[reason], lab_words[found]);
	cr_expect_eq(lab->trace.verdict, drops[found] ? FW_VERDICT_DROP : FW_VERDICT_PASS, "%s: verdict %u",
		     lab_words[found], lab->trace.verdict);
	cr_expect_eq(lab->trace.rule < FW_RULE_IDS, by_rule[found], "%s: rule %u", lab_words[found],
		     lab->trace.rule);
	seen[found] = true;
}

static void check_parsing(struct lab *lab)
{
	check(lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	check(lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6));
	check(lab, FW_REASON_NOT_IP, packet_other(0x88cc, 0)); /* LLDP */
	check(lab, FW_REASON_TRUNCATED_LINK, packet_cut(PACKET(.tags = 1), 16));
	check(lab, FW_REASON_TRUNCATED_IP, packet_cut(PACKET(.from = ATTACKER), 14 + 19));
	check(lab, FW_REASON_TRUNCATED_IP, packet_cut(PACKET(.from = ATTACKER6), 14 + 39));
	struct packet version = PACKET(.from = ATTACKER);
	version.bytes[version.ip] = 0x55;
	check(lab, FW_REASON_MALFORMED_IP, version);
	check(lab, FW_REASON_TRUNCATED_L4,
	      PACKET(.protocol = IPPROTO_UDP, .payload = NO_PAYLOAD, .total_lies = -4));
	struct packet tcp = PACKET(.protocol = IPPROTO_TCP);
	tcp.bytes[tcp.ip + 20 + 12] = 4 << 4;
	check(lab, FW_REASON_MALFORMED_L4, tcp);
	check(lab, FW_REASON_BAD_FRAGMENT,
	      PACKET(.protocol = IPPROTO_TCP, .fragment = LATER_FRAGMENT, .offset = 1));
}

static void check_spared(struct lab *lab)
{
	check(lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE));
	check(lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE6));
	check(lab, FW_REASON_SSH_PEER, PACKET(.from = SSH_ADMIN));
	check(lab, FW_REASON_SSH_PEER, PACKET(.from = SSH_ADMIN6));
	check(lab, FW_REASON_GATEWAY, PACKET(.from = GATEWAY));
	check(lab, FW_REASON_RESOLVER, PACKET(.from = RESOLVER, .from_port = 53));
	check(lab, FW_REASON_TIME_SERVER, PACKET(.from = TIME_SERVER, .from_port = 123));
	check(lab, FW_REASON_ALLOWED, PACKET(.from = "198.51.100.99"));
}

static void check_rules(struct lab *lab)
{
	check(lab, FW_REASON_RULE_ALLOW, PACKET(.protocol = IPPROTO_TCP, .to_port = 80));
	check(lab, FW_REASON_RULE_BLOCK, PACKET(.from = LISTED));
	check(lab, FW_REASON_RULE_BLOCK, PACKET(.from = LISTED6));
	lab_send(lab, PACKET(.from = HONEST, .to_port = 99), 2);
	check(lab, FW_REASON_OVER_LIMIT, PACKET(.from = HONEST, .to_port = 99));
	lab_send(lab, PACKET(.from = HONEST6, .to_port = 53), 2);
	check(lab, FW_REASON_POLICED, PACKET(.from = HONEST6, .to_port = 53));
}

static void check_challenge(struct lab *lab)
{
	struct packet syn = PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_SYN);

	lab_send(lab, syn, 1);
	check(lab, FW_REASON_CHALLENGED, syn);
	check(lab, FW_REASON_CHALLENGE_NO_STATE,
	      PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_ACK));
	check(lab, FW_REASON_CHALLENGE_NO_LISTENER,
	      PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_SYN, .to_port = 444));
	check(lab, FW_REASON_CHALLENGED, syn);
	check(lab, FW_REASON_CHALLENGE_BUDGET, syn);
}

static void check_essential(struct lab *lab)
{
	struct packet arp = packet_other(0x0806, 0);

	check(lab, FW_REASON_ESSENTIAL, arp);
	lab_send(lab, arp, 20);
	check(lab, FW_REASON_ESSENTIAL_BUDGET, arp);
}

static void check_banned(struct lab *lab)
{
	struct fw_ban ban = {.expires_ns = lab->now_ns + 60 * SECONDS, .rule = FW_RULE_NONE};
	struct fw_prefix prefix = lab_prefix(ATTACKER_NEAR);

	cr_assert_eq(fw_ban_add(lab->datapath, &prefix, &ban, NULL), 0);
	check(lab, FW_REASON_BANNED, PACKET(.from = ATTACKER_NEAR));
}

/* Only an image that no compiler makes reaches this one. */
static void check_internal(struct lab *lab)
{
	lab->image->slot->rules[0].id = FW_RULE_IDS;
	lab->image->slot->terms[fw_term_place(1)].quick = FW_QUICK_NOT; /* which has the rule's id, too */
	lab_put(lab, false);
	check(lab, FW_REASON_INTERNAL, PACKET(.protocol = IPPROTO_TCP, .to_port = 80, .flags = TCP_SYN));
}

Test(reasons, every_one_is_reached)
{
	struct lab lab;
	int listener;

	sockets_prepare();
	listener = sockets_listen(443);
	lab_open(&lab, policy);
	sockets_say(&lab, COOKIE_FLAGS);
	sockets_own_all(&lab);
	spare_all(&lab);
	check_parsing(&lab);
	check_spared(&lab);
	check_rules(&lab);
	check_essential(&lab);
	check_challenge(&lab);
	check_banned(&lab);
	check_internal(&lab);
	for (int reason = 0; reason < FW_REASON_MAX_; reason++)
		cr_expect(seen[reason], "no packet of this test is %s", lab_words[reason]);
	lab_close(&lab);
	close(listener);
}

Test(reasons, everything_passes_before_the_first_policy)
{
	struct lab lab;
	uint64_t faults[FW_FAULT_MAX_];

	lab_open(&lab, NULL);
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	expect(&lab, FW_REASON_NO_RULE, packet_cut(PACKET(.from = ATTACKER6), 20));
	cr_assert_eq(fw_stats_faults(lab.datapath, faults), 0);
	cr_expect_eq(faults[FW_FAULT_NO_POLICY], 2);
	lab_close(&lab);
}

/* Every packet is counted once, under its verdict, reason and kind of traffic. */
Test(reasons, counters_add_up)
{
	struct lab lab;
	struct fw_iface_counts counts;
	uint64_t packets = 0;

	lab_open(&lab, policy);
	lab_send(&lab, PACKET(.from = HONEST), 3);
	lab_send(&lab, PACKET(.from = LISTED6, .protocol = IPPROTO_TCP), 4);
	lab_send(&lab, packet_other(0x88cc, 0), 5);
	cr_assert_eq(fw_stats_iface(lab.datapath, 0, &counts), 0);
	cr_expect_eq(counts.by[FW_VERDICT_PASS][FW_REASON_NO_RULE][FW_TRAFFIC_V4_UDP].packets, 3);
	cr_expect_eq(counts.by[FW_VERDICT_PASS][FW_REASON_NO_RULE][FW_TRAFFIC_V4_UDP].bytes,
		     3 * (14 + 20 + 8 + 32));
	cr_expect_eq(counts.by[FW_VERDICT_DROP][FW_REASON_RULE_BLOCK][FW_TRAFFIC_V6_TCP].packets, 4);
	cr_expect_eq(counts.by[FW_VERDICT_PASS][FW_REASON_NOT_IP][FW_TRAFFIC_OTHER].packets, 5);
	for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++)
				packets += counts.by[verdict][reason][traffic].packets;
	cr_expect_eq(packets, 12);
	cr_assert_eq(fw_stats_iface_reset(lab.datapath, 0), 0);
	cr_assert_eq(fw_stats_iface(lab.datapath, 0, &counts), 0);
	cr_expect_eq(counts.by[FW_VERDICT_PASS][FW_REASON_NO_RULE][FW_TRAFFIC_V4_UDP].packets, 0);
	lab_close(&lab);
}
