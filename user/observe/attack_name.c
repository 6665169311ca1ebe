// SPDX-License-Identifier: Apache-2.0
/* Which kinds of an attack's packets are vectors of their own: those that matter now or by all that was
 * dropped so far. */
#include <string.h>

#include "observe/attack_tally.h"

#define MATTERS_NOW	0.2  /* part of what a cause drops of the target within a second */
#define MATTERS_AT_ALL	0.05 /* part of all that was dropped of it so far */
#define NEARLY_ALL	0.8
#define SAMPLES_TO_TELL 8 /* of a kind, before it is more than chance */

static double all_packets(const struct fw_attack *attack)
{
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		sum += attack->vectors[i].dropped + attack->vectors[i].would_drop;
	return sum;
}

/* Kinds of one protocol within the last second. */
struct group {
	const struct fw_attack_kind *kinds;
	size_t count;
	double enough;
};

/* The port that nearly all of those have that have no vector of their own. */
static const struct fw_attack_kind *common_port(struct fw_attack *attack, const struct fw_attack_sort *sort,
						const struct group *group, struct fw_attack_sums *ret_rest)
{
	*ret_rest = (struct fw_attack_sums){};
	for (size_t i = 0; i < group->count; i++)
		if (!fw_attack_find_apart(attack, sort, group->kinds[i].port)) {
			ret_rest->weight += group->kinds[i].all.weight;
			ret_rest->samples += group->kinds[i].all.samples;
		}
	for (size_t i = 0; i < group->count; i++)
		if (group->kinds[i].port && !fw_attack_find_apart(attack, sort, group->kinds[i].port) &&
		    group->kinds[i].all.weight >= NEARLY_ALL * ret_rest->weight)
			return &group->kinds[i];
	return NULL;
}

/* The first port that is to be told apart now. */
static const struct fw_attack_kind *next_apart(struct fw_attack *attack, const struct fw_attack_sort *sort,
					       const struct group *group)
{
	struct fw_attack_sums rest;
	const struct fw_attack_kind *common = common_port(attack, sort, group, &rest);

	for (size_t i = 0; i < group->count; i++) {
		const struct fw_attack_kind *kind = &group->kinds[i];

		if (kind->port && kind->all.weight >= group->enough && kind->all.samples >= SAMPLES_TO_TELL &&
		    !fw_attack_find_apart(attack, sort, kind->port) &&
		    (kind != common || fw_attack_has_apart(attack, sort)))
			return kind;
	}
	return NULL;
}

static bool name_group(struct fw_attack *attack, const struct fw_attack_sort *sort, const struct group *group)
{
	struct fw_attack_vector *plain = fw_attack_find_plain(attack, sort);
	const struct fw_attack_kind *kind;
	struct fw_attack_sums rest;
	bool named = false;

	kind = common_port(attack, sort, group, &rest);
	if (plain && fw_attack_is_server(plain->source_port) && rest.samples >= SAMPLES_TO_TELL &&
	    rest.weight >= group->enough && (!kind || kind->port != plain->source_port))
		fw_attack_keep_to_port(attack, sort, plain);
	while ((kind = next_apart(attack, sort, group)) && fw_attack_make_apart(attack, sort, kind->port))
		named = true;
	common_port(attack, sort, group, &rest);
	if (rest.weight > 0 && rest.weight >= group->enough && !fw_attack_find_plain(attack, sort))
		named |= fw_attack_make_plain(attack, sort);
	return named;
}

bool fw_attack_name_now(struct fw_attack *attack, const struct fw_attack_cause *cause,
			const struct fw_attack_kind *kinds, size_t count, bool late)
{
	double all = 0;
	bool named = false;

	for (size_t i = 0; i < count; i++)
		all += kinds[i].all.weight;
	for (size_t i = 0, end; i < count; i = end) {
		const struct fw_attack_sort sort = {cause->lane, kinds[i].protocol, cause->name};

		for (end = i + 1; end < count && kinds[end].protocol == kinds[i].protocol;)
			end++;
		if (!late || (!fw_attack_find_plain(attack, &sort) && !fw_attack_has_apart(attack, &sort)))
			named |= name_group(attack, &sort,
					    &(struct group){kinds + i, end - i, MATTERS_NOW * all});
	}
	return named;
}

static const char *cause_of(struct fw_attack *attack, uint16_t lane)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (attack->vectors[i].lane == lane)
			return attack->vectors[i].cause;
	return "";
}

/* Whether it was a vector of its own that was wanting, and now is there. */
static bool name_tally(struct fw_attack *attack, const struct fw_attack_tally *tally, double enough)
{
	const struct fw_attack_sort sort = {tally->lane, tally->protocol, cause_of(attack, tally->lane)};
	struct fw_attack_vector *plain = fw_attack_find_plain(attack, &sort);
	struct fw_attack_tally all = fw_attack_tallied(attack, &sort, 0);
	double around = plain ? plain->dropped + plain->would_drop : fw_attack_packets(&all.amount);

	if (tally->port && tally->samples >= SAMPLES_TO_TELL && fw_attack_packets(&tally->amount) >= enough &&
	    (around - fw_attack_packets(&tally->amount) >= enough || fw_attack_has_apart(attack, &sort)))
		return fw_attack_make_apart(attack, &sort, tally->port);
	return !plain && all.samples >= SAMPLES_TO_TELL && fw_attack_packets(&all.amount) >= enough &&
	       fw_attack_make_plain(attack, &sort);
}

