// SPDX-License-Identifier: Apache-2.0
/* A policy's databases: opened, asked for what its rules name, and what there is to complain about. */
#include "policy/geo.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/geo_build.h"
#include "policy/match.h"

enum { COUNTRIES, ASNS, DATABASES_ };

const char *fw_geo_path(const struct fw_policy *policy, unsigned int which)
{
	return which == ASNS && policy->geo.asn_database ? policy->geo.asn_database : policy->geo.database;
}

struct fw_geo_file fw_geo_file_of(const struct stat *status)
{
	return (struct fw_geo_file){.device = status->st_dev,
				    .inode = status->st_ino,
				    .size = status->st_size,
				    .changed = status->st_mtim};
}

bool fw_geo_same_file(const struct fw_geo_file *a, const struct fw_geo_file *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

struct fw_geo *fw_geo_ref(struct fw_geo *geo)
{
	if (geo)
		geo->references++;
	return geo;
}

void fw_geo_unref(struct fw_geo *geo)
{
	if (!geo || --geo->references)
		return;
	free(geo->table);
	free(geo->class_rules);
	free(geo);
}

uint32_t fw_geo_classify(const struct fw_geo *geo, const struct fw_addr *addr)
{
	const struct fw_geo_table *table = geo->table;

	return fw_addr_is_v4(addr) ? fw_geo_descend4(table, fw_geo_root4(table, addr), addr)
				   : fw_geo_descend6(table, fw_geo_root6(table, addr), addr);
}

double fw_geo_share(const struct fw_geo *geo, size_t conjunction, enum fw_family family)
{
	const uint32_t *root = family == FW_FAMILY_V4 ? geo->table->root4 : geo->table->root6;
	FW_FREE double *share = calloc(geo->node_count + 1, sizeof(*share));
	double sum = 0;

	if (!share)
		return -1;
#define OF_ENTRY(entry)                                                                                      \
	((entry)&FW_GEO_IS_NODE ? share[(entry) & ~FW_GEO_IS_NODE]                                           \
				: (double)(geo->class_rules[(entry)] >> conjunction & 1))
	for (uint32_t i = 0; i < geo->node_count; i++) { /* children come before parents */
		for (size_t j = 0; j < FW_GEO_FANOUT; j++)
			share[i] += OF_ENTRY(geo->table->node[i].entry[j]);
		share[i] /= FW_GEO_FANOUT;
	}
	for (size_t i = 0; i < FW_GEO_ROOT; i++)
		sum += OF_ENTRY(root[i]);
#undef OF_ENTRY
	return sum / FW_GEO_ROOT;
}

/* Rules that ask where nothing answers. */
static int check_named(const struct fw_policy *policy, struct fw_diags *diags)
{
	int r = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		bool country = false, asn = false;

		fw_rule_each_mention(match, rule)
		{
			country |= fw_match_asks_country(match);
			asn |= fw_match_asks_asn(match);
		}
		if (!(country && !fw_geo_path(policy, COUNTRIES)) && !(asn && !fw_geo_path(policy, ASNS)))
			continue;
		fw_diag_add(diags, rule->mark, FW_SEVERITY_ERROR, "no-geo-database",
			    country ? "add geo: {database: /var/lib/floodwall/country.mmdb}"
				    : "add geo: {asn_database: /var/lib/floodwall/asn.mmdb}",
			    "rule '%s' asks for %s, and no geo database is named", rule->name,
			    country ? "countries" : "autonomous systems");
		r = -EINVAL;
	}
	return r;
}

static const struct fw_mark *mark_of(const struct fw_policy *policy, unsigned int which)
{
	return which == ASNS && policy->geo.asn_database ? &policy->geo.asn_mark : &policy->geo.mark;
}

static int open_side(const struct fw_policy *policy, unsigned int which, struct fw_geo_db **db,
		     struct fw_geo_file *file, struct fw_diags *diags)
{
	struct fw_err err = {};
	int r = fw_geo_db_open(fw_geo_path(policy, which), db, file, &err);

	if (r && r != -ENOMEM)
		fw_diag_add(diags, *mark_of(policy, which), FW_SEVERITY_ERROR, "bad-geo-database",
			    r == -ENOENT ? "fetch a .mmdb of your provider and put it there" : NULL, "%s",
			    err.text);
	return r;
}

/* One database may answer both questions; then it is opened and walked once. */
static int open_sides(const struct fw_policy *policy, const struct fw_geo_rules *rules,
		      struct fw_geo_db *dbs[DATABASES_], struct fw_geo_file files[DATABASES_],
		      struct fw_geo_side sides[DATABASES_], size_t *ret_count, struct fw_diags *diags)
{
	bool wanted[DATABASES_] = {rules->asks_country, rules->asks_asn};
	size_t count = 0;

