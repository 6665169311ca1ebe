// SPDX-License-Identifier: Apache-2.0
/* Which challenges are in force, whether anybody is answered, and the news of it. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/challenge.h"

#define SAMPLED_NS (3 * FW_ATTACK_STEP_NS) /* after so long samples of a flood are there */
static const struct fw_addr everybody;

/* Rules that count leave notes of what they would challenge in the same map, and those that are gone, or were
 * per something else, do. */
static bool challenges(const void *context, uint16_t rule, bool of_everybody)
{
	const struct fw_agent *agent = context;
	const struct fw_policy *policy = agent->loaded->policy;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (agent->loaded->image->slot->rules[i].id == rule)
			return policy->rules[i].action == FW_ACTION_CHALLENGE &&
			       !fw_rule_counts(policy, &policy->rules[i]) &&
			       of_everybody == (policy->rules[i].per != FW_PER_DESTINATION);
	return false;
}

static bool is_of_everybody(const struct fw_challenge_entry *entry)
{
	return !memcmp(&entry->key.addr, &everybody, sizeof(everybody));
}

/* Interfaces by whose SYNs nobody is answered, now. */
static uint32_t silent_ifaces(const struct fw_agent *agent)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);

	return slot ? slot->count_ifaces | fw_datapath_control(agent->datapath)->mute_ifaces : UINT32_MAX;
}

/* Whether SYNs that come by some filtered interface can be answered: this host can, it is not in count mode,
 * and somebody takes answers there. */
static bool answers(const struct fw_agent *agent)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	uint32_t silent = silent_ifaces(agent);

	for (size_t i = 0; !agent->challenge.trouble[0] && i < count; i++)
		if (!(silent >> attached[i].iface & 1))
			return true;
	return false;
}

static bool counts_somewhere(const struct fw_agent *agent)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);

	for (size_t i = 0; slot && i < count; i++)
		if (slot->count_ifaces >> attached[i].iface & 1)
			return true;
	return false;
}

static bool has_trials(const struct fw_agent *agent)
{
	for (size_t i = 0; i < agent->feeds.count; i++)
		if (agent->feeds.items[i]->on_trial)
			return true;
	return false;
}

/* Why SYNs that would be answered pass. */
static const char *why_passed(const struct fw_agent *agent)
{
	bool counts = counts_somewhere(agent), trials = has_trials(agent);

	if (agent->challenge.trouble[0])
		return "nothing can be challenged here now";
	if (agent->challenge.mute[0])
		return "pass: floodwall status says why";
	return counts && trials ? "pass: they come by an interface in count mode, or match by a feed on trial"
	       : counts		? "pass: they come by an interface in count mode"
	       : trials		? "pass: they match by a feed on trial"
				: "pass: there is no room for another challenge";
}

/* Of a rule and a destination, which is everybody where the rule has one limit for all. */
static bool is_of(const struct fw_challenge_key *key, uint16_t rule, const struct fw_addr *dest)
{
	return key->rule == rule && (!memcmp(&key->addr, &everybody, sizeof(everybody)) ||
				     !memcmp(&key->addr, dest, sizeof(*dest)));
}

static void add_done(struct fw_challenge_done *sum, const struct fw_challenge_done *more)
{
	sum->answered += more->answered;
	sum->no_listener += more->no_listener;
}

/* Where a sample counts: at its challenge, else among those that have not been looked at yet. NULL: full. */
static struct fw_challenge_done *done_of(struct fw_challenge_watch *watch,
					 const struct fw_drop_sample *sample)
{
	for (size_t i = 0; i < watch->active_count; i++)
		if (is_of(&watch->active[i].key, sample->rule, &sample->dest))
			return &watch->done[i];
	for (size_t i = 0; i < watch->fresh_count; i++)
		if (watch->fresh[i].rule == sample->rule &&
		    !memcmp(&watch->fresh[i].addr, &sample->dest, sizeof(sample->dest)))
			return &watch->fresh_done[i];
	if (watch->fresh_count == FW_CHALLENGE_SHOWN)
		return NULL;
	watch->fresh[watch->fresh_count] =
		(struct fw_challenge_key){.addr = sample->dest, .rule = sample->rule};
	watch->fresh_done[watch->fresh_count] = (struct fw_challenge_done){};
	return &watch->fresh_done[watch->fresh_count++];
}

