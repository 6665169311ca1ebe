// SPDX-License-Identifier: Apache-2.0
/* Rules in file order: what each match key selects, what each action does, and what nothing may overrule. */
#include <bpf/bpf.h>

#include "lab.h"

#define HEAD "version: 1\n"

Test(rules, match_sets_ports_protocols)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "sets: {bad: {entries: [203.0.113.0/24, \"2001:db8:bad::/48\"]}}\n"
		      "rules:\n"
		      "  - {name: not-there, match: {source: [bad], destination_not: [192.0.2.80, "
		      "\"2001:db8::80\"]}, action: block}\n"
		      "  - {name: from-dns, match: {protocol: udp, source_port: 53}, action: block}\n"
		      "  - {name: many, match: {protocol: tcp, dest_port: [22, 8000-8999]}, action: block}\n"
		      "  - {name: sctp, match: {protocol: [sctp, gre]}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "not-there", PACKET(.from = ATTACKER, .to = VICTIM_OTHER));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "not-there", PACKET(.from = ATTACKER6, .to = VICTIM6_OTHER));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER, .to = VICTIM));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER6, .to = VICTIM6));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .to = VICTIM_OTHER));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "from-dns", PACKET(.from = HONEST, .from_port = 53));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .from_port = 53, .protocol = IPPROTO_TCP));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .from_port = 53, .fragment = LATER_FRAGMENT));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "many",
		    PACKET(.from = HONEST6, .protocol = IPPROTO_TCP, .to_port = 8000));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "many",
		    PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .to_port = 8999));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "many",
		    PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .to_port = 22));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .to_port = 9000));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .to_port = 7999));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "sctp", PACKET(.from = HONEST6, .protocol = PROTO_SCTP));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "sctp", PACKET(.from = HONEST, .protocol = PROTO_GRE));
	lab_close(&lab);
}

Test(rules, match_flags_kinds_lengths)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "rules:\n"
		      "  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, action: block}\n"
		      "  - {name: no-flags, match: {protocol: tcp, tcp_flags: none}, action: block}\n"
		      "  - {name: fragments, match: {packet: fragment, packet_not: tagged}, action: block}\n"
		      "  - {name: options, match: {packet: options}, action: block}\n"
		      "  - {name: short, match: {protocol: udp, length: 1-60}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "syn", PACKET(.protocol = IPPROTO_TCP, .flags = TCP_SYN));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "syn",
		    PACKET(.from = HONEST6, .protocol = IPPROTO_TCP, .flags = TCP_SYN));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_TCP, .flags = TCP_SYN | TCP_ACK));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "no-flags", PACKET(.protocol = IPPROTO_TCP));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_UDP));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "fragments", PACKET(.fragment = FIRST_FRAGMENT));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "fragments",
		    PACKET(.from = HONEST6, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.fragment = LATER_FRAGMENT, .tags = 1));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "options", PACKET(.options = 4));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "options",
		    PACKET(.from = HONEST6, .extensions = {IPPROTO_DSTOPTS}));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "short", PACKET(.payload = 18)); /* 14 + 20 + 8 + 18 */
	expect(&lab, FW_REASON_NO_RULE, PACKET(.payload = 19));
	lab_close(&lab);
}

Test(rules, first_decision_ends_the_walk)
{
	struct lab lab;

	lab_open(&lab, HEAD "sets: {bad: {entries: [" LISTED "]}}\n"
			    "rules:\n"
			    "  - {name: seen, match: {protocol: udp}, action: count}\n"
			    "  - {name: dns, match: {protocol: udp, dest_port: 53}, action: allow}\n"
			    "  - {name: bad, match: {source: [bad]}, action: block}\n"
			    "  - {name: never-reached, match: {source: [bad]}, action: allow}\n");
	expect_rule(&lab, FW_REASON_RULE_ALLOW, "dns", PACKET(.from = LISTED, .to_port = 53));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP); /* the count rule */
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "bad", PACKET(.from = LISTED));
	cr_expect_eq(lab_counts(&lab, "seen").packets, 2);
	cr_expect_eq(lab_counts(&lab, "seen").would_drop, 2);
	cr_expect_eq(lab_counts(&lab, "bad").dropped, 1);
	cr_expect_eq(lab_counts(&lab, "bad").bytes, 14 + 20 + 8 + 32);
	cr_expect_eq(lab_counts(&lab, "never-reached").packets, 0);
	lab_close(&lab);
}

