// SPDX-License-Identifier: Apache-2.0
/* Country and ASN conditions as masks of rules. Pure. */
#include "policy/geo_rules.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/grow.h"
#include "policy/match.h"

/* Conjunctions are numbered in file order; those beyond the bits are another complaint's business. */
static size_t bit_count(const struct fw_policy *policy)
{
	size_t count = fw_rule_first_conjunction(policy, policy->rule_count);

	return count < FW_TERMS_MAX ? count : FW_TERMS_MAX;
}

static bool takes(const struct fw_numbers *in, const struct fw_numbers *out, uint32_t number)
{
	return (!in->count || fw_numbers_have(in, number)) && !fw_numbers_have(out, number);
}

static int compare_asns(const void *a, const void *b)
{
	const struct fw_geo_asn *left = a, *right = b;

	return (left->asn > right->asn) - (left->asn < right->asn);
}

static int collect_asns(struct fw_geo_rules *rules, const struct fw_numbers *asns)
{
	for (size_t i = 0; i < asns->count; i++)
		if (FW_APPEND(rules->asns, rules->asn_count,
			      (struct fw_geo_asn){.asn = asns->items[i], .rules = UINT64_MAX}))
			return -ENOMEM;
	return 0;
}

static void sort_asns(struct fw_geo_rules *rules)
{
	size_t kept = 0;

	if (rules->asn_count)
		qsort(rules->asns, rules->asn_count, sizeof(*rules->asns), compare_asns);
	for (size_t i = 0; i < rules->asn_count; i++)
		if (!kept || rules->asns[kept - 1].asn != rules->asns[i].asn)
			rules->asns[kept++] = rules->asns[i];
	rules->asn_count = kept;
}

static struct fw_geo_asn *find_asn(const struct fw_geo_rules *rules, uint32_t asn)
{
	struct fw_geo_asn key = {.asn = asn};

	return rules->asn_count ? bsearch(&key, rules->asns, rules->asn_count, sizeof(key), compare_asns)
				: NULL;
}

static int collect(struct fw_geo_rules *rules, const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		fw_rule_each_mention(match, &policy->rules[i])
		{
			rules->asks_country |= fw_match_asks_country(match);
			rules->asks_asn |= fw_match_asks_asn(match);
			if (collect_asns(rules, &match->asn) || collect_asns(rules, &match->asn_not))
				return -ENOMEM;
		}
	sort_asns(rules);
	return 0;
}

/* What matches leave out, part by part. */
static void leave_out(struct fw_geo_rules *rules, const struct fw_match *match, uint64_t bit)
{
	if (match->asn.count)
		rules->other_asn &= ~bit;
	for (size_t i = 0; i < rules->asn_count && match->asn.count; i++)
		if (!fw_numbers_have(&match->asn, rules->asns[i].asn))
			rules->asns[i].rules &= ~bit;
	for (size_t i = 0; i < match->asn_not.count; i++)
		find_asn(rules, match->asn_not.items[i])->rules &= ~bit;
	for (uint32_t country = 0; country <= FW_COUNTRIES && fw_match_asks_country(match); country++)
		if (!takes(&match->country, &match->country_not, country))
			rules->of_country[country] &= ~bit;
}

int fw_geo_rules_init(struct fw_geo_rules *rules, const struct fw_policy *policy)
{
	size_t bit = 0, most = bit_count(policy);

	*rules = (struct fw_geo_rules){.other_asn = UINT64_MAX};
	if (collect(rules, policy))
		return -ENOMEM;
	for (uint32_t country = 0; country <= FW_COUNTRIES; country++)
		rules->of_country[country] = UINT64_MAX;
	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < fw_rule_conjunctions(&policy->rules[i]) && bit < most; j++, bit++) {
			struct fw_conjunction all;

			fw_rule_conjunction(&policy->rules[i], j, &all);
			for (size_t part = 0; part < all.count; part++)
				leave_out(rules, all.parts[part], 1ULL << bit);
		}
	return 0;
}

void fw_geo_rules_done(struct fw_geo_rules *rules)
{
	free(rules->asns);
	*rules = (struct fw_geo_rules){};
}

uint64_t fw_geo_rules_of_country(struct fw_geo_rules *rules, uint32_t country)
{
	rules->country_seen[country] = true;
	return rules->of_country[country];
}

uint64_t fw_geo_rules_of_asn(struct fw_geo_rules *rules, uint32_t asn)
{
	struct fw_geo_asn *named = find_asn(rules, asn);

	rules->any_asn_seen |= asn != 0;
	if (!named)
		return rules->other_asn;
	named->seen = true;
	return named->rules;
}

static void complain_countries(const struct fw_geo_rules *rules, const struct fw_policy *policy,
			       const struct fw_policy_rule *rule, const struct fw_numbers *countries,
			       struct fw_diags *diags)
{
	for (size_t i = 0; i < countries->count; i++)
		if (!rules->country_seen[countries->items[i]])
			fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "unknown-country",
				    "codes are those of ISO 3166; GB, not UK",
				    "rule '%s' names country %c%c, of which %s knows no address", rule->name,
				    (char)('A' + countries->items[i] / 26),
				    (char)('A' + countries->items[i] % 26), fw_geo_path(policy, 0));
}

static void complain_asns(const struct fw_geo_rules *rules, const struct fw_policy *policy,
			  const struct fw_policy_rule *rule, const struct fw_numbers *asns,
			  struct fw_diags *diags)
{
	for (size_t i = 0; i < asns->count; i++)
		if (!find_asn(rules, asns->items[i])->seen)
			fw_diag_add(diags, rule->mark, FW_SEVERITY_WARNING, "unknown-asn", NULL,
				    "rule '%s' names AS%u, of which %s knows no address", rule->name,
				    asns->items[i], fw_geo_path(policy, 1));
}

static bool knows_countries(const struct fw_geo_rules *rules)
{
	for (uint32_t country = 0; country < FW_COUNTRIES; country++)
		if (rules->country_seen[country])
			return true;
	return false;
}

void fw_geo_rules_complain(const struct fw_geo_rules *rules, const struct fw_policy *policy,
			   struct fw_diags *diags)
{
	bool countries = !rules->asks_country || knows_countries(rules);
	bool asns = !rules->asks_asn || rules->any_asn_seen;

	if (!countries)
		fw_diag_add(diags, policy->geo.mark, FW_SEVERITY_ERROR, "geo-no-countries",
			    "an ASN database belongs under asn_database",
			    "rules ask for countries, and %s knows none", fw_geo_path(policy, 0));
	if (!asns)
		fw_diag_add(diags, policy->geo.asn_mark, FW_SEVERITY_ERROR, "geo-no-asns",
			    "name an ASN database under asn_database",
			    "rules ask for autonomous systems, and %s knows none", fw_geo_path(policy, 1));
	for (size_t i = 0; i < policy->rule_count && countries && asns; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		fw_rule_each_mention(match, rule)
		{
			complain_countries(rules, policy, rule, &match->country, diags);
			complain_countries(rules, policy, rule, &match->country_not, diags);
			complain_asns(rules, policy, rule, &match->asn, diags);
			complain_asns(rules, policy, rule, &match->asn_not, diags);
		}
	}
}
