// SPDX-License-Identifier: Apache-2.0
/* Judges what a rule says of logs: a line shows client, request and status, and comes when all is over. Pure.
 */
#include <stdio.h>
#include <string.h>

#include "policy/check.h"
#include "policy/match.h"
#include "policy/requests.h"
#include "policy/words.h"

#define COMPLAIN(diags, mark, code, hint, ...)                                                               \
	fw_diag_add(diags, mark, FW_SEVERITY_ERROR, code, hint, __VA_ARGS__)

static const char *packet_key(const struct fw_match *match)
{
	const struct {
		const char *key;
		bool used;
	} keys[] = {
		{"destination", match->destination.count || match->destination_not.count},
		{"protocol", match->protocol.count || match->protocol_not.count},
		{"source_port", match->source_port.count || match->source_port_not.count},
		{"dest_port", match->dest_port.count || match->dest_port_not.count},
		{"tcp_flags", match->tcp_flags.count || match->tcp_flags_not.count},
		{"length", match->length.count || match->length_not.count},
		{"packet", match->packet || match->packet_not},
		{"label", match->label.count || match->label_not.count},
		{"sni", match->sni.count || match->sni_not.count},
		{"verified", match->verified || match->verified_not},
		{"signature", match->signature || match->signature_not},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].used)
			return keys[i].key;
	return NULL;
}

static const char *client_key(const struct fw_match *match)
{
	if (match->source.count || match->source_not.count)
		return "source";
	if (match->country.count || match->country_not.count)
		return "country";
	if (match->asn.count || match->asn_not.count)
		return "asn";
	return match->tiers || match->tiers_not ? "tier" : NULL;
}

/* Whether lines of a log can say it at all. */
static bool shows(const struct fw_log *log, enum fw_log_field field)
{
	char group[32];

	switch (log->format) {
	case FW_LOG_COMBINED:
		return field != FW_LOG_HOST;
	case FW_LOG_VCOMBINED:
	case FW_LOG_CADDY:
	case FW_LOG_CLOUDFRONT:
	case FW_LOG_AWS_WAF:
		return true;
	case FW_LOG_JSON:
		return log->fields[field] != NULL;
	case FW_LOG_REGEX:
		snprintf(group, sizeof(group), "<%s>", fw_word_of(&fw_log_field_words, field));
		return !log->regex || strstr(log->regex, group); /* none: that was said */
	}
	return true;
}

static void check_shown(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			struct fw_diags *diags)
{
	const struct fw_log *log = &policy->logs[rule->match.log - 1];
	bool asked[FW_LOG_FIELD_MAX_] = {false};

	fw_rule_each_mention(match, rule)
	{
		asked[FW_LOG_URI] |= match->uri.count || match->uri_not.count;
		asked[FW_LOG_METHOD] |= match->method.count || match->method_not.count;
		asked[FW_LOG_HOST] |= match->host.count || match->host_not.count;
		asked[FW_LOG_STATUS] |= match->status.count || match->status_not.count;
	}
	for (enum fw_log_field field = 0; field < FW_LOG_FIELD_MAX_; field++)
		if (asked[field] && !shows(log, field))
			COMPLAIN(diags, rule->mark, "never-matches",
				 log->format == FW_LOG_REGEX ? "name it in the regex: (?<status>[0-9]+)"
				 : log->format == FW_LOG_JSON
					 ? "name it in the log's fields"
					 : "use format: vcombined, which begins with the host",
				 "rule '%s' asks for the %s, which lines of log '%s' do not say", rule->name,
				 fw_word_of(&fw_log_field_words, field), log->name);
}

static void check_packet_rule(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	bool status = false;

	fw_rule_each_mention(match, rule) status |= match->status.count || match->status_not.count;
	if (status)
		COMPLAIN(diags, rule->mark, "needs-log", "add log: NAME",
			 "rule '%s': packets have no status, only lines of a log do", rule->name);
	fw_rule_check_request(rule, diags);
}

void fw_rule_check_log(const struct fw_policy *policy, const struct fw_policy_rule *rule,
		       struct fw_diags *diags)
{
	const char *key = NULL, *client = NULL;
	const char *log;

	if (!rule->match.log) {
		check_packet_rule(rule, diags);
		return;
	}
	log = policy->logs[rule->match.log - 1].name;
	check_shown(policy, rule, diags);
	fw_rule_each_mention(match, rule)
	{
		key = key ? key : packet_key(match);
		client = client || match == &rule->match ? client : client_key(match);
	}
	if (client)
		COMPLAIN(diags, rule->mark, "bad-log-rule",
			 "write it directly under match, or as a rule of its own",
			 "rule '%s': '%s' inside all, any or not: whose lines count is asked once for all of "
			 "a client's lines in log '%s'",
			 rule->name, client, log);
	if (key)
		COMPLAIN(diags, rule->mark, "bad-log-rule",
			 "remove it, or write a second rule about packets, without log",
			 "rule '%s': lines of log '%s' do not show '%s'", rule->name, log, key);
	if (rule->action != FW_ACTION_BLOCK && rule->action != FW_ACTION_COUNT)
		COMPLAIN(diags, rule->action_mark, "bad-log-rule", "use action: block",
			 "rule '%s': a line of log '%s' comes when the request is over; all that is left is "
			 "to "
			 "block or count, not %s",
			 rule->name, log, fw_action_word(rule->action));
	if (rule->labels.count)
		COMPLAIN(diags, rule->mark, "bad-log-rule", "remove labels",
			 "rule '%s': labels are set on packets, not on lines of a log", rule->name);
	if (rule->limit.unit == FW_UNIT_NONE && !rule->ban.set)
		COMPLAIN(diags, rule->mark, "needs-limit", "add for example limit: 5 requests/10m",
			 "rule '%s' counts lines of log '%s' and has no limit", rule->name, log);
	if (rule->limit.unit != FW_UNIT_NONE && rule->limit.unit != FW_UNIT_REQUESTS)
		COMPLAIN(diags, rule->limit_mark, "bad-limit", "write for example limit: 150 requests/5m",
			 "rule '%s': lines of log '%s' are requests, not %s", rule->name, log,
			 fw_unit_word(rule->limit.unit));
	if (rule->per != FW_PER_SOURCE && rule->per != FW_PER_SOURCE_PREFIX)
		COMPLAIN(diags, rule->mark, "bad-per", "count per source or source_prefix",
			 "rule '%s': lines of log '%s' cannot be counted per %s", rule->name, log,
			 fw_per_word(rule->per));
}
