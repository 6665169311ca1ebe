// SPDX-License-Identifier: Apache-2.0
/* When to look for keys near their limits, and what is new about them. */
#include "agent/utilisation.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"

#define TICK_MS	   1000
#define LOOK_EVERY (15 * FW_NS_PER_SEC) /* less than an epoch of the peaks (fw_meter.h) */
#define NEAR_SHARE 10			/* of one CPU, while keys come near */
#define COST_SHARE 50			/* when none is known to */
#define KEYS_MOST  65536

/* Everything the thread touches. */
struct fw_used_flight {
	struct fw_errand errand;
	struct fw_agent *agent;
	struct fw_used_ask ask;
	struct fw_used_key *keys;
	size_t count, beyond;
	uint64_t began_ns, cost_ns, started_at_ns; /* the last by the Floodwall clock */
	int r;
};

static void fly(struct fw_errand *errand)
{
	struct fw_used_flight *flight = (struct fw_used_flight *)errand;
	uint64_t began = fw_monotonic_ns();

	flight->r = fw_meters_used(flight->agent->datapath, &flight->ask, &flight->keys, &flight->count,
				   &flight->beyond);
	flight->cost_ns = fw_monotonic_ns() - began;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(&((const struct fw_level_told *)a)->key, &((const struct fw_level_told *)b)->key,
		      sizeof(struct fw_meter_key));
}

static uint8_t told_of(const struct fw_utilisation *utilisation, const struct fw_meter_key *key)
{
	struct fw_level_told wanted = {.key = *key};
	const struct fw_level_told *found =
		utilisation->told_count
			? bsearch(&wanted, utilisation->told, utilisation->told_count, sizeof(wanted), by_key)
			: NULL;

	return found ? found->percent : 0;
}

/* Every key against what it was told at; what is new is collected by rule and said. */
static int compare(struct fw_agent *agent, const struct fw_used_flight *flight)
{
	struct fw_utilisation *utilisation = &agent->utilisation;
	struct fw_level_told *told = calloc(flight->count + 1, sizeof(*told));
	struct fw_level_news *news = calloc(flight->count + 1, sizeof(*news));
	size_t told_count = 0;

	for (size_t rule = 0; told && news && rule < flight->ask.rule_count; rule++) {
		const struct fw_rule *compiled = &flight->ask.rules[rule].rule;
		size_t count = 0;

		for (size_t i = 0; i < flight->count; i++) {
			const struct fw_used_key *used = &flight->keys[i];
			uint8_t before, now;

			if (used->index != rule)
				continue;
			before = told_of(utilisation, &used->key);
			now = fw_levels_step(&utilisation->levels, before, used->amount, compiled->limit);
			if (now)
				told[told_count++] = (struct fw_level_told){used->key, now};
			if (now > before)
				news[count++] = (struct fw_level_news){*used, now, before};
		}
		if (count)
			fw_utilisation_say(agent, compiled, news, count);
	}
	free(news);
	if (!told)
		return -ENOMEM;
	qsort(told, told_count, sizeof(*told), by_key);
	free(utilisation->told);
	utilisation->told = told;
	utilisation->told_count = told_count;
	return 0;
}

static void flight_free(struct fw_errand *errand)
{
	free(((struct fw_used_flight *)errand)->keys);
	free(errand);
}

static void on_landed(struct fw_errand *errand)
{
	struct fw_used_flight *flight = (struct fw_used_flight *)errand;
	struct fw_agent *agent = flight->agent;
	struct fw_utilisation *utilisation = &agent->utilisation;

	utilisation->flight = NULL;
	utilisation->looked_ns = fw_monotonic_ns();
	if (!flight->r && utilisation->levels.count) {
		utilisation->cost_ns = flight->cost_ns;
		utilisation->since_ns = flight->started_at_ns;
		utilisation->unwatched = flight->beyond;
		utilisation->looks++;
		if (compare(agent, flight))
			fw_log(FW_LOG_WARNING,
			       "utilisation of limits: out of memory, nobody is told this time");
	}
	fw_errand_drop(errand);
}

