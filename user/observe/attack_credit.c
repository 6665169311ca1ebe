// SPDX-License-Identifier: Apache-2.0
/* To which attack dropped packets go: exact counters divided by samples. */
#include <string.h>

#include "observe/attack_look.h"

static double weight_in(const struct fw_attack_look *look, size_t first, size_t end, uint64_t from_ns,
			uint64_t to_ns)
{
	double weight = 0;

	for (size_t i = first; i < end; i++)
		if (look->samples[i]->at_ns >= from_ns && look->samples[i]->at_ns < to_ns)
			weight += look->samples[i]->weight;
	return weight;
}

/* The part that a share has in the samples of some time. */
static double part_in(const struct fw_attack_look *look, uint8_t share, uint64_t from_ns, uint64_t to_ns)
{
	size_t first = look->first_of[share], end = look->first_of[share + 1];
	double own = weight_in(look, first, end, from_ns, to_ns);

	return own > 0 ? own / weight_in(look, 0, look->sample_count, from_ns, to_ns) : 0;
}

void fw_attack_weigh(const struct fw_attack_look *look, struct fw_attack_share *shares, size_t count)
{
	uint64_t since = look->attacks->last_step_ns;
	double all = weight_in(look, 0, look->sample_count, since, UINT64_MAX);
	size_t fresh = 0;

	for (size_t i = 0; i < look->sample_count; i++)
		fresh += look->samples[i]->at_ns >= since;
	for (size_t i = 0; i < count && fresh >= FW_ATTACK_FRESH_ENOUGH; i++)
		shares[i].part = all > 0 ? weight_in(look, look->first_of[i], look->first_of[i + 1], since,
						     UINT64_MAX) /
						   all
					 : 0;
}

/* The samples of a share, and their kinds. */
static size_t gather_share(struct fw_attack_look *look, uint8_t share, uint64_t from_ns, uint64_t to_ns)
{
	look->own->samples = look->samples + look->first_of[share];
	look->own->count = look->first_of[share + 1] - look->first_of[share];
	return fw_attack_kinds(look->own->samples, look->own->count, from_ns, to_ns, look->own->kinds);
}

/* What the cause dropped of the share in some time, by the samples of that time; if there is none, by all. */
static void credit_kinds(const struct fw_attack_look *look, struct fw_attack *attack, size_t count,
			 double dropped, double would_drop)
{
	double all = 0, then = 0;

	for (size_t i = 0; i < count; i++) {
		all += look->own->kinds[i].all.weight;
		then += look->own->kinds[i].then.weight;
	}
	for (size_t i = 0; i < count; i++) {
		const struct fw_attack_sums *sums =
			then > 0 ? &look->own->kinds[i].then : &look->own->kinds[i].all;
		double part = sums->weight / (then > 0 ? then : all);
		double stopped = dropped * part, passed = would_drop * part;

		if (sums->weight <= 0)
			continue;
		fw_attack_put(
			attack, look->cause, &look->own->kinds[i],
			&(struct fw_attack_amount){
				.dropped = stopped,
				.would_drop = passed,
				.answered = sums->stopped > 0 ? stopped * sums->answered / sums->stopped : 0,
				.bytes = (stopped + passed) * sums->bytes / sums->weight,
			},
			look->step->now_ns);
	}
}

/* Which vector each sample of the share is of. */
static void assign(struct fw_attack_look *look, struct fw_attack *attack, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fw_attack_vector *vector =
			fw_attack_holder(attack, look->cause, &look->own->kinds[i]);

		memset(look->own->vector_of + at, (int)(vector - attack->vectors),
		       look->own->kinds[i].all.samples);
		at += look->own->kinds[i].all.samples;
	}
}

/* What the packets of a vector have in common, as long as they are a flood: a few late ones say nothing of
 * it. */
static void describe(const struct fw_attack_look *look, struct fw_attack *attack)
{
	bool seen[FW_ATTACK_VECTORS] = {0};

	for (size_t i = 0; i < look->own->count; i++)
		seen[look->own->vector_of[i]] = true;
	for (size_t i = 0; i < attack->vector_count; i++) {
		struct fw_attack_vector *vector = &attack->vectors[i];

		if (seen[i] && !vector->other &&
		    (!vector->described ||
		     vector->packets_per_second >= FW_ATTACK_STILL_ON * look->cause->start))
			fw_attack_describe(look->own->samples, look->own->vector_of, look->own->count,
					   (uint8_t)i, !fw_attack_is_split(attack, vector), vector);
	}
}

static void credit_past(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double dropped,
			double would_drop, uint64_t from_ns, uint64_t to_ns, bool *ret_new)
{
	size_t count = gather_share(look, share, from_ns, to_ns);

	*ret_new |= fw_attack_name_now(attack, look->cause, look->own->kinds, count, false);
	credit_kinds(look, attack, count, dropped, would_drop);
	*ret_new |= fw_attack_name_tallied(attack);
	assign(look, attack, count);
	describe(look, attack);
}