static void drop_empty(struct fw_attack *attack)
{
	for (size_t i = attack->vector_count; i-- > 0;) {
		const struct fw_attack_vector *vector = &attack->vectors[i];

		if (vector->other && vector->dropped + vector->would_drop < FW_ATTACK_A_PACKET &&
		    attack->vector_count > 1)
			memmove(&attack->vectors[i], &attack->vectors[i + 1],
				(--attack->vector_count - i) * sizeof(*vector));
	}
}

bool fw_attack_name_tallied(struct fw_attack *attack)
{
	double enough = MATTERS_AT_ALL * all_packets(attack);
	bool named = false;

	for (size_t i = 0; i < attack->tally_count && enough > 0;) {
		if (name_tally(attack, &attack->tallies[i], enough)) {
			named = true;
			i = 0;
		} else {
			i++;
		}
	}
	drop_empty(attack);
	return named;
}

/* A vector for what another attack has in one; NULL: no room. */
static struct fw_attack_vector *take_vector(struct fw_attack *attack, const struct fw_attack_sort *sort,
					    const struct fw_attack_vector *from)
{
	struct fw_attack_vector *vector;

	if (from->apart)
		return fw_attack_make_apart(attack, sort, from->source_port)
			       ? fw_attack_find_apart(attack, sort, from->source_port)
			       : NULL;
	if (!fw_attack_make_plain(attack, sort))
		return NULL;
	vector = fw_attack_find_plain(attack, sort);
	vector->described = from->described;
	vector->has_flags = from->has_flags;
	vector->tcp_flags = from->tcp_flags;
	vector->fragments = from->fragments;
	vector->dest_port = from->dest_port;
	if (!fw_attack_is_server(from->source_port) || !fw_attack_has_apart(attack, sort))
		vector->source_port = from->source_port;
	return vector;
}

static void take_in(struct fw_attack *attack, const struct fw_attack_vector *from)
{
	const struct fw_attack_sort sort = {from->lane, from->protocol, from->cause};
	const struct fw_attack_amount amount = fw_attack_amount_of(from);
	struct fw_attack_vector *vector = from->other ? fw_attack_other_of(attack, &sort)
					  : from->apart
						  ? fw_attack_find_apart(attack, &sort, from->source_port)
						  : fw_attack_find_plain(attack, &sort);

	if (!vector)
		vector = take_vector(attack, &sort, from);
	if (!vector && from->apart) {
		fw_attack_tally_up(attack, &sort, from->source_port, 0, &amount);
		vector = fw_attack_find_plain(attack, &sort);
	}
	fw_attack_give(vector ? vector : fw_attack_other_of(attack, &sort), &amount, 1);
}

/* What another attack tallied, whose vectors are in this one already. */
static void take_tally(struct fw_attack *attack, struct fw_attack *other, const struct fw_attack_tally *tally)
{
	const struct fw_attack_sort sort = {tally->lane, tally->protocol, cause_of(attack, tally->lane)};
	struct fw_attack_vector *plain = fw_attack_find_plain(attack, &sort),
				*apart =
					tally->port ? fw_attack_find_apart(attack, &sort, tally->port) : NULL,
				*from = fw_attack_find_plain(other, &sort) && plain
						? plain
						: fw_attack_find_other(attack, sort.lane),
				*to = apart   ? apart
				      : plain ? plain
					      : from;

	if (from && to != from) {
		fw_attack_give(from, &tally->amount, -1);
		fw_attack_give(to, &tally->amount, 1);
	}
	if (!apart)
		fw_attack_tally_up(attack, &sort, tally->port, tally->samples, &tally->amount);
}

/* What nothing is tallied of, as nobody did before a restart, is of the port that it is named for. */
static void tally_untold(struct fw_attack *attack, const struct fw_attack_vector *plain)
{
	const struct fw_attack_sort sort = {plain->lane, plain->protocol, plain->cause};
	struct fw_attack_tally told = fw_attack_tallied(attack, &sort, 0);
	struct fw_attack_amount untold = fw_attack_amount_of(plain);

	fw_attack_add(&untold, &told.amount, -1);
	if (fw_attack_packets(&untold) >= FW_ATTACK_A_PACKET)
		fw_attack_tally_up(attack, &sort,
				   fw_attack_is_server(plain->source_port) ? plain->source_port : 0, 0,
				   &untold);
}

void fw_attack_absorb_vectors(struct fw_attack *attack, struct fw_attack *other)
{
	for (size_t i = 0; i < other->vector_count; i++)
		if (!other->vectors[i].other && !other->vectors[i].apart)
			tally_untold(other, &other->vectors[i]);
	for (size_t i = 0; i < attack->vector_count; i++)
		if (!attack->vectors[i].other && !attack->vectors[i].apart)
			tally_untold(attack, &attack->vectors[i]);
	for (size_t i = 0; i < other->vector_count; i++)
		take_in(attack, &other->vectors[i]);
	for (size_t i = 0; i < other->tally_count; i++)
		take_tally(attack, other, &other->tallies[i]);
	fw_attack_name_tallied(attack);
}
