// SPDX-License-Identifier: Apache-2.0
/* What a rule accepts, dimension by dimension. Pure. */
#include "policy/match.h"

#include <string.h>

#include "policy/requests.h"
#include "policy/words.h"

#define FW_PROTO_DCCP	 33
#define FW_PROTO_SCTP	 132
#define FW_PROTO_UDPLITE 136

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

bool fw_rule_has_flags(const struct fw_policy_rule *rule)
{
	return rule->match.tcp_flags.count || rule->match.tcp_flags_not.count ||
	       rule->limit.unit == FW_UNIT_CONNECTIONS;
}

bool fw_rule_needs_l4(const struct fw_policy_rule *rule)
{
	return fw_match_has_ports(&rule->match) || fw_rule_has_flags(rule) || fw_rule_asks_request(rule) ||
	       rule->match.signature;
}

static bool lists_protocol(const uint8_t *items, size_t count, uint8_t protocol)
{
	return count && memchr(items, protocol, count);
}

bool fw_rule_takes_protocol(const struct fw_policy_rule *rule, uint8_t protocol)
{
	const struct fw_match *match = &rule->match;

	if (match->protocol_count && !lists_protocol(match->protocols, match->protocol_count, protocol))
		return false;
	if (lists_protocol(match->protocols_not, match->protocol_not_count, protocol))
		return false;
	if (fw_match_has_ports(match) && !fw_protocol_has_ports(protocol))
		return false;
	if (match->signature && !(protocol == FW_PROTO_UDP && match->signature_udp) &&
	    !(protocol == FW_PROTO_TCP && match->signature_tcp))
		return false;
	return protocol == FW_PROTO_TCP || (!fw_rule_has_flags(rule) && !fw_rule_asks_request(rule));
}

bool fw_numbers_have(const struct fw_numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}

bool fw_match_asks_country(const struct fw_match *match)
{
	return match->country.count || match->country_not.count;
}

bool fw_match_asks_asn(const struct fw_match *match)
{
	return match->asn.count || match->asn_not.count;
}

static bool any_flag_test(const struct fw_flag_tests *tests, uint8_t flags)
{
	for (size_t i = 0; i < tests->count; i++)
		if ((flags & tests->items[i].mask) == tests->items[i].value)
			return true;
	return false;
}

bool fw_rule_takes_flags(const struct fw_policy_rule *rule, uint8_t flags)
{
	const struct fw_match *match = &rule->match;

	if (rule->limit.unit == FW_UNIT_CONNECTIONS && (flags & (FW_TCP_SYN | FW_TCP_ACK)) != FW_TCP_SYN)
		return false;
	if (match->tcp_flags.count && !any_flag_test(&match->tcp_flags, flags))
		return false;
	return !any_flag_test(&match->tcp_flags_not, flags);
}

static bool kind_is_any_of(unsigned int kind, unsigned int wanted)
{
	if (kind & wanted & FW_KIND_ALL_)
		return true;
	return wanted & FW_PACKET_IPV4 && !(kind & FW_KIND_IPV6);
}

bool fw_match_takes_kind(const struct fw_match *match, unsigned int kind)
{
	if (match->packet && !kind_is_any_of(kind, match->packet))
		return false;
	return !kind_is_any_of(kind, match->packet_not);
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

bool fw_ranges_are_empty(const struct fw_ranges *in, const struct fw_ranges *out)
{
	/* The least value that is taken begins a range or follows one that is left out. */
	if (fw_ranges_take(in, out, 0))
		return false;
	for (size_t i = 0; i < in->count; i++)
		if (fw_ranges_take(in, out, in->items[i].first))
			return false;
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i].last < UINT16_MAX &&
		    fw_ranges_take(in, out, (uint16_t)(out->items[i].last + 1)))
			return false;
	return true;
}

static const struct fw_ranges no_ranges;

struct range_pair {
	const struct fw_ranges *in, *out;
};

/* Membership can only change at a bound, so asking there is asking everywhere. */
static bool covers_at_bounds(struct range_pair a, struct range_pair b, const struct fw_ranges *bounds)
{
	for (size_t i = 0; i <= 2 * bounds->count; i++) {
		uint16_t value = 0;

		if (i) {
			const struct fw_range *range = &bounds->items[(i - 1) / 2];

			if (i % 2 == 0 && range->last == UINT16_MAX)
				continue;
			value = i % 2 ? range->first : (uint16_t)(range->last + 1);
		}
		if (fw_ranges_take(b.in, b.out, value) && !fw_ranges_take(a.in, a.out, value))
			return false;
	}
	return true;
}

static bool ranges_cover(struct range_pair a, struct range_pair b)
{
	return covers_at_bounds(a, b, a.in) && covers_at_bounds(a, b, a.out) &&
	       covers_at_bounds(a, b, b.in) && covers_at_bounds(a, b, b.out);
}

