// SPDX-License-Identifier: Apache-2.0
/* The life of an attack: it begins when a cause drops too much twice in a row, takes in whatever else hits
 * its target, and ends when nothing has for a while. */
#include "observe/attack.h"

#include <stdlib.h>
#include <string.h>

#include "observe/attack_look.h"

static uint16_t lane_of(const struct fw_drop_sample *sample)
{
	return sample->rule < FW_RULE_IDS ? sample->rule : FW_ATTACK_REASON_LANE(sample->reason);
}

/* Keeps a second of samples, the newest when there are too many; once those of the time in which nobody
 * looked, as far as there was room for them. */
static void remember(struct fw_attacks *attacks, const struct fw_attack_step *step)
{
	size_t kept = 0, fresh = step->sample_count, first = 0, room;
	uint64_t age = FW_ATTACK_SAMPLE_AGE_NS;

	if (attacks->resumes && step->now_ns - attacks->last_step_ns > age)
		age = step->now_ns - attacks->last_step_ns;
	for (size_t i = 0; i < attacks->sample_count; i++)
		if (attacks->samples[i].at_ns + age > step->now_ns)
			attacks->samples[kept++] = attacks->samples[i];
	if (fresh > FW_ATTACK_SAMPLES) {
		first = fresh - FW_ATTACK_SAMPLES;
		fresh = FW_ATTACK_SAMPLES;
	}
	room = FW_ATTACK_SAMPLES - fresh;
	if (kept > room) {
		memmove(attacks->samples, attacks->samples + (kept - room), room * sizeof(*attacks->samples));
		kept = room;
	}
	for (size_t i = 0; i < fresh; i++)
		if (step->samples[first + i].at_ns + age > step->now_ns)
			attacks->samples[kept++] = step->samples[first + i];
	attacks->sample_count = kept;
}

void fw_attack_gather(struct fw_attack_look *look)
{
	const struct fw_attacks *attacks = look->attacks;

	look->sample_count = 0;
	for (size_t i = 0; i < attacks->sample_count; i++)
		if (lane_of(&attacks->samples[i]) == look->cause->lane)
			look->samples[look->sample_count++] = &attacks->samples[i];
}

int fw_attack_find(const struct fw_attacks *attacks, const struct fw_attack_target *target)
{
	int best = -1;

	for (size_t i = 0; i < attacks->active_count; i++) {
		const struct fw_attack *attack = &attacks->active[i];

		if (fw_attack_covers(&attack->target, target) &&
		    (best < 0 || fw_attack_covers(&attacks->active[best].target, &attack->target)))
			best = (int)i;
	}
	return best;
}

static void forget_rates(struct fw_attack *attack)
{
	attack->packets_per_second = attack->bytes_per_second = 0;
	attack->dropped_per_second = attack->would_drop_per_second = attack->answered_per_second = 0;
	for (size_t i = 0; i < attack->vector_count; i++) {
		struct fw_attack_vector *vector = &attack->vectors[i];

		vector->packets_per_second = vector->bytes_per_second = 0;
		vector->dropped_per_second = vector->would_drop_per_second = 0;
		vector->answered_per_second = 0;
	}
}

void fw_attacks_end(struct fw_attacks *attacks, size_t index, uint64_t wall_ns)
{
	struct fw_attack attack = attacks->active[index];

	attack.ended_wall_ns = wall_ns;
	forget_rates(&attack);
	if (attacks->recent_count == FW_ATTACKS_RECENT)
		memmove(attacks->recent, attacks->recent + 1,
			--attacks->recent_count * sizeof(*attacks->recent));
	attacks->recent[attacks->recent_count++] = attack;
	memmove(&attacks->active[index], &attacks->active[index + 1],
		(--attacks->active_count - index) * sizeof(*attacks->active));
}

