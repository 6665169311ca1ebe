// SPDX-License-Identifier: Apache-2.0
/* Asks four times a second what was dropped, by which rule and whose it was; tells when an attack begins,
 * changes and ends. */
#include "agent/attacks.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/reason.h"
#include "lib/units.h"
#include "policy/match.h"

/* Flapping attacks must not keep the disk, and the loop, busy. */
#define SAVE_NEWS_NS   FW_NS_PER_SEC
#define SAVE_NS	       (5 * FW_NS_PER_SEC)
#define TELL_CHANGE_NS (10 * FW_NS_PER_SEC)
#define TENTH_OF_LIMIT 10.0
#define LEAST_START    10.0
#define TARGET_BITS4   (FW_V4_BITS + 24)
#define TARGET_BITS6   48

struct causes {
	struct fw_attack_cause items[FW_RULES_MAX + FW_REASON_MAX_];
	size_t count;
	uint64_t would_drop; /* packets that passed, though some rule would have dropped them */
};

/* A limit on a destination, a prefix or everything says itself what is too much: a tenth of it beyond it is
 * an attack. Elsewhere the policy's threshold says. */
static double start_of(const struct fw_policy *policy, const struct fw_policy_rule *rule)
{
	double start = (double)policy->safety.attack_from, own;

	if ((!fw_per_is_destination(rule->per) && rule->per != FW_PER_TOTAL) ||
	    rule->limit.unit == FW_UNIT_NONE || rule->limit.unit == FW_UNIT_BYTES || !rule->limit.window_ns)
		return start;
	own = (double)rule->limit.amount * 1e9 / (double)rule->limit.window_ns / TENTH_OF_LIMIT;
	own = own < LEAST_START ? LEAST_START : own;
	return own < start ? own : start;
}

static void add_rules(struct fw_agent *agent, struct causes *causes)
{
	const struct fw_policy *policy = agent->loaded->policy;

	for (size_t i = 0; i < policy->rule_count && i < FW_RULES_MAX; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		uint16_t id = agent->loaded->image->slot->rules[i].id;
		bool by_prefix = rule->per == FW_PER_DESTINATION_PREFIX;
		struct fw_rule_count count;

		if (rule->match.log)
			continue;
		count = fw_stats_rule(agent->datapath, id);
		causes->items[causes->count++] = (struct fw_attack_cause){
			.lane = id,
			.name = rule->name,
			.dropped = count.dropped,
			.would_drop = count.would_drop,
			.start = start_of(policy, rule),
			.on_trial = fw_rule_is_on_trial(rule),
			.bits = {[FW_FAMILY_V4] = by_prefix ? (uint8_t)(FW_V4_BITS + rule->dest_prefix4)
							    : TARGET_BITS4,
				 [FW_FAMILY_V6] = by_prefix ? rule->dest_prefix6 : TARGET_BITS6},
		};
	}
}

static uint64_t sum_of(const struct fw_iface_counts *counts, enum fw_verdict verdict, int reason)
{
	uint64_t packets = 0;

	for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++)
		packets += counts->by[verdict][reason][traffic].packets;
	return packets;
}

/* Bans, malformed packets, budgets: what drops without a rule. */
static void add_reasons(struct fw_agent *agent, struct causes *causes)
{
	uint64_t dropped[FW_REASON_MAX_] = {0}, would_drop[FW_REASON_MAX_] = {0};
	const struct fw_attached *attached;
	/* Counters of an interface that goes and comes back go on. */
	size_t count = fw_attachments_known(agent->attachments, &attached);

	for (size_t i = 0; i < count; i++) {
		struct fw_iface_counts counts;

		if (fw_stats_iface(agent->datapath, attached[i].iface, &counts))
			continue;
		for (int reason = 0; reason < FW_REASON_MAX_; reason++) {
			dropped[reason] += sum_of(&counts, FW_VERDICT_DROP, reason);
			would_drop[reason] += sum_of(&counts, FW_VERDICT_WOULD_DROP, reason);
		}
	}
	for (int reason = 0; reason < FW_REASON_MAX_; reason++) {
		const struct fw_reason_facts *facts = fw_reason_facts(reason);

		/* A rule answers, and counts that as its drops. */
		if (facts->action != FW_REASON_IS_DROP || facts->by_rule)
			causes->would_drop += would_drop[reason];
		else
			causes->items[causes->count++] = (struct fw_attack_cause){
				.lane = FW_ATTACK_REASON_LANE(reason),
				.name = facts->word,
				.dropped = dropped[reason],
				.would_drop = would_drop[reason],
				.start = (double)agent->loaded->policy->safety.attack_from,
				.bits = {[FW_FAMILY_V4] = TARGET_BITS4, [FW_FAMILY_V6] = TARGET_BITS6},
			};
	}
}

enum fw_attack_protocol fw_attack_protocol_of(const struct fw_attack *attack)
{
	switch (fw_attack_main_vector(attack)->protocol) {
	case 6:
		return FW_ATTACK_TCP;
	case 17:
		return FW_ATTACK_UDP;
	case 1:
	case 58:
		return FW_ATTACK_ICMP;
	default:
		return FW_ATTACK_OTHER;
	}
}

