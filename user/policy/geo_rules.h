/* SPDX-License-Identifier: Apache-2.0 */
/* Inside policy/: which alternatives of rules a place satisfies by country and ASN, one bit each
 * (fw_rule_first_conjunction). */
#ifndef FW_POLICY_GEO_RULES_H
#define FW_POLICY_GEO_RULES_H

#include "policy/geo_db.h"

struct fw_geo_asn {
	uint32_t asn;
	bool seen; /* the database has it */
	uint64_t rules;
};

struct fw_geo_rules {
	bool asks_country, asks_asn;
	uint64_t of_country[FW_COUNTRIES + 1]; /* the last: no known country */
	bool country_seen[FW_COUNTRIES + 1];
	struct fw_geo_asn *asns; /* those that rules name, sorted */
	size_t asn_count;
	uint64_t other_asn; /* of all others, and of none */
	bool any_asn_seen;
};

/* -ENOMEM. */
int fw_geo_rules_init(struct fw_geo_rules *rules, const struct fw_policy *policy);
void fw_geo_rules_done(struct fw_geo_rules *rules);

/* Marks as seen. Rules that do not ask have their bit set in both. */
uint64_t fw_geo_rules_of_country(struct fw_geo_rules *rules, uint32_t country);
uint64_t fw_geo_rules_of_asn(struct fw_geo_rules *rules, uint32_t asn);
/* Countries and networks that rules name and the databases do not have; databases that know none at all. */
void fw_geo_rules_complain(const struct fw_geo_rules *rules, const struct fw_policy *policy,
			   struct fw_diags *diags);

#endif
