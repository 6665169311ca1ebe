// SPDX-License-Identifier: Apache-2.0
/* What the log worker reports is checked and becomes counters and leases. A line of a TLS or HTTP log proves
 * an established connection, so the ban needs no other evidence. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/key_walk.h"
#include "agent/logs.h"
#include "ctl/api.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"
#include "policy/geo.h"
#include "policy/match.h"
#include "policy/terms.h"

/* One offence with all that decides about it. */
struct offence {
	const struct fw_policy_rule *rule;
	const struct fw_rule *compiled;
	struct fw_prefix prefix;
	uint64_t amount, lasts_ns, now_ns;
	bool counts; /* counted only */
};

static int find_rule(const struct fw_agent *agent, uint16_t id)
{
	const struct fw_policy_slot *slot = agent->loaded->image->slot;

	for (size_t i = 0; i < agent->loaded->policy->rule_count; i++)
		if (slot->rules[i].id == id && agent->loaded->policy->rules[i].match.log)
			return (int)i;
	return -1;
}

/* Addresses that no packet from outside has. */
static bool is_nobody(const struct fw_addr *addr)
{
	const unsigned char *bytes = (const unsigned char *)addr;
	static const unsigned char loopback[16] = {[15] = 1};

	if (fw_addr_is_v4(addr))
		return !bytes[12] || bytes[12] == 127 || bytes[12] >= 224;
	return bytes[0] == 0xff || !memcmp(bytes, loopback, 15);
}

static bool is_spared(struct fw_agent *agent, const struct fw_addr *addr, uint16_t class)
{
	return agent->loaded->image->classes[class].flags & FW_CLASS_NEVER_BLOCK ||
	       fw_spared_find(agent, addr);
}

/* Country and network of the client, as the packet path would see them. */
static bool takes_place(const struct fw_image *image, size_t conjunction, const struct fw_match *match,
			const struct fw_addr *addr)
{
	if (!fw_match_asks_country(match) && !fw_match_asks_asn(match))
		return true;
	return image->geo && image->geo->class_rules[fw_geo_classify(image->geo, addr)] >> conjunction & 1;
}

/* Whether the rule is about this client at all, and whether only a feed on trial says so. */
static bool takes_client(const struct fw_agent *agent, size_t index, const struct fw_addr *addr,
			 uint16_t class, bool *ret_trial)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_image *image = agent->loaded->image;
	const struct fw_match *match = &policy->rules[index].match;
	const uint64_t *sets = image->class_sets[class];

	if (!fw_match_takes_class(policy, match, sets) ||
	    !takes_place(image, fw_rule_first_conjunction(policy, index), match, addr))
		return false;
	*ret_trial = !fw_match_takes_class_for_sure(policy, image, match, sets);
	return true;
}

static void say(struct fw_agent *agent, const struct offence *offence, const struct fw_ban *ban)
{
	const char *log = agent->loaded->policy->logs[offence->rule->match.log - 1].name;
	uint64_t lasts = ban ? ban->expires_ns - offence->now_ns : 0;
	char source[FW_ADDR_TEXT_MAX], duration[32];
	json_t *details;

	fw_prefix_format(&offence->prefix, source, sizeof(source));
	details = json_pack("{s:s, s:s, s:s, s:s, s:I}", "src_ip", source, "origin", "rule", "rule",
			    offence->rule->name, "log", log, "amount", (json_int_t)offence->amount);
	if (!ban) {
		fw_event(agent, "would_ban", "agent", details,
			 "%s would be banned: rule '%s', %llu requests in log '%s'", source,
			 offence->rule->name, (unsigned long long)offence->amount, log);
		return;
	}
	json_object_set_new(details, "expires_in_seconds", json_integer((json_int_t)(lasts / FW_NS_PER_SEC)));
	json_object_set_new(details, "strikes", json_integer(ban->strikes));
	if (offence->rule->ban.set)
		fw_event(agent, "ban", "agent", details,
			 "ban %s for %s: rule '%s', %llu requests in log '%s', offence %u", source,
			 fw_age_format(lasts, duration, sizeof(duration)), offence->rule->name,
			 (unsigned long long)offence->amount, log, ban->strikes);
	else
		fw_event(agent, "ban", "agent", details,
			 "ban %s while it is over the limit, %s at least: rule '%s', %llu requests in log "
			 "'%s'",
			 source, fw_age_format(lasts, duration, sizeof(duration)), offence->rule->name,
			 (unsigned long long)offence->amount, log);
}

static uint64_t step_of(const struct fw_rule *rule, unsigned int strikes)
{
	unsigned int last = rule->ban_steps ? rule->ban_steps - 1U : 0;

	return rule->ban_ns[strikes < last ? strikes : last];
}

