// SPDX-License-Identifier: Apache-2.0
/* explain: the packet path's steps for a described packet and a given state. */
#include <netinet/in.h>

#include "explain_sources.h"
#include "lib/cleanup.h"

/* What rules look at, and what they do. */
static const struct explain_case rule_cases[] = {
	{"nobody in particular",
	 POLICY(BAD BLANKET),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 12},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule blanket",
	 FW_EXPLAIN_NO_MATCH,
	 "12 of 100 packets/10s"},
	{"one below the limit",
	 POLICY(BLANKET),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 99},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "default",
	 FW_EXPLAIN_MATCH,
	 "passes"},
	{"at the limit the next one drops",
	 POLICY(BLANKET),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 100},
	 FW_VERDICT_DROP,
	 FW_REASON_OVER_LIMIT,
	 "blanket",
	 "rule blanket",
	 FW_EXPLAIN_MATCH,
	 "100 of 100 packets/10s"},
	{"a port rule without --to",
	 POLICY("  - {name: web, match: {protocol: tcp, dest_port: 80}, action: block}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule web",
	 FW_EXPLAIN_SKIPPED,
	 "--to IP:PORT/PROTO"},
	{"a port rule that is met",
	 POLICY("  - {name: web, match: {protocol: tcp, dest_port: 80}, action: block}\n"),
	 "198.51.100.1",
	 "198.51.100.2",
	 80,
	 IPPROTO_TCP,
	 {0, NULL, 0},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "web",
	 "rule web",
	 FW_EXPLAIN_MATCH,
	 "block: dropped"},
	{"a port rule of another port",
	 POLICY("  - {name: web, match: {protocol: tcp, dest_port: 80}, action: block}\n"),
	 "198.51.100.1",
	 "198.51.100.2",
	 81,
	 IPPROTO_TCP,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule web",
	 FW_EXPLAIN_NO_MATCH,
	 "does not match"},
	{"a port rule of another protocol",
	 POLICY("  - {name: web, match: {protocol: tcp, dest_port: 80}, action: block}\n"),
	 "198.51.100.1",
	 "198.51.100.2",
	 80,
	 IPPROTO_UDP,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule web",
	 FW_EXPLAIN_NO_MATCH,
	 "does not match"},
	{"flags are never known",
	 POLICY("  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, action: block}\n"),
	 "198.51.100.1",
	 "198.51.100.2",
	 80,
	 IPPROTO_TCP,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule syn",
	 FW_EXPLAIN_SKIPPED,
	 "the TCP flags"},
	{"allow ends the walk",
	 POLICY("  - {name: friends, match: {source: [bad]}, action: allow}\n" BLANKET),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 5000},
	 FW_VERDICT_PASS,
	 FW_REASON_RULE_ALLOW,
	 "friends",
	 "rule friends",
	 FW_EXPLAIN_MATCH,
	 "allow: passes"},
	{"police drops the excess",
	 POLICY("  - {name: p, limit: 100 packets/10s, action: police}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 100},
	 FW_VERDICT_DROP,
	 FW_REASON_POLICED,
	 "p",
	 "rule p",
	 FW_EXPLAIN_MATCH,
	 "police: dropped"},
	{"challenge asks, and lets real clients in",
	 POLICY("  - {name: syn, match: {tcp_flags: syn}, limit: 100 connections/1s, per: total, action: "
		"challenge}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 100},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule syn",
	 FW_EXPLAIN_SKIPPED,
	 "over the limit: SYNs are answered with cookies"},
	{"challenge that only counts answers nobody",
	 POLICY("  - {name: syn, match: {tcp_flags: syn}, limit: 100 connections/1s, per: total, action: "
		"challenge, mode: count}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 100},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule syn",
	 FW_EXPLAIN_SKIPPED,
	 "over the limit: SYNs would be answered with cookies, but only count"},
	{"a rule that counts goes on",
	 POLICY("  - {name: bad, match: {source: [bad]}, action: block, mode: count}\n"),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_WOULD_DROP,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule bad",
	 FW_EXPLAIN_MATCH,
	 "counts only"},
	{"count mode everywhere",
	 "version: 1\nmode: count\nrules:\n" BLANKET,
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 100},
	 FW_VERDICT_WOULD_DROP,
	 FW_REASON_OVER_LIMIT,
	 "blanket",
	 "rule blanket",
	 FW_EXPLAIN_MATCH,
	 "over the limit"},
	{"labels reach later rules",
	 POLICY("  - {name: mark, match: {source: [bad]}, action: label, labels: [suspect]}\n"
		"  - {name: out, match: {label: [suspect]}, action: block}\n"),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "out",
	 "rule mark",
	 FW_EXPLAIN_MATCH,
	 "labels the packet"},
	{"and nobody else",
	 POLICY("  - {name: mark, match: {source: [bad]}, action: label, labels: [suspect]}\n"
		"  - {name: out, match: {label: [suspect]}, action: block}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule out",
	 FW_EXPLAIN_NO_MATCH,
	 ""},
	{"per destination needs one",
	 POLICY("  - {name: d, limit: 100 packets/10s, per: destination, action: police}\n"),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 500},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule d",
	 FW_EXPLAIN_SKIPPED,
	 "per destination"},
};

Test(explain, cases)
{
	for (size_t i = 0; i < sizeof(source_cases) / sizeof(source_cases[0]); i++)
		check_case(&source_cases[i], NULL);
	for (size_t i = 0; i < sizeof(rule_cases) / sizeof(rule_cases[0]); i++)
		check_case(&rule_cases[i], NULL);
}

/* A port alone could be anybody's. */
Test(explain, a_protocol_that_nobody_named_is_said)
{
	static const struct fw_explain_reader reader = {
		.spared = read_spared, .ban = read_ban, .meter = read_meter, .covering = read_covering};
	const char *text = POLICY(BAD);

	for (int assumed = 0; assumed < 2; assumed++) {
		FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
		struct fw_explain_packet packet = {.has_dest = true,
						   .has_protocol = true,
						   .has_port = true,
						   .protocol = IPPROTO_TCP,
						   .dest_port = 53,
						   .protocol_assumed = assumed};
		struct fw_explain_reader asked = reader;
		struct fw_explanation explanation;
		struct fw_policy *policy = NULL;
		struct fw_image *image = NULL;
		struct fw_diags diags = {};
		struct state state = {};
		size_t said = 0;

		asked.context = &state;
		cr_assert_eq(fw_addr_parse("198.51.100.1", &packet.source, NULL), 0);
		cr_assert_eq(fw_addr_parse("198.51.100.2", &packet.dest, NULL), 0);
		cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0);
		cr_assert_eq(fw_image_compile(policy, &(struct fw_image_input){}, ids, &diags, &image), 0);
		fw_explain(policy, image, &packet, &asked, &explanation);
		for (size_t i = 0; i < explanation.count; i++)
			said += !strcmp(explanation.steps[i].check, "protocol") &&
				strstr(explanation.steps[i].detail, "taken for TCP");
		cr_expect_eq(said, (size_t)assumed);
		fw_explanation_done(&explanation);
		fw_image_free(image);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}
