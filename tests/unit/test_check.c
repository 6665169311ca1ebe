// SPDX-License-Identifier: Apache-2.0
/* Warnings and notes: what is legal and probably not meant. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

static const struct check_case {
	const char *name, *rules; /* without the leading "- " */
	const char *second;
	const char *code; /* NULL: silence */
} cases[] = {
	{"after a match-all", "{name: a, action: allow}", "{name: b, action: block, force: true}",
	 "unreachable"},
	{"the same match", "{name: a, match: {source: s}, action: block}",
	 "{name: b, match: {source: s}, limit: 1 packets/1s, action: block}", "unreachable"},
	{"narrower source", "{name: a, match: {source: [s, t]}, action: block}",
	 "{name: b, match: {source: t, dest_port: 80}, action: count}", "unreachable"},
	{"wider source", "{name: a, match: {source: s}, action: block}",
	 "{name: b, match: {source: [s, t]}, action: count}", NULL},
	{"narrower exception", "{name: a, match: {source_not: s}, action: allow}",
	 "{name: b, match: {source_not: [s, t]}, action: count}", "unreachable"},
	{"wider exception", "{name: a, match: {source_not: [s, t]}, action: allow}",
	 "{name: b, match: {source_not: s}, action: count}", NULL},
	{"destination is not source", "{name: a, match: {source: s}, action: block}",
	 "{name: b, match: {destination: s}, action: count}", NULL},
	{"a limit lets packets through", "{name: a, limit: 100 packets/1s, action: block}",
	 "{name: b, action: count}", NULL},
	{"a counting rule ends nothing", "{name: a, match: {source: s}, action: block, mode: count}",
	 "{name: b, match: {source: s}, action: count}", NULL},
	{"count ends nothing", "{name: a, action: count}", "{name: b, action: count}", NULL},
	{"port inside a range", "{name: a, match: {dest_port: 1-100}, action: allow}",
	 "{name: b, match: {dest_port: [80, 90-100]}, action: count}", "unreachable"},
	{"port at the edge of a range", "{name: a, match: {dest_port: 1-100}, action: allow}",
	 "{name: b, match: {dest_port: [80, 90-101]}, action: count}", NULL},
	{"adjacent ranges", "{name: a, match: {dest_port: [0-99, 100-65535]}, action: allow}",
	 "{name: b, match: {dest_port: 5-60000}, action: count}", "unreachable"},
	{"ports cover only packets with ports", "{name: a, match: {dest_port: 0-65535}, action: allow}",
	 "{name: b, action: count}", NULL},
	{"fragments have no ports", "{name: a, match: {protocol: tcp, dest_port: 0-65535}, action: allow}",
	 "{name: b, match: {protocol: tcp}, action: count}", NULL},
	{"connections are SYN of TCP", "{name: a, match: {tcp_flags: syn}, action: allow}",
	 "{name: b, limit: 1 connections/1s, action: police}", "unreachable"},
	{"ack is not covered by syn", "{name: a, match: {tcp_flags: syn}, action: allow}",
	 "{name: b, match: {tcp_flags: [ack, syn]}, action: count}", NULL},
	{"protocol in a list", "{name: a, match: {protocol: [tcp, udp]}, action: allow}",
	 "{name: b, match: {protocol: udp, source_port: 53}, action: count}", "unreachable"},
	{"protocol left out", "{name: a, match: {protocol_not: icmp}, action: allow}",
	 "{name: b, match: {protocol: [icmp, udp]}, action: count}", NULL},
	{"length", "{name: a, match: {length: {max: 500}}, action: allow}",
	 "{name: b, match: {length: 100-501}, action: count}", NULL},
	{"who is verified", "{name: a, match: {verified: true}, action: allow}",
	 "{name: b, match: {protocol: udp}, action: count}", NULL},
	{"verified within all", "{name: a, action: allow}",
	 "{name: b, match: {verified: false}, action: count}", "unreachable"},
	{"kind of packet", "{name: a, match: {packet: fragment}, action: allow}",
	 "{name: b, match: {packet: [fragment, tagged]}, action: count}", NULL},
	{"family", "{name: a, match: {packet: [ipv4, ipv6]}, action: allow}", "{name: b, action: count}",
	 "unreachable"},
	{"paths in any case", "{name: a, match: {dest_port: 80, uri: {prefix: /Login}}, action: allow}",
	 "{name: b, match: {dest_port: 80, uri: {exact: /LOGIN/x}}, action: count}", "unreachable"},
	{"labels", "{name: a, match: {label_not: x}, action: allow}", "{name: b, action: count}", NULL},
};

