// SPDX-License-Identifier: Apache-2.0
/* Judges one rule on its own. Pure; what it refuses would be refused by tune as well. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/grow.h"
#include "policy/check.h"
#include "policy/geo.h"
#include "policy/match.h"
#include "policy/requests.h"
#include "policy/share.h"

#define SHARE_FREE (1.0 / 16) /* a block rule for more of a family wants `force` */

#define COMPLAIN(diags, mark, code, hint, ...)                                                               \
	fw_diag_add(diags, mark, FW_SEVERITY_ERROR, code, hint, __VA_ARGS__)

static bool has_limit(const struct fw_policy_rule *rule)
{
	return rule->limit.unit != FW_UNIT_NONE;
}

static void check_action(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (rule->action == FW_ACTION_POLICE && !has_limit(rule))
		COMPLAIN(diags, rule->action_mark, "needs-limit", "add for example limit: 20k packets/1s",
			 "rule '%s': police drops what exceeds a limit, and there is none", rule->name);
	if (rule->action == FW_ACTION_LABEL && !rule->labels.count)
		COMPLAIN(diags, rule->action_mark, "needs-labels", "add labels: [NAME]",
			 "rule '%s' sets labels and names none", rule->name);
	if (!has_limit(rule) && rule->per != FW_PER_SOURCE)
		COMPLAIN(diags, rule->mark, "needs-limit", "add a limit or remove 'per'",
			 "rule '%s' says whose packets to count (per: %s), but has no limit", rule->name,
			 fw_per_word(rule->per));
}

/* Of a rule that `wider` made: one that was read has been asked already. */
static void check_limit(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	struct fw_err err;

	if (has_limit(rule) && fw_limit_check(&rule->limit, &err))
		COMPLAIN(diags, rule->limit_mark, "bad-limit",
			 "write a smaller limit, or fewer times in 'wider'", "rule '%s': %s", rule->name,
			 err.text);
}

static void check_ban(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (!rule->ban.set)
		return;
	if (!has_limit(rule))
		COMPLAIN(diags, rule->mark, "needs-limit", "add a limit, or use the block rule without a ban",
			 "rule '%s': a ban is earned by crossing a limit, and there is none", rule->name);
	if (rule->action != FW_ACTION_BLOCK && rule->action != FW_ACTION_COUNT)
		COMPLAIN(diags, rule->action_mark, "bad-ban", "use action: block",
			 "rule '%s': %s does not ban", rule->name, fw_action_word(rule->action));
	if (fw_per_is_destination(rule->per) || rule->per == FW_PER_TOTAL)
		COMPLAIN(diags, rule->mark, "bad-ban", "count per source, or remove the ban",
			 "rule '%s': per: %s does not say whom to ban", rule->name, fw_per_word(rule->per));
}

static void check_mode(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (rule->mode == FW_MODE_ATTACK &&
	    (rule->action == FW_ACTION_ALLOW || rule->action == FW_ACTION_COUNT ||
	     rule->action == FW_ACTION_LABEL))
		COMPLAIN(diags, rule->action_mark, "bad-mode",
			 "use action: block, police or challenge, or remove the mode",
			 "rule '%s': %s drops nothing, so an attack would change nothing about it",
			 rule->name, fw_action_word(rule->action));
}

static bool drops(const struct fw_policy_rule *rule)
{
	return rule->action == FW_ACTION_BLOCK && rule->mode != FW_MODE_COUNT && !rule->force;
}

const char *fw_rule_force_hint(const struct fw_policy_rule *rule, const char *first,
			       char hint[FW_FORCE_HINT_MAX])
{
	snprintf(
		hint, FW_FORCE_HINT_MAX,
		"%s%sforce: true in the rule if this is meant, 'floodwall tune %s force=true' where it is in "
		"force",
		first, *first ? "; " : "", rule->name);
	return hint;
}

static void check_outage(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	char hint[FW_FORCE_HINT_MAX];

	if (drops(rule) && has_limit(rule) && (rule->per == FW_PER_TOTAL || fw_per_is_destination(rule->per)))
		COMPLAIN(diags, rule->action_mark, "self-made-outage",
			 fw_rule_force_hint(rule, "use action: police, which drops only the excess", hint),
			 "rule '%s': blocking per %s lets a flood keep the meter over the limit and "
			 "everybody out",
			 rule->name, fw_per_word(rule->per));
}

/* By anything but the source. */
static bool is_narrowed(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_match *match = all->parts[i];

		if (match->destination.count || match->protocol.count || match->protocol_not.count ||
		    match->length.count || match->signature || match->label.count || match->packet_not ||
		    (match->packet && !(match->packet & (FW_KIND_IPV6 | FW_PACKET_IPV4))))
			return true;
	}
	return fw_conjunction_needs_l4(all);
}

/* Only what feeds list is in a tier; none is everybody else. */
static bool asks_listed(const struct fw_conjunction *all)
{
	return !(fw_conjunction_tiers(all) & 1u << FW_TIER_NONE);
}

static bool has_source(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->parts[i]->source.count)
			return true;
	return false;
}

static bool asks_geo(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (fw_match_asks_country(all->parts[i]) || fw_match_asks_asn(all->parts[i]))
			return true;
	return false;
}

/* Alternatives that overlap are counted twice: too much, never too little. */
static double places_share(const struct fw_policy_rule *rule, const struct fw_geo *geo, size_t first,
			   enum fw_family family)
{
	double share = 0;

	for (size_t i = 0; i < fw_rule_conjunctions(rule) && first + i < FW_TERMS_MAX; i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (asks_geo(&all) && !has_source(&all) && !asks_listed(&all) && !is_narrowed(&all))
			share += fw_geo_share(geo, first + i, family);
	}
	return share;
}

