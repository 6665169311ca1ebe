// SPDX-License-Identifier: Apache-2.0
/* Which vector of an attack its packets are in. Every kind that was sampled keeps what was dropped of it:
 * those that matter are vectors, all others are in one vector that is named for none of them, and are tallied
 * until they matter and take what is theirs out of it. */
#include <string.h>

#include "observe/attack_look.h"

#define MATTERS_NOW	0.2  /* part of what a cause drops of the target within a second */
#define MATTERS_AT_ALL	0.05 /* part of all that was dropped of it so far */
#define NEARLY_ALL	0.8
#define SAMPLES_TO_TELL 8   /* of a kind, before it is more than chance */
#define A_PACKET	0.5 /* less is from rounding */
#define SEVERAL		"several"

void fw_attack_add(struct fw_attack_amount *to, const struct fw_attack_amount *amount, double sign)
{
	to->dropped += sign * amount->dropped;
	to->would_drop += sign * amount->would_drop;
	to->answered += sign * amount->answered;
	to->bytes += sign * amount->bytes;
}

static double packets_of(const struct fw_attack_amount *amount)
{
	return amount->dropped + amount->would_drop;
}

static struct fw_attack_amount amount_of(const struct fw_attack_vector *vector)
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

static void give(struct fw_attack_vector *vector, const struct fw_attack_amount *amount, double sign)
{
	struct fw_attack_amount sum = amount_of(vector);

	fw_attack_add(&sum, amount, sign);
	set(vector, &sum);
}

static double all_packets(const struct fw_attack *attack)
{
	double sum = 0;

	for (size_t i = 0; i < attack->vector_count; i++)
		sum += attack->vectors[i].dropped + attack->vectors[i].would_drop;
	return sum;
}

/* What packets are alike by: the rule or reason that drops them, and their protocol. */
struct sort {
	uint16_t lane;
	uint8_t protocol;
	const char *cause;
};

static bool is_of(const struct fw_attack_vector *vector, const struct sort *sort)
{
	return !vector->other && vector->lane == sort->lane && vector->protocol == sort->protocol;
}

/* Those of one port. */
static struct fw_attack_vector *find_apart(struct fw_attack *attack, const struct sort *sort, uint16_t port)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && attack->vectors[i].apart &&
		    attack->vectors[i].source_port == port)
			return &attack->vectors[i];
	return NULL;
}

/* Those of all ports that have no vector of their own. */
static struct fw_attack_vector *find_plain(struct fw_attack *attack, const struct sort *sort)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && !attack->vectors[i].apart)
			return &attack->vectors[i];
	return NULL;
}

static bool has_apart(const struct fw_attack *attack, const struct sort *sort)
{
	for (size_t i = 0; i < attack->vector_count; i++)
		if (is_of(&attack->vectors[i], sort) && attack->vectors[i].apart)
			return true;
	return false;
}

bool fw_attack_is_split(const struct fw_attack *attack, const struct fw_attack_vector *vector)
{
	return has_apart(attack, &(struct sort){vector->lane, vector->protocol, NULL});
}

static struct fw_attack_vector *find_other(struct fw_attack *attack, uint16_t lane)
{
	struct fw_attack_vector *any = NULL;

	for (size_t i = 0; i < attack->vector_count; i++)
		if (attack->vectors[i].other && (!any || attack->vectors[i].lane == lane))
			any = &attack->vectors[i];
	return any && (any->lane == lane || attack->vector_count == FW_ATTACK_VECTORS) ? any : NULL;
}

static struct fw_attack_vector *append(struct fw_attack *attack, const struct sort *sort)
{
	struct fw_attack_vector *vector = &attack->vectors[attack->vector_count++];

	*vector = (struct fw_attack_vector){.lane = sort->lane, .protocol = sort->protocol};
	memcpy(vector->cause, sort->cause, strnlen(sort->cause, sizeof(vector->cause) - 1));
	return vector;
}

/* The last place is for what has none: never NULL. */
static struct fw_attack_vector *other_of(struct fw_attack *attack, const struct sort *sort)
{
	struct fw_attack_vector *other = find_other(attack, sort->lane);

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
static struct fw_attack_vector *append_named(struct fw_attack *attack, const struct sort *sort)
{
	bool has_other = false;

	for (size_t i = 0; i < attack->vector_count; i++)
		has_other |= attack->vectors[i].other;
	return attack->vector_count + !has_other < FW_ATTACK_VECTORS ? append(attack, sort) : NULL;
}

struct fw_attack_vector *fw_attack_holder(struct fw_attack *attack, const struct fw_attack_cause *cause,
					  const struct fw_attack_kind *kind)
{
	const struct sort sort = {cause->lane, kind->protocol, cause->name};
	struct fw_attack_vector *vector = find_apart(attack, &sort, kind->port);

	if (!vector)
		vector = find_plain(attack, &sort);
	return vector ? vector : other_of(attack, &sort);
}

static bool is_tally_of(const struct fw_attack_tally *tally, const struct sort *sort)
{
	return tally->lane == sort->lane && tally->protocol == sort->protocol;
}

static struct fw_attack_tally *find_tally(struct fw_attack *attack, const struct sort *sort, uint16_t port)
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