/* The first warning's code, "" without one. */
static void warning_of(const char *text, char *code, size_t size)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy);

	cr_assert_eq(r, 0, "%s", diags.count ? diags.items[0].message : "");
	code[0] = '\0';
	for (size_t i = 0; i < diags.count && !*code; i++)
		if (diags.items[i].severity == FW_SEVERITY_WARNING)
			snprintf(code, size, "%s", diags.items[i].code);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(check, unreachable_rules)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024], code[64];

		snprintf(text, sizeof(text),
			 "version: 1\nsets: {s: [192.0.2.1], t: [192.0.2.2]}\nrules:\n"
			 "  - {name: z, action: count, labels: x}\n  - %s\n  - %s\n",
			 cases[i].rules, cases[i].second);
		warning_of(text, code, sizeof(code));
		cr_expect_str_eq(code, cases[i].code ? cases[i].code : "", "%s: got '%s'", cases[i].name,
				 code);
	}
}

/* What a set holds may change; what only a dropped packet would say, too. */
static const struct {
	const char *rules, *code;
} warnings[] = {
	{"[{name: a, match: {source: s, source_not: 192.0.2.0/24}, action: count}]", "never-matches"},
	{"[{name: a, match: {all: [{source: s}, {source: t}]}, action: count}]", "never-matches"},
	{"[{name: a, match: {packet: ipv6, source: 10.0.0.0/8}, action: count}]", "never-matches"},
	{"[{name: a, match: {packet: ipv4, destination: \"2001:db8::/32\"}, action: count}]",
	 "never-matches"},
	{"[{name: a, match: {packet: ipv6, source: s}, action: count}]", "never-matches"},
	{"[{name: a, match: {packet_not: ipv4, source: s}, action: count}]", "never-matches"},
	{"[{name: a, match: {source: s, destination: \"2001:db8::/32\"}, action: count}]", "never-matches"},
	{"[{name: a, match: {source: \"2001:db8::/32\", destination: [s, t]}, action: count}]",
	 "never-matches"},
	{"[{name: a, match: {packet: [ipv6, fragment], source: s}, action: count}]", ""},
	{"[{name: a, match: {packet: ipv6, source: [10.0.0.0/8, \"2001:db8::/32\"]}, action: count}]", ""},
	{"[{name: a, match: {packet: ipv6, source: empty}, action: count}]", ""},
	{"[{name: a, match: {packet: ipv6, source_not: 10.0.0.0/8}, action: count}]", ""},
	{"[{name: a, match: {any: [{packet: ipv6, source: s}, {source: t}]}, action: count}]", ""},
	{"[{name: a, match: {any: [{source: s, source_not: 192.0.2.0/24}, {source: t}]}, action: count}]",
	 ""},
	{"[{name: a, match: {source: s, source_not: t}, action: count}]", ""},
	{"[{name: a, match: {source: empty, source_not: 192.0.2.0/24}, action: count}]", ""},
	{"[{name: a, match: {source: s, destination_not: s}, action: count}]", ""},
	{"[{name: a, match: {source: s}, action: block, labels: x}, {name: b, match: {label: x}, action: "
	 "count}]",
	 "label-never-seen"},
	{"[{name: a, match: {source: s}, action: block, mode: count, labels: x}, {name: b, match: {label: "
	 "x}, "
	 "action: count}]",
	 ""},
	{"[{name: a, match: {source: s}, action: block, labels: x}, {name: b, match: {source: t}, action: "
	 "label, "
	 "labels: x}, {name: c, match: {label: x}, action: count}]",
	 ""},
};

Test(check, what_never_happens_for_now)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		char text[1024], code[64];

		snprintf(text, sizeof(text),
			 "version: 1\nsets: {s: [192.0.2.1], t: [192.0.2.2], empty: {entries: []}}\nrules: "
			 "%s\n",
			 warnings[i].rules);
		warning_of(text, code, sizeof(code));
		cr_expect_str_eq(code, warnings[i].code, "%s: got '%s'", warnings[i].rules, code);
	}
}

