// SPDX-License-Identifier: Apache-2.0
/* Judges suppressions: over already, or about findings that nothing can make. Pure, but for the date of
 * today. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/check.h"
#include "policy/daytime.h"
#include "policy/suppress.h"

static bool has_source(const struct fw_policy_rule *rule)
{
	return rule->per != FW_PER_TOTAL && !fw_per_is_destination(rule->per);
}

/* Whether a rule can make a finding of a type: without a limit nothing is noticed about anybody. */
static bool can_make(const struct fw_policy_rule *rule, const char *type)
{
	if (!strcmp(type, "ban") || !strcmp(type, "would_ban"))
		return rule->limit.unit != FW_UNIT_NONE && rule->ban.set;
	return rule->limit.unit != FW_UNIT_NONE;
}

static bool rule_fits(const struct fw_policy_rule *rule, const struct fw_suppression *suppression)
{
	static const char *const all[] = {"ban",	   "would_ban",	 "attack_start",
					  "attack_update", "attack_end", "utilisation"};
	bool any = false;

	if (suppression->source.count && !has_source(rule))
		return false;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		any |= fw_suppression_is_about(suppression, all[i], rule->name) && can_make(rule, all[i]);
	return any;
}

/* Some minute from now on lies in it. */
static bool has_future(const struct fw_suppression *suppression, time_t now)
{
	for (int day = 0; day < 9; day++) {
		for (unsigned int minute = 0; minute < FW_DAY_MINUTES; minute++) {
			time_t at = now + day * 86400 + (time_t)minute * 60;
			struct tm local;

			if (localtime_r(&at, &local) && fw_suppression_holds_at(suppression, &local))
				return true;
		}
	}
	return false;
}

static void check_time(const struct fw_suppression *suppression, struct fw_diags *diags)
{
	time_t now = time(NULL);
	struct tm local;
	char date[32];

	if (!suppression->has_until || !localtime_r(&now, &local))
		return;
	if (fw_suppression_is_over(suppression, &local))
		fw_diag_add(diags, suppression->mark, FW_SEVERITY_WARNING, "expired",
			    "remove it, or move until",
			    "suppression '%s' is over since %s: it silences nothing", suppression->name,
			    fw_date_format(&suppression->until, date, sizeof(date)));
	else if (!has_future(suppression, now))
		fw_diag_add(diags, suppression->mark, FW_SEVERITY_WARNING, "never-matches",
			    "move until, or change days, from and to",
			    "suppression '%s' ends before it holds once more", suppression->name);
}

static bool is_empty(const struct fw_policy *policy, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		if (policy->sets[refs->items[i]].prefix_count ||
		    policy->sets[refs->items[i]].kind == FW_SET_FEED)
			return false;
	return refs->count;
}

static void check_one(const struct fw_policy *policy, const struct fw_suppression *suppression,
		      struct fw_diags *diags)
{
	/* An attack is not always one rule's finding. */
	bool fits =
		!suppression->source.count && (fw_suppression_is_about(suppression, "attack_start", NULL) ||
					       fw_suppression_is_about(suppression, "attack_update", NULL) ||
					       fw_suppression_is_about(suppression, "attack_end", NULL));

	check_time(suppression, diags);
	for (size_t i = 0; i < policy->rule_count; i++)
		fits |= rule_fits(&policy->rules[i], suppression);
	if (!fits)
		fw_diag_add(diags, suppression->mark, FW_SEVERITY_WARNING, "never-matches",
			    "findings come from rules with a limit, bans from those with ban:, sources from "
			    "those that are not per total or destination",
			    "suppression '%s' can never match: no rule%s makes a finding that it is about",
			    suppression->name, suppression->rules.count ? " that it names" : "");
	else if (is_empty(policy, &suppression->source))
		fw_diag_add(diags, suppression->mark, FW_SEVERITY_WARNING, "never-matches", NULL,
			    "suppression '%s' matches nobody: its sets are empty", suppression->name);
}

void fw_check_suppressions(const struct fw_policy *policy, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->suppression_count; i++)
		check_one(policy, &policy->suppressions[i], diags);
}
