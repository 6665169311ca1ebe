// SPDX-License-Identifier: Apache-2.0
/* explain: a packet of which the TCP flags are named. */
#include "explain_case.h"

struct flags_case {
	struct open_case open;
	struct situation situation;
};

#define SYN "  - {name: y, match: {protocol: tcp, tcp_flags: syn}, action: block}\n"
#define ASKED(rules, to_verdict, to_reason, to_rule, of_check, of_result, says)                              \
	{                                                                                                    \
		.policy = POLICY(rules), .source = "198.51.100.1", .dest = "198.51.100.2", .port = 80,       \
		.protocol = IPPROTO_TCP, .verdict = (to_verdict), .reason = (to_reason), .rule = (to_rule),  \
		.check = (of_check), .result = (of_result), .detail = (says)                                 \
	}

static const struct flags_case cases[] = {
	{{ASKED(SYN, FW_VERDICT_DROP, FW_REASON_RULE_BLOCK, "y", "rule y", FW_EXPLAIN_MATCH,
		"block: dropped"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN}},
	{{ASKED(SYN, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule y", FW_EXPLAIN_NO_MATCH, "does not"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK}},
	{{ASKED(SYN, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule y", FW_EXPLAIN_SKIPPED,
		"depends on the TCP flags: say --flags syn, or ack"),
	  .depends = true, .but = "rule y may drop it: depends on the TCP flags: say --flags syn, or ack"},
	 {}},
	/* A plain packet has none of these, whatever the protocol says of it. */
	{{ASKED("  - {name: f, match: {packet: fragment}, action: block}\n", FW_VERDICT_PASS,
		FW_REASON_NO_RULE, NULL, "rule f", FW_EXPLAIN_NO_MATCH, "does not match"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK}},
	{{ASKED("  - {name: b, match: {packet: bad_flags}, action: block}\n", FW_VERDICT_DROP,
		FW_REASON_RULE_BLOCK, "b", "rule b", FW_EXPLAIN_MATCH, "block: dropped"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN | FW_TCP_FIN}},
	{{ASKED("  - {name: b, match: {packet: bad_flags}, action: block}\n", FW_VERDICT_PASS,
		FW_REASON_NO_RULE, NULL, "rule b", FW_EXPLAIN_NO_MATCH, "does not match"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN}},
	/* The list has none of TCP. */
	{{ASKED("  - {name: s, match: {signature: any}, action: block}\nsignatures: {file: " FW_TESTS_DIR
		"/../configs/signatures.yaml}\n",
		FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule s", FW_EXPLAIN_NO_MATCH, "does not match"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN}},
};

Test(explain, flags_that_are_named)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct open_case open = cases[i].open;
		char name[32];

		snprintf(name, sizeof(name), "row %zu", i);
		open.asked.name = name;
		check_in(&open.asked, &open, &cases[i].situation);
	}
}
