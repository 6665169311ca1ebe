// SPDX-License-Identifier: Apache-2.0
/* explain: the packet path's steps for a described packet and a given state. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "observe/explain.h"

/* What the running filter would say; 0 and NULL mean no. */
struct state {
	enum fw_spared_kind spared;
	const char *banned;
	uint64_t amount;
};

/* What readers are given. */
struct asked {
	struct state state;   /* first */
	uint64_t verified_ns; /* how much longer */
};

static bool read_spared(void *context, const struct fw_addr *addr, enum fw_spared_kind *kind,
			uint64_t *left_ns)
{
	const struct state *state = context;

	(void)addr;
	*kind = state->spared;
	*left_ns = 0;
	return state->spared != 0;
}

static bool read_ban(void *context, const struct fw_addr *addr, struct fw_explain_ban *ban)
{
	const struct state *state = context;

	if (!state->banned || fw_prefix_parse(state->banned, &ban->prefix, NULL) ||
	    !fw_prefix_contains(&ban->prefix, addr))
		return false;
	ban->origin = "manual";
	ban->reason = "drill";
	ban->left_ns = 90000000000ULL;
	return true;
}

static bool read_meter(void *context, const struct fw_rule *rule, const struct fw_explain_packet *packet,
		       uint64_t *amount)
{
	const struct state *state = context;

	(void)rule;
	(void)packet;
	*amount = state->amount;
	return state->amount != 0;
}

static bool read_verified(void *context, const struct fw_addr *addr, uint64_t *left_ns)
{
	const struct asked *asked = context;

	(void)addr;
	*left_ns = asked->verified_ns;
	return asked->verified_ns != 0;
}

static bool read_covering(void *context, unsigned int set, const struct fw_addr *addr,
			  struct fw_prefix *prefix)
{
	(void)context;
	(void)set;
	*prefix = (struct fw_prefix){.addr = fw_addr_masked(addr, 120), .bits = 120};
	return true;
}

/* The set's own first entry, where it holds the address. */
static size_t read_listings(void *context, unsigned int set, const struct fw_addr *addr,
			    struct fw_listing *ret, size_t most)
{
	struct fw_prefix bad;

	(void)context;
	(void)most;
	if (set != 1 || fw_prefix_parse("203.0.113.0/24", &bad, NULL) || !fw_prefix_contains(&bad, addr))
		return 0;
	*ret = (struct fw_listing){.entry = "203.0.113.0/24", .file = "bad.txt", .line = 3};
	return 1;
}

/* Listed by the feed on trial of TRIAL. */
#define TRIED "203.0.113.66"
#define TRIAL "version: 1\nfeeds: {fresh: {url: \"https://feeds.example/list\", trial: 1d}}\nrules:\n"
#define SEEN  "  - {name: seen, match: {source: [fresh]}, action: label, labels: [seen]}\n"

#define SETS                                                                                                 \
	"sets:\n  office: {entries: [192.0.2.0/24, \"2001:db8:1::/48\"]}\n  bad: {entries: "                 \
	"[203.0.113.0/24, \"2001:db8:bad::/48\"]}\n"
#define POLICY(rules)                                                                                        \
	"version: 1\n" SETS "never_block: {sets: [office], limit: 1000 packets/1s}\nrules:\n" rules
#define GEO_POLICY                                                                                           \
	"version: 1\ngeo: {database: " FW_TESTS_DIR "/data/geo/places.mmdb}\nrules:\n"                       \
	"  - {name: outside, match: {country_not: [DE]}, limit: 50 packets/10s, action: block}\n" BLANKET
#define BAD	"  - {name: bad, match: {source: [bad]}, action: block}\n"
#define BLANKET "  - {name: blanket, limit: 100 packets/10s, action: block}\n"