/* False: what is in force suffices. */
static bool decide(struct fw_agent *agent, const struct offence *offence, struct fw_ban *ban,
		   bool *ret_extends)
{
	struct fw_ban known = {};
	bool has = fw_ban_get(agent->datapath, &offence->prefix, &known);
	bool in_force = has && known.expires_ns > offence->now_ns;

	*ban = (struct fw_ban){
		.since_ns = offence->now_ns, .rule = offence->compiled->id, .origin = FW_BAN_RULE};
	*ret_extends = in_force && known.origin == FW_BAN_RULE && known.rule == ban->rule;
	if (has) {
		ban->packets = known.packets;
		ban->strikes = known.strikes;
	}
	if (offence->rule->ban.set) {
		if (in_force)
			return false;
		ban->expires_ns = offence->now_ns + step_of(offence->compiled, ban->strikes);
		ban->strikes = ban->strikes < FW_STRIKES_MAX ? (uint8_t)(ban->strikes + 1) : FW_STRIKES_MAX;
		return true;
	}
	/* A tick more: the Floodwall clock is coarser than the worker's. */
	ban->expires_ns = offence->now_ns + offence->lasts_ns + fw_datapath_tick_ns(agent->datapath);
	if (*ret_extends)
		ban->since_ns = known.since_ns;
	return !in_force || known.expires_ns < ban->expires_ns;
}

static void punish(struct fw_agent *agent, const struct offence *offence)
{
	struct fw_logs *logs = &agent->logs;
	struct fw_err err = {};
	struct fw_ban ban;
	bool extends;

	if (!decide(agent, offence, &ban, &extends))
		return;
	if (fw_ban_add(agent->datapath, &offence->prefix, &ban, &err)) {
		if (!logs->warned_full)
			fw_log(FW_LOG_WARNING, "rule '%s' bans nobody: %s", offence->rule->name, err.text);
		logs->warned_full = true;
		return;
	}
	logs->warned_full = false;
	if (!extends) {
		agent->leases.added[FW_BAN_RULE]++;
		logs->rules[offence->compiled->id].bans++;
		say(agent, offence, &ban);
	}
	fw_leases_changed(agent);
}

static void on_offence(struct fw_agent *agent, const struct fw_log_record *record)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = find_rule(agent, record->rule);
	struct offence offence = {.amount = record->values[FW_LOG_AMOUNT],
				  .lasts_ns = record->values[FW_LOG_LASTS_NS]};
	uint16_t class;
	bool trial = false;

	if (index < 0 || is_nobody(&record->client))
		return;
	offence.rule = &policy->rules[index];
	offence.compiled = &agent->loaded->image->slot->rules[index];
	/* Amounts and times are what the rule allows them to be, whatever the worker says. */
	if (offence.amount <= offence.compiled->limit || offence.lasts_ns > 2 * offence.compiled->window_ns)
		return;
	class = fw_image_classify(agent->loaded->image, &record->client);
	if (is_spared(agent, &record->client, class)) {
		agent->logs.rules[record->rule].spared++;
		return;
	}
	if (!takes_client(agent, (size_t)index, &record->client, class, &trial))
		return;
	offence.prefix.bits = fw_addr_is_v4(&record->client)
				      ? (unsigned char)(FW_V4_BITS + offence.rule->prefix4)
				      : offence.rule->prefix6;
	offence.prefix.addr = fw_addr_masked(&record->client, offence.prefix.bits);
	offence.now_ns = fw_datapath_now_ns(agent->datapath);
	if (trial || fw_rule_counts(policy, offence.rule) || offence.rule->action == FW_ACTION_COUNT)
		say(agent, &offence, NULL);
	else
		punish(agent, &offence);
}

static void on_ended(struct fw_agent *agent, uint16_t log)
{
	struct fw_log_state *state = &agent->logs.logs[log];

	/* journalctl: it ends when it cannot go on, for example when it is not installed. */
	snprintf(state->error, sizeof(state->error), "journalctl ended; it is started again");
	state->retry_ns = fw_monotonic_ns() + state->backoff_ms * 1000000ULL;
	state->backoff_ms = state->backoff_ms < 15000 ? state->backoff_ms * 2 : 30000;
}

void fw_log_on_record(struct fw_agent *agent, const struct fw_log_record *record)
{
	struct fw_logs *logs = &agent->logs;
	struct fw_log_rule_counts *rule = record->rule < FW_RULE_IDS ? &logs->rules[record->rule] : NULL;
	bool current = record->job == logs->job_number && record->log < logs->count;

	switch (record->kind) {
	case FW_LOG_OFFENCE:
		if (rule)
			on_offence(agent, record);
		return;
	case FW_LOG_LINES:
		for (int i = 0; current && i < FW_LOG_COUNT_MAX_; i++)
			logs->logs[record->log].counts[i] += record->values[i];
		return;
	case FW_LOG_MATCHES:
		if (!rule)
			return;
		rule->matched += record->values[FW_LOG_MATCHED];
		rule->over += record->values[FW_LOG_OVER];
		rule->keys = record->values[FW_LOG_KEYS];
		rule->keys_over = record->values[FW_LOG_KEYS_OVER];
		return;
	case FW_LOG_LISTED:
		fw_key_walk_listed(agent, record->values[FW_LOG_SERIAL], record->values[FW_LOG_WRITTEN]);
		return;
	case FW_LOG_ENDED:
		if (current)
			on_ended(agent, record->log);
	}
}
