// SPDX-License-Identifier: Apache-2.0
/* To which attack dropped packets go: exact counters divided by samples. */
#include <string.h>

#include "observe/attack_look.h"

#define FULL (FW_ATTACK_VECTORS - 1)

static bool is_alike(const struct fw_attack_vector *vector, const struct fw_attack_vector *kind)
{
	return vector->lane == kind->lane && vector->protocol == kind->protocol;
}

/* The one of its port, else the one that is not told by its port; NULL: none. */
static struct fw_attack_vector *find_vector(struct fw_attack *attack, const struct fw_attack_vector *kind)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_alike(&attack->vectors[i], kind) &&
		    attack->vectors[i].source_port == kind->source_port)
			return &attack->vectors[i];
	for (size_t i = 0; i < attack->vector_count && !kind->apart; i++)
		if (is_alike(&attack->vectors[i], kind) && !attack->vectors[i].apart)
			return &attack->vectors[i];
	return NULL;
}

struct fw_attack_vector *fw_attack_add_vector(struct fw_attack *attack, const struct fw_attack_vector *kind,
					      bool *ret_new)
{
	struct fw_attack_vector *found = find_vector(attack, kind);

	if (found) {
		found->apart |= kind->apart;
		return found;
	}
	if (attack->vector_count == FW_ATTACK_VECTORS)
		return &attack->vectors[FULL];
	*ret_new = true;
	attack->vectors[attack->vector_count] = *kind;
	return &attack->vectors[attack->vector_count++];
}

/* For a few late packets, which make no kind of their own: wherever there are others like them. */
static struct fw_attack_vector *find_alike(struct fw_attack *attack, const struct fw_attack_vector *kind)
{
	struct fw_attack_vector *found = find_vector(attack, kind);

	for (size_t i = 0; i < attack->vector_count && !found; i++)
		if (is_alike(&attack->vectors[i], kind))
			found = &attack->vectors[i];
	return found;
}

/* The part that a share has in the samples of some time. */
static double part_in(const struct fw_attack_look *look, uint8_t share, uint64_t from_ns, uint64_t to_ns,
		      size_t *ret_count)
{
	double all = 0, own = 0;

	*ret_count = 0;
	for (size_t i = 0; i < look->sample_count; i++) {
		const struct fw_drop_sample *sample = look->samples[i];

		if (sample->at_ns < from_ns || sample->at_ns >= to_ns)
			continue;
		++*ret_count;
		all += sample->weight;
		if (look->share_of[i] == share)
			own += sample->weight;
	}
	return all > 0 ? own / all : 0;
}

void fw_attack_weigh(const struct fw_attack_look *look, struct fw_attack_share *shares, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t fresh;
		double part = part_in(look, (uint8_t)i, look->attacks->last_step_ns, UINT64_MAX, &fresh);

		if (fresh >= FW_ATTACK_FRESH_ENOUGH)
			shares[i].part = part;
	}
}

struct amount {
	double dropped, would_drop;
};

/* What the packets of a vector have in common, as long as they are a flood: a few late ones say nothing of
 * it. */
static void describe(struct fw_attack_vector *vector, const struct fw_attack_vector *kind)
{
	vector->has_flags = kind->has_flags;
	vector->tcp_flags = kind->tcp_flags;
	vector->fragments = kind->fragments;
	vector->source_port = kind->source_port;
	vector->dest_port = kind->dest_port;
}

/* seconds: in which that was, for the rates; 0: not now. */
static void credit(const struct fw_attack_look *look, struct fw_attack *attack, uint8_t share,
		   struct amount amount, double seconds, bool *ret_new)
{
	struct fw_attack_kind kinds[FW_ATTACK_VECTORS];
	size_t count = fw_attack_kinds(look->samples, look->sample_count, look->share_of, share, kinds);

	bool late = seconds > 0 &&
		    (amount.dropped + amount.would_drop) / seconds < FW_ATTACK_STILL_ON * look->cause->start;

	for (size_t i = 0; i < count; i++) {
		double length = kinds[i].mean_length;
		double dropped = amount.dropped * kinds[i].part,
		       would_drop = amount.would_drop * kinds[i].part;
		double packets = dropped + would_drop;
		struct fw_attack_vector *kind = &kinds[i].vector, *vector;

		kind->lane = look->cause->lane;
		memcpy(kind->cause, look->cause->name, strnlen(look->cause->name, sizeof(kind->cause) - 1));
		vector = late ? find_alike(attack, kind) : NULL;
		if (!vector)
			vector = fw_attack_add_vector(attack, kind, ret_new);
		vector->dropped += dropped;
		vector->answered += dropped * kinds[i].answered;
		vector->would_drop += would_drop;
		vector->bytes += packets * length;
		vector->last_ns = look->step->now_ns;
		if (seconds <= 0)
			continue;
		if (packets / seconds >= FW_ATTACK_STILL_ON * look->cause->start)
			describe(vector, kind);
		vector->packets_per_second += packets / seconds;
		vector->dropped_per_second += dropped / seconds;
		vector->answered_per_second += dropped * kinds[i].answered / seconds;
		vector->would_drop_per_second += would_drop / seconds;
		vector->bytes_per_second += packets * length / seconds;
	}
}

void fw_attack_credit(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part,
		      bool *ret_new)
{
	credit(look, attack, share, (struct amount){look->dropped * part, look->would_drop * part},
	       look->seconds, ret_new);
}

void fw_attack_credit_past(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part)
{
	bool grew;

	credit(look, attack, share, (struct amount){look->dropped * part, look->would_drop * part}, 0, &grew);
}

void fw_attack_credit_earlier(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share)
{
	struct amount amount = {0};
	bool grew;

	for (size_t i = 0; i < FW_ATTACK_LANE_STEPS; i++) {
		struct fw_attack_lane_step *step = &look->lane->steps[i];
		size_t count;
		double part = part_in(look, share, step->from_ns, step->to_ns, &count);

		if (step->to_ns <= attack->started_ns || step->to_ns > look->attacks->last_step_ns)
			continue;
		if (part > step->open)
			part = step->open;
		step->open -= part;
		amount.dropped += step->dropped * part;
		amount.would_drop += step->would_drop * part;
	}
	if (amount.dropped + amount.would_drop > 0)
		credit(look, attack, share, amount, 0, &grew);
}

double fw_attack_credit_blindly(struct fw_attack_look *look, double rate)
{
	for (size_t i = look->attacks->active_count; i-- > 0;) {
		struct fw_attack *attack = &look->attacks->active[i];

		for (size_t j = 0; j < attack->vector_count; j++) {
			struct fw_attack_vector *vector = &attack->vectors[j];

			if (vector->lane != look->cause->lane)
				continue;
			vector->dropped += look->dropped;
			vector->would_drop += look->would_drop;
			vector->packets_per_second += rate;
			vector->dropped_per_second += look->dropped / look->seconds;
			vector->would_drop_per_second += look->would_drop / look->seconds;
			vector->last_ns = look->step->now_ns;
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
