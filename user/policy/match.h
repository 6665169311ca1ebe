/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule accepts in each dimension; every question has one answer here. */
#ifndef FW_POLICY_MATCH_H
#define FW_POLICY_MATCH_H

#include "fw_request.h"
#include "policy/policy.h"

#define FW_PROTO_TCP 6
#define FW_PROTO_UDP 17
#define FW_PARTS_MAX 64

/* One alternative of a rule: a packet must be taken by every part. */
struct fw_conjunction {
	const struct fw_match *parts[FW_PARTS_MAX];
	size_t count;
	bool connections; /* these are counted: only the first packet of one is seen */
	bool requests;	  /* these are counted: only the beginning of one is seen */
};

/* At least one: a rule without alternatives is its match alone. */
size_t fw_rule_conjunctions(const struct fw_policy_rule *rule);
void fw_rule_conjunction(const struct fw_policy_rule *rule, size_t index, struct fw_conjunction *ret);
/* Number of the rule's first conjunction when those of all rules are counted in file order. */
size_t fw_rule_first_conjunction(const struct fw_policy *policy, size_t rule);

/* Every match that a rule mentions; the first is rule->match, NULL after the last. */
const struct fw_match *fw_rule_mention(const struct fw_policy_rule *rule, size_t index);
#define fw_rule_each_mention(match, rule)                                                                    \
	for (size_t match##_index_ = 0; match##_index_ <= (rule)->part_count; match##_index_++)              \
		for (const struct fw_match *match = fw_rule_mention(rule, match##_index_); match;            \
		     match = NULL)

/* Whether the operator only looks at what it would do. Signatures are lists of others, which count until they
 * are believed; with a limit they still tell a flood. */
bool fw_rule_is_on_trial(const struct fw_policy_rule *rule);

/* Only these carry ports that the packet path reads. */
bool fw_protocol_has_ports(uint8_t protocol);
bool fw_match_has_ports(const struct fw_match *match);
/* Needs the geo database. */
bool fw_match_asks_country(const struct fw_match *match);
bool fw_match_asks_asn(const struct fw_match *match);

bool fw_conjunction_has_ports(const struct fw_conjunction *all);
/* Also where connections are counted. */
bool fw_conjunction_has_flags(const struct fw_conjunction *all);
/* Only the beginning of a request, in a packet, satisfies it. */
bool fw_conjunction_asks_request(const struct fw_conjunction *all);
/* Only a TLS ClientHello, in a packet, satisfies it. */
bool fw_conjunction_asks_hello(const struct fw_conjunction *all);
/* Either: the packet path looks into the payload. */
bool fw_conjunction_asks_payload(const struct fw_conjunction *all);
/* Bit per enum fw_method: those that every part takes. */
unsigned int fw_conjunction_methods(const struct fw_conjunction *all);

/* Parts that want one of some paths, hosts or server names, and parts that want none of some. */
struct fw_wishes {
	size_t some, none;
};
void fw_conjunction_wishes(const struct fw_conjunction *all, enum fw_subject text, struct fw_wishes *ret);
/* That each of its terms takes (fw_request_terms): one for each part that wants some, one for all that want
 * none. May be more than FW_REQUEST_WISHES, which is a complaint. */
unsigned int fw_conjunction_request_bits(const struct fw_conjunction *all);
/* Wants one of some signatures. */
bool fw_conjunction_asks_signature(const struct fw_conjunction *all);
/* class: 0 is a packet without, else the index in the list + 1. */
bool fw_conjunction_takes_signature(const struct fw_conjunction *all, unsigned int class);
/* Needs an L4 header, so later fragments and the like never match. */
bool fw_conjunction_needs_l4(const struct fw_conjunction *all);

enum fw_dimension { FW_SOURCE_PORT, FW_DEST_PORT, FW_LENGTH, FW_DIMENSIONS_ };

/* Inside `in` (empty: everything is) and not inside `out`. */
void fw_match_ranges(const struct fw_match *match, enum fw_dimension dimension, const struct fw_ranges **in,
		     const struct fw_ranges **out);
bool fw_ranges_take(const struct fw_ranges *in, const struct fw_ranges *out, uint16_t value);
/* Every path that satisfies the inner test satisfies one of the outer ones. May say no where it is true. */
bool fw_uri_within(const struct fw_uri_test *inner, const struct fw_uri_tests *outer);
bool fw_numbers_have(const struct fw_numbers *numbers, uint32_t number);

/* One dimension alone; a packet must pass all of them. */
bool fw_conjunction_takes_protocol(const struct fw_conjunction *all, uint8_t protocol);
bool fw_conjunction_takes_flags(const struct fw_conjunction *all, uint8_t flags);
bool fw_conjunction_takes_kind(const struct fw_conjunction *all, unsigned int kind);
bool fw_conjunction_takes_value(const struct fw_conjunction *all, enum fw_dimension dimension,
				uint16_t value);
/* Bit per enum fw_tier. */
unsigned int fw_conjunction_tiers(const struct fw_conjunction *all);
/* Bit per enum fw_source_state. */
unsigned int fw_conjunction_source_states(const struct fw_conjunction *all);
#define FW_STATUS_MOST 999 /* that a line can say; 0: it says none */
bool fw_conjunction_takes_status(const struct fw_conjunction *all, uint16_t status);
bool fw_conjunction_takes_country(const struct fw_conjunction *all, uint32_t country);
bool fw_conjunction_takes_asn(const struct fw_conjunction *all, uint32_t asn);

/* Why no packet passes, to follow "can never match: "; NULL: some may. */
const char *fw_conjunction_contradiction(const struct fw_conjunction *all);

/* Everything b accepts is accepted by a as well (the limit aside). May say no where it is true, never the
 * reverse. */
bool fw_rule_covers(const struct fw_policy_rule *a, const struct fw_policy_rule *b);

#endif
