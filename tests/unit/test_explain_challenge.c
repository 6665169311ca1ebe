// SPDX-License-Identifier: Apache-2.0
/* explain: during a challenge, as challenge.h of the packet path has it. */
#include "explain_case.h"

struct challenge_case {
	struct open_case open;
	struct situation situation;
};

#define SYNS                                                                                                 \
	"  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 100 connections/1s, per: "           \
	"destination, action: challenge}\n"
#define HERE "198.51.100.2"
#define ASKED(to, most, to_verdict, to_reason, to_rule, of_check, of_result, says)                           \
	{                                                                                                    \
		.policy = POLICY(SYNS), .source = "198.51.100.1", .dest = (to), .port = 80,                  \
		.protocol = IPPROTO_TCP, .state = {.amount = (most)}, .verdict = (to_verdict),               \
		.reason = (to_reason), .rule = (to_rule), .check = (of_check), .result = (of_result),        \
		.detail = (says)                                                                             \
	}

/* TCP that is no SYN, before the rules. */
static const struct challenge_case state_cases[] = {
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_SKIPPED,
		HERE " is challenged by rule syn, for 8s more: TCP that is no SYN must be of an open "
		     "connection, or answer a cookie, else it is dropped"),
	  .depends = true, .but = "syn may drop it: TCP that is no SYN must be of an open connection"},
	 {.challenged = HERE}},
	{{ASKED(HERE, 5, FW_VERDICT_DROP, FW_REASON_CHALLENGE_NO_STATE, "syn", "connection", FW_EXPLAIN_MATCH,
		"else it is dropped"),
	  .depends = true, .but = "rule syn lets it go on if it is of a connection that is open now"},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = HERE}},
	{{ASKED(HERE, 5, FW_VERDICT_DROP, FW_REASON_CHALLENGE_NO_STATE, "syn", "connection", FW_EXPLAIN_MATCH,
		"every destination is challenged by rule syn"),
	  .depends = true, .but = "is open now"},
	 {.has_flags = true, .flags = FW_TCP_SYN | FW_TCP_ACK, .challenged = "everybody"}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_NO_MATCH,
		"no destination of it is challenged now"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = "198.51.100.3"}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "connection", FW_EXPLAIN_NO_MATCH,
		"a SYN is left to the rules"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .challenged = HERE}},
	/* Without a destination: somebody is challenged. */
	{{ASKED(NULL, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_SKIPPED,
		HERE " is challenged by rule syn"),
	  .depends = true, .but = "say --to IP:PORT/PROTO --flags syn, or ack"},
	 {.challenged = HERE}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_NO_MATCH,
		"not every socket is seen from here"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = HERE, .host = {.unseen = true}}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_NO_MATCH,
		"answers nobody now"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = HERE, .host = {.mute = true}}},
	{{ASKED(HERE, 5, FW_VERDICT_WOULD_DROP, FW_REASON_CHALLENGE_NO_STATE, "syn", "connection",
		FW_EXPLAIN_MATCH, "would be dropped, but only counts"),
	  .depends = true, .but = "is open now"},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = HERE, .host = {.counting = true}}},
};

