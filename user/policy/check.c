// SPDX-License-Identifier: Apache-2.0
/* Judges rules against each other: labels nobody sets, rules nobody reaches, sets nobody names. Pure. */
#include "policy/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/match.h"

static bool has_name(const struct fw_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->items[i], name))
			return true;
	return false;
}

/* Which rule sets a label: an earlier one, or too late. */
static const struct fw_policy_rule *label_setter(const struct fw_policy *policy, size_t first, size_t end,
						 const char *label)
{
	for (size_t i = first; i < end; i++)
		if (has_name(&policy->rules[i].labels, label))
			return &policy->rules[i];
	return NULL;
}

static void check_match_labels(const struct fw_policy *policy, size_t index, const struct fw_match *match,
			       struct fw_diags *diags)
{
	const struct fw_policy_rule *rule = &policy->rules[index];

	for (size_t i = 0; i < match->label.count + match->label_not.count; i++) {
		bool wanted = i < match->label.count;
		const char *label =
			wanted ? match->label.items[i] : match->label_not.items[i - match->label.count];
		const struct fw_policy_rule *later;

		if (label_setter(policy, 0, index, label))
			continue;
		later = label_setter(policy, index, policy->rule_count, label);
		fw_diag_add(diags, rule->mark, wanted ? FW_SEVERITY_ERROR : FW_SEVERITY_WARNING,
			    "label-never-set",
			    later ? "rules are asked from first to last"
				  : "set it with labels: in an earlier rule",
			    later ? "rule '%s' asks for label '%s', which only the later rule '%s' sets"
				  : "rule '%s' asks for label '%s', which no rule sets",
			    rule->name, label, later ? later->name : "");
	}
}

static void check_labels(const struct fw_policy *policy, size_t index, struct fw_diags *diags)
{
	fw_rule_each_mention(match, &policy->rules[index]) check_match_labels(policy, index, match, diags);
}

/* Decides every packet it matches, so that none goes on. */
static bool ends_walk(const struct fw_policy_rule *rule)
{
	return (rule->action == FW_ACTION_ALLOW || rule->action == FW_ACTION_BLOCK) &&
	       rule->limit.unit == FW_UNIT_NONE && rule->mode != FW_MODE_COUNT &&
	       rule->mode != FW_MODE_ATTACK;
}

static void check_reachable(const struct fw_policy *policy, size_t index, struct fw_diags *diags)
{
	const struct fw_policy_rule *rule = &policy->rules[index];

	for (size_t i = 0; i < index; i++) {
		const struct fw_policy_rule *earlier = &policy->rules[i];

		if (!ends_walk(earlier) || !fw_rule_covers(earlier, rule))
			continue;
		fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "unreachable",
			    "move it up, or remove one of the two",
			    "rule '%s' is never reached: rule '%s' (line %d) decides all its packets",
			    rule->name, earlier->name, earlier->mark.line);
		return;
	}
}

static void mark_used(bool *used, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		used[refs->items[i]] = true;
}

/* Rules that ask for tiers use every feed that gives some. */
static void mark_tiers(const struct fw_policy *policy, bool *used)
{
	bool asked = false;

	for (size_t i = 0; i < policy->rule_count; i++)
		fw_rule_each_mention(match, &policy->rules[i]) asked |= match->tiers || match->tiers_not;
	for (size_t i = 0; i < policy->feed_count && asked; i++)
		if (policy->feeds[i].tier || policy->feeds[i].score ||
		    policy->feeds[i].format == FW_FEED_CROWDSEC)
			used[policy->feeds[i].set] = true;
}

static void check_sets(const struct fw_policy *policy, struct fw_diags *diags)
{
	FW_FREE bool *used = calloc(policy->set_count + 1, sizeof(*used));

	if (!used)
		return;
	mark_used(used, &policy->never_block);
	mark_used(used, &policy->safety.resolvers);
	mark_used(used, &policy->safety.time_servers);
	for (size_t i = 0; i < policy->log_count; i++)
		mark_used(used, &policy->logs[i].trusted_proxies);
	for (size_t i = 0; i < policy->suppression_count; i++)
		mark_used(used, &policy->suppressions[i].source);
	for (size_t i = 0; i < policy->rule_count; i++)
		fw_rule_each_mention(match, &policy->rules[i])
		{
			mark_used(used, &match->source);
			mark_used(used, &match->source_not);
			mark_used(used, &match->destination);
			mark_used(used, &match->destination_not);
		}
	mark_tiers(policy, used);
	for (size_t i = 0; i < policy->set_count; i++)
		if (!used[i])
			fw_diag_add(diags, policy->sets[i].mark, FW_SEVERITY_NOTE, "unused-set", NULL,
				    "%s '%s' has no effect: no rule names it",
				    policy->sets[i].kind == FW_SET_FEED ? "feed" : "set",
				    policy->sets[i].name);
}

static void check_logs(const struct fw_policy *policy, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->log_count; i++) {
		size_t rule = 0;

		while (rule < policy->rule_count && policy->rules[rule].match.log != i + 1)
			rule++;
		if (rule == policy->rule_count)
			fw_diag_add(diags, policy->logs[i].mark, FW_SEVERITY_NOTE, "unused-log", NULL,
				    "log '%s' has no effect: no rule asks for it", policy->logs[i].name);
	}
}

static size_t count_labels(const struct fw_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < policy->rules[i].labels.count; j++)
			count += !label_setter(policy, 0, i, policy->rules[i].labels.items[j]);
	return count;
}

/* Not where rules were refused: those are complained about already. */
static void check_some(const struct fw_policy *policy, struct fw_diags *diags)
{
	struct fw_mark mark = {.file = policy->file ? policy->file : "policy"};

	if (!policy->rule_count && !diags->errors)
		fw_diag_add(
			diags, mark, FW_SEVERITY_NOTE, "no-rules",
			"a rule to begin with: {name: blanket, limit: 7000 packets/5m, action: block}; more "
			"in configs/examples",
			"there are no rules: nothing will be limited, only bans and packets that are no good "
			"drop");
}

void fw_policy_check(const struct fw_policy *policy, struct fw_diags *diags)
{
	check_some(policy, diags);
	for (size_t i = 0; i < policy->rule_count; i++) {
		check_labels(policy, i, diags);
		fw_policy_check_labels_come(policy, i, diags);
		check_reachable(policy, i, diags);
	}
	fw_policy_check_challenge(policy, diags);
	check_sets(policy, diags);
	check_logs(policy, diags);
	fw_check_suppressions(policy, diags);
	if (count_labels(policy) > FW_LABELS_MAX)
		fw_diag_add(diags, policy->rules[0].mark, FW_SEVERITY_ERROR, "too-many-labels", NULL,
			    "more than %d labels", FW_LABELS_MAX);
}
