// SPDX-License-Identifier: Apache-2.0
/* Which vector of an attack its packets are in. Every kind that was sampled keeps what was dropped of it:
 * those that matter are vectors, all others are in one vector that is named for none of them, and are tallied
 * until they matter and take what is theirs out of it. */
#include "observe/attack_tally.h"

#include <string.h>

#define SEVERAL "several"

void fw_attack_add(struct fw_attack_amount *to, const struct fw_attack_amount *amount, double sign)
{
	to->dropped += sign * amount->dropped;
	to->would_drop += sign * amount->would_drop;
	to->answered += sign * amount->answered;
	to->bytes += sign * amount->bytes;
}

double fw_attack_packets(const struct fw_attack_amount *amount)
{
	return amount->dropped + amount->would_drop;
}

struct fw_attack_amount fw_attack_amount_of(const struct fw_attack_vector *vector)
{
	return (struct fw_attack_amount){vector->dropped, vector->would_drop, vector->answered,
					 vector->bytes};
}

static void set(struct fw_attack_vector *vector, const struct fw_attack_amount *amount)
{
	vector->dropped = amount->dropped > 0 ? amount->dropped : 0;
	vector->would_drop = amount->would_drop > 0 ? amount->would_drop : 0;
	vector->answered = amount->answered > 0 ? amount->answered : 0;
	vector->bytes = amount->bytes > 0 ? amount->bytes : 0;
}

void fw_attack_give(struct fw_attack_vector *vector, const struct fw_attack_amount *amount, double sign)
{
	struct fw_attack_amount sum = fw_attack_amount_of(vector);

	fw_attack_add(&sum, amount, sign);
	set(vector, &sum);
}

static bool is_of(const struct fw_attack_vector *vector, const struct fw_attack_sort *sort)
{
	return !vector->other && vector->lane == sort->lane && vector->protocol == sort->protocol;
}

/* Those of one port. */
struct fw_attack_vector *fw_attack_find_apart(struct fw_attack *attack, const struct fw_attack_sort *sort,
					      uint16_t port)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && attack->vectors[i].apart &&
		    attack->vectors[i].source_port == port)
			return &attack->vectors[i];
	return NULL;
}

/* Those of all ports that have no vector of their own. */
struct fw_attack_vector *fw_attack_find_plain(struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && !attack->vectors[i].apart)
			return &attack->vectors[i];
	return NULL;
}

bool fw_attack_has_apart(const struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && attack->vectors[i].apart)
			return true;
	return false;
}

bool fw_attack_is_split(const struct fw_attack *attack, const struct fw_attack_vector *vector)
{
	return fw_attack_has_apart(attack, &(struct fw_attack_sort){vector->lane, vector->protocol, NULL});
}

struct fw_attack_vector *fw_attack_find_other(struct fw_attack *attack, uint16_t lane)
{
	struct fw_attack_vector *any = NULL;

	for (size_t i = 0; i < attack->vector_count; i++)
		if (attack->vectors[i].other && (!any || attack->vectors[i].lane == lane))
			any = &attack->vectors[i];
	return any && (any->lane == lane || attack->vector_count == FW_ATTACK_VECTORS) ? any : NULL;
}

static struct fw_attack_vector *append(struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	struct fw_attack_vector *vector = &attack->vectors[attack->vector_count++];

	*vector = (struct fw_attack_vector){.lane = sort->lane, .protocol = sort->protocol};
	memcpy(vector->cause, sort->cause, strnlen(sort->cause, sizeof(vector->cause) - 1));
	return vector;
}

/* The last place is for what has none: never NULL. */
struct fw_attack_vector *fw_attack_other_of(struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	struct fw_attack_vector *other = fw_attack_find_other(attack, sort->lane);

	if (other && other->lane != sort->lane)
		memcpy(other->cause, SEVERAL, sizeof(SEVERAL));
	if (other)
		return other;
	other = append(attack, sort);
	other->other = true;
	other->protocol = 0;
	return other;
}

/* NULL: no room. */
static struct fw_attack_vector *append_named(struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	bool has_other = false;

	for (size_t i = 0; i < attack->vector_count; i++)
		has_other |= attack->vectors[i].other;
	return attack->vector_count + !has_other < FW_ATTACK_VECTORS ? append(attack, sort) : NULL;
}

struct fw_attack_vector *fw_attack_holder(struct fw_attack *attack, const struct fw_attack_cause *cause,
					  const struct fw_attack_kind *kind)
{
	const struct fw_attack_sort sort = {cause->lane, kind->protocol, cause->name};
	struct fw_attack_vector *vector = fw_attack_find_apart(attack, &sort, kind->port);

	if (!vector)
		vector = fw_attack_find_plain(attack, &sort);
	return vector ? vector : fw_attack_other_of(attack, &sort);
}

static bool is_tally_of(const struct fw_attack_tally *tally, const struct fw_attack_sort *sort)
{
	return tally->lane == sort->lane && tally->protocol == sort->protocol;
}

static struct fw_attack_tally *find_tally(struct fw_attack *attack, const struct fw_attack_sort *sort,
					  uint16_t port)
{
	for (size_t i = 0; i < attack->tally_count; i++)
		if (is_tally_of(&attack->tallies[i], sort) && attack->tallies[i].port == port)
			return &attack->tallies[i];
	return NULL;
}