	if (wanted[COUNTRIES] && wanted[ASNS] &&
	    !strcmp(fw_geo_path(policy, COUNTRIES), fw_geo_path(policy, ASNS)))
		wanted[ASNS] = false;
	for (unsigned int which = 0; which < DATABASES_; which++) {
		int r = wanted[which] ? open_side(policy, which, &dbs[which], &files[which], diags) : 0;

		if (r)
			return r;
		if (wanted[which])
			sides[count++] = (struct fw_geo_side){.db = dbs[which],
							      .path = fw_geo_path(policy, which),
							      .countries = which == COUNTRIES,
							      .asns = which == ASNS ||
								      (rules->asks_asn && !wanted[ASNS])};
	}
	*ret_count = count;
	return 0;
}

static int read_databases(const struct fw_policy *policy, struct fw_geo_rules *rules, struct fw_diags *diags,
			  struct fw_geo **ret)
{
	struct fw_geo_db *dbs[DATABASES_] = {};
	struct fw_geo_side sides[DATABASES_] = {};
	struct fw_geo_file files[DATABASES_] = {};
	struct fw_geo *geo = NULL;
	struct fw_err err = {};
	size_t count = 0;
	int r = open_sides(policy, rules, dbs, files, sides, &count, diags);

	if (!r) {
		r = fw_geo_build(sides, count, rules, &geo, &err);
		if (r && r != -ENOMEM)
			fw_diag_add(diags, policy->geo.mark, FW_SEVERITY_ERROR,
				    r == -E2BIG ? "geo-too-large" : "bad-geo-database",
				    r == -E2BIG
					    ? "name fewer distinct lists of countries and networks in rules"
					    : NULL,
				    "%s", err.text);
	}
	for (unsigned int which = 0; which < DATABASES_; which++)
		fw_geo_db_close(dbs[which]);
	if (r)
		return r;
	memcpy(geo->files, files, sizeof(files));
	*ret = geo;
	return 0;
}

int fw_geo_read(const struct fw_policy *policy, struct fw_diags *diags, struct fw_geo **ret)
{
	struct fw_geo_rules rules;
	struct fw_geo *geo = NULL;
	size_t errors = diags->errors;
	int r = check_named(policy, diags);

	if (r)
		return r;
	r = fw_geo_rules_init(&rules, policy);
	if (!r && (rules.asks_country || rules.asks_asn))
		r = read_databases(policy, &rules, diags, &geo);
	else if (!r && (policy->geo.database || policy->geo.asn_database))
		fw_diag_add(diags, policy->geo.mark, FW_SEVERITY_NOTE, "unused-geo", NULL,
			    "geo has no effect: no rule asks for a country or an autonomous system");
	if (!r && geo) {
		fw_geo_rules_complain(&rules, policy, diags);
		for (size_t i = 0; i < policy->rule_count && i < FW_RULES_MAX; i++)
			fw_rule_check_places(policy, &policy->rules[i], geo, diags);
	}
	fw_geo_rules_done(&rules);
	if (!r && diags->errors > errors)
		r = -EINVAL;
	if (r)
		fw_geo_unref(geo);
	else
		*ret = geo;
	return r;
}

static int find_facts(const char *path, const struct fw_addr *addr, struct fw_geo_facts *ret,
		      struct fw_err *err)
{
	struct fw_geo_db *db = NULL;
	struct fw_geo_file file;
	int r = fw_geo_db_open(path, &db, &file, err);

	if (!r && fw_geo_db_find(db, addr, ret))
		r = fw_err_set(err, -EINVAL, "the geo database %s is broken", path);
	fw_geo_db_close(db);
	return r;
}

const char *fw_geo_describe(const struct fw_policy *policy, const struct fw_addr *addr, char *text,
			    size_t size)
{
	struct fw_geo_facts facts = {.country = FW_COUNTRY_NONE}, networks = {};
	const char *countries = policy->geo.database, *asns = policy->geo.asn_database;
	char country[32] = "no known country", asn[32] = "";
	struct fw_err err = {};
	int r = countries ? find_facts(countries, addr, &facts, &err) : 0;

	if (!r && asns && (!countries || strcmp(asns, countries) != 0)) {
		r = find_facts(asns, addr, &networks, &err);
		facts.asn = networks.asn;
	}
	if (r) {
		(void)snprintf(text, size, "%s; rules go on by what it said before", err.text);
		return text;
	}
	if (facts.country < FW_COUNTRIES)
		(void)snprintf(country, sizeof(country), "country %c%c", (char)('A' + facts.country / 26),
			       (char)('A' + facts.country % 26));
	if (facts.asn)
		(void)snprintf(asn, sizeof(asn), ", AS%u", facts.asn);
	else if (asns)
		(void)snprintf(asn, sizeof(asn), ", no known network");
	(void)snprintf(text, size, "%s%s", countries ? country : "",
		       countries ? asn : asn + (asn[0] ? 2 : 0));
	return text;
}
