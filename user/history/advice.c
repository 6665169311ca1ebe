// SPDX-License-Identifier: Apache-2.0
/* Recommendations as a document, warnings in words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/evidence.h"
#include "lib/cleanup.h"
#include "lib/moment.h"
#include "lib/units.h"
#include "policy/policy.h"

#define EXCLUDED_SHOWN 50
#define LIKELY	       0.2 /* that the limit meets somebody honest: worth a word */

/* Prefixes sorted, and which lengths there are: a look-up per length. */
struct good_list {
	struct fw_prefix *prefixes;
	size_t count;
	bool lengths[129];
};

static int good_list_make(const struct fw_advice_question *question, struct good_list *ret)
{
	ret->prefixes = calloc(question->good_count + 1, sizeof(*ret->prefixes));
	if (!ret->prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < question->good_count; i++) {
		ret->prefixes[i] = question->good[i];
		ret->lengths[question->good[i].bits <= 128 ? question->good[i].bits : 128] = true;
	}
	ret->count = question->good_count;
	qsort(ret->prefixes, ret->count, sizeof(*ret->prefixes), fw_prefix_compare);
	return 0;
}

static bool good_list_has(const struct good_list *list, const char *text)
{
	struct fw_prefix source;

	if (!list->count || fw_prefix_parse(text, &source, NULL))
		return false;
	for (unsigned int bits = 0; bits <= source.bits; bits++) {
		struct fw_prefix around = {.addr = fw_addr_masked(&source.addr, bits),
					   .bits = (unsigned char)bits};

		if (list->lengths[bits] &&
		    bsearch(&around, list->prefixes, list->count, sizeof(around), fw_prefix_compare))
			return true;
	}
	return false;
}

static void warn_of_data(const struct fw_evidence *evidence, const struct fw_recommendation *advice,
			 json_t *warnings)
{
	char recorded[32], span[32];

	fw_age_format(evidence->recorded_s * FW_NS_PER_SEC, recorded, sizeof(recorded));
	fw_age_format(evidence->span_s * FW_NS_PER_SEC, span, sizeof(span));
	if (advice->short_span)
		json_array_append_new(
			warnings,
			json_sprintf("only %s recorded: less than a day knows no daily peak", recorded));
	if (advice->gaps_in_recording)
		json_array_append_new(warnings,
				      json_sprintf("%s of %s recorded: the rest is unknown", recorded, span));
	if (advice->few_sources)
		json_array_append_new(warnings, json_sprintf("only %zu honest sources seen: one more may "
							     "send more than all of them",
							     advice->honest));
	if (advice->dirty)
		json_array_append_new(warnings,
				      json_sprintf("the period is dirty: %zu of %zu sources were set apart; "
						   "take a quiet one with --since, or --exclude the attack",
						   advice->blocked + advice->apart, evidence->seen_count));
}

static const struct fw_history_rule *live_rule(const struct fw_advice_question *question, const char *name)
{
	for (size_t i = 0; question->live && i < question->live_count; i++)
		if (!strcmp(question->live[i].name, name))
			return &question->live[i];
	return NULL;
}

/* What was recorded is of another rule than the one in force. */
static void warn_of_policy(const struct fw_advice_question *question, const struct fw_history_rule *recorded,
			   json_t *warnings)
{
	const struct fw_history_rule *live = live_rule(question, recorded->name);
	char text[96];

	if (question->live && !live)
		json_array_append_new(warnings, json_string("the policy in force has no such rule with a "
							    "limit: this is what was recorded of it"));
	else if (live && (live->unit != recorded->unit || live->per != recorded->per ||
			  live->window_ns != recorded->window_ns))
		json_array_append_new(
			warnings,
			json_sprintf("the rule counts otherwise now (%s, per %s) than when this was recorded "
				     "(per %s): the limit is for what it counted then",
				     fw_limit_format(&(struct fw_limit){.amount = live->limit,
									.unit = live->unit,
									.window_ns = live->window_ns},
						     text, sizeof(text)),
				     fw_per_word(live->per), fw_per_word(recorded->per)));
}

