/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule accepts in each dimension; every question has one answer here. */
#ifndef FW_POLICY_MATCH_H
#define FW_POLICY_MATCH_H

#include "policy/policy.h"

#define FW_PROTO_TCP 6
#define FW_PROTO_UDP 17

/* Only these carry ports that the packet path reads. */
bool fw_protocol_has_ports(uint8_t protocol);
bool fw_match_has_ports(const struct fw_match *match);
/* Also rules that count connections: they see the first packet of one only. */
bool fw_rule_has_flags(const struct fw_policy_rule *rule);
/* Needs an L4 header, so later fragments and the like never match. */
bool fw_rule_needs_l4(const struct fw_policy_rule *rule);

/* One dimension alone; a packet must pass all of them. */
bool fw_rule_takes_protocol(const struct fw_policy_rule *rule, uint8_t protocol);
bool fw_rule_takes_flags(const struct fw_policy_rule *rule, uint8_t flags);
bool fw_match_takes_kind(const struct fw_match *match, unsigned int kind);
bool fw_numbers_have(const struct fw_numbers *numbers, uint32_t number);
/* Needs the geo database. */
bool fw_match_asks_country(const struct fw_match *match);
bool fw_match_asks_asn(const struct fw_match *match);
/* Inside `in` (empty: everything is) and not inside `out`. */
bool fw_ranges_take(const struct fw_ranges *in, const struct fw_ranges *out, uint16_t value);
bool fw_ranges_are_empty(const struct fw_ranges *in, const struct fw_ranges *out);

/* Everything b accepts is accepted by a as well (the limit aside). May say no where it is true, never the
 * reverse. */
bool fw_rule_covers(const struct fw_policy_rule *a, const struct fw_policy_rule *b);

#endif