static double total(const struct fw_attack *attack, bool would)
{
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		sum += would ? attack->vectors[i].would_drop : attack->vectors[i].dropped;
	return sum;
}

/* Of the first look nothing is summed up yet. */
static double rate_of(const struct fw_attack *attack)
{
	double packets = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		packets += attack->vectors[i].packets_per_second;
	return attack->packets_per_second > 0 ? attack->packets_per_second : packets;
}

const char *fw_attack_vector_said(const struct fw_agent *agent, const struct fw_attack_vector *vector,
				  char text[FW_ATTACK_TEXT_MAX])
{
	return fw_attack_vector_text(vector, agent->loaded ? agent->loaded->policy->signatures.list : NULL,
				     text, FW_ATTACK_TEXT_MAX);
}

static json_t *details(const struct fw_agent *agent, const struct fw_attack *attack)
{
	double rate = rate_of(attack);
	const struct fw_attack_vector *vector = fw_attack_main_vector(attack);
	char target[FW_ATTACK_TEXT_MAX], kind[FW_ATTACK_TEXT_MAX];

	return json_pack(
		"{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "attack", (json_int_t)attack->id, "target",
		fw_attack_target_text(&attack->target, target, sizeof(target)), "vector",
		fw_attack_vector_said(agent, vector, kind), vector->lane < FW_RULE_IDS ? "rule" : "reason",
		vector->cause, "packets_per_second", (json_int_t)rate, "peak_packets_per_second",
		(json_int_t)(attack->peak_packets_per_second > 0 ? attack->peak_packets_per_second : rate),
		"dropped", (json_int_t)total(attack, false), "would_drop", (json_int_t)total(attack, true));
}

static double total_answered(const struct fw_attack *attack)
{
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		sum += attack->vectors[i].answered;
	return sum;
}

static const char *fate_of(const struct fw_attack_vector *vector)
{
	if (vector->would_drop > vector->dropped)
		return "would be dropped, but pass,";
	return vector->answered > vector->dropped / 2 ? "answered with cookies" : "dropped";
}

static void tell_start(struct fw_agent *agent, const struct fw_attack *attack)
{
	const struct fw_attack_vector *vector = fw_attack_main_vector(attack);
	char target[FW_ATTACK_TEXT_MAX], kind[FW_ATTACK_TEXT_MAX], rate[32];

	agent->attacks.started[fw_attack_protocol_of(attack)]++;
	fw_event(agent, "attack_start", "agent", details(agent, attack),
		 "attack %lu on %s: %s, %s packets/s %s by %s '%s'; seen after %.2f s",
		 (unsigned long)attack->id, fw_attack_target_text(&attack->target, target, sizeof(target)),
		 fw_attack_vector_said(agent, vector, kind),
		 fw_amount_format((uint64_t)rate_of(attack), rate, sizeof(rate)), fate_of(vector),
		 vector->lane < FW_RULE_IDS ? "rule" : "reason", vector->cause,
		 (double)attack->detected_after_ns / 1e9);
}

static void tell_change(struct fw_agent *agent, const struct fw_attack *attack)
{
	uint64_t *told = &agent->attacks.told_ns[attack->id % FW_ATTACKS_ACTIVE], now = fw_monotonic_ns();
	char target[FW_ATTACK_TEXT_MAX], rate[32];

	if (*told && now - *told < TELL_CHANGE_NS)
		return;
	*told = now;
	fw_event(agent, "attack_update", "agent", details(agent, attack),
		 "attack %lu on %s now has %zu kind%s of packets, %s packets/s; 'floodwall attacks' lists "
		 "them",
		 (unsigned long)attack->id, fw_attack_target_text(&attack->target, target, sizeof(target)),
		 attack->vector_count, attack->vector_count == 1 ? "" : "s",
		 fw_amount_format((uint64_t)attack->packets_per_second, rate, sizeof(rate)));
}

static void tell_end(struct fw_agent *agent, const struct fw_attack *attack)
{
	char target[FW_ATTACK_TEXT_MAX], age[32], peak[32], dropped[32], would[32], answered[64] = "";
	double sum_answered = total_answered(attack);
	json_t *json = details(agent, attack);
	uint64_t lasted = attack->ended_wall_ns > attack->started_wall_ns
				  ? attack->ended_wall_ns - attack->started_wall_ns
				  : 0;

	agent->attacks.told_ns[attack->id % FW_ATTACKS_ACTIVE] = 0;
	fw_attack_target_text(&attack->target, target, sizeof(target));
	if (attack->merged_into) {
		json_object_set_new(json, "merged_into", json_integer((json_int_t)attack->merged_into));
		fw_event(agent, "attack_end", "agent", json, "attack %lu on %s is part of attack %lu",
			 (unsigned long)attack->id, target, (unsigned long)attack->merged_into);
		return;
	}
	if (sum_answered >= 1)
		snprintf(answered, sizeof(answered), "%s answered with cookies, ",
			 fw_amount_format((uint64_t)sum_answered, would, sizeof(would)));
	json_object_set_new(json, "seconds", json_integer((json_int_t)(lasted / FW_NS_PER_SEC)));
	fw_event(
		agent, "attack_end", "agent", json,
		"attack %lu on %s is over after %s: %s packets dropped, %s%s only counted, peak %s packets/s",
		(unsigned long)attack->id, target, fw_age_format(lasted, age, sizeof(age)),
		fw_amount_format((uint64_t)(total(attack, false) - sum_answered), dropped, sizeof(dropped)),
		answered, fw_amount_format((uint64_t)total(attack, true), would, sizeof(would)),
		fw_amount_format((uint64_t)attack->peak_packets_per_second, peak, sizeof(peak)));
}

