// SPDX-License-Identifier: Apache-2.0
/* Conditions that no packet can meet together. Pure. */
#include <string.h>

#include "policy/match.h"

static bool takes_some_flags(const struct fw_conjunction *all)
{
	for (unsigned int flags = 0; flags < 256; flags++)
		if (fw_conjunction_takes_flags(all, (uint8_t)flags))
			return true;
	return false;
}

static bool takes_some_protocol(const struct fw_conjunction *all)
{
	for (unsigned int protocol = 0; protocol < 256; protocol++)
		if (fw_conjunction_takes_protocol(all, (uint8_t)protocol))
			return true;
	return false;
}

static bool takes_some_kind(const struct fw_conjunction *all)
{
	const bool tcp = fw_conjunction_takes_protocol(all, FW_PROTO_TCP);
	const bool udp = fw_conjunction_takes_protocol(all, FW_PROTO_UDP);
	const bool needs_l4 = fw_conjunction_needs_l4(all);

	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++) {
		if (kind & FW_KIND_LATER_FRAGMENT && (~kind & (FW_KIND_FRAGMENT | FW_KIND_NO_L4)))
			continue;
		if (kind & FW_KIND_NO_L4 && (kind & FW_KIND_ODD_ || needs_l4))
			continue;
		if ((kind & FW_KIND_BAD_FLAGS && !tcp) || (kind & FW_KIND_QUIC_SHORT_INITIAL && !udp))
			continue;
		if (fw_conjunction_takes_kind(all, kind))
			return true;
	}
	return false;
}

/* The least value that is taken begins a range or follows one that is left out. */
static bool takes_some_value(const struct fw_conjunction *all, enum fw_dimension dimension)
{
	if (fw_conjunction_takes_value(all, dimension, 0))
		return true;
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_ranges *in, *out;

		fw_match_ranges(all->parts[part], dimension, &in, &out);
		for (size_t i = 0; i < in->count; i++)
			if (fw_conjunction_takes_value(all, dimension, in->items[i].first))
				return true;
		for (size_t i = 0; i < out->count; i++)
			if (out->items[i].last < UINT16_MAX &&
			    fw_conjunction_takes_value(all, dimension, (uint16_t)(out->items[i].last + 1)))
				return true;
	}
	return false;
}

static bool takes_some_status(const struct fw_conjunction *all)
{
	for (uint16_t status = 0; status <= FW_STATUS_MOST; status++)
		if (fw_conjunction_takes_status(all, status))
			return true;
	return false;
}

static bool takes_some_country(const struct fw_conjunction *all)
{
	for (uint32_t country = 0; country <= FW_COUNTRIES; country++)
		if (fw_conjunction_takes_country(all, country))
			return true;
	return false;
}

/* Whoever lists none takes any but a few of four billion. */
static bool takes_some_asn(const struct fw_conjunction *all)
{
	bool listed = false;

	for (size_t part = 0; part < all->count; part++) {
		const struct fw_numbers *asns = &all->parts[part]->asn;

		listed |= asns->count != 0;
		for (size_t i = 0; i < asns->count; i++)
			if (fw_conjunction_takes_asn(all, asns->items[i]))
				return true;
	}
	return !listed;
}

static bool leaves_out_set(const struct fw_conjunction *all, bool source, unsigned int set)
{
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_match *match = all->parts[part];
		const struct fw_set_refs *out = source ? &match->source_not : &match->destination_not;

		for (size_t i = 0; i < out->count; i++)
			if (out->items[i] == set)
				return true;
	}
	return false;
}

static bool takes_some_set(const struct fw_conjunction *all, bool source)
{
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_match *match = all->parts[part];
		const struct fw_set_refs *in = source ? &match->source : &match->destination;
		bool some = !in->count;

		for (size_t i = 0; i < in->count && !some; i++)
			some = !leaves_out_set(all, source, in->items[i]);
		if (!some)
			return false;
	}
	return true;
}

static bool leaves_out_label(const struct fw_conjunction *all, const char *label)
{
	for (size_t part = 0; part < all->count; part++)
		for (size_t i = 0; i < all->parts[part]->label_not.count; i++)
			if (!strcmp(all->parts[part]->label_not.items[i], label))
				return true;
	return false;
}

static bool takes_some_label(const struct fw_conjunction *all)
{
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_names *labels = &all->parts[part]->label;
		bool some = !labels->count;

		for (size_t i = 0; i < labels->count && !some; i++)
			some = !leaves_out_label(all, labels->items[i]);
		if (!some)
			return false;
	}
	return true;
}

