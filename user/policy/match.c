// SPDX-License-Identifier: Apache-2.0
/* What a rule accepts, dimension by dimension. Pure. */
#include "policy/match.h"

#include <string.h>

#include "policy/requests.h"
#include "policy/words.h"

#define FW_PROTO_DCCP	 33
#define FW_PROTO_SCTP	 132
#define FW_PROTO_UDPLITE 136

size_t fw_rule_conjunctions(const struct fw_policy_rule *rule)
{
	return rule->alternative_count ? rule->alternative_count : 1;
}

void fw_rule_conjunction(const struct fw_policy_rule *rule, size_t index, struct fw_conjunction *ret)
{
	const struct fw_alternative *alternative =
		rule->alternative_count ? &rule->alternatives[index] : NULL;

	ret->connections = rule->limit.unit == FW_UNIT_CONNECTIONS;
	ret->requests = rule->limit.unit == FW_UNIT_REQUESTS && !rule->match.log;
	ret->parts[0] = &rule->match;
	ret->count = 1;
	for (size_t i = 0; alternative && i < alternative->count && ret->count < FW_PARTS_MAX; i++)
		ret->parts[ret->count++] = &rule->parts[alternative->parts[i]];
}

size_t fw_rule_first_conjunction(const struct fw_policy *policy, size_t rule)
{
	size_t first = 0;

	for (size_t i = 0; i < rule; i++)
		first += fw_rule_conjunctions(&policy->rules[i]);
	return first;
}

const struct fw_match *fw_rule_mention(const struct fw_policy_rule *rule, size_t index)
{
	if (!index)
		return &rule->match;
	return index <= rule->part_count ? &rule->parts[index - 1] : NULL;
}

bool fw_rule_is_on_trial(const struct fw_policy_rule *rule)
{
	bool by_signature = false;

	fw_rule_each_mention(match, rule) by_signature |= match->signature != 0;
	if (by_signature && rule->limit.unit != FW_UNIT_NONE)
		return false;
	return rule->action == FW_ACTION_COUNT || rule->mode == FW_MODE_COUNT;
}

bool fw_protocol_has_ports(uint8_t protocol)
{
	return protocol == FW_PROTO_TCP || protocol == FW_PROTO_UDP || protocol == FW_PROTO_DCCP ||
	       protocol == FW_PROTO_SCTP || protocol == FW_PROTO_UDPLITE;
}

bool fw_match_has_ports(const struct fw_match *match)
{
	return match->source_port.count || match->source_port_not.count || match->dest_port.count ||
	       match->dest_port_not.count;
}

bool fw_match_asks_country(const struct fw_match *match)
{
	return match->country.count || match->country_not.count;
}

bool fw_match_asks_asn(const struct fw_match *match)
{
	return match->asn.count || match->asn_not.count;
}

bool fw_conjunction_has_ports(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (fw_match_has_ports(all->parts[i]))
			return true;
	return false;
}

bool fw_conjunction_has_flags(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->parts[i]->tcp_flags.count || all->parts[i]->tcp_flags_not.count)
			return true;
	return all->connections;
}

bool fw_conjunction_asks_request(const struct fw_conjunction *all)
{
	bool some = all->requests;

	if (all->count && all->parts[0]->log)
		return false;
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		some |= match->uri.count || match->uri_not.count || match->method.count ||
			match->method_not.count || match->host.count || match->host_not.count;
	}
	return some;
}

bool fw_conjunction_asks_hello(const struct fw_conjunction *all)
{
	struct fw_wishes names;

	fw_conjunction_wishes(all, FW_SUBJECT_SNI, &names);
	return names.some || names.none;
}

bool fw_conjunction_asks_payload(const struct fw_conjunction *all)
{
	return fw_conjunction_asks_request(all) || fw_conjunction_asks_hello(all);
}

static unsigned int method_bits(const struct fw_names *names)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < names->count; i++) {
		int method = fw_request_method(names->items[i]);

		bits |= method >= 0 ? 1u << method : 0;
	}
	return bits;
}