Test(rules, labels)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "rules:\n"
		      "  - {name: dns, match: {protocol: udp, source_port: 53}, action: label, labels: "
		      "[reflected]}\n"
		      "  - {name: large, match: {length: 200-65535}, action: label, labels: [large]}\n"
		      "  - {name: busy, match: {protocol: icmp}, limit: 2 packets/10s, action: label, "
		      "labels: [busy]}\n"
		      "  - {name: both, match: {label: [reflected], label_not: [large]}, action: block}\n"
		      "  - {name: pings, match: {label: busy}, action: block}\n");
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "both", PACKET(.from_port = 53));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = 53, .payload = 400));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = 54));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_ICMP, .icmp_type = 8));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.protocol = IPPROTO_ICMP, .icmp_type = 8));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "pings", PACKET(.protocol = IPPROTO_ICMP, .icmp_type = 8));
	lab_close(&lab);
}

#define COUNTED                                                                                              \
	"sets: {bad: {entries: [" LISTED ", \"" LISTED6 "\"]}}\n"                                            \
	"rules:\n"                                                                                           \
	"  - {name: bad, match: {source: [bad]}, action: block}\n"                                           \
	"  - {name: limited, limit: 3 packets/10s, action: block, ban: {for: 10m, unverified: true}}\n"

/* The same packets through the same code: count mode says would_drop where enforce drops, and nobody is
 * banned. */
Test(rules, count_mode_everywhere_equals_enforce)
{
	struct lab lab;
	struct fw_ban_entry ban;
	struct fw_addr honest = lab_addr(HONEST);

	lab_open(&lab, HEAD "mode: count\n" COUNTED);
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "bad", PACKET(.from = LISTED));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 10), 10);
	expect_rule(&lab, FW_REASON_OVER_LIMIT, "limited", PACKET(.from = HONEST));
	cr_expect_eq(lab_counts(&lab, "bad").would_drop, 1);
	cr_expect_eq(lab_counts(&lab, "limited").packets, 11);
	cr_expect_eq(lab_counts(&lab, "limited").would_drop, 8);
	cr_expect_eq(lab_counts(&lab, "limited").dropped, 0);
	cr_expect_eq(fw_ban_find(lab.datapath, &honest, &ban), -ENOENT);
	expect(&lab, FW_REASON_TRUNCATED_IP, packet_cut(PACKET(.from = HONEST), 40));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	lab_publish(&lab, HEAD COUNTED);
	expect(&lab, FW_REASON_OVER_LIMIT, PACKET(.from = HONEST)); /* the meter went on */
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP);
	lab_close(&lab);
}

/* As lab_run(), by a program of the test's own. */
static uint32_t run_on(int program, const struct packet *packet)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet->bytes, .data_size_in = packet->length,
		    .repeat = 1);

	cr_assert_eq(bpf_prog_test_run_opts(program, &run), 0);
	return run.retval;
}

Test(rules, count_mode_of_one_interface)
{
	struct lab lab;

	lab_open(&lab, NULL);
	lab.count_ifaces = 1u << 0; /* the runner's */
	lab_publish(&lab, HEAD COUNTED);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = LISTED6));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	lab.count_ifaces = 1u << 1; /* another one */
	lab_publish(&lab, HEAD COUNTED);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = LISTED6));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP);
	lab_close(&lab);
}

/* Both ends of the mask; the meter is one. */
Test(rules, count_mode_of_one_of_two_interfaces)
{
	struct packet listed = PACKET(.from = LISTED), honest = PACKET(.from = HONEST);
	const uint32_t other = FW_IFACES_MAX - 1; /* the runner is 0 */
	struct fw_addr source = lab_addr(HONEST);
	struct fw_iface_counts counts;
	struct fw_ban_entry ban;
	struct lab lab;
	int program;

	lab_open(&lab, NULL);
	cr_assert_eq(fw_datapath_load_program(lab.datapath, other, false, &program, NULL), 0);
	lab.count_ifaces = 1u << other;
	lab_publish(&lab, HEAD COUNTED);
	expect(&lab, FW_REASON_RULE_BLOCK, listed);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP);
	cr_expect_eq(run_on(program, &listed), XDP_PASS);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(run_on(program, &honest), XDP_PASS);
	cr_expect_eq(lab_counts(&lab, "limited").would_drop, 7);
	cr_expect_eq(fw_ban_find(lab.datapath, &source, &ban), -ENOENT);
	cr_assert_eq(fw_stats_iface(lab.datapath, other, &counts), 0);
	cr_expect_eq(counts.by[FW_VERDICT_WOULD_DROP][FW_REASON_RULE_BLOCK][FW_TRAFFIC_V4_UDP].packets, 1);
	cr_expect_eq(counts.by[FW_VERDICT_WOULD_DROP][FW_REASON_OVER_LIMIT][FW_TRAFFIC_V4_UDP].packets, 7);
	expect(&lab, FW_REASON_OVER_LIMIT, honest);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_DROP);

	lab.count_ifaces = 1u << 0;
	lab_publish(&lab, HEAD COUNTED);
	expect(&lab, FW_REASON_RULE_BLOCK, listed);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect_eq(run_on(program, &listed), XDP_DROP);
	cr_expect_eq(run_on(program, &honest), XDP_DROP);
	close(program);
	lab_close(&lab);
}