static void end(struct fw_attack_look *look, size_t index, uint64_t wall_ns)
{
	struct fw_attacks *attacks = look->attacks;

	fw_attacks_end(attacks, index, wall_ns);
	memmove(&look->changed[index], &look->changed[index + 1],
		(attacks->active_count - index) * sizeof(*look->changed));
	look->news(look->context, FW_ATTACK_ENDED, &attacks->recent[attacks->recent_count - 1]);
}

static void absorb(struct fw_attack *attack, struct fw_attack *other)
{
	fw_attack_absorb_vectors(attack, other);
	if (other->last_over_ns > attack->last_over_ns)
		attack->last_over_ns = other->last_over_ns;
	if (other->firm_ns > attack->firm_ns)
		attack->firm_ns = other->firm_ns;
	if (other->started_ns < attack->started_ns) {
		attack->started_ns = other->started_ns;
		attack->started_wall_ns = other->started_wall_ns;
	}
}

/* The flood turns out to be wider than some attacks inside it: the oldest of them becomes it, the others end
 * in it. A prefix only: what is aimed at everybody says nothing about a single victim. */
static int widen(struct fw_attack_look *look, const struct fw_attack_target *target)
{
	struct fw_attacks *attacks = look->attacks;
	int first = -1;

	for (size_t i = 0; i < attacks->active_count && !target->everything;) {
		struct fw_attack *attack = &attacks->active[i];

		if (!fw_attack_covers(target, &attack->target)) {
			i++;
		} else if (first < 0) {
			first = (int)i++;
			attack->target = *target;
			look->changed[first] = true;
		} else {
			absorb(&attacks->active[first], attack);
			attack->merged_into = attacks->active[first].id;
			end(look, i, look->step->wall_ns);
		}
	}
	return first;
}

/* When the share's packets began. What the cause drops may have been too much for long before, at other
 * targets: then the samples say, of which only those of the last second are kept. */
static uint64_t began(const struct fw_attack_look *look, uint8_t share)
{
	uint64_t since = look->lane->over_since_ns, first = look->step->now_ns;

	if (since + FW_ATTACK_SAMPLE_AGE_NS > first)
		return since;
	for (size_t i = look->first_of[share]; i < look->first_of[share + 1]; i++)
		if (look->samples[i]->at_ns < first)
			first = look->samples[i]->at_ns;
	return first;
}

static int start(struct fw_attack_look *look, const struct fw_attack_target *target, uint8_t share)
{
	struct fw_attacks *attacks = look->attacks;
	uint64_t now = look->step->now_ns, since = began(look, share);
	uint64_t age = now > since ? now - since : 0;

	look->changed[attacks->active_count] = false;
	attacks->active[attacks->active_count] = (struct fw_attack){
		.id = ++attacks->last_id,
		.target = *target,
		.started_ns = since,
		.started_wall_ns = look->step->wall_ns - age,
		.last_over_ns = now,
		.detected_after_ns = age,
	};
	attacks->started++;
	return (int)attacks->active_count++;
}

/* Whether the share has an attack to go to. */
static bool credit_share(struct fw_attack_look *look, uint8_t index, const struct fw_attack_share *share,
			 double rate)
{
	struct fw_attacks *attacks = look->attacks;
	bool starts = look->lane->over_steps >= FW_ATTACK_STEPS_TO_START, fresh = false, grew = false;
	const struct fw_attack_target others = {.others = true}, *target = &share->target;
	int at = fw_attack_find(attacks, target);
	bool had = at >= 0;

	if (at < 0 && starts)
		at = widen(look, &share->target);
	if (at < 0 && fw_attacks_are_full(attacks)) {
		target = &others;
		at = fw_attack_find(attacks, target);
		had = at >= 0;
	}
	if (at < 0 && starts) {
		at = start(look, target, index);
		fresh = true;
	}
	if (at < 0)
		return false;
	if (!had)
		fw_attack_credit_earlier(look, &attacks->active[at], index);
	fw_attack_credit(look, &attacks->active[at], index, share->part, &grew);
	fw_attack_lasts(look, &attacks->active[at], share->is_small ? rate * share->part : rate);
	if (fresh)
		look->news(look->context, FW_ATTACK_STARTED, &attacks->active[at]);
	else
		look->changed[at] |= grew;
	return true;
}