unsigned int fw_conjunction_methods(const struct fw_conjunction *all)
{
	unsigned int methods = (1u << FW_METHOD_MAX_) - 1;

	for (size_t i = 0; i < all->count; i++) {
		if (all->parts[i]->method.count)
			methods &= method_bits(&all->parts[i]->method);
		methods &= ~method_bits(&all->parts[i]->method_not);
	}
	return methods;
}

void fw_conjunction_wishes(const struct fw_conjunction *all, enum fw_subject text, struct fw_wishes *ret)
{
	*ret = (struct fw_wishes){0};
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		switch (text) {
		case FW_SUBJECT_PATH:
			ret->some += match->uri.count != 0;
			ret->none += match->uri_not.count != 0;
			break;
		case FW_SUBJECT_HOST:
			ret->some += match->host.count != 0;
			ret->none += match->host_not.count != 0;
			break;
		case FW_SUBJECT_SNI:
			ret->some += match->sni.count != 0;
			ret->none += match->sni_not.count != 0;
			break;
		case FW_SUBJECT_MAX_:
			break;
		}
	}
}

unsigned int fw_conjunction_request_bits(const struct fw_conjunction *all)
{
	size_t most = 1;

	for (enum fw_subject text = 0; text < FW_SUBJECT_MAX_; text++) {
		struct fw_wishes wishes;

		fw_conjunction_wishes(all, text, &wishes);
		if (wishes.some + (wishes.none != 0) > most)
			most = wishes.some + (wishes.none != 0);
	}
	return (unsigned int)most;
}

bool fw_conjunction_asks_signature(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->parts[i]->signature)
			return true;
	return false;
}

bool fw_conjunction_takes_signature(const struct fw_conjunction *all, unsigned int class)
{
	uint64_t bit = class ? 1ULL << (class - 1) : 0;

	for (size_t i = 0; i < all->count; i++)
		if ((all->parts[i]->signature && !(all->parts[i]->signature & bit)) ||
		    all->parts[i]->signature_not & bit)
			return false;
	return true;
}

bool fw_conjunction_needs_l4(const struct fw_conjunction *all)
{
	return fw_conjunction_asks_signature(all) || fw_conjunction_has_ports(all) ||
	       fw_conjunction_has_flags(all) || fw_conjunction_asks_payload(all);
}

void fw_match_ranges(const struct fw_match *match, enum fw_dimension dimension, const struct fw_ranges **in,
		     const struct fw_ranges **out)
{
	*in = &match->length;
	*out = &match->length_not;
	switch (dimension) {
	case FW_SOURCE_PORT:
		*in = &match->source_port;
		*out = &match->source_port_not;
		return;
	case FW_DEST_PORT:
		*in = &match->dest_port;
		*out = &match->dest_port_not;
		return;
	case FW_LENGTH:
	case FW_DIMENSIONS_:
		return;
	}
}

static bool in_ranges(const struct fw_ranges *ranges, uint16_t value)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (value >= ranges->items[i].first && value <= ranges->items[i].last)
			return true;
	return false;
}

bool fw_ranges_take(const struct fw_ranges *in, const struct fw_ranges *out, uint16_t value)
{
	return (!in->count || in_ranges(in, value)) && !in_ranges(out, value);
}

bool fw_numbers_have(const struct fw_numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}

static bool lists_protocol(const struct fw_protocols *protocols, uint8_t protocol)
{
	return protocols->count && memchr(protocols->items, protocol, protocols->count);
}

bool fw_conjunction_takes_protocol(const struct fw_conjunction *all, uint8_t protocol)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if ((match->protocol.count && !lists_protocol(&match->protocol, protocol)) ||
		    lists_protocol(&match->protocol_not, protocol))
			return false;
	}
	if (fw_conjunction_has_ports(all) && !fw_protocol_has_ports(protocol))
		return false;
	if (fw_conjunction_asks_signature(all) && protocol != FW_PROTO_TCP && protocol != FW_PROTO_UDP)
		return false;
	return protocol == FW_PROTO_TCP ||
	       (!fw_conjunction_has_flags(all) && !fw_conjunction_asks_payload(all));
}

