/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks: who is being flooded, with what, since when, how hard, and which rule drops it. Pure: exact
 * counters say how much was dropped, samples of dropped packets say whose it was; both come from outside,
 * with the time. */
#ifndef FW_OBSERVE_ATTACK_H
#define FW_OBSERVE_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_policy.h"
#include "fw_reason.h"
#include "fw_sample.h"
#include "lib/addr.h"
#include "policy/image.h"

struct fw_signature_list; /* policy/signatures.h */

#define FW_ATTACK_STEP_NS    (FW_NS_PER_SEC / 4)  /* how often to look */
#define FW_ATTACK_HOLD_NS    (10 * FW_NS_PER_SEC) /* an attack ends after so long below half its start */
#define FW_ATTACK_VECTORS    16
#define FW_ATTACK_TALLIES    24
#define FW_ATTACKS_ACTIVE    64 /* the last place is for all targets that have none */
#define FW_ATTACKS_RECENT    100
#define FW_ATTACK_SAMPLES    4096
#define FW_ATTACK_SHARES     64 /* likewise */
#define FW_ATTACK_CAUSE_TEXT FW_NAME_MAX

/* What drops: a rule by its id, or a reason without a rule behind the rules. */
#define FW_ATTACK_LANES		   (FW_RULE_IDS + FW_REASON_MAX_)
#define FW_ATTACK_REASON_LANE(why) ((uint16_t)(FW_RULE_IDS + (why)))

struct fw_attack_cause {
	uint16_t lane;
	const char *name;	      /* of the rule, or the word of the reason */
	uint64_t dropped, would_drop; /* packets so far; one may be in the would_drop of several rules */
	double start;		      /* packets per second that begin an attack */
	bool on_trial;		      /* its attacks are shown, and switch nothing on */
	uint8_t bits[FW_FAMILY_MAX_]; /* of the prefixes that targets are made of, 128-bit space */
};

struct fw_attack_step {
	uint64_t now_ns, wall_ns; /* now_ns on the clock of the samples */
	const struct fw_attack_cause *causes;
	size_t cause_count;
	uint64_t would_drop; /* packets so far that passed, though some rule would have dropped them */
	const struct fw_drop_sample *samples; /* since the step before */
	size_t sample_count;
};

/* One kind of packet that one cause drops. */
struct fw_attack_vector {
	uint16_t lane;
	char cause[FW_ATTACK_CAUSE_TEXT];
	uint8_t protocol, tcp_flags; /* flags of TCP, with has_flags */
	bool has_flags, fragments;
	bool apart;			 /* one of several of its protocol, by its source port */
	bool other;			 /* of all kinds that do not matter by themselves */
	bool described;			 /* what its packets have in common has been looked at */
	uint16_t source_port, dest_port; /* 0: many, or none */
	double dropped, would_drop;	 /* packets, by the share of the samples */
	double answered;		 /* of those dropped: sent back as something else */
	double bytes;
	double packets_per_second, bytes_per_second;	  /* in the last step */
	double dropped_per_second, would_drop_per_second; /* what packets_per_second is made of */
	double answered_per_second;
	double peak_packets_per_second;
	uint64_t last_ns; /* when it last had packets */
};

struct fw_attack_amount {
	double dropped, would_drop; /* packets */
	double answered;	    /* of those dropped */
	double bytes;
};

/* Packets of one kind that have no vector of their own, so far. */
struct fw_attack_tally {
	uint16_t lane, port; /* port: of the server they come from; 0: all others */
	uint8_t protocol;
	size_t samples;
	struct fw_attack_amount amount; /* within that of the vector that they are in meanwhile */
};

struct fw_attack_target {
	bool everything;
	bool others;		 /* targets that there is no room to tell apart */
	struct fw_prefix prefix; /* of neither */
};

struct fw_attack {
	uint64_t id; /* never used again */
	struct fw_attack_target target;
	uint64_t started_wall_ns, ended_wall_ns; /* ended: 0 while it lasts */
	uint64_t started_ns, last_over_ns;
	uint64_t firm_ns; /* when what is not on trial last kept it going, after it made it one; 0 */
	uint64_t detected_after_ns; /* from its first packet that was seen */
	uint64_t merged_into;	    /* id of the attack that took it over, 0 */
	struct fw_attack_vector vectors[FW_ATTACK_VECTORS];
	size_t vector_count;
	struct fw_attack_tally tallies[FW_ATTACK_TALLIES]; /* not kept over a restart */
	size_t tally_count;
	double packets_per_second, bytes_per_second, peak_packets_per_second, peak_bytes_per_second;
	double dropped_per_second, would_drop_per_second; /* in the last step */
	double answered_per_second;			  /* of those dropped */
};

