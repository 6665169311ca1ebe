// SPDX-License-Identifier: Apache-2.0
/* Sharpens and lifts: the same policy published with the rules of mode attack enforcing, or counting. */
#include "agent/under_attack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/filtering.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"

#define RETRY_NS (5 * FW_NS_PER_SEC)

static const char *const words[] = {
#define X(id, word) [FW_UNDER_ATTACK_##id] = (word),
	FW_UNDER_ATTACK_MODES(X)
#undef X
};

const char *fw_under_attack_word(enum fw_under_attack_mode mode)
{
	return words[mode];
}

bool fw_under_attack_now(const struct fw_agent *agent)
{
	return agent->under_attack.active;
}

size_t fw_under_attack_rules(const struct fw_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		count += policy->rules[i].mode == FW_MODE_ATTACK;
	return count;
}

void fw_under_attack_save(struct fw_agent *agent)
{
	const struct fw_under_attack *state = &agent->under_attack;
	json_t *document = json_pack(
		"{s:s, s:b, s:I, s:I, s:I, s:s, s:s}", "mode", words[state->mode], "active",
		(int)state->active, "expires_ns", (json_int_t)state->expires_ns, "since_wall_ns",
		(json_int_t)state->since_wall_ns, "last_attack_ns", (json_int_t)state->last_attack_ns, "by",
		state->by, "switched_by", state->switched_by);

	fw_keep(agent, FW_KEPT_UNDER_ATTACK, document);
}

void fw_under_attack_load(struct fw_agent *agent)
{
	struct fw_under_attack state = {};
	bool same_boot = false;
	json_t *document = fw_kept_read(agent, FW_KEPT_UNDER_ATTACK, &same_boot);
	json_int_t expires, since, last;
	const char *mode, *by, *switched_by = "";
	int active;

	if (!document)
		return;
	if (same_boot && !json_unpack(document, "{s:s, s:b, s:I, s:I, s:I, s:s, s?s}", "mode", &mode,
				      "active", &active, "expires_ns", &expires, "since_wall_ns", &since,
				      "last_attack_ns", &last, "by", &by, "switched_by", &switched_by)) {
		for (unsigned int i = 0; i < FW_UNDER_ATTACK_MODE_MAX_; i++)
			if (!strcmp(mode, words[i]))
				state.mode = (enum fw_under_attack_mode)i;
		state.active = active;
		state.expires_ns = (uint64_t)expires;
		state.since_wall_ns = (uint64_t)since;
		/* What happened without an agent is not known: the time until it lifts begins anew. By hand
		 * it was on without an attack, maybe: one that lasts says so itself. */
		state.last_attack_ns =
			active && state.mode == FW_UNDER_ATTACK_AUTO ? fw_monotonic_ns() : (uint64_t)last;
		snprintf(state.by, sizeof(state.by), "%s", by);
		snprintf(state.switched_by, sizeof(state.switched_by), "%s", switched_by);
		agent->under_attack = state;
	}
	json_decref(document);
}

/* Publishes the policy in force anew; on failure everything is as before. */
static int make(struct fw_agent *agent, bool active, const char *by, struct fw_err *err)
{
	bool before = agent->under_attack.active;
	int r;

	if (active == before)
		return 0;
	agent->under_attack.active = active;
	r = fw_under_attack_rules(agent->loaded->policy) ? fw_force_recompile(agent, false, err) : 0;
	if (r) {
		agent->under_attack.active = before;
		return r;
	}
	agent->under_attack.since_wall_ns = fw_wall_ns();
	snprintf(agent->under_attack.switched_by, sizeof(agent->under_attack.switched_by), "%s", by);
	fw_force_save_soon(agent);
	return 0;
}

/* "2 rules of mode attack enforce", which under attack they do not everywhere. */
static void say_rules(const struct fw_agent *agent, size_t rules, char *text, size_t size)
{
	const char *verb = rules == 1 ? "counts" : "count";
	struct fw_filtering filtering;
	char but[FW_FILTERING_BUT_MAX] = "";

	fw_filtering_look(agent, &filtering);
	if (agent->under_attack.active) {
		fw_filtering_but(&filtering, but, sizeof(but));
		verb = strcmp(fw_filtering_word(&filtering), "enforcing") ? "would enforce"
		       : rules == 1					  ? "enforces"
									  : "enforce";
	}
	snprintf(text, size, "%zu rule%s of mode attack %s%s%s", rules, rules == 1 ? "" : "s", verb,
		 but[0] ? ", but " : "", but);
}