static json_t *limit_text(const struct fw_history_rule *rule, uint64_t amount)
{
	struct fw_limit limit = {.amount = amount, .unit = rule->unit, .window_ns = rule->window_ns};
	char text[96];

	return amount ? json_string(fw_limit_format(&limit, text, sizeof(text))) : json_null();
}

/* Who may be on the wrong side of the limit. */
static void warn_of_doubt(const struct fw_evidence *evidence, const struct fw_recommendation *advice,
			  json_t *warnings)
{
	const struct fw_doubt *doubt = &advice->doubt;
	json_t *safer = limit_text(&evidence->rule, advice->unseen_reach);
	char who[96], odds[160];

	snprintf(who, sizeof(who),
		 doubt->sources == 1 ? "the source at %.0f" : "the sources from %.0f on (%zu)",
		 (double)doubt->above, doubt->sources);
	snprintf(odds, sizeof(odds),
		 "1 of %.0f crowds like this one leaves the gap below, down to %.0f, by chance",
		 1 / doubt->chance, (double)doubt->below);
	if (doubt->sources && doubt->apart)
		json_array_append_new(warnings,
				      json_sprintf("not sure: %s may be honest: %s; look there before "
						   "this limit blocks it",
						   who, odds));
	else if (doubt->sources)
		json_array_append_new(
			warnings, json_sprintf("not sure: %s may be an attack, though taken for honest: only "
					       "%s; if it is one, --exclude its time",
					       who, odds));
	if (advice->unseen_known && advice->unseen_over >= LIKELY)
		json_array_append_new(
			warnings,
			json_sprintf("not sure: a few sources send far more than the others; of as many "
				     "sources again an honest one would be over this limit in 1 of %.1f "
				     "cases, over %s in 1 of 11",
				     1 / advice->unseen_over, json_string_value(safer)));
	json_decref(safer);
}

static json_t *doubt_of(const struct fw_doubt *doubt)
{
	return doubt->sources
		       ? json_pack("{s:I, s:I, s:I, s:f, s:b}", "sources", (json_int_t)doubt->sources,
				   "above", (json_int_t)doubt->above, "below", (json_int_t)doubt->below,
				   "chance", doubt->chance, "set_apart", doubt->apart)
		       : json_null();
}

static const char *why_no_keys(const struct fw_evidence *evidence)
{
	if (!evidence->bucket_count)
		return "no traffic of this rule is recorded in that time: there is no ground "
		       "for a limit";
	if (evidence->rule.per != FW_PER_SOURCE && evidence->rule.per != FW_PER_SOURCE_PREFIX)
		return "keys of this kind are not recorded one by one: an attack that was not declared "
		       "raises the limit; --exclude its time";
	return "no source stood out enough to be recorded by itself: an attack that was not declared raises "
	       "the limit; --exclude its time";
}

static json_t *all_excluded(const struct fw_evidence *evidence)
{
	char recorded[32], attacks[48] = "", both[8] = "", times[24] = "";

	fw_age_format(evidence->excluded_recorded_s * FW_NS_PER_SEC, recorded, sizeof(recorded));
	if (evidence->excluded_attacks)
		snprintf(attacks, sizeof(attacks), "%zu declared attack%s", evidence->excluded_attacks,
			 evidence->excluded_attacks == 1 ? "" : "s");
	if (evidence->excluded_times)
		snprintf(times, sizeof(times), "--exclude");
	if (*attacks && *times)
		snprintf(both, sizeof(both), " and ");
	return json_sprintf(
		"nothing is left: all that was recorded in that time, %s, is left out for %s%s%s; "
		"no limit is proposed: ask for a longer time with --since, or again after quiet "
		"traffic was recorded",
		recorded, attacks, both, times);
}