/* Below what one visit of a small web page takes. */
static const struct {
	const char *rule;
	bool warns;
} small_limits[] = {
	{"limit: 1 packets/1s, action: block", true},
	{"limit: 49 packets/1h, action: police", true},
	{"limit: 50 packets/1h, action: police", false},
	{"limit: 7999 bytes/1s, action: block", true},
	{"limit: 8000 bytes/1s, action: block", false},
	{"limit: 5 packets/1s, per: source_prefix, action: block", true},
	{"limit: 5 packets/1s, per: [source, dest_port], action: block", true},
	{"limit: 5 packets/1s, action: block, mode: attack", true},
	{"match: {protocol: tcp, dest_port: [80, 443]}, limit: 5 packets/1s, action: block", true},
	{"match: {source_not: s}, limit: 5 packets/1s, action: block", true},
	{"match: {packet: ipv4}, limit: 5 packets/1s, action: block", true},
	{"match: {destination: s}, limit: 5 packets/1s, action: block", true},
	{"match: {any: [{source: s}, {protocol: tcp}]}, limit: 5 packets/1s, action: block", true},
	{"match: {protocol: tcp, dest_port: 80}, limit: 9 requests/5m, action: block", true},
	{"match: {protocol: tcp, dest_port: 80}, limit: 10 requests/5m, action: block", false},
	/* Connections, logins, and what else is no whole visit. */
	{"limit: 1 connections/1s, action: block", false},
	{"match: {protocol: tcp, tcp_flags: syn}, limit: 1 packets/1s, action: block", false},
	{"match: {protocol: tcp, dest_port: 80, uri: {prefix: /login}}, limit: 5 requests/5m, action: block",
	 false},
	{"match: {protocol: tcp, dest_port: 80, uri: {prefix: /login}}, limit: 5 packets/5m, action: block",
	 false},
	{"match: {protocol: tcp, dest_port: 80, method: POST}, limit: 5 requests/5m, action: block", false},
	{"match: {protocol: tcp, dest_port: 443, sni: login.example.org}, limit: 5 packets/5m, action: block",
	 false},
	{"match: {protocol: tcp, dest_port: 22}, limit: 5 packets/1s, action: block", false},
	{"match: {protocol: udp}, limit: 5 packets/1s, action: block", false},
	{"match: {protocol: tcp, source_port: 53}, limit: 5 packets/1s, action: block", false},
	{"match: {packet: fragment}, limit: 5 packets/1s, action: block", false},
	{"match: {length: {min: 1000}}, limit: 5 packets/1s, action: block", false},
	/* Not everybody. */
	{"match: {source: s}, limit: 5 packets/1s, action: block", false},
	{"match: {protocol: tcp, verified: false}, limit: 5 packets/1s, action: block", false},
	{"match: {label: odd}, limit: 5 packets/1s, action: block", false},
	{"limit: 5 packets/1s, per: total, action: police", false},
	{"limit: 5 packets/1s, per: destination, action: police", false},
	/* Nobody is hurt, or it is meant. */
	{"limit: 5 packets/1s, action: count", false},
	{"limit: 5 packets/1s, action: allow", false},
	{"limit: 5 packets/1s, action: block, mode: count", false},
	{"limit: 5 packets/1s, action: block, force: true", false},
};

Test(check, limits_that_a_web_page_exceeds)
{
	for (size_t i = 0; i < sizeof(small_limits) / sizeof(small_limits[0]); i++) {
		char text[1024], code[64];

		snprintf(text, sizeof(text),
			 "version: 1\nsets: {s: [192.0.2.1]}\nrules:\n"
			 "  - {name: z, match: {source: 198.51.100.1}, action: label, labels: odd}\n"
			 "  - {name: a, %s}\n",
			 small_limits[i].rule);
		warning_of(text, code, sizeof(code));
		cr_expect_str_eq(code, small_limits[i].warns ? "small-limit" : "", "%s: got '%s'",
				 small_limits[i].rule, code);
	}
}

#define SOME "rules: [{name: z, action: count}]\n"

static const struct {
	const char *text, *code;
} notes[] = {
	{"version: 1\nnever_block: [192.0.2.1]\n" SOME, "never-block-unlimited"},
	{"version: 1\nsets: {lonely: [192.0.2.1]}\n" SOME, "unused-set"},
	{"version: 1\nsafety: {synproxy_wscale: 7}\n" SOME, "synproxy-unused"},
	{"version: 1\nsafety: {synproxy_wscale: none}\n" SOME, NULL},
	{"version: 1\nnever_block: {sets: 192.0.2.1, limit: 1k packets/1s}\n" SOME, NULL},
	{"version: 1\n", "no-rules"},
	{"version: 1\nmode: enforce\nrules: []\n", "no-rules"},
	{"version: 1\nsets: {s: [192.0.2.1]}\nrules: [{name: a, match: {destination_not: s}, action: "
	 "count}]\n",
	 NULL},
};

Test(check, notes)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;

		cr_assert_eq(
			fw_policy_parse(notes[i].text, strlen(notes[i].text), "text", ".", &diags, &policy),
			0);
		cr_expect_eq(diags.count, notes[i].code ? 1 : 0, "%s", notes[i].text);
		cr_expect_eq(diags.warnings + diags.errors, 0);
		if (notes[i].code && diags.count)
			cr_expect_str_eq(diags.items[0].code, notes[i].code);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

