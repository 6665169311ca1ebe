/* SPDX-License-Identifier: Apache-2.0 */
/* A limit from what was seen: pure arithmetic on recorded amounts, no database, no clock.
 *
 * A source's highest window is the largest amount its limit was compared with. Sorted, these fall off
 * smoothly as long as they are of one crowd (history/tail.h). Attackers stand above a spacing that is far
 * larger than those below it. Whoever is above such a gap, and whoever today's limit dropped, is set apart;
 * the limit is buffer × the highest of the rest, and where that would reach into the attack, the geometric
 * middle of the gap. A crowd shows a gap of s times its mean spacing by itself in exp(-s) of the cases: where
 * that is more than one in a thousand, the advice says whom it is not sure of.
 *
 * The same fall says who has not been seen yet. Where an attack shows that the gap is empty, the limit goes
 * up to where of as many sources again one is over it in 1 of 11 cases, and stays well short of the attack;
 * where the limit is below, the advice says how likely it meets somebody honest.
 */
#ifndef FW_HISTORY_RECOMMEND_H
#define FW_HISTORY_RECOMMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/batch.h"
#include "history/tail.h"

enum fw_standing {
	FW_STANDING_HONEST,
	FW_STANDING_BLOCKED, /* over the limit in force, which dropped it */
	FW_STANDING_APART,   /* above a gap that the crowd does not explain */
};

struct fw_seen {
	char source[FW_ADDR_TEXT_MAX];
	uint64_t highest;	   /* of its windows, in the rule's unit */
	uint64_t windows;	   /* of five minutes in which it was among the busiest */
	uint64_t dropped;	   /* packets, while the limit was enforced */
	bool known_good;	   /* in a never_block or allow set */
	enum fw_standing standing; /* set by fw_recommend() */
};

/* Samples (sub-windows of keys) that held at least `least`, and what came in them. */
struct fw_seen_bucket {
	uint64_t least, samples, amount;
};

struct fw_evidence {
	struct fw_history_rule rule; /* as it was last recorded */
	struct fw_seen *seen;
	size_t seen_count;
	struct fw_seen_bucket *buckets; /* by least */
	size_t bucket_count;
	uint64_t span_s, recorded_s;		 /* asked for, less what was excluded; recorded of it */
	uint64_t excluded_s;			 /* by --exclude and declared attacks, */
	uint64_t excluded_recorded_s;		 /* of which recorded */
	size_t excluded_attacks, excluded_times; /* how many of them reach into the time asked for */
};

/* Sources above a gap that may be chance, and so no attackers, or that may be none, and so attackers. */
struct fw_doubt {
	size_t sources;	       /* 0: there is no doubt */
	uint64_t above, below; /* lowest of them, highest of the others */
	double chance;	       /* that a crowd shows such a gap by itself */
	bool apart;	       /* they were set apart */
};

struct fw_recommendation {
	uint64_t limit;		 /* 0: there is no ground for one */
	uint64_t honest_highest; /* in a window */
	uint64_t attack_lowest;	 /* of those apart and dropped, 0: there are none */
	size_t honest, blocked, apart;
	double gap;	       /* factor between attack_lowest and honest_highest */
	struct fw_tail tail;   /* of the honest */
	bool unseen_known;     /* false: too few honest sources say how the crowd falls off */
	double unseen_over;    /* chance that of as many sources again one is over the limit */
	uint64_t unseen_reach; /* the limit where that chance is 1 in 11 */
	struct fw_doubt doubt;
	uint64_t p99, p999, median_3mad; /* of the samples up to honest_highest */
	/* At the limit proposed, over all that was seen: */
	size_t over_sources, over_known_good;
	uint64_t over_amount; /* in sub-windows that ended over it */
	/* What to think of it: */
	bool all_excluded; /* nothing is left: the others are not asked */
	bool short_span, gaps_in_recording, few_sources, dirty, buffer_cut, gap_used, capped, no_keys,
		good_dropped;
};

/* buffer ≥ 1. Sorts evidence->seen, highest first. 0 or -ENOMEM. */
int fw_recommend(struct fw_evidence *evidence, double buffer, struct fw_recommendation *ret);
void fw_evidence_done(struct fw_evidence *evidence);
/* What a limit would have stopped: over_sources, over_known_good, over_amount of *ret. */
void fw_counterfactual(const struct fw_evidence *evidence, uint64_t limit, struct fw_recommendation *ret);

#endif
