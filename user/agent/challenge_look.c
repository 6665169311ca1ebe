// SPDX-License-Identifier: Apache-2.0
/* Which challenges are in force, whether anybody is answered, and the news of it. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/challenge.h"

static const struct fw_addr everybody;

/* Rules that count leave notes of what they would challenge in the same map, and those that are gone do. */
static bool challenges(const void *context, uint16_t rule)
{
	const struct fw_agent *agent = context;
	const struct fw_policy *policy = agent->loaded->policy;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (agent->loaded->image->slot->rules[i].id == rule)
			return policy->rules[i].action == FW_ACTION_CHALLENGE &&
			       !fw_rule_counts(policy, &policy->rules[i]);
	return false;
}

/* Whether SYNs that come by some filtered interface can be answered: this host can, it is not in count mode,
 * and somebody takes answers there. */
static bool answers(const struct fw_agent *agent)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	uint32_t silent = slot ? slot->count_ifaces | fw_datapath_control(agent->datapath)->mute_ifaces : 0;

	for (size_t i = 0; slot && !agent->challenge.trouble[0] && i < count; i++)
		if (!(silent >> attached[i].iface & 1))
			return true;
	return false;
}

static json_t *details(const char *rule, const char *destination, bool active, bool answered)
{
	return json_pack("{s:s, s:s, s:b, s:b}", "rule", rule, "destination", destination, "active",
			 (int)active, "answers", (int)answered);
}

static void report_begin(struct fw_agent *agent, const char *rule, const char *destination, bool answered)
{
	json_t *json = details(rule, destination, true, answered);

	if (answered)
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s': a SYN flood on %s, SYNs are answered with cookies", rule, destination);
	else
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s': a SYN flood on %s, SYNs would be answered with cookies, but %s", rule,
			 destination,
			 agent->challenge.trouble[0] ? "nothing can be challenged here now"
			 : agent->challenge.mute[0]  ? "pass: floodwall status says why"
						     : "pass: they come by an interface in count mode, or "
						       "match by a feed on trial");
}

static void report_end(struct fw_agent *agent, const char *rule, const char *destination,
		       bool rule_challenges, bool answered)
{
	json_t *json = details(rule, destination, false, false);

	if (rule_challenges)
		fw_event(agent, "challenge", "packet path", json, "rule '%s': the SYN flood on %s is over",
			 rule, destination);
	else
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s' %s SYNs to %s with cookies any more: it counts, or is gone", rule,
			 answered ? "does not answer" : "would not answer", destination);
}

static void report(struct fw_agent *agent, const struct fw_challenge_entry *entry, bool began)
{
	char destination[FW_ADDR_TEXT_MAX] = "every destination";
	const char *rule = entry->key.rule < FW_RULE_IDS ? agent->ids.name[entry->key.rule] : "";

	if (memcmp(&entry->key.addr, &everybody, sizeof(everybody)) != 0)
		fw_addr_format(&entry->key.addr, destination, sizeof(destination));
	if (began)
		report_begin(agent, rule, destination, entry->answers);
	else
		report_end(agent, rule, destination, challenges(agent, entry->key.rule), entry->answers);
}

static const struct fw_challenge_entry *find(const struct fw_challenge_entry *entries, size_t count,
					     const struct fw_challenge_entry *entry)
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&entries[i].key, &entry->key, sizeof(entry->key)))
			return &entries[i];
	return NULL;
}

/* A flood may come by several interfaces: what was answered once is until none can be. */
static void settle_answers(struct fw_challenge_watch *watch, struct fw_challenge_entry *entry, bool any)
{
	const struct fw_challenge_entry *before = find(watch->active, watch->active_count, entry);

	entry->answers = any && (entry->answers || (before && before->answers));
}

