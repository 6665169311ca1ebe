// SPDX-License-Identifier: Apache-2.0
/* Judges rules by what their lists hold, and by where their labels come from: what no packet can ever meet is
 * said with the rule's position. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/match.h"
#include "policy/overlap.h"
#include "policy/prefixes.h"

struct prefixes {
	struct fw_prefix *items;
	size_t count;
};

/* What both hold. */
static int intersect(struct prefixes *a, const struct prefixes *b)
{
	FW_FREE struct fw_prefix *rest = NULL;
	struct fw_prefix *both = NULL;
	size_t rest_count = 0, both_count = 0;
	int r = fw_prefixes_subtract(a->items, a->count, b->items, b->count, &rest, &rest_count);

	if (!r)
		r = fw_prefixes_subtract(a->items, a->count, rest, rest_count, &both, &both_count);
	if (r)
		return r;
	free(a->items);
	*a = (struct prefixes){both, both_count};
	return 0;
}

static int take_away(struct prefixes *from, const struct prefixes *what)
{
	struct fw_prefix *rest = NULL;
	size_t count = 0;
	int r = fw_prefixes_subtract(from->items, from->count, what->items, what->count, &rest, &count);

	if (r)
		return r;
	free(from->items);
	*from = (struct prefixes){rest, count};
	return 0;
}

/* Addresses that were written in place: nobody adds to them while the policy runs. */
static bool is_fixed(const struct fw_policy *policy, const struct fw_set_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		if (!strchr(policy->sets[refs->items[i]].name, '.'))
			return false;
	return true;
}

struct left {
	struct prefixes addresses;
	bool asked, fixed;
};

static int narrow(const struct fw_policy *policy, const struct fw_set_refs *refs, bool out, struct left *left)
{
	struct prefixes list = {0};
	int r;

	if (!refs->count || (out && !left->asked))
		return 0;
	r = fw_refs_collect(policy, refs, &list.items, &list.count);
	if (r == FW_OVERLAP_SOME) {
		r = 0;
		if (out) {
			r = take_away(&left->addresses, &list);
		} else if (left->asked) {
			r = intersect(&left->addresses, &list);
		} else {
			left->addresses = list;
			list = (struct prefixes){0};
		}
		left->asked = true;
		left->fixed &= is_fixed(policy, refs);
	}
	free(list.items);
	return r;
}

enum verdict { MAY_MATCH, NOT_NOW, NEVER };

/* Of one direction: false when lists ask for none, or it is not known. Feeds and sets that are empty for now
 * say nothing. left->addresses are the caller's either way. */
static bool leave_addresses(const struct fw_policy *policy, const struct fw_conjunction *all, bool source,
			    struct left *left)
{
	bool empty = false;
	int r = 0;

	for (int out = 0; out < 2 && r >= 0 && !empty; out++)
		for (size_t i = 0; i < all->count && r >= 0; i++) {
			const struct fw_match *match = all->parts[i];
			const struct fw_set_refs *in = source ? &match->source : &match->destination;
			const struct fw_set_refs *not = source ? &match->source_not : &match->destination_not;
			bool first = !left->asked;

			r = narrow(policy, out ? not : in, out, left);
			if (r == FW_OVERLAP_UNKNOWN && !out)
				empty = true; /* what a feed holds is not known */
			empty |= first && left->asked && !left->addresses.count;
		}
	return r >= 0 && !empty && left->asked;
}

static enum verdict judge_lists(const struct fw_policy *policy, const struct fw_conjunction *all, bool source)
{
	struct left left = {.fixed = true};
	enum verdict verdict = MAY_MATCH;

	if (leave_addresses(policy, all, source, &left) && !left.addresses.count)
		verdict = left.fixed ? NEVER : NOT_NOW;
	free(left.addresses.items);
	return verdict;
}

#define BIT_OF(family) (1u << (family))
#define BOTH_FAMILIES  (BIT_OF(FW_FAMILY_V4) | BIT_OF(FW_FAMILY_V6))

/* IP versions that `packet` leaves. */
static unsigned int families_of_packet(const struct fw_conjunction *all)
{
	unsigned int families = 0;

	for (unsigned int kind = 0; kind <= FW_KIND_ALL_ && families != BOTH_FAMILIES; kind++)
		if (fw_conjunction_takes_kind(all, kind))
			families |= BIT_OF(kind & FW_KIND_IPV6 ? FW_FAMILY_V6 : FW_FAMILY_V4);
	return families;
}

/* IP versions that the lists of one direction hold. */
static unsigned int families_of_lists(const struct fw_policy *policy, const struct fw_conjunction *all,
				      bool source)
{
	struct left left = {.fixed = true};
	unsigned int families = 0;

	if (leave_addresses(policy, all, source, &left))
		for (size_t i = 0; i < left.addresses.count && families != BOTH_FAMILIES; i++)
			families |= BIT_OF(fw_addr_family(&left.addresses.items[i].addr));
	free(left.addresses.items);
	return families ? families : BOTH_FAMILIES;
}