/* What comes from other filters is known by the name it has there. */
static const struct {
	const char *rule, *hint;
} meants[] = {
	{"match: {port: 80}, action: block", "did you mean 'dest_port'?"},
	{"match: {src: 192.0.2.1}, action: block", "did you mean 'source'?"},
	{"match: {protcol: tcp}, action: block", "did you mean 'protocol'?"},
	{"match: {source: 192.0.2.1}, action: drop", "did you mean 'block'?"},
	{"match: {source: 192.0.2.1}, action: pass", "did you mean 'allow'?"},
	{"limit: 5 packets/1s, per: ip, action: block", "did you mean 'source'?"},
	{"limit: 5 pps/1s, action: block", "did you mean 'packets'?"},
	{"match: {dest_port: 80,443}, action: block", "stands in brackets"},
};

Test(check, words_of_other_filters)
{
	for (size_t i = 0; i < sizeof(meants) / sizeof(meants[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;
		char text[256], all[1024];

		snprintf(text, sizeof(text), "version: 1\nrules: [{name: r, %s}]\n", meants[i].rule);
		cr_assert_neq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0, "%s",
			      text);
		snprintf(all, sizeof(all), "%s %s", diags.items[0].message,
			 diags.items[0].hint ? diags.items[0].hint : "");
		cr_expect(strstr(all, meants[i].hint), "%s: %s", meants[i].rule, all);
		fw_diags_done(&diags);
	}
}

Test(check, a_mistaken_limit_of_never_block_is_not_called_none)
{
	static const char text[] = "version: 1\nnever_block: {sets: 192.0.2.1, limit: 1k pps/1s}\n";
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;

	cr_assert_neq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0);
	cr_expect_eq(diags.count, 1, "got %zu, the last is %s", diags.count,
		     diags.items[diags.count - 1].code);
	fw_diags_done(&diags);
}

/* Lines to be pasted: with the rule's ports and the policy's window scale. */
Test(check, synproxy_lines_are_whole)
{
	static const struct {
		const char *match, *ports;
	} rules[] = {
		{"protocol: tcp, tcp_flags: syn, dest_port: [80, 443, 8000-8999]",
		 "tcp dport { 80, 443, 8000-8999 } "},
		{"protocol: tcp, tcp_flags: syn", "tcp dport PORTS "},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;
		const char *hint;
		char text[512];

		snprintf(
			text, sizeof(text),
			"version: 1\nsafety: {synproxy_wscale: 5}\nrules:\n  - {name: c, match: {%s}, limit: "
			"1k connections/1s, per: total, action: challenge}\n",
			rules[i].match);
		cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0);
		cr_assert_eq(diags.count, 1);
		cr_expect_str_eq(diags.items[0].code, "challenge-synproxy");
		hint = diags.items[0].hint;
		cr_expect(strstr(hint, rules[i].ports), "%s", hint);
		cr_expect(strstr(hint, " wscale 5 "), "%s", hint);
		cr_expect(strstr(hint, "ct state invalid drop"), "%s", hint);
		cr_expect(strstr(hint, "nf_conntrack_tcp_loose=0"), "%s", hint);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

/* What a challenge costs in peace: not one that only counts then. */
Test(check, a_challenge_in_peace_is_told)
{
	static const struct {
		const char *mode;
		bool told;
	} rules[] = {{"", true}, {", mode: enforce", true}, {", mode: attack", false}};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;
		char text[512];

		snprintf(
			text, sizeof(text),
			"version: 1\nrules:\n  - {name: c, match: {protocol: tcp, tcp_flags: syn}, limit: 1k "
			"connections/1s, per: total, action: challenge%s}\n",
			rules[i].mode);
		cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0);
		cr_assert_eq(diags.count, 1);
		cr_expect_str_eq(diags.items[0].code, "challenge-is-local");
		cr_expect_eq(strstr(diags.items[0].message, "in peace too: mode: attack avoids that") != NULL,
			     rules[i].told, "%s", diags.items[0].message);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

static const struct {
	const char *match;
	bool everybody;
} tier_rules[] = {
	{"tier: high", false},	   {"tier: [low, medium, high]", false},
	{"tier_not: none", false}, {"tier_not: [none, low]", false},
	{"tier: none", true},	   {"tier: [none, high]", true},
	{"tier_not: high", true},
};

Test(check, a_tier_names_sources)
{
	for (size_t i = 0; i < sizeof(tier_rules) / sizeof(tier_rules[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = NULL;
		char text[512];
		int r;

		snprintf(text, sizeof(text),
			 "version: 1\nfeeds: {f: {url: \"https://x/y\", tier: high}}\n"
			 "rules: [{name: a, match: {%s}, action: block}]\n",
			 tier_rules[i].match);
		r = fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy);
		cr_expect_eq(r != 0, tier_rules[i].everybody, "%s", tier_rules[i].match);
		if (tier_rules[i].everybody && diags.count)
			cr_expect_str_eq(diags.items[0].code, "blocks-too-much", "%s", tier_rules[i].match);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}