static json_t *warnings_of(const struct fw_advice_question *question, const struct fw_evidence *evidence,
			   const struct fw_recommendation *advice)
{
	json_t *warnings = json_array();

	warn_of_policy(question, &evidence->rule, warnings);
	if (advice->all_excluded) {
		json_array_append_new(warnings, all_excluded(evidence));
		return warnings;
	}
	warn_of_data(evidence, advice, warnings);
	warn_of_doubt(evidence, advice, warnings);
	if (advice->buffer_cut)
		json_array_append_new(warnings,
				      json_string("the buffer would reach into the attack: the limit is the "
						  "middle between honest and attack"));
	if (advice->gap_used)
		json_array_append_new(
			warnings,
			json_string("a few sources send far more than the others, so the next one may "
				    "too: the limit goes beyond the buffer, into the gap below the "
				    "attack"));
	if (advice->capped)
		json_array_append_new(warnings,
				      json_string("honest sources reach today's limit, so what they would "
						  "have sent is not known: raise it or count for a while"));
	if (advice->no_keys)
		json_array_append_new(warnings, json_string(why_no_keys(evidence)));
	if (advice->good_dropped)
		json_array_append_new(warnings, json_string("sources of never_block or allow sets were "
							    "dropped by today's limit"));
	if (advice->over_known_good)
		json_array_append_new(warnings,
				      json_sprintf("%zu known-good sources send more: see that they pass "
						   "before this rule",
						   advice->over_known_good));
	return warnings;
}

static json_t *excluded_of(const struct fw_evidence *evidence)
{
	json_t *list = json_array();

	for (size_t i = 0; i < evidence->seen_count && json_array_size(list) < EXCLUDED_SHOWN; i++) {
		const struct fw_seen *seen = &evidence->seen[i];

		if (seen->standing == FW_STANDING_HONEST)
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:s}", "source", seen->source, "highest",
					(json_int_t)seen->highest, "windows", (json_int_t)seen->windows,
					"why", seen->standing == FW_STANDING_BLOCKED ? "blocked" : "apart"));
	}
	return list;
}

static json_t *limit_now(const struct fw_advice_question *question, const struct fw_history_rule *recorded)
{
	const struct fw_history_rule *live = live_rule(question, recorded->name);

	if (live)
		return limit_text(live, live->limit);
	return question->live ? json_null() : limit_text(recorded, recorded->limit);
}

static json_t *to_json(const struct fw_advice_question *question, const struct fw_evidence *evidence,
		       const struct fw_recommendation *advice)
{
	const struct fw_history_rule *rule = &evidence->rule;

	return json_pack(
		"{s:s, s:s, s:s, s:f, s:o, s:o, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:o, "
		"s:{s:I, s:I, s:I}, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		"rule", rule->name, "unit", fw_unit_word(rule->unit), "per", fw_per_word(rule->per),
		"window_seconds", (double)rule->window_ns / 1e9, "limit", limit_text(rule, advice->limit),
		"limit_now", limit_now(question, rule), "amount", (json_int_t)advice->limit, "honest_highest",
		(json_int_t)advice->honest_highest, "attack_lowest", (json_int_t)advice->attack_lowest, "gap",
		advice->gap, "p99", (json_int_t)advice->p99, "p999", (json_int_t)advice->p999, "median_3mad",
		(json_int_t)advice->median_3mad, "sources", (json_int_t)evidence->seen_count, "set_apart",
		"blocked", (json_int_t)advice->blocked, "apart", (json_int_t)advice->apart, "excluded",
		excluded_of(evidence), "would_block", "sources", (json_int_t)advice->over_sources,
		"known_good", (json_int_t)advice->over_known_good, "amount", (json_int_t)advice->over_amount,
		"recorded_seconds", (json_int_t)evidence->recorded_s, "span_seconds",
		(json_int_t)evidence->span_s, "excluded_seconds", (json_int_t)evidence->excluded_s,
		"excluded_attacks", (json_int_t)evidence->excluded_attacks, "excluded_times",
		(json_int_t)evidence->excluded_times, "unseen_over",
		advice->unseen_known ? json_real(advice->unseen_over) : json_null(), "doubt",
		doubt_of(&advice->doubt), "warnings", warnings_of(question, evidence, advice));
}