/* Why no packet is of all the IP versions that are asked for; NULL: some may be. */
static const char *families_clash(const struct fw_policy *policy, const struct fw_conjunction *all)
{
	unsigned int packet = families_of_packet(all), source = families_of_lists(policy, all, true),
		     destination = families_of_lists(policy, all, false);

	if (!packet)
		return NULL; /* other complaints' business */
	if (!(packet & source))
		return packet & BIT_OF(FW_FAMILY_V6)
			       ? "its 'packet' asks for IPv6, its source lists have IPv4 only"
			       : "its 'packet' asks for IPv4, its source lists have IPv6 only";
	if (!(packet & destination))
		return packet & BIT_OF(FW_FAMILY_V6)
			       ? "its 'packet' asks for IPv6, its destination lists have IPv4 only"
			       : "its 'packet' asks for IPv4, its destination lists have IPv6 only";
	if (!(source & destination))
		return source & BIT_OF(FW_FAMILY_V6)
			       ? "its source lists have IPv6 only, its destination lists IPv4 only"
			       : "its source lists have IPv4 only, its destination lists IPv6 only";
	return NULL;
}

/* A warning, also where nothing can change that: older agents took such a policy. */
static void check_families(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			   struct fw_diags *diags)
{
	const char *why = NULL;

	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		why = families_clash(policy, &all);
		if (!why)
			return;
	}
	fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "never-matches",
		    "no packet goes from one IP version to the other; a rule that is meant for both names "
		    "addresses of both",
		    "rule '%s' can never match: %s", rule->name, why);
}

void fw_rule_check_lists(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 struct fw_diags *diags)
{
	enum verdict worst = NEVER;
	bool source = true;

	for (size_t i = 0; i < fw_rule_conjunctions(rule) && worst != MAY_MATCH; i++) {
		struct fw_conjunction all;
		enum verdict verdict, other;

		fw_rule_conjunction(rule, i, &all);
		verdict = judge_lists(policy, &all, true);
		other = judge_lists(policy, &all, false);
		if (other > verdict) {
			verdict = other;
			source = false;
		}
		if (verdict < worst)
			worst = verdict;
	}
	if (rule->has_stand_ins)
		return;
	if (worst == MAY_MATCH) {
		check_families(policy, rule, diags);
		return;
	}
	fw_diag_add(diags, rule->mark, worst == NEVER ? FW_SEVERITY_ERROR : FW_SEVERITY_WARNING,
		    "never-matches",
		    worst == NEVER ? NULL : "that is so until somebody adds to these sets, or changes them",
		    "rule '%s' can never match: its %s lists have no address in common, or leave out all",
		    rule->name, source ? "source" : "destination");
}

/* A packet goes on behind it, with its labels. */
static bool passes_on(const struct fw_policy_rule *rule)
{
	return rule->action == FW_ACTION_LABEL || rule->action == FW_ACTION_COUNT ||
	       ((rule->mode == FW_MODE_COUNT || rule->mode == FW_MODE_ATTACK) &&
		rule->action != FW_ACTION_ALLOW);
}

static bool sets_label(const struct fw_policy_rule *rule, const char *label)
{
	for (size_t i = 0; i < rule->labels.count; i++)
		if (!strcmp(rule->labels.items[i], label))
			return true;
	return false;
}

/* Whether some packet is taken by both. What labels the setter asks for was true before it set its own. */
static bool may_both_hold(const struct fw_conjunction *all, const struct fw_conjunction *setter)
{
	FW_FREE struct fw_match *parts = calloc(setter->count, sizeof(*parts));
	struct fw_conjunction both = *all;

	if (!parts || all->count + setter->count > FW_PARTS_MAX)
		return true;
	for (size_t i = 0; i < setter->count; i++) {
		parts[i] = *setter->parts[i];
		parts[i].label = parts[i].label_not = (struct fw_names){0};
		both.parts[both.count++] = &parts[i];
	}
	both.connections |= setter->connections;
	both.requests |= setter->requests;
	return !fw_conjunction_contradiction(&both);
}

/* Some packet comes with one of these labels. *ret_setter: a rule that sets one, as far as there is one. */
static bool comes_with_label(const struct fw_policy *policy, size_t index, const struct fw_conjunction *all,
			     const struct fw_names *labels, const struct fw_policy_rule **ret_setter)
{
	for (size_t i = 0; i < index; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		bool sets = false;

		for (size_t j = 0; j < labels->count; j++)
			sets |= sets_label(rule, labels->items[j]);
		if (!sets)
			continue;
		*ret_setter = rule;
		for (size_t j = 0; j < fw_rule_conjunctions(rule) && passes_on(rule); j++) {
			struct fw_conjunction setter;

			fw_rule_conjunction(rule, j, &setter);
			if (may_both_hold(all, &setter))
				return true;
		}
	}
	return false;
}

static bool labels_come(const struct fw_policy *policy, size_t index, const struct fw_conjunction *all,
			const struct fw_policy_rule **ret_setter)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->parts[i]->label.count &&
		    !comes_with_label(policy, index, all, &all->parts[i]->label, ret_setter))
			return false;
	return true;
}

void fw_policy_check_labels_come(const struct fw_policy *policy, size_t index, struct fw_diags *diags)
{
	const struct fw_policy_rule *rule = &policy->rules[index], *setter = NULL;

	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (labels_come(policy, index, &all, &setter))
			return;
	}
	/* That nobody sets it was said. */
	if (!setter)
		return;
	if (passes_on(setter))
		fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "never-matches", NULL,
			    "rule '%s' can never match: it leaves out all packets on which rule '%s' (line "
			    "%d) sets its label",
			    rule->name, setter->name, setter->mark.line);
	else
		fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "label-never-seen",
			    "set it in a rule with action: label or count",
			    "rule '%s' never sees its label: no packet goes on behind rule '%s' (line %d), "
			    "which sets it",
			    rule->name, setter->name, setter->mark.line);
}
