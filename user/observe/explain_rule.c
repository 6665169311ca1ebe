// SPDX-License-Identifier: Apache-2.0
/* A rule of the walk: whether it matches as far as the packet is known, whether it is over its limit, and
 * what it does then. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/units.h"
#include "observe/explain_walk.h"
#include "policy/match.h"

/* Terms that hold only because of feeds on trial. */
static uint64_t count_terms(const struct fw_explain_walk *walk)
{
	const struct fw_class *classes = walk->image->classes;
	uint64_t terms = classes[walk->source_class].source_count_terms;

	if (walk->known.has_dest)
		terms |= classes[walk->known.dest_class].dest_count_terms;
	return terms;
}

/* The best any of its terms says of the packet, and what is missing for a certain answer. *trusted: likewise
 * of those that match by more than feeds on trial, by themselves or by a label. */
static enum fw_fit rule_fit(const struct fw_explain_walk *walk, unsigned int index, enum fw_fit *trusted,
			    char *missing, size_t size)
{
	const struct fw_policy_slot *slot = walk->image->slot;
	const uint64_t counting = count_terms(walk), all_labels = walk->labels | walk->trial_labels;
	enum fw_fit best = FW_FIT_NO;

	missing[0] = '\0';
	*trusted = FW_FIT_NO;
	for (unsigned int term = 0; term < walk->image->term_count; term++) {
		const struct fw_term *labels = &slot->terms[fw_term_place(1ULL << term)];
		char one[128];
		enum fw_fit fit;

		if (labels->rule != index || !(slot->rules[index].terms >> term & 1))
			continue;
		if (labels->labels_required & ~all_labels || walk->labels & labels->labels_forbidden)
			continue;
		fit = fw_term_fit(walk->image, &walk->known, term, one, sizeof(one));
		if (fit > *trusted && !(counting >> term & 1) && !(labels->labels_required & ~walk->labels))
			*trusted = fit;
		if (fit == FW_FIT_MAYBE && best == FW_FIT_NO)
			snprintf(missing, size, "%s", one);
		if (fit > best)
			best = fit;
	}
	return best;
}

/* Whether it is only for want of a lease that the rule matches, or does not: a packet of an open connection
 * would be judged the other way. */
static bool hinges_on_connection(struct fw_explain_walk *walk, unsigned int index, enum fw_fit fit)
{
	char missing[128];
	enum fw_fit other, trusted;

	if (!walk->asks_verified || walk->known.is_verified ||
	    (walk->known.has_protocol && walk->known.protocol != IPPROTO_TCP))
		return false;
	walk->known.is_verified = true;
	other = rule_fit(walk, index, &trusted, missing, sizeof(missing));
	walk->known.is_verified = false;
	return fit == FW_FIT_NO ? other != FW_FIT_NO : other == FW_FIT_NO;
}

/* Whether the key that the rule counts by is not in the question. */
static const char *unknown_key(const struct fw_explain_walk *walk, const struct fw_policy_rule *rule)
{
	if (rule->limit.unit == FW_UNIT_NONE)
		return NULL;
	if (fw_per_is_destination(rule->per) && !walk->packet->has_dest)
		return "destination";
	return rule->per == FW_PER_SOURCE_DEST_PORT && !walk->packet->has_port ? "destination port" : NULL;
}

/* A challenge ends a while after its rate fell below half of the limit. */
static bool still_challenges(const struct fw_explain_walk *walk, const struct fw_rule *rule, char *meter,
			     size_t size)
{
	struct fw_explain_challenge found = {};
	size_t used = strlen(meter);
	char left[32];

	if (!walk->reader->challenge ||
	    !walk->reader->challenge(walk->reader->context, rule, &walk->packet->dest, &found))
		return false;
	snprintf(meter + used, size - used, " now, challenged for %s more since it was",
		 fw_age_format(found.left_ns, left, sizeof(left)));
	return true;
}

/* Whether the next packet would be beyond the limit; false without one. *over: the key is over it. */
static bool rule_is_over(struct fw_explain_walk *walk, unsigned int index, bool *over, char *meter,
			 size_t size)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];

	meter[0] = '\0';
	*over = false;
	if (rule->unit == FW_UNIT_NONE)
		return false;
	if (fw_explain_meter(walk, rule, &walk->policy->rules[index].limit, over, meter, size))
		return true;
	*over &= rule->action == FW_ACTION_POLICE; /* of others the next packet says it all */
	return rule->action == FW_ACTION_CHALLENGE && still_challenges(walk, rule, meter, size);
}

#define ONLY_WHAT_FITS ", and more came in the window: over the limit, only what fits passes"