static uint64_t first_sample_ns(const struct fw_attack_look *look, uint64_t since_ns)
{
	uint64_t first = look->step->now_ns;

	for (size_t i = 0; i < look->sample_count; i++)
		if (look->samples[i]->at_ns >= since_ns && look->samples[i]->at_ns < first)
			first = look->samples[i]->at_ns;
	return look->sample_count && first < look->step->now_ns ? first : since_ns;
}

/* Returns the part of what the cause dropped that has gone to attacks. */
static double credit_all(struct fw_attack_look *look, double rate)
{
	struct fw_attack_share shares[FW_ATTACK_SHARES];
	size_t count = fw_attack_share_out(look, look->cause->start / rate, shares);
	double credited = 0;

	if (!count)
		return fw_attack_credit_blindly(look, rate);
	fw_attack_weigh(look, shares, count);
	for (size_t i = 0; i < count; i++)
		if (credit_share(look, (uint8_t)i, &shares[i], rate))
			credited += shares[i].part;
	return credited;
}

/* A rule on trial that counts the same packets before it, and has them here, does not keep a rule of mode
 * attack from enforcing. */
static void look_at_hidden(struct fw_attack_look *look)
{
	struct fw_attack_lane *lane = look->lane;
	double rate = (look->dropped + look->counted) / look->seconds;

	if (look->cause->on_trial || look->counted <= look->would_drop || rate < look->cause->start)
		lane->hidden_steps = 0;
	else if (++lane->hidden_steps >= FW_ATTACK_STEPS_TO_START)
		look->attacks->firm_ns = look->step->now_ns;
}

static void look_at_cause(struct fw_attack_look *look)
{
	struct fw_attack_lane *lane = look->lane;
	double rate = (look->dropped + look->would_drop) / look->seconds, credited = 0;

	look_at_hidden(look);
	if (rate <= 0) {
		lane->over_steps = 0;
		return;
	}
	fw_attack_gather(look);
	if (rate < look->cause->start)
		lane->over_steps = 0;
	else if (!lane->over_steps++)
		lane->over_since_ns = first_sample_ns(look, look->attacks->last_step_ns);
	if (lane->over_steps || look->attacks->active_count)
		credited = credit_all(look, rate);
	fw_attack_remember_step(look, credited);
}

/* What a cause dropped since the last step; false: its counters were not seen before, or began anew. */
static bool measure(struct fw_attack_look *look, const struct fw_attack_cause *cause)
{
	struct fw_attack_lane *lane = &look->attacks->lanes[cause->lane % FW_ATTACK_LANES];
	bool known = fw_attack_goes_on(lane, cause), away = fw_attack_was_away(look->attacks, lane);

	look->cause = cause;
	look->lane = lane;
	look->since_ns = lane->seen ? lane->looked_ns : look->attacks->last_step_ns;
	look->dropped = known ? (double)(cause->dropped - lane->dropped) : 0;
	look->counted = known ? (double)(cause->would_drop - lane->would_drop) : 0;
	look->would_drop =
		away ? look->counted : fw_attack_own_would(&look->would, cause->lane, look->counted);
	lane->seen = true;
	lane->looked_ns = look->step->now_ns;
	lane->dropped = cause->dropped;
	lane->would_drop = cause->would_drop;
	return known;
}

/* The first look at it after a while: an average over so long says nothing of this step. */
static void look_after_gap(struct fw_attack_look *look)
{
	look->lane->over_steps = look->lane->hidden_steps = 0;
	fw_attack_look_over_gap(look);
}