static const char *header_contradiction(const struct fw_conjunction *all)
{
	if (!takes_some_protocol(all))
		return fw_conjunction_asks_signature(all) ? "signatures are of UDP and TCP only"
		       : fw_conjunction_asks_payload(all)
			       ? "requests and ClientHellos are read in TCP only, which 'protocol' leaves out"
		       : fw_conjunction_has_flags(all)
			       ? "TCP flags and connections exist in TCP only, which 'protocol' leaves out"
		       : fw_conjunction_has_ports(all)
			       ? "ports exist in TCP, UDP, UDP-Lite, SCTP and DCCP only"
			       : "'protocol' and 'protocol_not' leave no protocol";
	if (!takes_some_flags(all))
		return all->connections
			       ? "connections are counted at SYN without ACK, which 'tcp_flags' leaves out"
			       : "'tcp_flags' and 'tcp_flags_not' leave nothing";
	if (!takes_some_kind(all))
		return fw_conjunction_asks_payload(all) ? "such packets have no payload that can be read"
		       : fw_conjunction_needs_l4(all)
			       ? "such packets have no ports and flags"
			       : "'packet' and 'packet_not' leave nothing, with that 'protocol'";
	if (!takes_some_value(all, FW_SOURCE_PORT))
		return "'source_port' and 'source_port_not' leave no port";
	if (!takes_some_value(all, FW_DEST_PORT))
		return "'dest_port' and 'dest_port_not' leave no port";
	if (!takes_some_value(all, FW_LENGTH))
		return "'length' and 'length_not' leave no length";
	return NULL;
}

/* An unknown one is another complaint's business. */
static bool takes_some_method(const struct fw_conjunction *all)
{
	size_t lists = 0;

	for (size_t part = 0; part < all->count; part++)
		lists += (all->parts[part]->method.count != 0) + (all->parts[part]->method_not.count != 0);
	return lists < 2 || fw_conjunction_methods(all);
}

static bool leaves_out_path(const struct fw_conjunction *all, const struct fw_uri_test *test)
{
	for (size_t part = 0; part < all->count; part++)
		if (fw_uri_within(test, &all->parts[part]->uri_not))
			return true;
	return false;
}

static bool takes_some_path(const struct fw_conjunction *all)
{
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_uri_tests *tests = &all->parts[part]->uri;
		bool some = !tests->count;

		for (size_t i = 0; i < tests->count && !some; i++)
			some = !leaves_out_path(all, &tests->items[i]);
		if (!some)
			return false;
	}
	return true;
}

/* "*.example.org" is every name below. */
static bool name_is_within(const char *inner, const char *outer)
{
	size_t inner_length = strlen(inner), length = strlen(outer);

	if (*outer != '*')
		return !strcmp(inner, outer);
	return inner_length >= length && !strcmp(inner + inner_length - (length - 1), outer + 1);
}

static const struct fw_names *names_of(const struct fw_match *match, enum fw_subject text, bool not_these)
{
	if (text == FW_SUBJECT_SNI)
		return not_these ? &match->sni_not : &match->sni;
	return not_these ? &match->host_not : &match->host;
}

static bool lists_name(const struct fw_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (name_is_within(name, names->items[i]))
			return true;
	return false;
}

static bool takes_name(const struct fw_conjunction *all, enum fw_subject text, const char *name)
{
	for (size_t part = 0; part < all->count; part++) {
		const struct fw_names *in = names_of(all->parts[part], text, false);

		if ((in->count && !lists_name(in, name)) ||
		    lists_name(names_of(all->parts[part], text, true), name))
			return false;
	}
	return true;
}

/* Of several lists the narrowest name is in all of them, or none is. */
static bool takes_some_name(const struct fw_conjunction *all, enum fw_subject text)
{
	bool listed = false;

	for (size_t part = 0; part < all->count; part++) {
		const struct fw_names *names = names_of(all->parts[part], text, false);

		listed |= names->count != 0;
		for (size_t i = 0; i < names->count; i++)
			if (takes_name(all, text, names->items[i]))
				return true;
	}
	return !listed;
}

static bool takes_some_signature(const struct fw_conjunction *all)
{
	for (unsigned int class = 1; class <= FW_SIGNATURES_MAX; class ++)
		if (fw_conjunction_takes_signature(all, class))
			return true;
	return false;
}

const char *fw_conjunction_contradiction(const struct fw_conjunction *all)
{
	const char *why = header_contradiction(all);

	if (why)
		return why;
	if (fw_conjunction_asks_request(all) && fw_conjunction_asks_hello(all))
		return "a packet begins with a request, which 'uri', 'method', 'host' and limits in requests "
		       "ask for, "
		       "or with a ClientHello, which 'sni' asks for";
	if (fw_conjunction_asks_signature(all) && !takes_some_signature(all))
		return "'signature' and 'signature_not' leave none";
	if (!takes_some_method(all))
		return "what 'method' lists have in common, with and below not, leaves none";
	if (!takes_some_path(all))
		return "every 'uri' is also below not";
	if (!takes_some_name(all, FW_SUBJECT_HOST))
		return "what 'host' lists have in common, with and below not, leaves none";
	if (!takes_some_name(all, FW_SUBJECT_SNI))
		return "what 'sni' lists have in common, with and below not, leaves none";
	if (!takes_some_status(all))
		return "what 'status' lists have in common, with and below not, leaves none";
	if (!takes_some_country(all))
		return "'country' and 'country_not' leave no country";
	if (!takes_some_asn(all))
		return "'asn' and 'asn_not' leave no network";
	if (!fw_conjunction_tiers(all))
		return "'tier' and 'tier_not' leave no tier";
	if (!fw_conjunction_source_states(all))
		return "'verified' is asked to be true and false";
	if (!takes_some_set(all, true))
		return "'source' and 'source_not' leave no set";
	if (!takes_some_set(all, false))
		return "'destination' and 'destination_not' leave no set";
	return takes_some_label(all) ? NULL : "'label' and 'label_not' leave no label";
}