/* police: the key is over its limit, and of it passes what fits. */
static bool rule_fits(struct fw_explain_walk *walk, unsigned int index, bool on_trial, bool key_over,
		      const char *check, const char *why, const char *meter)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];

	if (!key_over)
		return false;
	fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, check, "%s%s" ONLY_WHAT_FITS, why, meter);
	if (!(rule->flags & FW_RULE_COUNT_MODE) && !on_trial && !fw_explain_counts(walk))
		fw_explain_note(&walk->may_drop, walk->policy->rules[index].name,
				"may drop it: the key is over the limit, only what fits passes");
	return true;
}

static enum fw_reason drop_reason(const struct fw_rule *rule)
{
	if (rule->unit == FW_UNIT_NONE)
		return FW_REASON_RULE_BLOCK;
	return rule->action == FW_ACTION_POLICE ? FW_REASON_POLICED : FW_REASON_OVER_LIMIT;
}

/* A SYN whose challenge is on. */
static bool challenge_decides(struct fw_explain_walk *walk, unsigned int index, bool on_trial,
			      const char *check, const char *why, const char *meter)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];
	bool counts = rule->flags & FW_RULE_COUNT_MODE || on_trial;
	const struct fw_explain_fate *fate = fw_explain_syn(walk, counts);

	fw_explain_say(walk, FW_EXPLAIN_MATCH, check, "%s%s, over the limit: %s", why, meter, fate->step);
	walk->would_drop |= counts;
	if (fate->reason == FW_REASON_UNDECIDED)
		return false;
	walk->would_drop |= fate->reason == FW_REASON_CHALLENGED && fw_explain_counts(walk);
	walk->out->rule = (int)index;
	walk->out->reason = fate->reason;
	return true;
}

/* What a rule that matches does with the packet. True: it decides. */
static bool rule_decides(struct fw_explain_walk *walk, unsigned int index, bool on_trial, const char *check,
			 const char *why)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];
	bool limited = rule->unit != FW_UNIT_NONE, over, key_over;
	char meter[128];

	over = rule_is_over(walk, index, &key_over, meter, sizeof(meter));
	walk->out->rule = (int)index;
	if (rule->action == FW_ACTION_ALLOW && !over) {
		fw_explain_say(walk, FW_EXPLAIN_MATCH, check, "%s%s%sallow: passes", why, meter,
			       limited ? "; " : "");
		walk->out->reason = FW_REASON_RULE_ALLOW;
		return true;
	}
	walk->out->rule = -1;
	if (rule->action == FW_ACTION_ALLOW) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, check,
			       "%s%s, beyond the limit of this allow: the next rule decides", why, meter);
		return false;
	}
	if (limited && !over && rule_fits(walk, index, on_trial, key_over, check, why, meter))
		return false;
	if (limited && !over) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, check, "%s%s: under the limit", why, meter);
		return false;
	}
	if (on_trial)
		walk->trial_labels |= rule->labels;
	else
		walk->labels |= rule->labels;
	if (rule->action == FW_ACTION_LABEL) {
		fw_explain_say(walk, FW_EXPLAIN_MATCH, check,
			       "%s%s%slabels the packet, the next rule decides", why, meter,
			       limited ? "; " : "");
		return false;
	}
	if (rule->action == FW_ACTION_CHALLENGE)
		return challenge_decides(walk, index, on_trial, check, why, meter);
	if (rule->action == FW_ACTION_COUNT || rule->flags & FW_RULE_COUNT_MODE || on_trial) {
		fw_explain_say(walk, FW_EXPLAIN_MATCH, check,
			       "%s%s%s%s only: would be dropped here, the next rule decides", why, meter,
			       limited ? ", over the limit; " : "",
			       on_trial ? "matches by feeds on trial, counts" : "counts");
		walk->would_drop = true;
		return false;
	}
	fw_explain_say(walk, FW_EXPLAIN_MATCH, check, "%s%s%s%s: dropped", why, meter,
		       limited ? ", over the limit; " : "",
		       fw_action_word(walk->policy->rules[index].action));
	walk->out->rule = (int)index;
	walk->out->reason = drop_reason(rule);
	return true;
}

/* Those that some alternative of the rule asks for, each once. */
static void name_sources(struct fw_explain_walk *walk, const struct fw_policy_rule *rule, char *text,
			 size_t size)
{
	struct fw_set_refs all = {};

	fw_rule_each_mention(match, rule) for (size_t i = 0; i < match->source.count; i++)
	{
		size_t j = 0;

		while (j < all.count && all.items[j] != match->source.items[i])
			j++;
		if (j == all.count && FW_APPEND(all.items, all.count, match->source.items[i]))
			break;
	}
	fw_explain_sets(walk, &all, &walk->packet->source, walk->source_class, text, size);
	free(all.items);
}

/* Remembers what a rule could do that was skipped for want of knowledge: those within their limit do nothing
 * now, those that only count never decide. */