void fw_challenge_note(struct fw_agent *agent, const struct fw_drop_sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool answered = samples[i].reason == FW_REASON_CHALLENGED;
		struct fw_challenge_done *done;

		if (samples[i].would_drop ||
		    (!answered && samples[i].reason != FW_REASON_CHALLENGE_NO_LISTENER))
			continue;
		done = done_of(&agent->challenge, &samples[i]);
		if (done && answered)
			done->answered += samples[i].weight;
		else if (done)
			done->no_listener += samples[i].weight;
	}
}

static json_t *details(const char *rule, const char *destination, bool active, bool answered,
		       const struct fw_challenge_done *done)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:I, s:I}", "rule", rule, "destination", destination, "active",
			 (int)active, "answers", (int)answered, "answered_packets",
			 (json_int_t)done->answered, "no_listener_packets", (json_int_t)done->no_listener);
}

static void report_begin(struct fw_agent *agent, const char *rule, const char *destination, bool answered,
			 const struct fw_challenge_done *done)
{
	json_t *json = details(rule, destination, true, answered, done);

	if (answered && !done->answered && done->no_listener)
		fw_event(
			agent, "challenge", "packet path", json,
			"rule '%s': a SYN flood on %s, to ports where nobody listens: SYNs are dropped, none "
			"was answered yet; those to ports with a listener are answered with cookies",
			rule, destination);
	else if (answered)
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s': a SYN flood on %s, SYNs are answered with cookies%s", rule, destination,
			 done->no_listener ? ", those to ports where nobody listens are dropped" : "");
	else
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s': a SYN flood on %s, SYNs would be answered with cookies, but %s", rule,
			 destination, why_passed(agent));
}

static void report_end(struct fw_agent *agent, const char *rule, const char *destination,
		       bool rule_challenges, bool answered, const struct fw_challenge_done *done)
{
	json_t *json = details(rule, destination, false, false, done);

	if (rule_challenges)
		fw_event(agent, "challenge", "packet path", json, "rule '%s': the SYN flood on %s is over",
			 rule, destination);
	else
		fw_event(agent, "challenge", "packet path", json,
			 "rule '%s' %s SYNs to %s with cookies any more: it counts, is gone, or is per "
			 "something else now",
			 rule, answered ? "does not answer" : "would not answer", destination);
}

static void report(struct fw_agent *agent, const struct fw_challenge_entry *entry,
		   const struct fw_challenge_done *done, bool began)
{
	char destination[FW_ADDR_TEXT_MAX] = "every destination";
	const char *rule = entry->key.rule < FW_RULE_IDS ? agent->ids.name[entry->key.rule] : "";

	if (!is_of_everybody(entry))
		fw_addr_format(&entry->key.addr, destination, sizeof(destination));
	if (began)
		report_begin(agent, rule, destination, entry->answers, done);
	else
		report_end(agent, rule, destination,
			   challenges(agent, entry->key.rule, is_of_everybody(entry)), entry->answers, done);
}

static const struct fw_challenge_entry *find(const struct fw_challenge_entry *entries, size_t count,
					     const struct fw_challenge_entry *entry)
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&entries[i].key, &entry->key, sizeof(entry->key)))
			return &entries[i];
	return NULL;
}

/* What has become of an entry's packets so far. */
static struct fw_challenge_done done_so_far(const struct fw_challenge_watch *watch,
					    const struct fw_challenge_entry *entry,
					    const struct fw_challenge_entry *before)
{
	struct fw_challenge_done done =
		before ? watch->done[before - watch->active] : (struct fw_challenge_done){};

	for (size_t i = 0; i < watch->fresh_count; i++)
		if (is_of(&entry->key, watch->fresh[i].rule, &watch->fresh[i].addr))
			add_done(&done, &watch->fresh_done[i]);
	return done;
}