void fw_rule_check_places(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			  const struct fw_geo *geo, struct fw_diags *diags)
{
	static const char *const names[] = {[FW_FAMILY_V4] = "IPv4", [FW_FAMILY_V6] = "IPv6"};
	int index = fw_policy_rule_find(policy, rule->name);
	char hint[FW_FORCE_HINT_MAX];
	size_t first;

	if (!geo || index < 0 || !drops(rule) || has_limit(rule))
		return;
	first = fw_rule_first_conjunction(policy, (size_t)index);
	for (enum fw_family family = FW_FAMILY_V4; family <= FW_FAMILY_V6; family++) {
		double share = places_share(rule, geo, first, family);

		if (share <= SHARE_FREE)
			continue;
		COMPLAIN(diags, rule->action_mark, "blocks-too-much",
			 fw_rule_force_hint(rule, "add a limit or a narrower match", hint),
			 "rule '%s' blocks %.3g %% of all %s sources by country or network", rule->name,
			 100 * share, names[family]);
		return;
	}
}

static double widest_part(const struct fw_share *share)
{
	return share->part[FW_FAMILY_V4] > share->part[FW_FAMILY_V6] ? share->part[FW_FAMILY_V4]
								     : share->part[FW_FAMILY_V6];
}

/* The sources of an alternative, of several lists the narrowest. -ENOMEM. */
static int narrowest(const struct fw_policy *policy, const struct fw_conjunction *all,
		     const struct fw_set_change *changes, size_t change_count, const struct fw_set_refs **ret)
{
	struct fw_share share, least = {0};

	*ret = NULL;
	for (size_t i = 0; i < all->count; i++) {
		const struct fw_set_refs *refs = &all->parts[i]->source;

		if (!refs->count)
			continue;
		if (fw_sets_share(policy, refs, changes, change_count, &share))
			return -ENOMEM;
		if (*ret && widest_part(&share) >= widest_part(&least))
			continue;
		*ret = refs;
		least = share;
	}
	return 0;
}

/* All sources that alternatives name, or a complaint about one that names none and nothing else. */
static int collect_sources(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			   const struct fw_set_change *changes, size_t change_count, struct fw_diags *diags,
			   struct fw_set_refs *ret)
{
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		const struct fw_set_refs *refs;
		struct fw_conjunction all;
		char hint[FW_FORCE_HINT_MAX];

		fw_rule_conjunction(rule, i, &all);
		if (!has_source(&all)) {
			if (has_limit(rule) || is_narrowed(&all) || asks_geo(&all) || asks_listed(&all))
				continue;
			COMPLAIN(diags, rule->action_mark, "blocks-too-much",
				 fw_rule_force_hint(rule, "add a limit or a narrower match", hint),
				 "rule '%s' has neither limit nor sources: it blocks everybody", rule->name);
			return -EINVAL;
		}
		if (narrowest(policy, &all, changes, change_count, &refs))
			return -ENOMEM;
		for (size_t j = 0; j < refs->count; j++)
			if (FW_APPEND(ret->items, ret->count, refs->items[j]))
				return -ENOMEM;
	}
	return ret->count ? 0 : -ENOENT;
}

void fw_rule_check_share(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 const struct fw_set_change *changes, size_t change_count, struct fw_diags *diags)
{
	static const char *const names[] = {[FW_FAMILY_V4] = "IPv4", [FW_FAMILY_V6] = "IPv6"};
	struct fw_set_refs sources = {0};
	struct fw_share share;
	char text[FW_ADDR_TEXT_MAX], hint[FW_FORCE_HINT_MAX];
	int r;

	if (!drops(rule))
		return;
	r = collect_sources(policy, rule, changes, change_count, diags, &sources);
	if (!r)
		r = fw_sets_share(policy, &sources, changes, change_count, &share);
	for (enum fw_family family = FW_FAMILY_V4; family <= FW_FAMILY_V6 && !r; family++) {
		if (share.part[family] <= SHARE_FREE)
			continue;
		COMPLAIN(diags, rule->action_mark, "blocks-too-much", fw_rule_force_hint(rule, "", hint),
			 "rule '%s' blocks %.3g %% of all %s sources, the widest is %s in set '%s'",
			 rule->name, 100 * share.part[family], names[family],
			 fw_prefix_format(&share.widest[family], text, sizeof(text)),
			 policy->sets[share.widest_set[family]].name);
	}
	free(sources.items);
}

/* The loader drops single alternatives, tune may make all of them impossible. */
static void check_possible(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	const char *why = NULL;

	/* Others may stand in for it everywhere. */
	if (rule->has_stand_ins)
		return;
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		why = fw_conjunction_contradiction(&all);
		if (!why)
			return;
	}
	COMPLAIN(diags, rule->mark, "never-matches", NULL, "rule '%s' can never match: %s", rule->name, why);
}

void fw_rule_check(const struct fw_policy *policy, const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	if (!rule->name)
		return; /* refused without a word when there are too many complaints already */
	fw_rule_check_log(policy, rule, diags);
	fw_rule_check_challenge(rule, diags);
	check_action(rule, diags);
	check_limit(rule, diags);
	check_ban(rule, diags);
	check_mode(rule, diags);
	check_outage(rule, diags);
	fw_rule_check_share(policy, rule, NULL, 0, diags);
	fw_rule_check_places(policy, rule, policy->geo.data, diags);
	check_possible(rule, diags);
	fw_rule_check_lists(policy, rule, diags);
	fw_rule_check_small(rule, diags);
}