void fw_challenge_look(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	struct fw_challenge_entry now[FW_CHALLENGE_SHOWN];
	bool any = answers(agent);
	size_t count = 0;

	if (fw_challenges(agent->datapath, challenges, agent, now, FW_CHALLENGE_SHOWN, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct fw_challenge_entry *before;

		settle_answers(watch, &now[i], any);
		before = find(watch->active, watch->active_count, &now[i]);
		if (!before || before->answers != now[i].answers)
			report(agent, &now[i], true);
	}
	for (size_t i = 0; i < watch->active_count && count < FW_CHALLENGE_SHOWN; i++)
		if (!find(now, count, &watch->active[i]))
			report(agent, &watch->active[i], false);
	memcpy(watch->active, now, count * sizeof(*now));
	watch->active_count = count;
}

json_t *fw_challenge_active_to_json(struct fw_agent *agent)
{
	const struct fw_challenge_watch *watch = &agent->challenge;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	json_t *list = json_array();

	for (size_t i = 0; i < watch->active_count; i++) {
		const struct fw_challenge_entry *entry = &watch->active[i];
		char text[FW_ADDR_TEXT_MAX] = "all";

		if (memcmp(&entry->key.addr, &everybody, sizeof(everybody)) != 0)
			fw_addr_format(&entry->key.addr, text, sizeof(text));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:b}", "rule",
					entry->key.rule < FW_RULE_IDS ? agent->ids.name[entry->key.rule] : "",
					"destination", text, "since_seconds",
					(json_int_t)((now - entry->challenge.since_ns) / FW_NS_PER_SEC),
					"answers", (int)entry->answers));
	}
	return list;
}

size_t fw_challenge_answered(const struct fw_agent *agent)
{
	const struct fw_challenge_watch *watch = &agent->challenge;
	size_t count = 0;

	for (size_t i = 0; i < watch->active_count; i++)
		count += watch->active[i].answers;
	return count;
}

void fw_challenge_host(const struct fw_agent *agent, struct fw_explain_host *ret)
{
	const struct fw_control *control = fw_datapath_control(agent->datapath);
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	uint32_t all = 0, counting = slot ? slot->count_ifaces : 0, mute = control->mute_ifaces;

	for (size_t i = 0; i < count; i++)
		all |= 1u << (attached[i].iface % FW_IFACES_MAX);
	*ret = (struct fw_explain_host){
		.trouble = agent->challenge.trouble[0] || !(control->cookies.flags & FW_COOKIE_READY),
		.mute = all && !(all & ~mute),
		.counting = all && !(all & ~counting),
		.partly_silent = all & (mute | counting),
		.unseen = control->cookies.flags & FW_COOKIE_UNSEEN,
		.proxies = agent->loaded->policy->safety.synproxy_wscale != FW_SYNPROXY_NONE,
	};
}

/* Some destination that is challenged now. */
static bool find_any(const struct fw_agent *agent, struct fw_addr *dest, struct fw_challenge *found)
{
	for (size_t i = 0; i < agent->challenge.active_count; i++) {
		*dest = agent->challenge.active[i].key.addr;
		if (fw_challenge_find(agent->datapath, FW_RULE_NONE, dest, found))
			return true;
	}
	return false;
}

bool fw_challenge_read(void *context, const struct fw_rule *rule, const struct fw_addr *dest,
		       struct fw_explain_challenge *ret)
{
	struct fw_agent *agent = context;
	const struct fw_policy_slot *slot = agent->loaded->image->slot;
	struct fw_addr addr = everybody;
	struct fw_challenge found;
	bool any;

	if (rule && rule->per == FW_PER_DESTINATION)
		addr = *dest;
	any = fw_challenge_find(agent->datapath, rule ? rule->id : FW_RULE_NONE, &addr, &found);
	if (!any && !rule) {
		addr = dest ? *dest : everybody;
		any = dest ? fw_challenge_find(agent->datapath, FW_RULE_NONE, &addr, &found)
			   : find_any(agent, &addr, &found);
	}
	if (!any)
		return false;
	*ret = (struct fw_explain_challenge){
		.rule = -1,
		.left_ns = found.until_ns - fw_datapath_now_ns(agent->datapath),
		.of_one = memcmp(&addr, &everybody, sizeof(everybody)) != 0,
		.dest = addr,
	};
	for (size_t i = 0; i < agent->loaded->policy->rule_count; i++)
		if (slot->rules[i].id == found.rule)
			ret->rule = (int)i;
	return true;
}
