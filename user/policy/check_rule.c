// SPDX-License-Identifier: Apache-2.0
/* Judges one rule on its own. Pure; what it refuses would be refused by tune as well. */
#include <stdio.h>

#include "policy/check.h"
#include "policy/geo.h"
#include "policy/match.h"
#include "policy/requests.h"
#include "policy/share.h"

#define SHARE_FREE (1.0 / 16) /* a block rule for more of a family wants `force` */

#define COMPLAIN(diags, mark, code, hint, ...)                                                               \
	fw_diag_add(diags, mark, FW_SEVERITY_ERROR, code, hint, __VA_ARGS__)

static bool has_limit(const struct fw_policy_rule *rule)
{
	return rule->limit.unit != FW_UNIT_NONE;
}

static void check_action(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (rule->action == FW_ACTION_POLICE && !has_limit(rule))
		COMPLAIN(diags, rule->action_mark, "needs-limit", "add for example limit: 20k packets/1s",
			 "rule '%s': police drops what exceeds a limit, and there is none", rule->name);
	if (rule->action == FW_ACTION_LABEL && !rule->labels.count)
		COMPLAIN(diags, rule->action_mark, "needs-labels", "add labels: [NAME]",
			 "rule '%s' sets labels and names none", rule->name);
	if (!has_limit(rule) && rule->per != FW_PER_SOURCE)
		COMPLAIN(diags, rule->mark, "needs-limit", "add a limit or remove 'per'",
			 "rule '%s' says whose packets to count (per: %s), but has no limit", rule->name,
			 fw_per_word(rule->per));
}

static void check_ban(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (!rule->ban.set)
		return;
	if (!has_limit(rule))
		COMPLAIN(diags, rule->mark, "needs-limit", "add a limit, or use the block rule without a ban",
			 "rule '%s': a ban is earned by crossing a limit, and there is none", rule->name);
	if (rule->action != FW_ACTION_BLOCK && rule->action != FW_ACTION_COUNT)
		COMPLAIN(diags, rule->action_mark, "bad-ban", "use action: block",
			 "rule '%s': %s does not ban", rule->name, fw_action_word(rule->action));
	if (fw_per_is_destination(rule->per) || rule->per == FW_PER_TOTAL)
		COMPLAIN(diags, rule->mark, "bad-ban", "count per source, or remove the ban",
			 "rule '%s': per: %s does not say whom to ban", rule->name, fw_per_word(rule->per));
}

static bool drops(const struct fw_policy_rule *rule)
{
	return rule->action == FW_ACTION_BLOCK && rule->mode != FW_MODE_COUNT && !rule->force;
}

static void check_outage(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (drops(rule) && has_limit(rule) && (rule->per == FW_PER_TOTAL || fw_per_is_destination(rule->per)))
		COMPLAIN(diags, rule->action_mark, "self-made-outage",
			 "use action: police, which drops only the excess; force: true if this is meant",
			 "rule '%s': blocking per %s lets a flood keep the meter over the limit and "
			 "everybody out",
			 rule->name, fw_per_word(rule->per));
}

/* By anything but the source. */
static bool is_narrowed(const struct fw_match *match)
{
	return match->destination.count || match->protocol_count || match->protocol_not_count ||
	       fw_match_has_ports(match) || match->tcp_flags.count || match->tcp_flags_not.count ||
	       match->length.count || match->signature || match->uri.count || match->host.count ||
	       match->method.count || match->label.count || match->packet_not ||
	       (match->packet && !(match->packet & (FW_KIND_IPV6 | FW_PACKET_IPV4)));
}

/* Only what feeds list is in a tier; none is everybody else. */
static bool asks_listed(const struct fw_match *match)
{
	const uint8_t none = 1U << FW_TIER_NONE;

	return (match->tiers && !(match->tiers & none)) || (match->tiers_not & none);
}

static bool asks_geo(const struct fw_match *match)
{
	return fw_match_asks_country(match) || fw_match_asks_asn(match);
}

void fw_rule_check_places(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			  const struct fw_geo *geo, struct fw_diags *diags)
{
	static const char *const names[] = {[FW_FAMILY_V4] = "IPv4", [FW_FAMILY_V6] = "IPv6"};
	int index = fw_policy_rule_find(policy, rule->name);

	if (!geo || index < 0 || !drops(rule) || has_limit(rule) || !asks_geo(&rule->match) ||
	    rule->match.source.count || asks_listed(&rule->match) || is_narrowed(&rule->match))
		return;
	for (enum fw_family family = FW_FAMILY_V4; family <= FW_FAMILY_V6; family++) {
		double share = fw_geo_share(geo, (size_t)index, family);

		if (share <= SHARE_FREE)
			continue;
		COMPLAIN(diags, rule->action_mark, "blocks-too-much",
			 "add a limit or a narrower match; force: true if this is meant",
			 "rule '%s' blocks %.3g %% of all %s sources by country or network", rule->name,
			 100 * share, names[family]);
		return;
	}
}