		if (!tally->port != !least->port ? tally->port != 0
						 : packets_of(&tally->amount) < packets_of(&least->amount))
			least = tally;
	}
	gone = *least;
	forget(attack, least);
	rest = find_tally(attack, &(struct sort){gone.lane, gone.protocol, NULL}, 0);
	if (!gone.port)
		return;
	if (!rest) {
		rest = &attack->tallies[attack->tally_count++];
		*rest = (struct fw_attack_tally){.lane = gone.lane, .protocol = gone.protocol};
	}
	rest->samples += gone.samples;
	fw_attack_add(&rest->amount, &gone.amount, 1);
}

static void tally_up(struct fw_attack *attack, const struct sort *sort, uint16_t port, size_t samples,
		     const struct fw_attack_amount *amount)
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
static struct fw_attack_tally tallied(const struct fw_attack *attack, const struct sort *sort,
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
	const struct sort sort = {cause->lane, kind->protocol, cause->name};
	struct fw_attack_vector *vector = fw_attack_holder(attack, cause, kind);

	give(vector, amount, 1);
	vector->last_ns = now_ns;
	if (vector->other || !vector->apart)
		tally_up(attack, &sort, kind->port, kind->then.samples, amount);
}

/* A vector that was named for a port becomes that port's alone. What it had before this process began to
 * tally is that port's. */
static void keep_to_port(struct fw_attack *attack, const struct sort *sort, struct fw_attack_vector *plain)
{
	struct fw_attack_tally rest = tallied(attack, sort, plain->source_port),
			       *own = find_tally(attack, sort, plain->source_port);

	plain->apart = true;
	if (own)
		forget(attack, own);
	if (packets_of(&rest.amount) < A_PACKET)
		return;
	give(plain, &rest.amount, -1);
	give(other_of(attack, sort), &rest.amount, 1);
}

static bool make_apart(struct fw_attack *attack, const struct sort *sort, uint16_t port)
{
	struct fw_attack_vector *plain = find_plain(attack, sort), *from, *vector;
	struct fw_attack_tally *tally;

	if (plain && plain->source_port == port) {
		keep_to_port(attack, sort, plain);
		return true;
	}
	vector = append_named(attack, sort);
	if (!vector)
		return false;
	vector->apart = true;
	vector->source_port = port;
	tally = find_tally(attack, sort, port);
	from = plain ? plain : find_other(attack, sort->lane);
	if (tally && from) {
		give(from, &tally->amount, -1);
		give(vector, &tally->amount, 1);
		vector->last_ns = from->last_ns;
	}
	if (tally)
		forget(attack, tally);
	if (plain && fw_attack_is_server(plain->source_port))
		keep_to_port(attack, sort, plain);
	return true;
}

static bool make_plain(struct fw_attack *attack, const struct sort *sort)
{
	struct fw_attack_tally sum = tallied(attack, sort, 0);
	struct fw_attack_vector *vector = append_named(attack, sort), *from = find_other(attack, sort->lane);

	if (!vector)
		return false;
	if (from && packets_of(&sum.amount) > 0) {
		give(from, &sum.amount, -1);
		give(vector, &sum.amount, 1);
		vector->last_ns = from->last_ns;
	}
	return true;
}

/* Kinds of one protocol within the last second. */
struct group {
	const struct fw_attack_kind *kinds;
	size_t count;
	double enough;
};

/* The port that nearly all of those have that have no vector of their own. */
static const struct fw_attack_kind *common_port(struct fw_attack *attack, const struct sort *sort,
						const struct group *group, struct fw_attack_sums *ret_rest)
{
	*ret_rest = (struct fw_attack_sums){};
	for (size_t i = 0; i < group->count; i++)
		if (!find_apart(attack, sort, group->kinds[i].port)) {
			ret_rest->weight += group->kinds[i].all.weight;
			ret_rest->samples += group->kinds[i].all.samples;
		}
	for (size_t i = 0; i < group->count; i++)
		if (group->kinds[i].port && !find_apart(attack, sort, group->kinds[i].port) &&
		    group->kinds[i].all.weight >= NEARLY_ALL * ret_rest->weight)
			return &group->kinds[i];
	return NULL;
}

/* The first port that is to be told apart now. */
static const struct fw_attack_kind *next_apart(struct fw_attack *attack, const struct sort *sort,
					       const struct group *group)
{
	struct fw_attack_sums rest;
	const struct fw_attack_kind *common = common_port(attack, sort, group, &rest);

	for (size_t i = 0; i < group->count; i++) {
		const struct fw_attack_kind *kind = &group->kinds[i];

		if (kind->port && kind->all.weight >= group->enough && kind->all.samples >= SAMPLES_TO_TELL &&
		    !find_apart(attack, sort, kind->port) && (kind != common || has_apart(attack, sort)))
			return kind;
	}
	return NULL;
}