static bool any_flag_test(const struct fw_flag_tests *tests, uint8_t flags)
{
	for (size_t i = 0; i < tests->count; i++)
		if ((flags & tests->items[i].mask) == tests->items[i].value)
			return true;
	return false;
}

bool fw_conjunction_takes_flags(const struct fw_conjunction *all, uint8_t flags)
{
	if (all->connections && (flags & (FW_TCP_SYN | FW_TCP_ACK)) != FW_TCP_SYN)
		return false;
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if ((match->tcp_flags.count && !any_flag_test(&match->tcp_flags, flags)) ||
		    any_flag_test(&match->tcp_flags_not, flags))
			return false;
	}
	return true;
}

static bool kind_is_any_of(unsigned int kind, unsigned int wanted)
{
	if (kind & wanted & FW_KIND_ALL_)
		return true;
	return wanted & FW_PACKET_IPV4 && !(kind & FW_KIND_IPV6);
}

bool fw_conjunction_takes_kind(const struct fw_conjunction *all, unsigned int kind)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if ((match->packet && !kind_is_any_of(kind, match->packet)) ||
		    kind_is_any_of(kind, match->packet_not))
			return false;
	}
	return true;
}

bool fw_conjunction_takes_value(const struct fw_conjunction *all, enum fw_dimension dimension, uint16_t value)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_ranges *in, *out;

		fw_match_ranges(all->parts[i], dimension, &in, &out);
		if (!fw_ranges_take(in, out, value))
			return false;
	}
	return true;
}

unsigned int fw_conjunction_tiers(const struct fw_conjunction *all)
{
	unsigned int tiers = (1u << FW_TIER_MAX_) - 1;

	for (size_t i = 0; i < all->count; i++) {
		if (all->parts[i]->tiers)
			tiers &= all->parts[i]->tiers;
		tiers &= ~(unsigned int)all->parts[i]->tiers_not;
	}
	return tiers;
}

unsigned int fw_conjunction_source_states(const struct fw_conjunction *all)
{
	unsigned int states = FW_SOURCE_STATES_;

	for (size_t i = 0; i < all->count; i++) {
		if (all->parts[i]->verified)
			states &= all->parts[i]->verified;
		states &= ~(unsigned int)all->parts[i]->verified_not;
	}
	return states;
}

bool fw_conjunction_takes_status(const struct fw_conjunction *all, uint16_t status)
{
	for (size_t i = 0; i < all->count; i++)
		if (!fw_ranges_take(&all->parts[i]->status, &all->parts[i]->status_not, status))
			return false;
	return true;
}

static bool takes_number(const struct fw_numbers *in, const struct fw_numbers *out, uint32_t number)
{
	return (!in->count || fw_numbers_have(in, number)) && !fw_numbers_have(out, number);
}

bool fw_conjunction_takes_country(const struct fw_conjunction *all, uint32_t country)
{
	for (size_t i = 0; i < all->count; i++)
		if (!takes_number(&all->parts[i]->country, &all->parts[i]->country_not, country))
			return false;
	return true;
}

bool fw_conjunction_takes_asn(const struct fw_conjunction *all, uint32_t asn)
{
	for (size_t i = 0; i < all->count; i++)
		if (!takes_number(&all->parts[i]->asn, &all->parts[i]->asn_not, asn))
			return false;
	return true;
}

bool fw_uri_within(const struct fw_uri_test *inner, const struct fw_uri_tests *outer)
{
	for (size_t i = 0; i < outer->count; i++) {
		const struct fw_uri_test *test = &outer->items[i];

		if (test->how == FW_URI_EXACT ? inner->how == FW_URI_EXACT && !strcmp(inner->text, test->text)
		    : test->how == FW_URI_CONTAINS
			    ? strstr(inner->text, test->text) != NULL
			    : inner->how != FW_URI_CONTAINS &&
				      !strncmp(inner->text, test->text, strlen(test->text)))
			return true;
	}
	return false;
}