static bool refs_within(const struct fw_set_refs *inner, const struct fw_set_refs *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool found = false;

		for (size_t j = 0; j < outer->count && !found; j++)
			found = inner->items[i] == outer->items[j];
		if (!found)
			return false;
	}
	return true;
}

static bool numbers_within(const struct fw_numbers *inner, const struct fw_numbers *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!fw_numbers_have(outer, inner->items[i]))
			return false;
	return true;
}

/* What y takes, x takes too. */
static bool numbers_cover(const struct fw_numbers *x, const struct fw_numbers *x_not,
			  const struct fw_numbers *y, const struct fw_numbers *y_not)
{
	return (!x->count || (y->count && numbers_within(y, x))) && numbers_within(x_not, y_not);
}

static bool names_within(const struct fw_names *inner, const struct fw_names *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool found = false;

		for (size_t j = 0; j < outer->count && !found; j++)
			found = !strcmp(inner->items[i], outer->items[j]);
		if (!found)
			return false;
	}
	return true;
}

/* Kinds that neither asks for change no answer. */
static bool kinds_cover(const struct fw_match *a, const struct fw_match *b)
{
	unsigned int asked = a->packet | a->packet_not | b->packet | b->packet_not;

	asked |= asked & FW_PACKET_IPV4 ? FW_KIND_IPV6 : 0;
	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++)
		if (!(kind & ~asked) && fw_match_takes_kind(b, kind) && !fw_match_takes_kind(a, kind))
			return false;
	return true;
}

static bool headers_cover(const struct fw_policy_rule *a, const struct fw_policy_rule *b)
{
	for (unsigned int i = 0; i < 256; i++) {
		if (fw_rule_takes_protocol(b, (uint8_t)i) && !fw_rule_takes_protocol(a, (uint8_t)i))
			return false;
		if (fw_rule_has_flags(a) && fw_rule_takes_flags(b, (uint8_t)i) &&
		    !fw_rule_takes_flags(a, (uint8_t)i))
			return false;
	}
	return kinds_cover(&a->match, &b->match);
}

static bool uri_within(const struct fw_uri_test *inner, const struct fw_uri_tests *outer)
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

/* What a packet rule covers of a log rule is nothing: they look at different things. */
static bool requests_cover(const struct fw_match *x, const struct fw_match *y)
{
	if (x->log != y->log || (x->uri.count && !y->uri.count))
		return false;
	for (size_t i = 0; x->uri.count && i < y->uri.count; i++)
		if (!uri_within(&y->uri.items[i], &x->uri))
			return false;
	if (x->method.count && (!y->method.count || !names_within(&y->method, &x->method)))
		return false;
	if (x->host.count && (!y->host.count || !names_within(&y->host, &x->host)))
		return false;
	return ranges_cover((struct range_pair){&x->status, &no_ranges},
			    (struct range_pair){&y->status, &no_ranges});
}

bool fw_rule_covers(const struct fw_policy_rule *a, const struct fw_policy_rule *b)
{
	const struct fw_match *x = &a->match, *y = &b->match;

	if ((x->source.count && !y->source.count) ||
	    !refs_within(&y->source, x->source.count ? &x->source : &y->source))
		return false;
	if ((x->destination.count && !y->destination.count) ||
	    !refs_within(&y->destination, x->destination.count ? &x->destination : &y->destination))
		return false;
	if (!requests_cover(x, y))
		return false;
	if ((x->tiers && (!y->tiers || y->tiers & ~x->tiers)) || x->tiers_not & ~y->tiers_not)
		return false;
	if ((x->signature && (!y->signature || y->signature & ~x->signature)) ||
	    x->signature_not & ~y->signature_not)
		return false;
	if (!numbers_cover(&x->country, &x->country_not, &y->country, &y->country_not) ||
	    !numbers_cover(&x->asn, &x->asn_not, &y->asn, &y->asn_not))
		return false;
	if (!refs_within(&x->source_not, &y->source_not) ||
	    !refs_within(&x->destination_not, &y->destination_not))
		return false;
	if ((x->label.count && !y->label.count) || (x->label.count && !names_within(&y->label, &x->label)) ||
	    !names_within(&x->label_not, &y->label_not))
		return false;
	if (fw_rule_asks_request(a) && !fw_rule_asks_request(b))
		return false;
	if (fw_rule_needs_l4(a) && !fw_rule_needs_l4(b))
		return false;
	return headers_cover(a, b) &&
	       ranges_cover((struct range_pair){&x->source_port, &x->source_port_not},
			    (struct range_pair){&y->source_port, &y->source_port_not}) &&
	       ranges_cover((struct range_pair){&x->dest_port, &x->dest_port_not},
			    (struct range_pair){&y->dest_port, &y->dest_port_not}) &&
	       ranges_cover((struct range_pair){&x->length, &no_ranges},
			    (struct range_pair){&y->length, &no_ranges});
}
