// SPDX-License-Identifier: Apache-2.0
/* The loop's side of the recorder: notes every second, a step for the thread every ten. */
#include "agent/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/gather.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"

#define PERIOD_MS 1000

static bool drops(const struct fw_policy *policy, const struct fw_policy_rule *rule)
{
	return !fw_rule_counts(policy, rule) &&
	       (rule->action == FW_ACTION_BLOCK || rule->action == FW_ACTION_POLICE ||
		rule->action == FW_ACTION_CHALLENGE);
}

/* The clients of a log are counted by its worker: there are no meters to read. */
static bool is_metered(const struct fw_policy_rule *rule)
{
	return rule->limit.unit != FW_UNIT_NONE && !rule->match.log;
}

/* Index of the rule as it is now among those of the step, -1: out of memory. */
static int note_rule(struct fw_recorder *recorder, const struct fw_policy *policy, size_t index)
{
	const struct fw_policy_rule *rule = &policy->rules[index];
	struct fw_history_rule now;

	memset(&now, 0, sizeof(now)); /* compared as bytes */
	snprintf(now.name, sizeof(now.name), "%s", rule->name);
	if (is_metered(rule)) {
		now.unit = rule->limit.unit;
		now.per = rule->per;
		now.window_ns = rule->limit.window_ns;
		now.limit = rule->limit.amount;
		now.enforced = drops(policy, rule);
	}
	for (size_t i = 0; i < recorder->rule_count; i++)
		if (!memcmp(&recorder->rules[i], &now, sizeof(now)))
			return (int)i;
	if (FW_APPEND(recorder->rules, recorder->rule_count, now))
		return -1;
	return (int)recorder->rule_count - 1;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

/* What a rule counted since the last look; an id that was given to another name counts from nothing. */
static struct fw_rule_count news_of(struct fw_recorder *recorder, uint16_t id, const char *name,
				    const struct fw_rule_count *now)
{
	struct fw_rule_count *last = &recorder->last[id], news = {0};
	bool known = !strcmp(recorder->last_name[id], name);

	if (known)
		news = (struct fw_rule_count){.packets = grown(now->packets, last->packets),
					      .bytes = grown(now->bytes, last->bytes),
					      .dropped = grown(now->dropped, last->dropped),
					      .would_drop = grown(now->would_drop, last->would_drop)};
	snprintf(recorder->last_name[id], sizeof(recorder->last_name[id]), "%s", name);
	*last = *now;
	return news;
}

static void note_second(struct fw_agent *agent, int64_t second)
{
	struct fw_recorder *recorder = &agent->recorder;
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_rule_count counts[FW_RULE_IDS] = {0};

	for (size_t i = 0; i < policy->rule_count; i++) {
		uint16_t id = agent->loaded->image->slot->rules[i].id % FW_RULE_IDS;

		counts[id] = fw_stats_rule(agent->datapath, id);
	}
	fw_logs_add_counts(agent, counts);
	for (size_t i = 0; i < policy->rule_count; i++) {
		uint16_t id = agent->loaded->image->slot->rules[i].id % FW_RULE_IDS;
		struct fw_rule_count news = news_of(recorder, id, policy->rules[i].name, &counts[id]);
		int index = note_rule(recorder, policy, i);

		if (index < 0 || !news.packets)
			continue;
		(void)FW_APPEND(recorder->traffic, recorder->traffic_count,
				(struct fw_history_traffic){.second = second,
							    .rule = (uint32_t)index,
							    .packets = news.packets,
							    .bytes = news.bytes,
							    .dropped = news.dropped,
							    .would_drop = news.would_drop});
	}
}

/* Not the attacks: without its end an attack would last for ever. */
static void forget_step(struct fw_recorder *recorder)
{
	free(recorder->rules);
	free(recorder->traffic);
	recorder->rules = NULL;
	recorder->traffic = NULL;
	recorder->rule_count = recorder->traffic_count = 0;
}

static void forget_attacks(struct fw_recorder *recorder)
{
	free(recorder->attacks);
	recorder->attacks = NULL;
	recorder->attack_count = 0;
}

/* What could not be written is written with the next step. */
static void keep_attacks(struct fw_recorder *recorder, const struct fw_gather_step *step)
{
	for (size_t i = 0; i < step->attack_count && recorder->attack_count < FW_RECORDER_ATTACKS_MAX; i++)
		if (FW_APPEND(recorder->attacks, recorder->attack_count, step->attacks[i]))
			return;
}

/* Takes over what was noted. */
static struct fw_gather_step *make_step(struct fw_agent *agent, int64_t start, uint32_t seconds, bool settled)
{
	struct fw_recorder *recorder = &agent->recorder;
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_gather_step *step = calloc(1, sizeof(*step));

	if (!step)
		return NULL;
	*step = (struct fw_gather_step){
		.datapath = agent->datapath,
		.path = recorder->path,
		.bounds = {.keep_s = policy->history.keep_ns / FW_NS_PER_SEC, .bytes = policy->history.size},
		.start = start,
		.seconds = seconds < FW_HISTORY_SHORT_S ? seconds : FW_HISTORY_SHORT_S,
		.unsettled = !settled};
	step->work.data = agent;
	for (size_t i = 0; i < policy->rule_count; i++) {
		int index = is_metered(&policy->rules[i]) ? note_rule(recorder, policy, i) : -1;

		if (index >= 0)
			step->metered[step->metered_count++] = (struct fw_gather_rule){
				.kernel = agent->loaded->image->slot->rules[i], .index = (uint32_t)index};
	}
	step->rules = recorder->rules;
	step->rule_count = recorder->rule_count;
	step->traffic = recorder->traffic;
	step->traffic_count = recorder->traffic_count;
	step->attacks = recorder->attacks;
	step->attack_count = recorder->attack_count;
	recorder->rules = NULL;
	recorder->traffic = NULL;
	recorder->attacks = NULL;
	recorder->rule_count = recorder->traffic_count = recorder->attack_count = 0;
	return step;
}

static void paused(struct fw_recorder *recorder, const struct fw_gather_step *step)
{
	recorder->lost += step->start != 0;
	if (!recorder->paused || strcmp(recorder->why, step->err.text))
		fw_log(FW_LOG_WARNING,
		       "history is not recorded: %s; filtering goes on, and the recorder tries "
		       "again every ten seconds",
		       step->err.text);
	recorder->paused = true;
	snprintf(recorder->why, sizeof(recorder->why), "%s", step->err.text);
}

static void take_result(struct fw_agent *agent, const struct fw_gather_step *step)
{
	struct fw_recorder *recorder = &agent->recorder;

	if (step->was_damaged)
		fw_log(FW_LOG_WARNING,
		       "what stood in %s was no history of this version, or damaged: it is %s.bad now and a "
		       "new one begins",
		       step->path, step->path);
	if (step->r) {
		keep_attacks(recorder, step);
		paused(recorder, step);
		return;
	}
	if (recorder->paused)
		fw_log(FW_LOG_NOTICE, "history is recorded again; %llu steps of ten seconds are missing",
		       (unsigned long long)recorder->lost);
	recorder->paused = false;
	recorder->wrote = true;
	recorder->written += step->start != 0;
	recorder->bytes = step->bytes;
	recorder->oldest = step->oldest;
}

static void work(uv_work_t *request)
{
	struct fw_agent *agent = request->data;

	fw_gather_step(agent->recorder.gather, agent->recorder.step);
	uv_sem_post(&agent->recorder.landed);
}

static void finish_step(struct fw_agent *agent)
{
	struct fw_recorder *recorder = &agent->recorder;

	take_result(agent, recorder->step);
	fw_gather_step_free(recorder->step);
	recorder->step = NULL;
	recorder->running = false;
}

static void on_done(uv_work_t *request, int status)
{
	struct fw_agent *agent = request->data;

	(void)status; /* only the end of the process cancels */
	if (!agent->recorder.running)
		return;
	uv_sem_wait(&agent->recorder.landed);
	finish_step(agent);
}

/* The thread is still at the step before when a disk hangs: then this one is lost. */
static void hand_over(struct fw_agent *agent, int64_t start, uint32_t seconds, bool settled)
{
	struct fw_recorder *recorder = &agent->recorder;

	if (recorder->running) {
		recorder->lost++;
		forget_step(recorder);
		return;
	}
	recorder->step = make_step(agent, start, seconds, settled);
	if (!recorder->step)
		return;
	recorder->running = true;
	if (!uv_queue_work(&agent->loop, &recorder->step->work, work, on_done))
		return;
	fw_gather_step_free(recorder->step);
	recorder->step = NULL;
	recorder->running = false;
	recorder->lost++;
}

static void say_jump(int64_t jump_s)
{
	fw_log(FW_LOG_NOTICE,
	       "the clock was set by %+lld s: history goes on under the new time, and for an hour nothing of "
	       "it "
	       "is deleted for its age",
	       (long long)jump_s);
}

static void on_timer(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_recorder *recorder = &agent->recorder;
	struct fw_pace_look look;

	if (!agent->loaded->policy->history.enabled) {
		recorder->pace = (struct fw_pace){0};
		recorder->paused = false;
		memset(recorder->last_name, 0, sizeof(recorder->last_name)); /* counters go on meanwhile */
		forget_step(recorder);
		forget_attacks(recorder);
		return;
	}
	if (!recorder->pace.at_ns) /* the first look of this process, or after it was off */
		hand_over(agent, 0, 0, false);
	fw_pace_look(&recorder->pace, fw_monotonic_ns(), fw_wall_ns(), &look);
	if (look.jump_s)
		say_jump(look.jump_s);
	if (look.ended)
		hand_over(agent, look.ended_step, look.ended_seconds, look.settled);
	note_second(agent, look.second);
}

void fw_recorder_start(struct fw_agent *agent)
{
	struct fw_recorder *recorder = &agent->recorder;

	recorder->gather = fw_gather_new();
	if (!recorder->gather || uv_sem_init(&recorder->landed, 0)) {
		fw_log(FW_LOG_WARNING, "no history: out of memory; filtering goes on");
		return;
	}
	snprintf(recorder->path, sizeof(recorder->path), "%.4000s/%s", agent->state.dir, FW_HISTORY_FILE);
	uv_timer_init(&agent->loop, &recorder->timer);
	recorder->timer.data = agent;
	uv_timer_start(&recorder->timer, on_timer, 0, PERIOD_MS);
	recorder->started = true;
}

void fw_recorder_stop(struct fw_agent *agent)
{
	struct fw_recorder *recorder = &agent->recorder;

	if (!recorder->started)
		return;
	uv_timer_stop(&recorder->timer);
	if (recorder->running) {
		if (!uv_cancel((uv_req_t *)&recorder->step->work))
			fw_gather_step(recorder->gather, recorder->step);
		else
			uv_sem_wait(&recorder->landed);
		recorder->running = false; /* the loop does not run again */
		take_result(agent, recorder->step);
	}
	if (recorder->pace.at_ns && agent->loaded) {
		struct fw_gather_step *last =
			make_step(agent, recorder->pace.step,
				  (uint32_t)(recorder->pace.covered_ns / FW_NS_PER_SEC), false);

		if (last) {
			fw_gather_step(recorder->gather, last);
			take_result(agent, last);
			fw_gather_step_free(last);
		}
	}
	fw_gather_free(recorder->gather);
	free(recorder->open);
	recorder->open = NULL;
	recorder->open_count = 0;
	forget_step(recorder);
	forget_attacks(recorder);
}