static void note_open(struct fw_explain_walk *walk, unsigned int index, bool on_trial, const char *open,
		      bool over, bool key_unknown, bool ask_flags)
{
	const struct fw_rule *rule = &walk->image->slot->rules[index];
	const bool limited = rule->unit != FW_UNIT_NONE, challenges = rule->action == FW_ACTION_CHALLENGE;
	const struct fw_explain_fate *fate = challenges ? fw_explain_syn(walk, false) : NULL;
	bool answers = fate && fate->reason != FW_REASON_CHALLENGE_NO_LISTENER;
	struct fw_explain_open *note = rule->action == FW_ACTION_ALLOW ? &walk->may_allow
				       : answers		       ? &walk->answers
								       : &walk->may_drop;
	const char *name = walk->policy->rules[index].name;

	if (rule->action == FW_ACTION_LABEL || rule->action == FW_ACTION_COUNT ||
	    rule->flags & FW_RULE_COUNT_MODE || (on_trial && rule->action != FW_ACTION_ALLOW))
		return;
	if (rule->action == FW_ACTION_ALLOW ? over : limited && !over && !key_unknown)
		return;
	note->ask_flags |= !answers && ask_flags;
	note->ask |= !answers && (!walk->packet->has_dest || key_unknown);
	if (challenges)
		fw_explain_note(note, name, "%s%s", key_unknown ? "may be over its limit, then it " : "",
				fate->does);
	else
		fw_explain_note(note, name, "%s: %s",
				rule->action == FW_ACTION_ALLOW ? "may let it pass" : "may drop it", open);
}

/* A rule that cannot be judged: what is missing, and its meter if it is known which. */
static void skip_rule(struct fw_explain_walk *walk, unsigned int index, bool on_trial, const char *check,
		      const char *why, const char *missing)
{
	const struct fw_policy_rule *rule = &walk->policy->rules[index];
	const char *key = unknown_key(walk, rule);
	char meter[128] = "", open[256];
	bool key_over = false;
	bool next_over = !key && rule_is_over(walk, index, &key_over, meter, sizeof(meter));
	bool over = next_over || key_over;
	const uint32_t flags = walk->image->slot->rules[index].flags;
	bool challenges = over && rule->action == FW_ACTION_CHALLENGE;
	bool ask = !walk->packet->has_dest || key, ask_flags = strstr(missing, FW_MISSING_FLAGS);

	snprintf(open, sizeof(open), "%s%s%s%s%s", missing[0] ? "depends on " : "", missing,
		 missing[0] && key ? ", " : "", key ? "counts per " : "", key ? key : "");
	fw_explain_say(walk, FW_EXPLAIN_SKIPPED, check, "%s%s%s%s%s%s%s%s%s%s", why, open,
		       ask || ask_flags ? ": say" : "", ask ? " --to IP:PORT/PROTO" : "",
		       ask_flags ? " --flags syn, or ack" : "", meter[0] ? "; its meter: " : "", meter,
		       next_over ? ", over the limit"
		       : over	 ? ONLY_WHAT_FITS
				 : "",
		       challenges ? ": " : "",
		       challenges ? fw_explain_syn(walk, flags & FW_RULE_COUNT_MODE || on_trial)->step : "");
	note_open(walk, index, on_trial, open, over, key, ask_flags);
}

bool fw_explain_rule(struct fw_explain_walk *walk, unsigned int index)
{
	const struct fw_policy_rule *rule = &walk->policy->rules[index];
	char missing[128], check[96], sets[256], why[400];
	bool connection;
	enum fw_fit trusted, fit = rule_fit(walk, index, &trusted, missing, sizeof(missing));

	snprintf(check, sizeof(check), "rule %s", rule->name);
	if (rule->match.log) {
		fw_explain_say(walk, FW_EXPLAIN_SKIPPED, check,
			       "counts lines of log '%s', not packets; it acts by bans",
			       walk->policy->logs[rule->match.log - 1].name);
		return false;
	}
	connection = hinges_on_connection(walk, index, fit);
	if (fit == FW_FIT_NO) {
		fw_explain_say(
			walk, FW_EXPLAIN_NO_MATCH, check, "does not match%s",
			connection ? ": not verified; it would, for packets of a connection that is open now"
				   : "");
		return false;
	}
	name_sources(walk, rule, sets, sizeof(sets));
	snprintf(why, sizeof(why), "%s%s%s", sets, sets[0] ? "; " : "",
		 connection ? "not verified, unless it has an open connection now; " : "");
	if (fit == FW_FIT_MAYBE || unknown_key(walk, rule)) {
		skip_rule(walk, index, trusted == FW_FIT_NO, check, why, missing);
		return false;
	}
	return rule_decides(walk, index, trusted != FW_FIT_YES, check, why);
}