/* A rule in count mode does not end the walk. */
Test(rules, count_mode_of_one_rule)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "sets: {bad: {entries: [" LISTED "]}}\n"
		      "rules:\n"
		      "  - {name: trial, match: {source: [bad]}, action: block, mode: count}\n"
		      "  - {name: udp, match: {protocol: udp}, limit: 1 packets/10s, action: police}\n");
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = LISTED));
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	expect_rule(&lab, FW_REASON_POLICED, "udp", PACKET(.from = LISTED));
	cr_expect_eq(lab_counts(&lab, "trial").would_drop, 2);
	cr_expect_eq(lab_counts(&lab, "trial").dropped, 0);
	lab_close(&lab);
}

Test(rules, never_block_comes_first)
{
	struct lab lab;
	struct fw_ban ban = {.rule = FW_RULE_NONE};
	struct fw_prefix all = lab_prefix("192.0.2.0/24");

	lab_open(&lab, HEAD "never_block: [office]\n"
			    "sets:\n"
			    "  office: {entries: [" OFFICE ", \"" OFFICE6 "\"]}\n"
			    "  everybody: {entries: [192.0.2.0/24, \"2001:db8::/32\"]}\n"
			    "rules:\n"
			    "  - {name: all, match: {source: [everybody]}, action: block}\n");
	ban.expires_ns = lab.now_ns + 60 * SECONDS;
	cr_assert_eq(fw_ban_add(lab.datapath, &all, &ban, NULL), 0);
	expect(&lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE));
	expect(&lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE6, .tags = 2, .extensions = {HOP}));
	expect(&lab, FW_REASON_NEVER_BLOCK,
	       packet_cut(PACKET(.from = OFFICE), 40)); /* addresses could be read */
	expect(&lab, FW_REASON_BANNED, PACKET(.from = RESOLVER));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST6));
	lab_close(&lab);
}

Test(rules, never_block_up_to_its_limit)
{
	struct lab lab;

	lab_open(&lab, HEAD "never_block: {sets: [office], limit: 5 packets/1s}\n"
			    "sets: {office: {entries: [" OFFICE ", \"" OFFICE6 "\"]}}\n"
			    "rules:\n"
			    "  - {name: office, match: {source: [office]}, action: block}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = OFFICE), 5), 5);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = OFFICE)); /* forged by then: rules go on */
	expect(&lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE6));
	lab.now_ns += 3 * SECONDS;
	expect(&lab, FW_REASON_NEVER_BLOCK, PACKET(.from = OFFICE));
	lab_close(&lab);
}

static int spare(struct lab *lab, const char *first, const char *second, uint64_t expires_ns)
{
	struct fw_spared_entry entries[2] = {{.kind = FW_SPARED_SSH, .expires_ns = expires_ns},
					     {.kind = FW_SPARED_GATEWAY}};

	entries[0].addr = lab_addr(first);
	if (second)
		entries[1].addr = lab_addr(second);
	return fw_spared_set(lab->datapath, entries, second ? 2 : 1, NULL);
}

Test(rules, spared_sources_come_and_go)
{
	struct lab lab;
	struct fw_spared_entry *list;

	lab_open(&lab, HEAD "rules: [{name: all, action: block, force: true}]\n");
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = SSH_ADMIN));
	cr_assert_eq(spare(&lab, SSH_ADMIN, SSH_ADMIN6, 0), 0);
	cr_expect_eq(fw_spared_list(lab.datapath, &list), 2);
	free(list);
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = SSH_ADMIN, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_GATEWAY, PACKET(.from = SSH_ADMIN6));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST));
	cr_assert_eq(spare(&lab, GATEWAY, NULL, lab.now_ns + SECONDS), 0);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = SSH_ADMIN));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = SSH_ADMIN6));
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = GATEWAY));
	lab.now_ns += SECONDS;
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = GATEWAY));
	cr_assert_eq(fw_spared_set(lab.datapath, NULL, 0, NULL), 0);
	cr_expect_eq(fw_spared_list(lab.datapath, &list), 0);
	free(list);
	lab_close(&lab);
}

/* A connection to an SSH port is no login: its source passes whatever there is against it, but not any
 * amount. */