enum fw_attack_news { FW_ATTACK_STARTED, FW_ATTACK_CHANGED, FW_ATTACK_ENDED };
typedef void fw_attack_news_fn(void *context, enum fw_attack_news news, const struct fw_attack *attack);

#define FW_ATTACK_LANE_STEPS 4 /* as long as samples are kept */

/* What a cause dropped in a step that is over. */
struct fw_attack_lane_step {
	uint64_t from_ns, to_ns;
	double dropped, would_drop;
	double open; /* part of it that no attack got */
};

struct fw_attack_lane {
	bool seen;
	uint64_t looked_ns; /* when its counters were these */
	uint64_t dropped, would_drop;
	uint64_t over_since_ns;
	unsigned int over_steps;
	unsigned int hidden_steps; /* over in a row by packets that are another rule's here */
	struct fw_attack_lane_step steps[FW_ATTACK_LANE_STEPS];
	unsigned int next_step;
};

/* Zero is a good start. Everything in it is its own. */
struct fw_attacks {
	uint64_t last_id, started;
	uint64_t last_step_ns;
	uint64_t would_drop; /* of the last step */
	uint64_t firm_ns;    /* when an attack last was one by what is not on trial */
	uint64_t resumed_ns; /* since when somebody looks again, after a restart; 0 */
	bool resumes;	     /* the next step is over the time in which nobody looked */
	struct fw_attack active[FW_ATTACKS_ACTIVE];
	size_t active_count;
	struct fw_attack recent[FW_ATTACKS_RECENT]; /* ended, oldest first */
	size_t recent_count;
	struct fw_attack_lane lanes[FW_ATTACK_LANES];
	struct fw_drop_sample samples[FW_ATTACK_SAMPLES]; /* of the last second */
	size_t sample_count;
};

/* Looks once; call every FW_ATTACK_STEP_NS or so. The first look only learns where the counters stand. */
void fw_attacks_step(struct fw_attacks *attacks, const struct fw_attack_step *step, fw_attack_news_fn *news,
		     void *context);
/* After a restart, once what lasted is in active and where counters stood is in lanes: the first look, at the
 * earliest at now_ns, is over all that was dropped since the last one before. It starts no attack. What
 * lasted is over at the earliest FW_ATTACK_HOLD_NS from now on, since when its packets ended as well as that
 * can be known. looked_ns 0: where counters stood is not known. */
void fw_attacks_resume(struct fw_attacks *attacks, uint64_t looked_ns, uint64_t now_ns);
/* Whether what is not on trial keeps this one going, after it made it one. */
static inline bool fw_attack_is_firm(const struct fw_attack *attack, uint64_t now_ns)
{
	return attack->firm_ns && now_ns - attack->firm_ns < FW_ATTACK_HOLD_NS;
}
/* Whether rules of mode attack are to enforce: an attack lasts, and not only by rules on trial. */
bool fw_attacks_are_firm(const struct fw_attacks *attacks);
/* Ends an active attack, as after a boot that found it over. */
void fw_attacks_end(struct fw_attacks *attacks, size_t index, uint64_t wall_ns);

/* attack_share.c: whose packets the samples are. Sorts them; share_of[i] becomes the index of the share that
 * sample i belongs to, or FW_ATTACK_SHARES. The parts sum up to 1, a target comes before those inside it.
 * attacks: those that last. least: the part that would be an attack by itself. */
struct fw_attack_share {
	struct fw_attack_target target;
	double part;
	size_t samples;
	bool is_small; /* nobody's target if it were not attacked already */
};
size_t fw_attack_shares(const struct fw_drop_sample **samples, size_t count,
			const uint8_t bits[FW_FAMILY_MAX_], const struct fw_attacks *attacks, double least,
			struct fw_attack_share ret[FW_ATTACK_SHARES], uint8_t *share_of);
bool fw_attack_covers(const struct fw_attack_target *outer, const struct fw_attack_target *inner);

/* attack_words.c: "203.0.113.9", "203.0.113.0/24", "everything", "others"; "udp from port 123 (ntp)", "tcp
 * syn to port 443". */
#define FW_ATTACK_TEXT_MAX   96
#define FW_ATTACK_EVERYTHING "everything"
#define FW_ATTACK_OTHERS     "others"
const char *fw_attack_target_text(const struct fw_attack_target *target, char *buffer, size_t size);
/* signatures: a policy's list, whose names for what is abused go before those known here; NULL: none. */
const char *fw_attack_vector_text(const struct fw_attack_vector *vector,
				  const struct fw_signature_list *signatures, char *buffer, size_t size);
/* The busiest vector now, of an attack that is over the one that dropped most; "other" only if there is none
 * beside it. Never NULL for an attack of
 * fw_attacks. */
const struct fw_attack_vector *fw_attack_main_vector(const struct fw_attack *attack);

#endif
