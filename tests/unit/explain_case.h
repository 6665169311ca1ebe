/* SPDX-License-Identifier: Apache-2.0 */
/* One question to explain: a policy, a packet and a state, and what must be said of it. */
#ifndef FW_TESTS_UNIT_EXPLAIN_CASE_H
#define FW_TESTS_UNIT_EXPLAIN_CASE_H

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "observe/explain.h"
#include "policy/words.h"

#define JUST_BEYOND 97 /* an amount: of a key that police keeps within its limit and drops */

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
	const char *challenged;
	bool nobody_listens, foreign, published;
	const char *dropped_as;
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
		       uint64_t *amount, bool *over)
{
	const struct state *state = context;

	(void)rule;
	(void)packet;
	*over = state->amount == JUST_BEYOND;
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

static bool read_challenge(void *context, const struct fw_rule *rule, const struct fw_addr *dest,
			   struct fw_explain_challenge *ret)
{
	const struct asked *asked = context;

	(void)rule;
	*ret = (struct fw_explain_challenge){.left_ns = 8000000000ULL};
	if (!asked->challenged)
		return false;
	ret->of_one = !fw_addr_parse(asked->challenged, &ret->dest, NULL);
	return !ret->of_one || !dest || !memcmp(dest, &ret->dest, sizeof(*dest));
}

static bool read_listens(void *context, const struct fw_addr *dest, uint16_t port)
{
	(void)dest;
	(void)port;
	return !((const struct asked *)context)->nobody_listens;
}

static bool read_own(void *context, const struct fw_addr *dest)
{
	(void)dest;
	return !((const struct asked *)context)->foreign;
}

static bool read_published(void *context, uint16_t port)
{
	(void)port;
	return ((const struct asked *)context)->published;
}

static bool read_drops(void *context, const struct fw_addr *addr, struct fw_explain_drops *ret)
{
	const struct asked *asked = context;

	(void)addr;
	*ret = (struct fw_explain_drops){
		.ago_ns = 2000000000ULL, .reason = asked->dropped_as, .rule = "blanket"};
	return asked->dropped_as != NULL;
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
#define COUNTING(rules) "version: 1\nmode: count\nrules:\n" rules
#define GEO_POLICY                                                                                           \
	"version: 1\ngeo: {database: " FW_TESTS_DIR "/data/geo/places.mmdb}\nrules:\n"                       \
	"  - {name: outside, match: {country_not: [DE]}, limit: 50 packets/10s, action: block}\n" BLANKET
#define BAD	"  - {name: bad, match: {source: [bad]}, action: block}\n"
#define BLANKET "  - {name: blanket, limit: 100 packets/10s, action: block}\n"

struct explain_case {
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
};

/* What the question leaves open, beside the answer. */
struct open_case {
	struct explain_case asked;
	uint64_t verified_ns;
	bool depends;
	const char *but; /* "": nothing is open */
};

/* What is known beyond that. */
struct situation {
	bool has_flags;
	uint8_t flags;		/* enum fw_tcp_flag */
	const char *challenged; /* by the policy's first rule: "everybody", or an address */
	bool nobody_listens, foreign, published;
	struct fw_explain_host host;
	const char *dropped_as; /* its last packet, 2 s ago, by rule blanket */
	bool contradicted;
};

static void expect_explained(const struct explain_case *c, const struct open_case *open,
			     const struct situation *situation, const struct fw_policy *policy,
			     const struct fw_explanation *explanation)
{
	bool found = false;

	cr_expect_eq(explanation->verdict, c->verdict, "%s: verdict %d", c->name, explanation->verdict);
	cr_expect_eq(explanation->reason, c->reason, "%s: reason %d", c->name, explanation->reason);
	cr_expect_eq(explanation->rule >= 0, c->rule != NULL, "%s: rule %d", c->name, explanation->rule);
	if (c->rule && explanation->rule >= 0)
		cr_expect_str_eq(policy->rules[explanation->rule].name, c->rule, "%s", c->name);
	cr_expect_eq(explanation->contradicted, situation && situation->contradicted, "%s: contradicted",
		     c->name);
	if (open) {
		cr_expect_eq(explanation->depends, open->depends, "%s: depends", c->name);
		cr_expect(open->but[0] ? strstr(explanation->but, open->but) != NULL : !explanation->but[0],
			  "%s: but '%s'", c->name, explanation->but);
	}
	for (size_t i = 0; i < explanation->count; i++) {
		const struct fw_explain_step *step = &explanation->steps[i];

		if (strcmp(step->check, c->check))
			continue;
		found = true;
		cr_expect_eq(step->result, c->result, "%s: %s is %d", c->name, step->check, step->result);
		cr_expect(strstr(step->detail, c->detail), "%s: '%s' without '%s'", c->name, step->detail,
			  c->detail);
	}
	cr_expect(found, "%s: no step '%s'", c->name, c->check);
}

/* open, situation: NULL when it is not asked. */
static void check_in(const struct explain_case *c, const struct open_case *open,
		     const struct situation *situation)
{
	struct asked asked = {.state = c->state, .verified_ns = open ? open->verified_ns : 0};
	struct fw_explain_reader reader = {.context = &asked,
					   .spared = read_spared,
					   .ban = read_ban,
					   .meter = read_meter,
					   .verified = read_verified,
					   .covering = read_covering,
					   .listings = read_listings,
					   .challenge = read_challenge,
					   .listens = read_listens,
					   .own = read_own,
					   .published = read_published,
					   .drops = read_drops};
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
	if (situation && situation->has_flags) {
		packet.has_flags = packet.has_protocol = true;
		packet.tcp_flags = situation->flags;
		packet.protocol = IPPROTO_TCP;
	}
	if (situation) {
		asked.challenged = situation->challenged;
		asked.nobody_listens = situation->nobody_listens;
		asked.foreign = situation->foreign;
		asked.published = situation->published;
		asked.dropped_as = situation->dropped_as;
		reader.host = situation->host;
	}
	if (c->dest)
		cr_assert_eq(fw_addr_parse(c->dest, &packet.dest, NULL), 0);
	fw_explain(policy, image, &packet, &reader, &explanation);
	expect_explained(c, open, situation, policy, &explanation);
	fw_explanation_done(&explanation);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	free(ids);
}

static inline void check_case(const struct explain_case *c, const struct open_case *open)
{
	check_in(c, open, NULL);
}

#endif