/* Samples come four times a second: of what has only just begun, or is answered only now, there are none yet,
 * and what becomes of its packets would be a guess. */
static bool waits_for_samples(const struct fw_agent *agent, const struct fw_challenge_entry *entry,
			      const struct fw_challenge_entry *before, struct fw_challenge_done *done)
{
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	bool waited = done->waited;

	if (!agent->attacks.attacks || !entry->answers || done->answered || done->no_listener)
		return false;
	if (!before)
		return now - entry->challenge.since_ns < SAMPLED_NS;
	done->waited = true;
	return !before->answers && !waited;
}

/* A flood may come by several interfaces: what was answered once is until none can be. */
static void settle_answers(struct fw_challenge_entry *entry, const struct fw_challenge_entry *before,
			   bool any)
{
	entry->answers = any && (entry->answers || (before && before->answers));
}

/* A rule that only counted before has left notes, and says nothing of whom it answers until the packet path
 * has moved them on under the policy in force. */
static bool waits_for_packets(const struct fw_agent *agent, const struct fw_challenge_entry *entry, bool any)
{
	return any && !entry->answers &&
	       entry->challenge.until_ns - FW_CHALLENGE_HOLD_NS <= agent->challenge.changed_ns;
}

/* Those that are new enough to be left for the next look are left out. */
static size_t settle_all(struct fw_agent *agent, struct fw_challenge_entry *now, size_t count,
			 struct fw_challenge_done *done)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	bool any = answers(agent);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fw_challenge_entry *before = find(watch->active, watch->active_count, &now[i]);

		settle_answers(&now[i], before, any);
		if (!before && waits_for_packets(agent, &now[i], any))
			continue;
		done[kept] = done_so_far(watch, &now[i], before);
		if (waits_for_samples(agent, &now[i], before, &done[kept])) {
			if (!before)
				continue;
			now[i].answers = false;
		}
		if (!before || before->answers != now[i].answers)
			report(agent, &now[i], &done[kept], true);
		now[kept++] = now[i];
	}
	return kept;
}

void fw_challenge_look(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	struct fw_challenge_entry now[FW_CHALLENGE_SHOWN];
	struct fw_challenge_done done[FW_CHALLENGE_SHOWN];
	size_t found = 0, count;

	if (fw_challenges(agent->datapath, challenges, agent, now, FW_CHALLENGE_SHOWN, &found))
		return;
	count = settle_all(agent, now, found, done);
	for (size_t i = 0; i < watch->active_count && found < FW_CHALLENGE_SHOWN; i++)
		if (!find(now, count, &watch->active[i]))
			report(agent, &watch->active[i], &watch->done[i], false);
	memcpy(watch->active, now, count * sizeof(*now));
	memcpy(watch->done, done, count * sizeof(*done));
	watch->active_count = count;
	if (count == found)
		watch->fresh_count = 0;
}

json_t *fw_challenge_active_to_json(struct fw_agent *agent)
{
	const struct fw_challenge_watch *watch = &agent->challenge;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	json_t *list = json_array();

	for (size_t i = 0; i < watch->active_count; i++) {
		const struct fw_challenge_entry *entry = &watch->active[i];
		char text[FW_ADDR_TEXT_MAX] = "all";

		if (!is_of_everybody(entry))
			fw_addr_format(&entry->key.addr, text, sizeof(text));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:b, s:I, s:I}", "rule",
					entry->key.rule < FW_RULE_IDS ? agent->ids.name[entry->key.rule] : "",
					"destination", text, "since_seconds",
					(json_int_t)((now - entry->challenge.since_ns) / FW_NS_PER_SEC),
					"answers", (int)entry->answers, "answered_packets",
					(json_int_t)watch->done[i].answered, "no_listener_packets",
					(json_int_t)watch->done[i].no_listener));
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