static void forget(struct fw_attack *attack, struct fw_attack_tally *tally)
{
	*tally = attack->tallies[--attack->tally_count];
}

/* What is tallied by itself is not worth it any more: it stays where it is, as one of its protocol. The
 * smallest, ports before protocols. */
static void make_room(struct fw_attack *attack)
{
	struct fw_attack_tally *least = &attack->tallies[0], gone, *rest;

	for (size_t i = 1; i < attack->tally_count; i++) {
		struct fw_attack_tally *tally = &attack->tallies[i];

		if (!tally->port != !least->port
			    ? tally->port != 0
			    : fw_attack_packets(&tally->amount) < fw_attack_packets(&least->amount))
			least = tally;
	}
	gone = *least;
	forget(attack, least);
	rest = find_tally(attack, &(struct fw_attack_sort){gone.lane, gone.protocol, NULL}, 0);
	if (!gone.port)
		return;
	if (!rest) {
		rest = &attack->tallies[attack->tally_count++];
		*rest = (struct fw_attack_tally){.lane = gone.lane, .protocol = gone.protocol};
	}
	rest->samples += gone.samples;
	fw_attack_add(&rest->amount, &gone.amount, 1);
}

void fw_attack_tally_up(struct fw_attack *attack, const struct fw_attack_sort *sort, uint16_t port,
			size_t samples, const struct fw_attack_amount *amount)
{
	struct fw_attack_tally *tally = find_tally(attack, sort, port);

	while (!tally && attack->tally_count > FW_ATTACK_TALLIES - 2) /* one for the rest of a port's */
		make_room(attack);
	if (!tally) {
		tally = &attack->tallies[attack->tally_count++];
		*tally = (struct fw_attack_tally){
			.lane = sort->lane, .protocol = sort->protocol, .port = port};
	}
	tally->samples += samples;
	fw_attack_add(&tally->amount, amount, 1);
}

/* All of a sort that have no vector of their own. except: port that is left out; 0: none. */
struct fw_attack_tally fw_attack_tallied(const struct fw_attack *attack, const struct fw_attack_sort *sort,
					 uint16_t except)
{
	struct fw_attack_tally sum = {.lane = sort->lane, .protocol = sort->protocol};

	for (size_t i = 0; i < attack->tally_count; i++) {
		const struct fw_attack_tally *tally = &attack->tallies[i];

		if (!is_tally_of(tally, sort) || (except && tally->port == except))
			continue;
		sum.samples += tally->samples;
		fw_attack_add(&sum.amount, &tally->amount, 1);
	}
	return sum;
}

void fw_attack_put(struct fw_attack *attack, const struct fw_attack_cause *cause,
		   const struct fw_attack_kind *kind, const struct fw_attack_amount *amount, uint64_t now_ns)
{
	const struct fw_attack_sort sort = {cause->lane, kind->protocol, cause->name};
	struct fw_attack_vector *vector = fw_attack_holder(attack, cause, kind);

	fw_attack_give(vector, amount, 1);
	vector->last_ns = now_ns;
	if (vector->other || !vector->apart)
		fw_attack_tally_up(attack, &sort, kind->port, kind->then.samples, amount);
}

/* A vector that was named for a port becomes that port's alone. What it had before this process began to
 * tally is that port's. */
void fw_attack_keep_to_port(struct fw_attack *attack, const struct fw_attack_sort *sort,
			    struct fw_attack_vector *plain)
{
	struct fw_attack_tally rest = fw_attack_tallied(attack, sort, plain->source_port),
			       *own = find_tally(attack, sort, plain->source_port);

	plain->apart = true;
	if (own)
		forget(attack, own);
	if (fw_attack_packets(&rest.amount) < FW_ATTACK_A_PACKET)
		return;
	fw_attack_give(plain, &rest.amount, -1);
	fw_attack_give(fw_attack_other_of(attack, sort), &rest.amount, 1);
}

bool fw_attack_make_apart(struct fw_attack *attack, const struct fw_attack_sort *sort, uint16_t port)
{
	struct fw_attack_vector *plain = fw_attack_find_plain(attack, sort), *from, *vector;
	struct fw_attack_tally *tally;

	if (plain && plain->source_port == port) {
		fw_attack_keep_to_port(attack, sort, plain);
		return true;
	}
	vector = append_named(attack, sort);
	if (!vector)
		return false;
	vector->apart = true;
	vector->source_port = port;
	tally = find_tally(attack, sort, port);
	from = plain ? plain : fw_attack_find_other(attack, sort->lane);
	if (tally && from) {
		fw_attack_give(from, &tally->amount, -1);
		fw_attack_give(vector, &tally->amount, 1);
		vector->last_ns = from->last_ns;
	}
	if (tally)
		forget(attack, tally);
	if (plain && fw_attack_is_server(plain->source_port))
		fw_attack_keep_to_port(attack, sort, plain);
	return true;
}

bool fw_attack_make_plain(struct fw_attack *attack, const struct fw_attack_sort *sort)
{
	struct fw_attack_tally sum = fw_attack_tallied(attack, sort, 0);
	struct fw_attack_vector *vector = append_named(attack, sort),
				*from = fw_attack_find_other(attack, sort->lane);

	if (!vector)
		return false;
	if (from && fw_attack_packets(&sum.amount) > 0) {
		fw_attack_give(from, &sum.amount, -1);
		fw_attack_give(vector, &sum.amount, 1);
		vector->last_ns = from->last_ns;
	}
	return true;
}
