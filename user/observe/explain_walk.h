/* SPDX-License-Identifier: Apache-2.0 */
/* Inside explain: how far the walk has come, and how it says so. */
#ifndef FW_OBSERVE_EXPLAIN_WALK_H
#define FW_OBSERVE_EXPLAIN_WALK_H

#include "observe/explain.h"
#include "observe/match.h"

#define FW_EXPLAIN_OPEN_NAMED 4

/* Rules that could decide otherwise, if more were known: the first of them in words, the others counted. */
struct fw_explain_open {
	struct {
		const char *rule;
		char does[320];
	} named[FW_EXPLAIN_OPEN_NAMED];
	size_t rules;
	bool ask, ask_flags; /* for a destination, for TCP flags */
};

struct fw_explain_walk {
	const struct fw_policy *policy;
	const struct fw_image *image;
	const struct fw_explain_packet *packet;
	const struct fw_explain_reader *reader;
	struct fw_explanation *out;
	struct fw_known known;
	uint16_t source_class;
	uint64_t labels;
	uint64_t trial_labels; /* set only because of feeds on trial, as the packet path keeps them */
	bool would_drop;
	bool asks_verified;
	struct fw_explain_open may_drop, may_allow, answers;
};

/* One more step; that there is no memory for it is noted in the explanation. */
void fw_explain_say(struct fw_explain_walk *walk, enum fw_explain_result result, const char *check,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "set 'vpn' (198.51.100.0/24)" for each of the named sets that hold the address. */
void fw_explain_sets(struct fw_explain_walk *walk, const struct fw_set_refs *refs, const struct fw_addr *addr,
		     uint16_t list_class, char *text, size_t size);
/* "412 of 7000 packets in 5m"; whether the next packet is beyond that. *over: whether the key is over its
 * limit, of which the next packet may be what fits. */
bool fw_explain_meter(struct fw_explain_walk *walk, const struct fw_rule *rule, const struct fw_limit *limit,
		      bool *over, char *text, size_t size);

/* Whether nothing is dropped, because all that is filtered only counts. */
bool fw_explain_counts(const struct fw_explain_walk *walk);
/* One more rule that could decide otherwise. */
void fw_explain_note(struct fw_explain_open *open, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* explain_challenge.c: whether the packet has to be of a connection, before the rules. True: it is dropped
 * unless it is. */
bool fw_explain_connection(struct fw_explain_walk *walk);
/* What becomes of a SYN whose challenge rule is over its limit. */
struct fw_explain_fate {
	enum fw_reason reason; /* UNDECIDED: the next rule is asked */
	const char *step, *does;
};
const struct fw_explain_fate *fw_explain_syn(const struct fw_explain_walk *walk, bool rule_counts);
/* explain_rule.c: what a rule says of the packet. True: it decides. */
bool fw_explain_rule(struct fw_explain_walk *walk, unsigned int index);

#endif