static void on_news(void *context, enum fw_attack_news news, const struct fw_attack *attack)
{
	struct fw_agent *agent = context;

	agent->attacks.dirty = true;
	switch (news) {
	case FW_ATTACK_STARTED:
		tell_start(agent, attack);
		return;
	case FW_ATTACK_CHANGED:
		tell_change(agent, attack);
		return;
	case FW_ATTACK_ENDED:
		tell_end(agent, attack);
	}
}

static void look(struct fw_agent *agent)
{
	struct fw_attack_watch *watch = &agent->attacks;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	FW_FREE struct causes *causes = calloc(1, sizeof(*causes));
	struct fw_attack_step step = {.now_ns = now, .wall_ns = fw_wall_ns()};
	uint64_t age;

	if (!causes)
		return;
	add_rules(agent, causes);
	add_reasons(agent, causes);
	step.causes = causes->items;
	step.cause_count = causes->count;
	step.would_drop = causes->would_drop;
	step.sample_count = fw_drop_samples_take(watch->samples, &step.samples);
	fw_challenge_note(agent, step.samples, step.sample_count);
	fw_attacks_step(watch->attacks, &step, on_news, agent);
	age = fw_monotonic_ns() - watch->saved_ns;
	/* A crash loses what is new since; what a lasting one has come to is found in the counters. */
	if ((watch->dirty && age > SAVE_NEWS_NS) || (watch->attacks->active_count && age > SAVE_NS))
		fw_attacks_save(agent);
}

static void on_timer(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	if (agent->attacks.attacks)
		look(agent);
	fw_under_attack_step(agent);
}

void fw_attacks_start(struct fw_agent *agent)
{
	struct fw_attack_watch *watch = &agent->attacks;
	struct fw_err err = {};
	const uint64_t period_ms = FW_ATTACK_STEP_NS / 1000000;

	watch->attacks = calloc(1, sizeof(*watch->attacks));
	if (!watch->attacks || fw_drop_samples_open(agent->datapath, &watch->samples, &err)) {
		fw_log(FW_LOG_WARNING, "attacks are not watched for: %s; filtering goes on",
		       watch->attacks ? err.text : "out of memory");
		free(watch->attacks);
		watch->attacks = NULL;
	} else {
		fw_attacks_load(agent);
	}
	uv_timer_init(&agent->loop, &watch->timer);
	watch->timer.data = agent;
	uv_timer_start(&watch->timer, on_timer, 0, period_ms);
}

void fw_attacks_stop(struct fw_agent *agent)
{
	struct fw_attack_watch *watch = &agent->attacks;

	if (watch->timer.data)
		uv_timer_stop(&watch->timer);
	if (!watch->attacks)
		return;
	fw_attacks_save(agent);
	fw_drop_samples_close(watch->samples);
	free(watch->attacks);
	watch->attacks = NULL;
}

size_t fw_attacks_active(const struct fw_agent *agent)
{
	return agent->attacks.attacks ? agent->attacks.attacks->active_count : 0;
}

bool fw_attacks_engage(const struct fw_agent *agent)
{
	return agent->attacks.attacks && fw_attacks_are_firm(agent->attacks.attacks);
}

size_t fw_attacks_snapshot(const struct fw_agent *agent,
			   struct fw_attack_snapshot ret[FW_ATTACK_PROTOCOL_MAX_])
{
	static const char *const words[] = {
#define X(id, word) word,
		FW_ATTACK_PROTOCOLS(X)
#undef X
	};
	const struct fw_attacks *attacks = agent->attacks.attacks;

	_Static_assert(FW_ATTACK_PROTOCOL_MAX_ <= FW_ATTACK_KINDS_MAX, "a snapshot has room for all");
	for (int i = 0; i < FW_ATTACK_PROTOCOL_MAX_; i++)
		ret[i] =
			(struct fw_attack_snapshot){.protocol = words[i], .total = agent->attacks.started[i]};
	for (size_t i = 0; attacks && i < attacks->active_count; i++) {
		const struct fw_attack *attack = &attacks->active[i];
		struct fw_attack_snapshot *kind = &ret[fw_attack_protocol_of(attack)];

		kind->active++;
		kind->packets_per_second += attack->packets_per_second;
		if (!kind->first_started_wall_ns || attack->started_wall_ns < kind->first_started_wall_ns)
			kind->first_started_wall_ns = attack->started_wall_ns;
	}
	return FW_ATTACK_PROTOCOL_MAX_;
}
