/* SPDX-License-Identifier: Apache-2.0 */
/* One step of the watch for attacks in the making, and to whom its packets go. For attack*.c alone. */
#ifndef FW_OBSERVE_ATTACK_LOOK_H
#define FW_OBSERVE_ATTACK_LOOK_H

#include "observe/attack.h"

#define FW_ATTACK_SAMPLE_AGE_NS FW_NS_PER_SEC
_Static_assert(FW_ATTACK_LANE_STEPS == FW_ATTACK_SAMPLE_AGE_NS / FW_ATTACK_STEP_NS,
	       "steps are kept as long as samples");
#define FW_ATTACK_STILL_ON	 0.5 /* of the rate that begins it */
#define FW_ATTACK_STEPS_TO_START 2   /* over in a row: a burst of one step is no attack */
#define FW_ATTACK_FRESH_ENOUGH	 100 /* samples of a step before they say more than those of a second */

/* Would-drops of rules in this step. */
struct fw_attack_would {
	double packets; /* that passed */
	double counted; /* the sum over rules: more than packets when several count the same ones */
	double first[FW_RULE_IDS]; /* weight of the samples that this rule would have dropped before any other
				    */
	double all;		   /* weight of all of these */
};

#define FW_ATTACK_SERVER_PORTS                                                                               \
	32768 /* below: of servers. Those above are drawn by clients and say nothing                         \
	       */
static inline bool fw_attack_is_server(uint16_t port)
{
	return port && port < FW_ATTACK_SERVER_PORTS;
}

struct fw_attack_sums {
	double weight, bytes;
	double stopped, answered; /* weight of those that did not pass, and of these */
	size_t samples;
};

/* Samples of one protocol and one port of servers; 0: all other ports. */
struct fw_attack_kind {
	uint8_t protocol;
	uint16_t port;
	struct fw_attack_sums all, then; /* then: of the time that was asked for */
};

/* Of the share at hand. */
struct fw_attack_own {
	const struct fw_drop_sample **samples; /* by kind */
	uint8_t vector_of[FW_ATTACK_SAMPLES];
	size_t count;
	struct fw_attack_kind kinds[FW_ATTACK_SAMPLES];
	const struct fw_drop_sample *room[FW_ATTACK_SAMPLES];
};

/* One step in the making. */
struct fw_attack_look {
	struct fw_attacks *attacks;
	const struct fw_attack_step *step;
	double seconds;
	fw_attack_news_fn *news;
	void *context;
	bool changed[FW_ATTACKS_ACTIVE];
	struct fw_attack_would would;
	/* of the cause at hand */
	const struct fw_attack_cause *cause;
	struct fw_attack_lane *lane;
	uint64_t since_ns;	    /* when it was looked at before */
	double dropped, would_drop; /* would_drop: of packets that passed, and are no other rule's */
	double counted;		    /* all that it would have dropped */
	const struct fw_drop_sample
		*samples[FW_ATTACK_SAMPLES]; /* share by share, when they are shared out */
	size_t sample_count;
	/* where a share's begin; behind the last share nobody's, and their end */
	size_t first_of[FW_ATTACK_SHARES + 2];
	struct fw_attack_own *own;
};

/* Whether counters go on from where they were at the last step. */
static inline bool fw_attack_goes_on(const struct fw_attack_lane *lane, const struct fw_attack_cause *cause)
{
	return lane->seen && cause->dropped >= lane->dropped && cause->would_drop >= lane->would_drop;
}

/* A policy without the rule was in force: what it has counted since is of no step. */
static inline bool fw_attack_was_away(const struct fw_attacks *attacks, const struct fw_attack_lane *lane)
{
	return lane->seen && lane->looked_ns != attacks->last_step_ns;
}

/* attack_would.c */
/* Before any cause of the step is looked at. */
void fw_attack_add_up_would(struct fw_attack_look *look);
/* What of the would-drops that a rule counted is of packets that passed, and is its own. */
double fw_attack_own_would(const struct fw_attack_would *would, uint16_t lane, double counted);

/* What the cause at hand drops of the attack's target, in packets a second: half of what makes an attack
 * keeps one going. It is firm by the same thresholds, asked of what is not on trial. */