static bool name_group(struct fw_attack *attack, const struct sort *sort, const struct group *group)
{
	struct fw_attack_vector *plain = find_plain(attack, sort);
	const struct fw_attack_kind *kind;
	struct fw_attack_sums rest;
	bool named = false;

	kind = common_port(attack, sort, group, &rest);
	if (plain && fw_attack_is_server(plain->source_port) && rest.samples >= SAMPLES_TO_TELL &&
	    rest.weight >= group->enough && (!kind || kind->port != plain->source_port))
		keep_to_port(attack, sort, plain);
	while ((kind = next_apart(attack, sort, group)) && make_apart(attack, sort, kind->port))
		named = true;
	common_port(attack, sort, group, &rest);
	if (rest.weight > 0 && rest.weight >= group->enough && !find_plain(attack, sort))
		named |= make_plain(attack, sort);
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
		const struct sort sort = {cause->lane, kinds[i].protocol, cause->name};

		for (end = i + 1; end < count && kinds[end].protocol == kinds[i].protocol;)
			end++;
		if (!late || (!find_plain(attack, &sort) && !has_apart(attack, &sort)))
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
	const struct sort sort = {tally->lane, tally->protocol, cause_of(attack, tally->lane)};
	struct fw_attack_vector *plain = find_plain(attack, &sort);
	struct fw_attack_tally all = tallied(attack, &sort, 0);
	double around = plain ? plain->dropped + plain->would_drop : packets_of(&all.amount);

	if (tally->port && tally->samples >= SAMPLES_TO_TELL && packets_of(&tally->amount) >= enough &&
	    (around - packets_of(&tally->amount) >= enough || has_apart(attack, &sort)))
		return make_apart(attack, &sort, tally->port);
	return !plain && all.samples >= SAMPLES_TO_TELL && packets_of(&all.amount) >= enough &&
	       make_plain(attack, &sort);
}

static void drop_empty(struct fw_attack *attack)
{
	for (size_t i = attack->vector_count; i-- > 0;) {
		const struct fw_attack_vector *vector = &attack->vectors[i];

		if (vector->other && vector->dropped + vector->would_drop < A_PACKET &&
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
static struct fw_attack_vector *take_vector(struct fw_attack *attack, const struct sort *sort,
					    const struct fw_attack_vector *from)
{
	struct fw_attack_vector *vector;

	if (from->apart)
		return make_apart(attack, sort, from->source_port)
			       ? find_apart(attack, sort, from->source_port)
			       : NULL;
	if (!make_plain(attack, sort))
		return NULL;
	vector = find_plain(attack, sort);
	vector->described = from->described;
	vector->has_flags = from->has_flags;
	vector->tcp_flags = from->tcp_flags;
	vector->fragments = from->fragments;
	vector->dest_port = from->dest_port;
	if (!fw_attack_is_server(from->source_port) || !has_apart(attack, sort))
		vector->source_port = from->source_port;
	return vector;
}

static void take_in(struct fw_attack *attack, const struct fw_attack_vector *from)
{
	const struct sort sort = {from->lane, from->protocol, from->cause};
	const struct fw_attack_amount amount = amount_of(from);
	struct fw_attack_vector *vector = from->other	? other_of(attack, &sort)
					  : from->apart ? find_apart(attack, &sort, from->source_port)
							: find_plain(attack, &sort);

	if (!vector)
		vector = take_vector(attack, &sort, from);
	if (!vector && from->apart) {
		tally_up(attack, &sort, from->source_port, 0, &amount);
		vector = find_plain(attack, &sort);
	}
	give(vector ? vector : other_of(attack, &sort), &amount, 1);
}

/* What another attack tallied, whose vectors are in this one already. */
static void take_tally(struct fw_attack *attack, struct fw_attack *other, const struct fw_attack_tally *tally)
{
	const struct sort sort = {tally->lane, tally->protocol, cause_of(attack, tally->lane)};
	struct fw_attack_vector *plain = find_plain(attack, &sort),
				*apart = tally->port ? find_apart(attack, &sort, tally->port) : NULL,
				*from = find_plain(other, &sort) && plain ? plain
									  : find_other(attack, sort.lane),
				*to = apart   ? apart
				      : plain ? plain
					      : from;

	if (from && to != from) {
		give(from, &tally->amount, -1);
		give(to, &tally->amount, 1);
	}
	if (!apart)
		tally_up(attack, &sort, tally->port, tally->samples, &tally->amount);
}

/* What nothing is tallied of, as nobody did before a restart, is of the port that it is named for. */
static void tally_untold(struct fw_attack *attack, const struct fw_attack_vector *plain)
{
	const struct sort sort = {plain->lane, plain->protocol, plain->cause};
	struct fw_attack_tally told = tallied(attack, &sort, 0);
	struct fw_attack_amount untold = amount_of(plain);

	fw_attack_add(&untold, &told.amount, -1);
	if (packets_of(&untold) >= A_PACKET)
		tally_up(attack, &sort, fw_attack_is_server(plain->source_port) ? plain->source_port : 0, 0,
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