static const struct explain_case {
	const char *name, *policy, *source, *dest;
	uint16_t port;
	uint8_t protocol;
	struct state state;
	enum fw_verdict verdict;
	enum fw_reason reason;
	const char *rule;  /* NULL: none */
	const char *check; /* a step that must be there … */
	enum fw_explain_result result;
	const char *detail; /* … and say this */
} cases[] = {
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
	{"a source that only a feed on trial lists",
	 TRIAL "  - {name: bad, match: {source: [fresh]}, action: block}\n",
	 TRIED,
	 NULL,
	 0,
	 0,
	 {},
	 FW_VERDICT_WOULD_DROP,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule bad",
	 FW_EXPLAIN_MATCH,
	 "matches by feeds on trial, counts only"},
	{"a label that only a feed on trial brought about",
	 TRIAL SEEN "  - {name: bad, match: {label: seen}, action: block}\n",
	 TRIED,
	 NULL,
	 0,
	 0,
	 {},
	 FW_VERDICT_WOULD_DROP,
	 FW_REASON_NO_RULE,
	 NULL,
	 "rule bad",
	 FW_EXPLAIN_MATCH,
	 "matches by feeds on trial, counts only"},
	{"such a label forbids nothing",
	 TRIAL SEEN "  - {name: others, match: {label_not: seen}, action: block, force: true}\n",
	 TRIED,
	 NULL,
	 0,
	 0,
	 {},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "others",
	 "rule others",
	 FW_EXPLAIN_MATCH,
	 "block: dropped"},
	{"a source outside the countries",
	 GEO_POLICY,
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 50},
	 FW_VERDICT_DROP,
	 FW_REASON_OVER_LIMIT,
	 "outside",
	 "geo",
	 FW_EXPLAIN_MATCH,
	 "country US, AS64498: meets the conditions of outside"},
	{"a source inside them",
	 GEO_POLICY,
	 "198.51.100.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 50},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "geo",
	 FW_EXPLAIN_NO_MATCH,
	 "country DE, AS64496: no rule asks for such places"},
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
	{"a listed source",
	 POLICY(BAD BLANKET),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "bad",
	 "rule bad",
	 FW_EXPLAIN_MATCH,
	 "set 'bad' (203.0.113.0/24)"},
	{"every listing is named first",
	 POLICY(BAD BLANKET),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "bad",
	 "listed",
	 FW_EXPLAIN_MATCH,
	 "set 'bad' (bad.txt:3, 203.0.113.0/24); named by bad"},
	{"a listing that no rule asks for",
	 POLICY(BLANKET),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "listed",
	 FW_EXPLAIN_SKIPPED,
	 "no rule names it"},
	{"nobody lists it",
	 POLICY(BAD),
	 "198.51.100.1",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NO_RULE,
	 NULL,
	 "listed",
	 FW_EXPLAIN_NO_MATCH,
	 "in no set and no feed"},
	{"a listed IPv6 source",
	 POLICY(BAD BLANKET),
	 "2001:db8:bad::9",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_DROP,
	 FW_REASON_RULE_BLOCK,
	 "bad",
	 "rule bad",
	 FW_EXPLAIN_MATCH,
	 "set 'bad'"},
	{"banned comes before rules",
	 POLICY(BAD),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {0, "203.0.113.0/25", 0},
	 FW_VERDICT_DROP,
	 FW_REASON_BANNED,
	 NULL,
	 "ban",
	 FW_EXPLAIN_MATCH,
	 "203.0.113.0/25 is banned for 1m 30s more (manual: drill)"},
	{"never_block comes before bans",
	 POLICY(BAD),
	 "192.0.2.5",
	 NULL,
	 0,
	 0,
	 {0, "192.0.2.5", 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NEVER_BLOCK,
	 NULL,
	 "never_block",
	 FW_EXPLAIN_MATCH,
	 "set 'office'"},
	{"never_block in IPv6",
	 POLICY(BAD),
	 "2001:db8:1::5",
	 NULL,
	 0,
	 0,
	 {0, NULL, 0},
	 FW_VERDICT_PASS,
	 FW_REASON_NEVER_BLOCK,
	 NULL,
	 "never_block",
	 FW_EXPLAIN_MATCH,
	 "set 'office'"},
	{"never_block over its limit goes on",
	 POLICY(BLANKET),
	 "192.0.2.5",
	 NULL,
	 0,
	 0,
	 {0, NULL, 5000},
	 FW_VERDICT_DROP,
	 FW_REASON_OVER_LIMIT,
	 "blanket",
	 "never_block",
	 FW_EXPLAIN_SKIPPED,
	 "over its limit, 5000 of 1000 packets/1s"},
	{"an SSH peer",
	 POLICY(BAD),
	 "203.0.113.9",
	 NULL,
	 0,
	 0,
	 {FW_SPARED_SSH, "203.0.113.9", 0},
	 FW_VERDICT_PASS,
	 FW_REASON_SSH_PEER,
	 NULL,
	 "spared",
	 FW_EXPLAIN_MATCH,
	 "live SSH session"},
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

/* What the question leaves open. */
static const struct open_case {
	struct explain_case asked;
	uint64_t verified_ns;
	bool depends;
	const char *but; /* "": nothing is open */
} open_cases[] = {
	{{"per destination without one leaves it open",
	  POLICY("  - {name: d, limit: 100 packets/10s, per: destination, action: police}\n"),
	  "198.51.100.1",
	  NULL,
	  0,
	  0,
	  {.amount = 500},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "rule d",
	  FW_EXPLAIN_SKIPPED,
	  "counts per destination: say --to IP:PORT/PROTO"},
	 0,
	 true,
	 "rule d may drop it: counts per destination: say --to"},
	{{"no meter is made up",
	  POLICY("  - {name: d, match: {dest_port: 80}, limit: 100 packets/10s, per: destination, action: "
		 "police}\n"),
	  "198.51.100.1",
	  NULL,
	  0,
	  0,
	  {.amount = 0},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "rule d",
	  FW_EXPLAIN_SKIPPED,
	  "depends on the protocol, ports or flags, the destination port, counts per destination: say --to "
	  "IP:PORT/PROTO"},
	 0,
	 true,
	 "say --to"},
	{{"with it, the meter says",
	  POLICY("  - {name: d, match: {dest_port: 80}, limit: 100 packets/10s, per: destination, action: "
		 "police}\n"),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 500},
	  FW_VERDICT_DROP,
	  FW_REASON_POLICED,
	  "d",
	  "rule d",
	  FW_EXPLAIN_MATCH,
	  "500 of 100 packets/10s"},
	 0,
	 false,
	 ""},
	{{"an allow that may spare it",
	  POLICY("  - {name: w, match: {protocol: tcp, dest_port: 443}, action: allow}\n" BLANKET),
	  "198.51.100.1",
	  NULL,
	  0,
	  0,
	  {.amount = 500},
	  FW_VERDICT_DROP,
	  FW_REASON_OVER_LIMIT,
	  "blanket",
	  "rule w",
	  FW_EXPLAIN_SKIPPED,
	  "the destination port"},
	 0,
	 true,
	 "rule w may let it pass"},
	{{"one within its limit leaves nothing open",
	  POLICY("  - {name: p, match: {dest_port: 80}, limit: 100 packets/10s, action: police}\n"),
	  "198.51.100.1",
	  NULL,
	  0,
	  0,
	  {.amount = 5},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "rule p",
	  FW_EXPLAIN_SKIPPED,
	  "its meter: 5 of 100 packets/10s"},
	 0,
	 false,
	 ""},
	{{"not verified is dropped",
	  POLICY("  - {name: v, match: {protocol: tcp, verified: false}, action: block, force: true}\n"),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 0},
	  FW_VERDICT_DROP,
	  FW_REASON_RULE_BLOCK,
	  "v",
	  "rule v",
	  FW_EXPLAIN_MATCH,
	  "not verified, unless it has an open connection now; block: dropped"},
	 0,
	 false,
	 ""},
	{{"verified is not, and for how long",
	  POLICY("  - {name: v, match: {protocol: tcp, verified: false}, action: block, force: true}\n"),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 0},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "verified",
	  FW_EXPLAIN_MATCH,
	  "verified for 1m 30s more"},
	 90000000000ULL,
	 false,
	 ""},
	{{"an allow for the verified",
	  POLICY("  - {name: a, match: {protocol: tcp, verified: true}, action: allow}\n" BLANKET),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 500},
	  FW_VERDICT_DROP,
	  FW_REASON_OVER_LIMIT,
	  "blanket",
	  "rule a",
	  FW_EXPLAIN_NO_MATCH,
	  "not verified; it would"},
	 0,
	 false,
	 ""},
	{{"a challenge over its limit answers",
	  POLICY("  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 100 connections/1s, per: "
		 "total, action: challenge}\n"),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 100},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "rule syn",
	  FW_EXPLAIN_SKIPPED,
	  "over the limit: SYNs are answered with cookies"},
	 0,
	 false,
	 "rule syn answers SYNs with cookies, a real client connects"},
	{{"what --to cannot say is not asked for",
	  POLICY("  - {name: y, match: {protocol: tcp, tcp_flags: syn}, action: block}\n"),
	  "198.51.100.1",
	  "198.51.100.2",
	  80,
	  IPPROTO_TCP,
	  {.amount = 0},
	  FW_VERDICT_PASS,
	  FW_REASON_NO_RULE,
	  NULL,
	  "rule y",
	  FW_EXPLAIN_SKIPPED,
	  "depends on the TCP flags"},
	 0,
	 true,
	 "rule y may drop it: depends on the TCP flags"},
};