static void sum_up(struct fw_attack *attack)
{
	attack->packets_per_second = attack->bytes_per_second = 0;
	attack->dropped_per_second = attack->would_drop_per_second = attack->answered_per_second = 0;
	for (size_t i = 0; i < attack->vector_count; i++) {
		struct fw_attack_vector *vector = &attack->vectors[i];

		attack->packets_per_second += vector->packets_per_second;
		attack->dropped_per_second += vector->dropped_per_second;
		attack->would_drop_per_second += vector->would_drop_per_second;
		attack->answered_per_second += vector->answered_per_second;
		attack->bytes_per_second += vector->bytes_per_second;
		if (vector->packets_per_second > vector->peak_packets_per_second)
			vector->peak_packets_per_second = vector->packets_per_second;
	}
	if (attack->packets_per_second > attack->peak_packets_per_second)
		attack->peak_packets_per_second = attack->packets_per_second;
	if (attack->bytes_per_second > attack->peak_bytes_per_second)
		attack->peak_bytes_per_second = attack->bytes_per_second;
}

static void finish(struct fw_attack_look *look)
{
	struct fw_attacks *attacks = look->attacks;
	uint64_t now = look->step->now_ns;

	for (size_t i = 0; i < attacks->active_count; i++)
		sum_up(&attacks->active[i]);
	for (size_t i = attacks->active_count; i-- > 0;) {
		uint64_t last_over = attacks->active[i].last_over_ns;
		uint64_t since = last_over > attacks->resumed_ns ? last_over : attacks->resumed_ns;

		if (now - since >= FW_ATTACK_HOLD_NS)
			end(look, i, look->step->wall_ns - (now - last_over));
		else if (look->changed[i])
			look->news(look->context, FW_ATTACK_CHANGED, &attacks->active[i]);
	}
}

bool fw_attacks_are_firm(const struct fw_attacks *attacks)
{
	return attacks->firm_ns && attacks->last_step_ns - attacks->firm_ns < FW_ATTACK_HOLD_NS;
}

void fw_attacks_resume(struct fw_attacks *attacks, uint64_t looked_ns, uint64_t now_ns)
{
	for (size_t i = 0; i < attacks->active_count; i++)
		if (attacks->active[i].last_over_ns > now_ns)
			attacks->active[i].last_over_ns = now_ns;
	attacks->resumed_ns = now_ns;
	attacks->resumes = looked_ns && looked_ns <= now_ns;
	if (!attacks->resumes)
		return;
	attacks->last_step_ns = looked_ns;
	for (size_t i = 0; i < FW_ATTACK_LANES; i++)
		attacks->lanes[i].looked_ns = looked_ns;
}

static void forget_all_rates(struct fw_attacks *attacks)
{
	for (size_t i = 0; i < attacks->active_count; i++)
		forget_rates(&attacks->active[i]);
}

void fw_attacks_step(struct fw_attacks *attacks, const struct fw_attack_step *step, fw_attack_news_fn *news,
		     void *context)
{
	struct fw_attack_look *look = calloc(1, sizeof(*look));
	struct fw_attack_own *own = malloc(sizeof(*own)); /* large, and little of it is used */
	bool first = !attacks->last_step_ns || step->now_ns <= attacks->last_step_ns;
	bool resumes = attacks->resumes && !first;

	if (!look || !own) {
		free(look);
		free(own);
		return; /* the next step sees what this one would have */
	}
	look->attacks = attacks;
	look->step = step;
	look->news = news;
	look->context = context;
	look->own = own;
	look->seconds = (double)(step->now_ns - attacks->last_step_ns) / 1e9;
	remember(attacks, step);
	fw_attack_add_up_would(look);
	if (!resumes)
		forget_all_rates(attacks);
	for (size_t i = 0; i < step->cause_count; i++)
		if (measure(look, &step->causes[i]) && !first)
			(look->since_ns < attacks->last_step_ns || resumes ? look_after_gap
									   : look_at_cause)(look);
	if (resumes) /* those before the restart, which said how long it went on */
		forget_all_rates(attacks);
	if (!first)
		finish(look);
	attacks->last_step_ns = step->now_ns;
	attacks->resumes = false;
	free(own);
	free(look);
}
