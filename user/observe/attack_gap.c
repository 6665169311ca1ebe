// SPDX-License-Identifier: Apache-2.0
/* What was dropped while no agent looked, or by a rule that a policy in between did not have: counters went
 * on, samples only as far as there was room for them. */
#include "observe/attack_look.h"

static double packets_of(const struct fw_attack_look *look)
{
	return look->dropped + look->would_drop;
}

/* How fast the cause dropped of the attack when somebody last looked: its peak, if that was in a pause. What
 * another cause dropped, if this one is new to it. */
static double usual_rate(const struct fw_attack_look *look, const struct fw_attack *attack)
{
	double rate = 0, peak = 0, any = 0, least = FW_ATTACK_STILL_ON * look->cause->start;

	for (size_t i = 0; i < attack->vector_count; i++) {
		any += attack->vectors[i].packets_per_second;
		if (attack->vectors[i].lane != look->cause->lane)
			continue;
		rate += attack->vectors[i].packets_per_second;
		peak += attack->vectors[i].peak_packets_per_second;
	}
	if (rate < least)
		rate = peak > 0 ? peak : any;
	return rate > least ? rate : least;
}

/* It went on as before until its packets were used up. Fewer than a look calls an attack prolong none. */
static void prolong(const struct fw_attack_look *look, struct fw_attack *attack, double packets)
{
	uint64_t now = look->step->now_ns, last = look->since_ns;
	double lasted = packets / usual_rate(look, attack) * 1e9;

	if (packets * 1e9 < FW_ATTACK_STILL_ON * look->cause->start * FW_ATTACK_STEP_NS)
		return;
	last = lasted < (double)(now - last) ? last + (uint64_t)lasted : now;
	if (last > attack->last_over_ns)
		attack->last_over_ns = last;
}

/* The part of one vector among all that the cause dropped before: by what it did last, or ever. */
static double weight_of(const struct fw_attack_look *look, const struct fw_attack_vector *vector, bool last)
{
	if (vector->lane != look->cause->lane)
		return 0;
	return last ? vector->packets_per_second : vector->dropped + vector->would_drop;
}

static double sum_of(const struct fw_attack_look *look, bool last)
{
	const struct fw_attacks *attacks = look->attacks;
	double sum = 0;

	for (size_t i = 0; i < attacks->active_count; i++)
		for (size_t j = 0; j < attacks->active[i].vector_count; j++)
			sum += weight_of(look, &attacks->active[i].vectors[j], last);
	return sum;
}

static void add(const struct fw_attack_look *look, struct fw_attack_vector *vector, double part)
{
	double before = vector->dropped + vector->would_drop, packets = packets_of(look) * part;

	if (before > 0)
		vector->bytes += packets * vector->bytes / before;
	vector->dropped += look->dropped * part;
	vector->would_drop += look->would_drop * part;
}

static void credit_blindly(struct fw_attack_look *look)
{
	bool last = sum_of(look, true) > 0;
	double sum = sum_of(look, last);

	for (size_t i = 0; i < look->attacks->active_count && sum > 0; i++) {
		struct fw_attack *attack = &look->attacks->active[i];
		double own = 0;

		for (size_t j = 0; j < attack->vector_count; j++)
			own += weight_of(look, &attack->vectors[j], last);
		prolong(look, attack, packets_of(look) * own / sum);
		for (size_t j = 0; j < attack->vector_count; j++)
			add(look, &attack->vectors[j], weight_of(look, &attack->vectors[j], last) / sum);
	}
}

void fw_attack_look_over_gap(struct fw_attack_look *look)
{
	struct fw_attacks *attacks = look->attacks;
	struct fw_attack_share shares[FW_ATTACK_SHARES];
	double packets = packets_of(look), seconds = (double)(look->step->now_ns - look->since_ns) / 1e9;
	size_t count;

	if (packets <= 0 || !attacks->active_count)
		return;
	fw_attack_gather(look);
	count = fw_attack_share_out(look, look->cause->start * seconds / packets, shares);
	if (!count) {
		credit_blindly(look);
		return;
	}
	fw_attack_weigh(look, shares, count);
	for (size_t i = 0; i < count; i++) {
		int at = fw_attack_find(attacks, &shares[i].target);

		if (at < 0)
			continue;
		prolong(look, &attacks->active[at], packets * shares[i].part);
		fw_attack_credit_past(look, &attacks->active[at], (uint8_t)i, shares[i].part);
	}
}