void fw_rule_check_share(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 const struct fw_set_change *changes, size_t change_count, struct fw_diags *diags)
{
	static const char *const names[] = {[FW_FAMILY_V4] = "IPv4", [FW_FAMILY_V6] = "IPv6"};
	struct fw_share share;
	char text[FW_ADDR_TEXT_MAX];

	if (!drops(rule))
		return;
	if (!rule->match.source.count) {
		if (!has_limit(rule) && !is_narrowed(&rule->match) && !asks_geo(&rule->match) &&
		    !asks_listed(&rule->match))
			COMPLAIN(diags, rule->action_mark, "blocks-too-much",
				 "add a limit or a narrower match; force: true if this is meant",
				 "rule '%s' has neither limit nor sources: it blocks everybody", rule->name);
		return;
	}
	if (fw_sets_share(policy, &rule->match.source, changes, change_count, &share))
		return;
	for (enum fw_family family = FW_FAMILY_V4; family <= FW_FAMILY_V6; family++) {
		if (share.part[family] <= SHARE_FREE)
			continue;
		COMPLAIN(diags, rule->action_mark, "blocks-too-much", "add force: true if this is meant",
			 "rule '%s' blocks %.3g %% of all %s sources, the widest is %s in set '%s'",
			 rule->name, 100 * share.part[family], names[family],
			 fw_prefix_format(&share.widest[family], text, sizeof(text)),
			 policy->sets[share.widest_set[family]].name);
	}
}

static bool takes_some_flags(const struct fw_policy_rule *rule)
{
	for (unsigned int flags = 0; flags < 256; flags++)
		if (fw_rule_takes_flags(rule, (uint8_t)flags))
			return true;
	return false;
}

static bool takes_some_protocol(const struct fw_policy_rule *rule)
{
	for (unsigned int protocol = 0; protocol < 256; protocol++)
		if (fw_rule_takes_protocol(rule, (uint8_t)protocol))
			return true;
	return false;
}

static bool takes_some_kind(const struct fw_policy_rule *rule)
{
	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++) {
		if (kind & FW_KIND_LATER_FRAGMENT && (~kind & (FW_KIND_FRAGMENT | FW_KIND_NO_L4)))
			continue;
		if (kind & FW_KIND_NO_L4 && (fw_rule_needs_l4(rule) || kind & FW_KIND_ODD_))
			continue;
		if ((kind & FW_KIND_BAD_FLAGS && !fw_rule_takes_protocol(rule, FW_PROTO_TCP)) ||
		    (kind & FW_KIND_QUIC_SHORT_INITIAL && !fw_rule_takes_protocol(rule, FW_PROTO_UDP)))
			continue;
		if (fw_match_takes_kind(&rule->match, kind))
			return true;
	}
	return false;
}

static bool leaves_none(const struct fw_numbers *in, const struct fw_numbers *out)
{
	for (size_t i = 0; i < in->count; i++)
		if (!fw_numbers_have(out, in->items[i]))
			return false;
	return in->count != 0;
}

static void check_possible(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	const struct fw_match *match = &rule->match;
	const char *why = NULL;

	if (!takes_some_protocol(rule))
		why = match->signature ? "its signatures are of a protocol that the other keys leave out"
		      : fw_rule_asks_request(rule) ? "requests exist in TCP only, which 'protocol' leaves out"
		      : fw_rule_has_flags(rule)
			      ? "TCP flags and connections exist in TCP only, which 'protocol' leaves out"
		      : fw_match_has_ports(match) ? "ports exist in TCP, UDP, UDP-Lite, SCTP and DCCP only"
						  : "'protocol' and 'protocol_not' leave no protocol";
	else if (!takes_some_flags(rule))
		why = rule->limit.unit == FW_UNIT_CONNECTIONS
			      ? "connections are counted at SYN without ACK, which 'tcp_flags' leaves out"
			      : "'tcp_flags' and 'tcp_flags_not' leave nothing";
	else if (!takes_some_kind(rule))
		why = match->packet & FW_KIND_ODD_ ? "packets of that kind have ports, and bad_flags "
						     "is of TCP, quic_short_initial of UDP"
		      : fw_rule_asks_request(rule) ? "such packets have no payload that can be read"
		      : fw_rule_needs_l4(rule)	   ? "such packets have no ports and flags"
						   : "'packet' and 'packet_not' leave nothing";
	else if (leaves_none(&match->country, &match->country_not))
		why = "'country' and 'country_not' leave no country";
	else if (leaves_none(&match->asn, &match->asn_not))
		why = "'asn' and 'asn_not' leave no network";
	else if (fw_ranges_are_empty(&match->source_port, &match->source_port_not))
		why = "'source_port' and 'source_port_not' leave no port";
	else if (fw_ranges_are_empty(&match->dest_port, &match->dest_port_not))
		why = "'dest_port' and 'dest_port_not' leave no port";
	else if (match->signature && !(match->signature & ~match->signature_not))
		why = "'signature' and 'signature_not' leave none";
	if (why)
		COMPLAIN(diags, rule->mark, "never-matches", NULL, "rule '%s' can never match: %s",
			 rule->name, why);
}

void fw_rule_check(const struct fw_policy *policy, const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	fw_rule_check_log(policy, rule, diags);
	check_action(rule, diags);
	check_ban(rule, diags);
	check_outage(rule, diags);
	fw_rule_check_share(policy, rule, NULL, 0, diags);
	fw_rule_check_places(policy, rule, policy->geo.data, diags);
	check_possible(rule, diags);
}
