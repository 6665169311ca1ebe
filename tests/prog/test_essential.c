// SPDX-License-Identifier: Apache-2.0
/* What a network cannot live without passes whatever rules and bans say, up to a budget per kind. */
#include "lab.h"

#define BLOCK_ALL                                                                                            \
	"version: 1\n"                                                                                       \
	"safety: {essential_limit: 20}\n"                                                                    \
	"rules: [{name: all, action: block, force: true}]\n"

#define FRAG_NEEDED .protocol = IPPROTO_ICMP, .icmp_type = 3, .icmp_code = 4
#define TOO_BIG	    .from = ATTACKER6, .protocol = IPPROTO_ICMPV6, .icmp_type = 2
#define ND(type)    .from = ATTACKER6, .protocol = IPPROTO_ICMPV6, .icmp_type = (type), .hop_limit = 255

static void ban_all(struct lab *lab)
{
	static const char *const everybody[] = {"0.0.0.0/0", "::/0"};
	struct fw_ban ban = {.expires_ns = lab->now_ns + 3600 * SECONDS, .rule = FW_RULE_NONE};

	for (int i = 0; i < 2; i++) {
		struct fw_prefix prefix = lab_prefix(everybody[i]);

		cr_assert_eq(fw_ban_add(lab->datapath, &prefix, &ban, NULL), 0);
	}
}

Test(essential, passes_rules_and_bans)
{
	struct lab lab;

	lab_open(&lab, BLOCK_ALL);
	ban_all(&lab);
	for (int tags = 0; tags <= 2; tags++) {
		expect(&lab, FW_REASON_ESSENTIAL, packet_other(0x0806, tags));
		expect(&lab, FW_REASON_ESSENTIAL, PACKET(FRAG_NEEDED, .tags = tags));
		expect(&lab, FW_REASON_ESSENTIAL, PACKET(TOO_BIG, .tags = tags));
		expect(&lab, FW_REASON_ESSENTIAL, PACKET(.from_port = 67, .to_port = 68, .tags = tags));
		expect(&lab, FW_REASON_ESSENTIAL,
		       PACKET(.from = ATTACKER6, .from_port = 547, .to_port = 546, .tags = tags));
		lab.now_ns += 2 * SECONDS;
	}
	for (uint8_t type = 133; type <= 137; type++)
		expect(&lab, FW_REASON_ESSENTIAL, PACKET(ND(type)));
	expect(&lab, FW_REASON_ESSENTIAL, PACKET(FRAG_NEEDED, .options = 4));
	expect(&lab, FW_REASON_ESSENTIAL, PACKET(TOO_BIG, .extensions = {HOP}));
	expect(&lab, FW_REASON_BANNED, PACKET(.from = HONEST));
	expect(&lab, FW_REASON_BANNED, PACKET(.from = HONEST6));
	lab_close(&lab);
}

/* Their likeness does not pass. */
Test(essential, imitations_do_not)
{
	struct lab lab;

	lab_open(&lab, BLOCK_ALL);
	expect(&lab, FW_REASON_RULE_BLOCK,
	       PACKET(.from = ATTACKER6, .protocol = IPPROTO_ICMPV6, .icmp_type = 135, .hop_limit = 254));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(ND(128)));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.protocol = IPPROTO_ICMP, .icmp_type = 3, .icmp_code = 3));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.protocol = IPPROTO_ICMP, .icmp_type = 8));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from_port = 68, .to_port = 67));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from_port = 547, .to_port = 546));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = ATTACKER6, .from_port = 67, .to_port = 68));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from_port = 67, .to_port = 68, .protocol = IPPROTO_TCP));
	expect(&lab, FW_REASON_RULE_BLOCK,
	       PACKET(.from_port = 67, .to_port = 68, .fragment = FIRST_FRAGMENT));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(FRAG_NEEDED, .fragment = LATER_FRAGMENT));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(ND(135), .fragment = FIRST_FRAGMENT)); /* RFC 6980 */
	expect(&lab, FW_REASON_RULE_BLOCK,
	       PACKET(.from = ATTACKER6, .protocol = IPPROTO_ICMP, .icmp_type = 3, .icmp_code = 4));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.protocol = IPPROTO_ICMPV6, .icmp_type = 2));
	lab_close(&lab);
}

static void check_budget(struct lab *lab, struct packet packet)
{
	unsigned int passed = lab_send(lab, packet, 100);

	cr_expect_eq(passed, 20, "%u passed", passed);
	cr_expect_eq(lab_run(lab, &packet), FW_REASON_ESSENTIAL_BUDGET);
}

/* Each kind has a budget of its own: a flood of one leaves the others alone. */
Test(essential, budgets_are_separate_and_come_back)
{
	struct lab lab;

	lab_open(&lab, BLOCK_ALL);
	for (int second = 0; second < 3; second++) {
		check_budget(&lab, packet_other(0x0806, 0));
		check_budget(&lab, PACKET(FRAG_NEEDED));
		check_budget(&lab, PACKET(ND(135)));
		check_budget(&lab, PACKET(.from_port = 67, .to_port = 68));
		lab.now_ns += 1200 * MS;
	}
	lab_close(&lab);
}

/* A flood at a steady rate is held to the budget in every second. */
Test(essential, budget_holds_over_time)
{
	struct lab lab;
	unsigned int passed = 0;

	lab_open(&lab, BLOCK_ALL);
	for (int i = 0; i < 5000; i++) { /* 500 a second for ten seconds */
		passed += lab_send(&lab, packet_other(0x0806, 0), 1);
		lab.now_ns += 2 * MS;
	}
	cr_expect_geq(passed, 160);
	cr_expect_leq(passed, 220);
	lab_close(&lab);
}