/* SYNs over the limit: who is answered, and who is not. */
static const struct challenge_case syn_cases[] = {
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"over the limit: SYNs are answered with cookies"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN}},
	{{ASKED(HERE, 500, FW_VERDICT_DROP, FW_REASON_CHALLENGE_NO_LISTENER, "syn", "rule syn",
		FW_EXPLAIN_MATCH, "over the limit: SYNs are dropped: nobody listens there"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .nobody_listens = true}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_SKIPPED,
		"over the limit: SYNs are dropped: nobody listens there"),
	  .depends = true, .but = "rule syn drops SYNs: nobody listens there: say --flags syn"},
	 {.nobody_listens = true}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_MATCH,
		"nobody listens here: SYNs to a host behind this one pass"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .nobody_listens = true, .host = {.unseen = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"SYNs are answered with cookies"),
	  .but = ""},
	 {.has_flags = true,
	  .flags = FW_TCP_SYN,
	  .nobody_listens = true,
	  .host = {.unseen = true, .proxies = true}}},
	/* Whoever listens here on every address. */
	{{ASKED(HERE, 500, FW_VERDICT_DROP, FW_REASON_CHALLENGE_NO_LISTENER, "syn", "rule syn",
		FW_EXPLAIN_MATCH, "SYNs are dropped: their destination is no address of this host"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .foreign = true}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_SKIPPED,
		"their destination is no address of this host"),
	  .depends = true, .but = "rule syn drops SYNs: their destination is no address of this host"},
	 {.foreign = true}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_MATCH,
		"their destination is no address of this host: SYNs are not answered, and pass within"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .foreign = true, .host = {.unseen = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"no address of this host: SYNs are answered with cookies for netfilter's synproxy"),
	  .but = ""},
	 {.has_flags = true,
	  .flags = FW_TCP_SYN,
	  .foreign = true,
	  .host = {.unseen = true, .proxies = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_MATCH,
		"docker-proxy publishes that port: SYNs are for a container, are not answered, and pass"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .published = true, .host = {.unseen = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"for a container, and are answered with cookies for netfilter's synproxy"),
	  .but = ""},
	 {.has_flags = true,
	  .flags = FW_TCP_SYN,
	  .published = true,
	  .host = {.unseen = true, .proxies = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"SYNs are answered with cookies"), /* the proxy itself: nothing is passed on */
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .published = true}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_MATCH,
		"SYNs are left to the next rule: this host answers nobody now"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .host = {.mute = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_SKIPPED,
		"SYNs are left to the next rule: this host answers nobody now"),
	  .but = "rule syn leaves SYNs to the next rule"},
	 {.host = {.trouble = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_SKIPPED,
		"SYNs would be answered with cookies, but only count"),
	  .but = "would answer SYNs with cookies, but only counts"},
	 {.host = {.counting = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_WOULD_DROP, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"SYNs would be answered with cookies, but only count"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .host = {.counting = true}}},
	{{ASKED(HERE, 500, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_SKIPPED,
		"not on every interface"),
	  .but = "but not on every interface"},
	 {.host = {.partly_silent = true}}},
	/* It ends a while after the rate fell. */
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_CHALLENGED, "syn", "rule syn", FW_EXPLAIN_MATCH,
		"5 of 100 connections/1s now, challenged for 8s more since it was, over the limit: SYNs are"),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_SYN, .challenged = HERE}},
};

/* What was seen of it is said, where it is not what comes out. */
static const struct challenge_case seen_cases[] = {
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_NO_MATCH, ""),
	  .but = "its last packet, 2s ago, was dropped as over_limit by rule blanket: by what is not in the "
		 "question"},
	 {.has_flags = true, .flags = FW_TCP_ACK, .dropped_as = "over_limit", .contradicted = true}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "connection", FW_EXPLAIN_SKIPPED, ""),
	  .depends = true, .but = "changed since; rule syn may drop it"},
	 {.challenged = HERE, .dropped_as = "challenge_no_state", .contradicted = true}},
	{{ASKED(HERE, 5, FW_VERDICT_DROP, FW_REASON_CHALLENGE_NO_STATE, "syn", "connection", FW_EXPLAIN_MATCH,
		""),
	  .depends = true, .but = "rule syn lets it go on"},
	 {.has_flags = true, .flags = FW_TCP_ACK, .challenged = HERE, .dropped_as = "challenge_no_state"}},
	{{ASKED(HERE, 5, FW_VERDICT_PASS, FW_REASON_NO_RULE, NULL, "rule syn", FW_EXPLAIN_NO_MATCH, ""),
	  .but = ""},
	 {.has_flags = true, .flags = FW_TCP_ACK, .dropped_as = "over_limit", .host = {.counting = true}}},
};

static void check_all(const struct challenge_case *cases, size_t count, const char *what)
{
	for (size_t i = 0; i < count; i++) {
		struct open_case open = cases[i].open;
		char name[48];

		snprintf(name, sizeof(name), "%s %zu", what, i);
		open.asked.name = name;
		check_in(&open.asked, &open, &cases[i].situation);
	}
}

Test(explain, tcp_that_has_to_show_a_connection)
{
	check_all(state_cases, sizeof(state_cases) / sizeof(state_cases[0]), "state");
}

Test(explain, syns_that_are_challenged)
{
	check_all(syn_cases, sizeof(syn_cases) / sizeof(syn_cases[0]), "syn");
}

Test(explain, what_was_seen_of_the_source)
{
	check_all(seen_cases, sizeof(seen_cases) / sizeof(seen_cases[0]), "seen");
}