static void ask_rules(const struct fw_agent *agent, struct fw_used_ask *ask)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const struct fw_policy_slot *slot = agent->loaded->image->slot;

	for (size_t i = 0; i < policy->rule_count && ask->rule_count < FW_RULES_MAX; i++) {
		const struct fw_rule *rule = &slot->rules[i];

		/* Rules about logs are measured by their worker. */
		if (rule->unit == FW_UNIT_NONE || policy->rules[i].match.log || !rule->terms)
			continue;
		ask->rules[ask->rule_count++] = (struct fw_used_rule){
			.rule = *rule, .floor = fw_levels_floor(&agent->utilisation.levels, rule->limit)};
	}
}

/* Whether a key of the rule has closed a sub-window near a level since the last time. */
static bool has_come_near(struct fw_agent *agent, const struct fw_used_rule *rule)
{
	struct fw_utilisation *utilisation = &agent->utilisation;
	uint64_t near = 0, before = utilisation->near[rule->rule.id % FW_RULE_IDS];
	struct fw_spread spread;

	if (fw_stats_spread(agent->datapath, rule->rule.id, &spread))
		return true;
	for (uint32_t bucket = fw_spread_bucket(rule->floor); bucket < FW_SPREAD_BUCKETS; bucket++)
		near += spread.samples[bucket];
	utilisation->near[rule->rule.id % FW_RULE_IDS] = near;
	return near != before;
}

static void begin(struct fw_agent *agent, struct fw_used_flight *flight)
{
	struct fw_utilisation *utilisation = &agent->utilisation;

	flight->errand = (struct fw_errand){.run = fly, .landed = on_landed, .release = flight_free};
	flight->agent = agent;
	flight->ask.most = KEYS_MOST;
	flight->ask.stop = &agent->errands.stop;
	flight->ask.since_ns = utilisation->since_ns;
	flight->started_at_ns = flight->ask.now_ns = fw_datapath_now_ns(agent->datapath);
	utilisation->flight = flight;
	if (!fw_errand_send(&agent->errands, &flight->errand))
		return;
	utilisation->flight = NULL;
	fw_errand_drop(&flight->errand);
}

static void on_tick(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_utilisation *utilisation = &agent->utilisation;
	uint64_t since = fw_monotonic_ns() - utilisation->looked_ns;
	struct fw_used_flight *flight;
	bool due = since >= LOOK_EVERY && since >= COST_SHARE * utilisation->cost_ns;

	if (utilisation->flight || since < NEAR_SHARE * utilisation->cost_ns)
		return;
	flight = calloc(1, sizeof(*flight));
	if (!flight)
		return;
	ask_rules(agent, &flight->ask);
	for (size_t i = 0; i < flight->ask.rule_count; i++)
		due |= has_come_near(agent, &flight->ask.rules[i]);
	if (due && flight->ask.rule_count)
		begin(agent, flight);
	else
		free(flight);
}

void fw_utilisation_follow(struct fw_agent *agent)
{
	struct fw_utilisation *utilisation = &agent->utilisation;

	if (!utilisation->started)
		return;
	utilisation->levels = (struct fw_levels){0};
	fw_notifier_levels(agent, &utilisation->levels);
	if (!utilisation->levels.count) {
		uv_timer_stop(&utilisation->timer);
		free(utilisation->told);
		utilisation->told = NULL;
		utilisation->told_count = 0;
	} else if (!uv_is_active((uv_handle_t *)&utilisation->timer)) {
		utilisation->since_ns = fw_datapath_now_ns(agent->datapath);
		uv_timer_start(&utilisation->timer, on_tick, TICK_MS, TICK_MS);
	}
}

void fw_utilisation_start(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->utilisation.timer);
	agent->utilisation.timer.data = agent;
	agent->utilisation.started = true;
	fw_utilisation_follow(agent);
}

void fw_utilisation_stop(struct fw_agent *agent)
{
	struct fw_utilisation *utilisation = &agent->utilisation;

	if (!utilisation->started)
		return;
	utilisation->started = false;
	uv_timer_stop(&utilisation->timer);
	free(utilisation->told);
	utilisation->told = NULL;
	utilisation->told_count = 0;
}

json_t *fw_utilisation_to_json(const struct fw_agent *agent)
{
	const struct fw_utilisation *utilisation = &agent->utilisation;

	if (!utilisation->levels.count)
		return json_null();
	return json_pack("{s:I, s:I, s:f, s:I}", "keys", (json_int_t)utilisation->told_count, "looks",
			 (json_int_t)utilisation->looks, "last_look_milliseconds",
			 (double)utilisation->cost_ns / 1e6, "unwatched_keys",
			 (json_int_t)utilisation->unwatched);
}
