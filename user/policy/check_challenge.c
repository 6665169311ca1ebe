// SPDX-License-Identifier: Apache-2.0
/* Judges rules that challenge: SYN cookies answer the beginning of TCP connections and nothing else. Pure. */
#include <stdio.h>

#include "policy/check.h"
#include "policy/match.h"
#include "policy/words.h"

#define COMPLAIN(diags, mark, code, hint, ...)                                                               \
	fw_diag_add(diags, mark, FW_SEVERITY_ERROR, code, hint, __VA_ARGS__)

static bool takes_syn_only(const struct fw_conjunction *all)
{
	for (unsigned int protocol = 0; protocol < 256; protocol++)
		if (protocol != FW_PROTO_TCP && fw_conjunction_takes_protocol(all, (uint8_t)protocol))
			return false;
	for (unsigned int flags = 0; flags < 256; flags++)
		if ((!(flags & FW_TCP_SYN) || flags & FW_TCP_ACK) &&
		    fw_conjunction_takes_flags(all, (uint8_t)flags))
			return false;
	return true;
}

static bool every_alternative_takes_syn_only(const struct fw_policy_rule *rule)
{
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (!takes_syn_only(&all))
			return false;
	}
	return true;
}

void fw_rule_check_challenge(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (rule->action != FW_ACTION_CHALLENGE || rule->match.log)
		return;
	if (rule->limit.unit == FW_UNIT_NONE)
		COMPLAIN(diags, rule->action_mark, "needs-limit", "add for example limit: 20k connections/1s",
			 "rule '%s': challenge begins when a limit is passed, and there is none", rule->name);
	else if (rule->limit.unit != FW_UNIT_CONNECTIONS && rule->limit.unit != FW_UNIT_PACKETS)
		COMPLAIN(diags, rule->limit_mark, "bad-challenge", "count connections",
			 "rule '%s': challenge begins at a rate of SYNs, not of %s", rule->name,
			 fw_unit_word(rule->limit.unit));
	if (!every_alternative_takes_syn_only(rule))
		COMPLAIN(diags, rule->action_mark, "bad-challenge",
			 "add match: {protocol: tcp, tcp_flags: syn}",
			 "rule '%s': only SYNs can be answered with a cookie, and it matches other packets "
			 "too",
			 rule->name);
	if (rule->per != FW_PER_TOTAL && rule->per != FW_PER_DESTINATION)
		COMPLAIN(diags, rule->action_mark, "bad-challenge", "write per: total or per: destination",
			 "rule '%s': challenges are per destination or for all; per: %s is neither (forged "
			 "sources come once each)",
			 rule->name, fw_per_word(rule->per));
}

static bool asks_verified(const struct fw_policy_rule *rule)
{
	bool asks = false;

	fw_rule_each_mention(match, rule) asks |= match->verified || match->verified_not;
	return asks;
}

static void note_who_is_verified(const struct fw_policy *policy, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (!asks_verified(&policy->rules[i]))
			continue;
		fw_diag_add(diags, policy->rules[i].mark, FW_SEVERITY_NOTE, "verified-is-local",
			    "write the rule without verified for what is behind this host",
			    "rule '%s' asks who is verified: only handshakes with this host itself are seen, "
			    "not those of forwarded traffic, published ports of containers (DNAT) or IPVS",
			    policy->rules[i].name);
		return;
	}
}

/* "{ 80, 443, 8000-8999 }" of nftables; "PORTS" where the rule does not say which. */
static void ports_text(const struct fw_policy_rule *rule, char *text, size_t size)
{
	const struct fw_ranges *ports = &rule->match.dest_port;
	size_t used = 0;

	if (!ports->count) {
		snprintf(text, size, "PORTS");
		return;
	}
	for (size_t i = 0; i < ports->count && used < size; i++) {
		const struct fw_range *range = &ports->items[i];

		used += (size_t)snprintf(text + used, size - used, "%s%u", i ? ", " : "{ ", range->first);
		if (range->last != range->first && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%u", range->last);
	}
	if (used + 3 <= size)
		snprintf(text + used, size - used, " }");
	else
		snprintf(text, size, "PORTS");
}

static void note_synproxy(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			  struct fw_diags *diags)
{
	char ports[256], hint[1024];

	ports_text(rule, ports, sizeof(ports));
	snprintf(
		hint, sizeof(hint),
		"nft: in prerouting, priority raw: tcp dport %s tcp flags syn notrack; in forward: tcp dport "
		"%s ct state invalid,untracked synproxy mss 1460 wscale %u timestamp sack-perm, and behind "
		"it: ct state invalid drop; sysctl net.netfilter.nf_conntrack_tcp_loose=0",
		ports, ports, policy->safety.synproxy_wscale);
	fw_diag_add(
		diags, rule->action_mark, FW_SEVERITY_NOTE, "challenge-synproxy", hint,
		"rule '%s' answers for hosts behind this one, too: without netfilter's synproxy, wscale %u, "
		"timestamp and sack-perm, for the same ports none of their clients connects during a flood",
		rule->name, policy->safety.synproxy_wscale);
}

void fw_policy_check_challenge(const struct fw_policy *policy, struct fw_diags *diags)
{
	note_who_is_verified(policy, diags);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		if (rule->action != FW_ACTION_CHALLENGE)
			continue;
		if (policy->safety.synproxy_wscale != FW_SYNPROXY_NONE)
			note_synproxy(policy, rule, diags);
		else
			fw_diag_add(
				diags, rule->action_mark, FW_SEVERITY_NOTE, "challenge-is-local",
				"for what is behind this host use police, or netfilter's synproxy and "
				"safety: {synproxy_wscale: 7}",
				"rule '%s' answers for servers that listen on this host itself: not for "
				"forwarded traffic, published ports of containers (DNAT) or IPVS; the agent "
				"sets net.ipv4.tcp_syncookies=2 and tcp_timestamps=2 while it is in force%s",
				rule->name,
				rule->mode == FW_MODE_ATTACK
					? ""
					: ", which makes every handshake a cookie, in peace too: mode: "
					  "attack avoids that");
		return;
	}
	if (policy->safety.synproxy_wscale != FW_SYNPROXY_NONE)
		fw_diag_add(diags, policy->safety.synproxy_mark, FW_SEVERITY_NOTE, "synproxy-unused",
			    "add a rule with action: challenge, or leave it out",
			    "synproxy_wscale does nothing: no rule of this policy challenges");
}