static void tell(struct fw_agent *agent, const char *by, const char *why)
{
	const struct fw_under_attack *state = &agent->under_attack;
	size_t rules = fw_under_attack_rules(agent->loaded->policy);
	char marked[64 + FW_FILTERING_BUT_MAX];

	if (rules)
		say_rules(agent, rules, marked, sizeof(marked));
	else
		snprintf(marked, sizeof(marked), "no rule has mode: attack, nothing changes");
	fw_event(agent, "under_attack", by,
		 json_pack("{s:s, s:b, s:I, s:I}", "mode", words[state->mode], "active", (int)state->active,
			   "rules", (json_int_t)rules, "generation", (json_int_t)agent->generation),
		 "under attack: %s (%s%s%s); %s", state->active ? "yes" : "no", why,
		 strcmp(by, "agent") ? " by " : "", strcmp(by, "agent") ? by : "", marked);
}

/* In auto: whether it should be on now. */
static bool wanted(struct fw_agent *agent, uint64_t now)
{
	struct fw_under_attack *state = &agent->under_attack;

	switch (state->mode) {
	case FW_UNDER_ATTACK_ON:
		return true;
	case FW_UNDER_ATTACK_OFF:
		return false;
	case FW_UNDER_ATTACK_AUTO:
	case FW_UNDER_ATTACK_MODE_MAX_:
		break;
	}
	if (fw_attacks_engage(agent))
		state->last_attack_ns = now;
	return state->last_attack_ns && now - state->last_attack_ns < FW_UNDER_ATTACK_HOLD_NS;
}

int fw_under_attack_set(struct fw_agent *agent, enum fw_under_attack_mode mode, const char *by,
			uint64_t for_ns, struct fw_err *err)
{
	struct fw_under_attack before = agent->under_attack;
	uint64_t now = fw_monotonic_ns();
	bool active;
	int r;

	agent->under_attack.mode = mode;
	agent->under_attack.expires_ns = for_ns && mode != FW_UNDER_ATTACK_AUTO ? now + for_ns : 0;
	snprintf(agent->under_attack.by, sizeof(agent->under_attack.by), "%s", by);
	active = wanted(agent, now);
	r = make(agent, active, mode == FW_UNDER_ATTACK_AUTO && active ? "agent" : by, err);
	if (r) {
		agent->under_attack = before;
		return r;
	}
	fw_under_attack_save(agent);
	tell(agent, by,
	     mode == FW_UNDER_ATTACK_AUTO ? "left to the agent"
	     : mode == FW_UNDER_ATTACK_ON ? "switched on"
					  : "switched off");
	return 0;
}

void fw_under_attack_step(struct fw_agent *agent)
{
	struct fw_under_attack *state = &agent->under_attack;
	uint64_t now = fw_monotonic_ns();
	bool expired = state->expires_ns && state->expires_ns <= now, active;
	struct fw_err err = {};

	if (expired) {
		state->mode = FW_UNDER_ATTACK_AUTO;
		state->expires_ns = 0;
		state->by[0] = '\0';
	}
	active = wanted(agent, now);
	if (active == state->active) {
		if (expired) {
			fw_under_attack_save(agent);
			tell(agent, "agent", "its time is up, by itself from now on");
		}
		return;
	}
	if (make(agent, active, "agent", &err)) {
		if (now - agent->attacks.retry_ns > RETRY_NS)
			fw_log(FW_LOG_ERROR, "under attack: the policy could not be published: %s", err.text);
		agent->attacks.retry_ns = now;
		return;
	}
	fw_under_attack_save(agent);
	tell(agent, "agent",
	     expired  ? "its time is up, by itself from now on"
	     : active ? "an attack began"
		      : "no attack for a while");
}

json_t *fw_under_attack_to_json(const struct fw_agent *agent)
{
	const struct fw_under_attack *state = &agent->under_attack;
	uint64_t now = fw_monotonic_ns(), wall = fw_wall_ns();
	uint64_t left = state->expires_ns > now ? state->expires_ns - now : 0;
	struct fw_filtering filtering;
	char but[FW_FILTERING_BUT_MAX];

	fw_filtering_look(agent, &filtering);
	fw_filtering_but(&filtering, but, sizeof(but));
	return json_pack(
		"{s:s, s:b, s:I, s:s?, s:s?, s:s, s:s?, s:o, s:o}", "mode", words[state->mode], "active",
		(int)state->active, "rules", (json_int_t)fw_under_attack_rules(agent->loaded->policy), "by",
		state->by[0] ? state->by : NULL, "switched_by",
		state->switched_by[0] ? state->switched_by : NULL, "filtering", fw_filtering_word(&filtering),
		"but", but[0] ? but : NULL, "since_seconds",
		state->since_wall_ns && wall > state->since_wall_ns
			? json_integer((json_int_t)((wall - state->since_wall_ns) / FW_NS_PER_SEC))
			: json_null(),
		"expires_in_seconds",
		state->expires_ns ? json_integer((json_int_t)((left + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC))
				  : json_null());
}