static int advise(struct fw_history *history, const struct fw_advice_question *question,
		  const struct good_list *good, const char *rule, json_t *list, struct fw_err *err)
{
	struct fw_evidence evidence;
	struct fw_recommendation advice;
	int r = fw_evidence_load(history, question, rule, &evidence, err);

	if (r)
		return r;
	for (size_t i = 0; i < evidence.seen_count; i++)
		evidence.seen[i].known_good = good_list_has(good, evidence.seen[i].source);
	r = fw_recommend(&evidence, question->buffer, &advice);
	if (!r && json_array_append_new(list, to_json(question, &evidence, &advice)))
		r = -ENOMEM;
	if (r)
		fw_err_set(err, r, "rule '%.63s': out of memory for what was seen of it", rule);
	fw_evidence_done(&evidence);
	return r;
}

int fw_advice(struct fw_history *history, const struct fw_advice_question *question, json_t **ret,
	      struct fw_err *err)
{
	char since[FW_MOMENT_TEXT_MAX], until[FW_MOMENT_TEXT_MAX];
	struct good_list good = {0};
	char **names = NULL;
	json_t *list = json_array();
	int r = good_list_make(question, &good);

	if (r)
		fw_err_set(err, r, "out of memory for the history");
	if (!r && question->rule)
		r = advise(history, question, &good, question->rule, list, err);
	else if (!r)
		r = fw_history_rules(history, &question->span, &names, err);
	for (size_t i = 0; !r && names && names[i]; i++)
		if (!question->live || live_rule(question, names[i]))
			r = advise(history, question, &good, names[i], list, err);
	fw_history_rules_free(names);
	free(good.prefixes);
	if (r) {
		json_decref(list);
		return r;
	}
	*ret = json_pack("{s:s, s:s, s:f, s:o}", "since", fw_moment_format(question->span.since, since),
			 "until", fw_moment_format(question->span.until, until), "buffer", question->buffer,
			 "rules", list);
	return 0;
}

static json_t *stopped_by(const struct fw_evidence *evidence, uint64_t limit)
{
	struct fw_recommendation would = {0};

	fw_counterfactual(evidence, limit, &would);
	return json_pack("{s:I, s:I, s:I}", "sources", (json_int_t)would.over_sources, "known_good",
			 (json_int_t)would.over_known_good, "amount", (json_int_t)would.over_amount);
}

int fw_history_plan(struct fw_history *history, const struct fw_advice_question *question,
		    const struct fw_history_rule *wanted, json_t **ret, struct fw_err *err)
{
	struct fw_evidence evidence;
	struct good_list good = {0};
	int r = fw_evidence_load(history, question, wanted->name, &evidence, err);

	if (r)
		return r;
	if (evidence.rule.unit != wanted->unit || evidence.rule.per != wanted->per ||
	    evidence.rule.window_ns != wanted->window_ns || !evidence.recorded_s) {
		fw_evidence_done(&evidence);
		return fw_err_set(err, -ENOENT,
				  "nothing is recorded of rule '%s' in that unit, key and window",
				  wanted->name);
	}
	r = good_list_make(question, &good);
	for (size_t i = 0; i < evidence.seen_count && !r; i++)
		evidence.seen[i].known_good = good_list_has(&good, evidence.seen[i].source);
	if (!r)
		*ret = json_pack(
			"{s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:I, s:I}", "rule", wanted->name, "unit",
			fw_unit_word(wanted->unit), "limit", limit_text(wanted, wanted->limit), "limit_now",
			limit_text(&evidence.rule, evidence.rule.limit), "sources",
			(json_int_t)evidence.seen_count, "would_block", stopped_by(&evidence, wanted->limit),
			"would_block_now", stopped_by(&evidence, evidence.rule.limit), "recorded_seconds",
			(json_int_t)evidence.recorded_s, "span_seconds", (json_int_t)evidence.span_s);
	free(good.prefixes);
	fw_evidence_done(&evidence);
	return r ? fw_err_set(err, r, "out of memory for the history") : 0;
}
