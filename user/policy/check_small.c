// SPDX-License-Identifier: Apache-2.0
/* Limits per source that no honest client stays below: those that one visit of a small web page exceeds. */
#include "fw_odd.h"
#include "policy/check.h"
#include "policy/match.h"

/* What a browser sends for a page of 60 kB over one TLS connection: three packets open it, four or so are the
 * handshake, ten requests and the close, and an ACK goes out for every second of 42 segments: some 40. Most
 * pages take ten times that. Whoever may not send 50 in a whole window cannot use the web. */
#define PAGE_PACKETS  50
#define PAGE_BYTES    8000
#define PAGE_REQUESTS 10

#define PORT_HTTP  80
#define PORT_HTTPS 443
#define PORT_OWN   50000 /* a client's own: among the ephemeral ones of every system */

static bool hits_who_is_over(const struct fw_policy_rule *rule)
{
	return (rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE) &&
	       rule->mode != FW_MODE_COUNT && !rule->force && !rule->match.log;
}

static bool is_per_source(enum fw_per per)
{
	return per == FW_PER_SOURCE || per == FW_PER_SOURCE_PREFIX || per == FW_PER_SOURCE_DEST_PORT;
}

/* Rules about some sources, places or labels know whom they mean. */
static bool means_everybody(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if (match->source.count || match->country.count || match->asn.count || match->label.count)
			return false;
	}
	return fw_conjunction_tiers(all) & 1u << FW_TIER_NONE &&
	       fw_conjunction_source_states(all) & FW_SOURCE_VERIFIED;
}

/* Packets between handshake and end of a web connection. */
static bool takes_browsing(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if (match->length.count || match->length_not.count || match->packet_not ||
		    (match->packet && !(match->packet & (FW_KIND_IPV6 | FW_PACKET_IPV4))))
			return false;
	}
	return fw_conjunction_takes_protocol(all, FW_PROTO_TCP) &&
	       fw_conjunction_takes_flags(all, FW_FLAG_ACK) &&
	       fw_conjunction_takes_value(all, FW_SOURCE_PORT, PORT_OWN) &&
	       (fw_conjunction_takes_value(all, FW_DEST_PORT, PORT_HTTP) ||
		fw_conjunction_takes_value(all, FW_DEST_PORT, PORT_HTTPS)) &&
	       !fw_conjunction_asks_signature(all);
}

/* All requests of a page, not those to a login or of one kind. */
static bool takes_requests(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if (match->uri.count || match->uri_not.count || match->method.count ||
		    match->method_not.count || match->host.count || match->host_not.count)
			return false;
	}
	return fw_conjunction_takes_value(all, FW_DEST_PORT, PORT_HTTP);
}

static bool takes_page(const struct fw_policy_rule *rule)
{
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (!means_everybody(&all))
			continue;
		if (rule->limit.unit == FW_UNIT_REQUESTS
			    ? takes_requests(&all)
			    : takes_browsing(&all) && !fw_conjunction_asks_payload(&all))
			return true;
	}
	return false;
}

/* In the unit of the limit; 0: a page says nothing about it. */
static uint64_t page_of(enum fw_unit unit)
{
	switch (unit) {
	case FW_UNIT_PACKETS:
		return PAGE_PACKETS;
	case FW_UNIT_BYTES:
		return PAGE_BYTES;
	case FW_UNIT_REQUESTS:
		return PAGE_REQUESTS;
	case FW_UNIT_NONE:
	case FW_UNIT_CONNECTIONS:
	case FW_UNIT_MAX_:
		return 0;
	}
	return 0;
}

void fw_rule_check_small(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	uint64_t page = page_of(rule->limit.unit);
	char limit[128], hint[FW_FORCE_HINT_MAX];

	if (rule->limit.amount >= page || !hits_who_is_over(rule) || !is_per_source(rule->per) ||
	    !takes_page(rule))
		return;
	fw_diag_add(
		diags, rule->limit_mark.line ? rule->limit_mark : rule->mark, FW_SEVERITY_WARNING,
		"small-limit",
		fw_rule_force_hint(rule, "'floodwall recommend' draws limits from recorded traffic", hint),
		"rule '%s': %s per %s is less than a small web page takes, %.0f %s: honest clients go over "
		"it",
		rule->name, fw_limit_format(&rule->limit, limit, sizeof(limit)), fw_per_word(rule->per),
		(double)page, fw_unit_word(rule->limit.unit));
}