Test(rules, ssh_peers_are_spared_within_a_limit)
{
	struct fw_spared_entry entries[] = {{.addr = lab_addr(SSH_ADMIN), .kind = FW_SPARED_SSH},
					    {.addr = lab_addr(SSH_ADMIN6), .kind = FW_SPARED_SSH},
					    {.addr = lab_addr(HONEST), .kind = FW_SPARED_SSH},
					    {.addr = lab_addr(GATEWAY), .kind = FW_SPARED_GATEWAY}};
	struct packet session =
		PACKET(.from = SSH_ADMIN, .to_port = 22, .protocol = IPPROTO_TCP, .flags = TCP_ACK);
	struct fw_prefix banned = lab_prefix(SSH_ADMIN "/32");
	struct fw_ban ban = {.rule = FW_RULE_NONE};
	struct lab lab;

	lab_open(&lab, "version: 1\nsafety: {ssh_limit: 10 packets/1s}\n"
		       "rules: [{name: all, action: block, force: true}]\n");
	cr_assert_eq(fw_spared_set(lab.datapath, entries, 4, NULL), 0);
	ban.expires_ns = lab.now_ns + 60 * SECONDS;
	cr_assert_eq(fw_ban_add(lab.datapath, &banned, &ban, NULL), 0);
	expect(&lab, FW_REASON_SSH_PEER, session);
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = SSH_ADMIN, .fragment = LATER_FRAGMENT));
	cr_expect_eq(lab_send(&lab, session, 100), 8);
	expect(&lab, FW_REASON_BANNED, session);
	cr_assert_eq(fw_ban_remove(lab.datapath, &banned, NULL), 0);
	expect(&lab, FW_REASON_RULE_BLOCK, session);
	/* The excess of one is not the other's, but that of a /64 is. */
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = HONEST));
	cr_expect_eq(lab_send(&lab, PACKET(.from = SSH_ADMIN6), 100), 10);
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = SSH_ADMIN6));
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = HONEST));
	cr_expect_eq(lab_send(&lab, PACKET(.from = GATEWAY), 100), 100);
	/* Below it he passes again, banned or not. */
	cr_assert_eq(fw_ban_add(lab.datapath, &banned, &ban, NULL), 0);
	lab.now_ns += 2 * SECONDS;
	expect(&lab, FW_REASON_SSH_PEER, session);
	expect(&lab, FW_REASON_SSH_PEER, PACKET(.from = SSH_ADMIN6));
	lab_close(&lab);
}

Test(rules, ssh_peers_have_a_limit_by_default)
{
	struct fw_spared_entry entry = {.addr = lab_addr(SSH_ADMIN), .kind = FW_SPARED_SSH};
	struct lab lab;

	lab_open(&lab, HEAD "rules: [{name: all, action: block, force: true}]\n");
	cr_assert_eq(fw_spared_set(lab.datapath, &entry, 1, NULL), 0);
	cr_expect_eq(lab_send(&lab, PACKET(.from = SSH_ADMIN), 3000), 2000);
	lab_close(&lab);
}

/* Resolvers and time servers are spared as such: their addresses can be forged. */
Test(rules, answers_are_spared_within_a_limit)
{
	struct fw_spared_entry entries[] = {{.addr = lab_addr(RESOLVER), .kind = FW_SPARED_RESOLVER},
					    {.addr = lab_addr(TIME_SERVER), .kind = FW_SPARED_TIME_SERVER}};
	struct packet dns = PACKET(.from = RESOLVER, .from_port = 53, .to_port = 50000);
	struct lab lab;

	lab_open(&lab, "version: 1\nsafety: {answers_limit: 10 packets/1s}\n"
		       "rules: [{name: all, action: block, force: true}]\n");
	cr_assert_eq(fw_spared_set(lab.datapath, entries, 2, NULL), 0);
	expect(&lab, FW_REASON_RESOLVER, dns);
	expect(&lab, FW_REASON_RESOLVER,
	       PACKET(.from = RESOLVER, .from_port = 853, .protocol = IPPROTO_TCP, .flags = TCP_ACK,
		      .tags = 1));
	expect(&lab, FW_REASON_RESOLVER, PACKET(.from = RESOLVER, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_TIME_SERVER, PACKET(.from = TIME_SERVER, .from_port = 123, .options = 8));
	/* Anything else of theirs is judged, and broken packets are broken. */
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = RESOLVER, .from_port = 54));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = TIME_SERVER, .protocol = IPPROTO_ICMP));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = HONEST, .from_port = 53));
	expect(&lab, FW_REASON_MALFORMED_L4, PACKET(.from = RESOLVER, .from_port = 53, .udp_lies = 9));
	/* The excess of one is not the other's. */
	cr_expect_eq(lab_send(&lab, dns, 100), 7);
	expect(&lab, FW_REASON_RULE_BLOCK, dns);
	expect(&lab, FW_REASON_TIME_SERVER, PACKET(.from = TIME_SERVER, .from_port = 123));
	lab.now_ns += 2 * SECONDS;
	expect(&lab, FW_REASON_RESOLVER, dns);
	lab_close(&lab);
}