static inline void fw_attack_lasts(struct fw_attack_look *look, struct fw_attack *attack, double rate)
{
	uint64_t now = look->step->now_ns;

	if (rate < FW_ATTACK_STILL_ON * look->cause->start)
		return;
	attack->last_over_ns = now;
	if (look->cause->on_trial)
		return;
	if (fw_attack_is_firm(attack, now) ||
	    (rate >= look->cause->start && look->lane->over_steps >= FW_ATTACK_STEPS_TO_START))
		attack->firm_ns = look->attacks->firm_ns = now;
}

/* The samples of the cause at hand. */
void fw_attack_gather(struct fw_attack_look *look);
/* The active attack a target belongs to: its own, or the narrowest around it. -1 */
int fw_attack_find(const struct fw_attacks *attacks, const struct fw_attack_target *target);
/* Whether a further target is one of the others. */
bool fw_attacks_are_full(const struct fw_attacks *attacks);

/* attack_share.c: the samples of the cause at hand as shares. The number of these. */
size_t fw_attack_share_out(struct fw_attack_look *look, double least,
			   struct fw_attack_share ret[FW_ATTACK_SHARES]);

/* attack_gap.c: what the cause at hand dropped while nobody looked at it goes to the attacks that lasted. An
 * average over so long says nothing of rates, and starts nothing. */
void fw_attack_look_over_gap(struct fw_attack_look *look);

/* attack_vector.c */
/* Sorts the samples by their kinds: ret has room for as many. */
size_t fw_attack_kinds(const struct fw_drop_sample **samples, size_t count, uint64_t from_ns, uint64_t to_ns,
		       struct fw_attack_kind *ret);
/* What those samples have in common that are of vector `which`. by_port: their source port, too. */
void fw_attack_describe(const struct fw_drop_sample *const *samples, const uint8_t *vector_of, size_t count,
			uint8_t which, bool by_port, struct fw_attack_vector *vector);

/* attack_tally.c */
void fw_attack_add(struct fw_attack_amount *to, const struct fw_attack_amount *amount, double sign);
/* The vector that packets of a kind are in. Never NULL. */
struct fw_attack_vector *fw_attack_holder(struct fw_attack *attack, const struct fw_attack_cause *cause,
					  const struct fw_attack_kind *kind);
void fw_attack_put(struct fw_attack *attack, const struct fw_attack_cause *cause,
		   const struct fw_attack_kind *kind, const struct fw_attack_amount *amount, uint64_t now_ns);
/* Whether there are vectors by source ports beside it, or it is one. */
bool fw_attack_is_split(const struct fw_attack *attack, const struct fw_attack_vector *vector);

/* attack_name.c */
/* Makes vectors of the kinds that matter among those of a second. late: they are few, and those of a protocol
 * that the cause is known for need none. Whether there is a new one. */
bool fw_attack_name_now(struct fw_attack *attack, const struct fw_attack_cause *cause,
			const struct fw_attack_kind *kinds, size_t count, bool late);
/* Makes vectors of those that matter by all that was tallied. Vectors may move. */
bool fw_attack_name_tallied(struct fw_attack *attack);
/* All that another attack had goes to this one. */
void fw_attack_absorb_vectors(struct fw_attack *attack, struct fw_attack *other);

/* attack_credit.c */
/* Shares are made of the samples of a second; their parts become those of this step, when it has samples
 * enough to say. What stands out nowhere is then nobody's. */
void fw_attack_weigh(const struct fw_attack_look *look, struct fw_attack_share *shares, size_t count);
/* A part of what the cause dropped in this step goes to an attack, vector by vector. */
void fw_attack_credit(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part,
		      bool *ret_new);
/* The same of what was dropped some time ago: it is in no rate. */
void fw_attack_credit_past(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share, double part);
/* An attack that has just begun gets what the steps before left to nobody, as far as it was its own. */
void fw_attack_credit_earlier(struct fw_attack_look *look, struct fw_attack *attack, uint8_t share);
/* Dropped packets of which no sample came are more of what the cause dropped before. The part that found an
 * attack: all or nothing. */
double fw_attack_credit_blindly(struct fw_attack_look *look, double rate);
/* For fw_attack_credit_earlier(). credited: the part that went to attacks. */
void fw_attack_remember_step(struct fw_attack_look *look, double credited);

#endif