static void check_case(const struct explain_case *c, const struct open_case *open)
{
	struct asked asked = {.state = c->state, .verified_ns = open ? open->verified_ns : 0};
	struct fw_explain_reader reader = {.context = &asked,
					   .spared = read_spared,
					   .ban = read_ban,
					   .meter = read_meter,
					   .verified = read_verified,
					   .covering = read_covering,
					   .listings = read_listings};
	struct fw_explain_packet packet = {.protocol = c->protocol, .dest_port = c->port};
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_explanation explanation;
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {};
	struct fw_prefix tried = {};
	struct fw_feed_part part = {
		.feed = "fresh", .tier = FW_TIER_HIGH, .prefixes = &tried, .count = 1, .trial = true};
	struct fw_image_input input = {.tick_ns = 4000000};
	bool found = false;

	cr_assert_eq(fw_prefix_parse(TRIED, &tried, NULL), 0);
	cr_assert_eq(fw_policy_parse(c->policy, strlen(c->policy), "text", ".", &diags, &policy), 0, "%s: %s",
		     c->name, diags.count ? diags.items[0].message : "");
	if (policy->feed_count) {
		input.parts = &part;
		input.part_count = 1;
	}
	cr_assert_eq(fw_image_compile(policy, &input, ids, &diags, &image), 0, "%s", c->name);
	cr_assert_eq(fw_addr_parse(c->source, &packet.source, NULL), 0);
	packet.has_dest = packet.has_protocol = packet.has_port = c->dest != NULL;
	if (c->dest)
		cr_assert_eq(fw_addr_parse(c->dest, &packet.dest, NULL), 0);
	fw_explain(policy, image, &packet, &reader, &explanation);
	cr_expect_eq(explanation.verdict, c->verdict, "%s: verdict %d", c->name, explanation.verdict);
	cr_expect_eq(explanation.reason, c->reason, "%s: reason %d", c->name, explanation.reason);
	cr_expect_eq(explanation.rule >= 0, c->rule != NULL, "%s: rule %d", c->name, explanation.rule);
	if (c->rule && explanation.rule >= 0)
		cr_expect_str_eq(policy->rules[explanation.rule].name, c->rule, "%s", c->name);
	if (open) {
		cr_expect_eq(explanation.depends, open->depends, "%s: depends", c->name);
		cr_expect(open->but[0] ? strstr(explanation.but, open->but) != NULL : !explanation.but[0],
			  "%s: but '%s'", c->name, explanation.but);
	}
	for (size_t i = 0; i < explanation.count; i++) {
		const struct fw_explain_step *step = &explanation.steps[i];

		if (strcmp(step->check, c->check))
			continue;
		found = true;
		cr_expect_eq(step->result, c->result, "%s: %s is %d", c->name, step->check, step->result);
		cr_expect(strstr(step->detail, c->detail), "%s: '%s' without '%s'", c->name, step->detail,
			  c->detail);
	}
	cr_expect(found, "%s: no step '%s'", c->name, c->check);
	fw_explanation_done(&explanation);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	free(ids);
}

Test(explain, cases)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i], NULL);
}

Test(explain, what_is_left_open)
{
	for (size_t i = 0; i < sizeof(open_cases) / sizeof(open_cases[0]); i++)
		check_case(&open_cases[i].asked, &open_cases[i]);
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