/* The rates of this step, by the samples of the last second: those of a step alone would be too few. */
static void rate_kinds(struct fw_attack_look *look, struct fw_attack *attack, size_t count, double dropped,
		       double would_drop)
{
	double all = 0;

	for (size_t i = 0; i < count; i++)
		all += look->own->kinds[i].all.weight;
	for (size_t i = 0; i < count; i++) {
		const struct fw_attack_sums *sums = &look->own->kinds[i].all;
		struct fw_attack_vector *vector = fw_attack_holder(attack, look->cause, &look->own->kinds[i]);
		double stopped = dropped * sums->weight / all / look->seconds,
		       passed = would_drop * sums->weight / all / look->seconds;

		vector->packets_per_second += stopped + passed;
		vector->dropped_per_second += stopped;
		vector->would_drop_per_second += passed;
		if (sums->stopped > 0)
			vector->answered_per_second += stopped * sums->answered / sums->stopped;
		vector->bytes_per_second += (stopped + passed) * sums->bytes / sums->weight;
	}
}

void fw_attack_credit(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part,
		      bool *ret_new)
{
	double dropped = look->dropped * part, would_drop = look->would_drop * part;
	bool late = (dropped + would_drop) / look->seconds < FW_ATTACK_STILL_ON * look->cause->start;
	size_t count = gather_share(look, share, look->attacks->last_step_ns, UINT64_MAX);

	*ret_new |= fw_attack_name_now(attack, look->cause, look->own->kinds, count, late);
	credit_kinds(look, attack, count, dropped, would_drop);
	*ret_new |= fw_attack_name_tallied(attack);
	rate_kinds(look, attack, count, dropped, would_drop);
	assign(look, attack, count);
	describe(look, attack);
}

void fw_attack_credit_past(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part)
{
	bool grew = false;

	credit_past(look, attack, share, look->dropped * part, look->would_drop * part, 0, UINT64_MAX, &grew);
}

void fw_attack_credit_earlier(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share)
{
	for (size_t i = 0; i < FW_ATTACK_LANE_STEPS; i++) {
		struct fw_attack_lane_step *step = &look->lane->steps[i];
		double part = part_in(look, share, step->from_ns, step->to_ns);
		bool grew = false;

		if (step->to_ns <= attack->started_ns || step->to_ns > look->attacks->last_step_ns)
			continue;
		if (part > step->open)
			part = step->open;
		step->open -= part;
		if (part > 0)
			credit_past(look, attack, share, step->dropped * part, step->would_drop * part,
				    step->from_ns, step->to_ns, &grew);
	}
}

/* Each of its vectors that the cause is behind gets as much more as it had before. */
static bool spread_blindly(struct fw_attack_look *look, struct fw_attack *attack, double had, double rate)
{
	size_t count = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		count += attack->vectors[i].lane == look->cause->lane;
	for (size_t i = 0; i < attack->vector_count; i++) {
		struct fw_attack_vector *vector = &attack->vectors[i];
		double part = had > 0 ? (vector->dropped + vector->would_drop) / had : 1 / (double)count;

		if (vector->lane != look->cause->lane)
			continue;
		vector->packets_per_second += rate * part;
		vector->dropped_per_second += look->dropped * part / look->seconds;
		vector->would_drop_per_second += look->would_drop * part / look->seconds;
		vector->dropped += look->dropped * part;
		vector->would_drop += look->would_drop * part;
		vector->last_ns = look->step->now_ns;
	}
	return count > 0;
}

double fw_attack_credit_blindly(struct fw_attack_look *look, double rate)
{
	for (size_t i = look->attacks->active_count; i-- > 0;) {
		struct fw_attack *attack = &look->attacks->active[i];
		double had = 0;

		for (size_t j = 0; j < attack->vector_count; j++)
			if (attack->vectors[j].lane == look->cause->lane)
				had += attack->vectors[j].dropped + attack->vectors[j].would_drop;
		if (spread_blindly(look, attack, had, rate)) {
			fw_attack_lasts(look, attack, rate);
			return 1;
		}
	}
	return 0;
}

void fw_attack_remember_step(struct fw_attack_look *look, double credited)
{
	struct fw_attack_lane *lane = look->lane;

	lane->steps[lane->next_step] = (struct fw_attack_lane_step){
		.from_ns = look->attacks->last_step_ns,
		.to_ns = look->step->now_ns,
		.dropped = look->dropped,
		.would_drop = look->would_drop,
		.open = credited < 1 ? 1 - credited : 0,
	};
	lane->next_step = (lane->next_step + 1) % FW_ATTACK_LANE_STEPS;
}
