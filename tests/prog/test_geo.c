// SPDX-License-Identifier: Apache-2.0
/* Countries and networks through the real program: what the table in user space says is what happens to
 * packets. */
#include "lab.h"

#include <bpf/bpf.h>

#include "policy/geo.h"

#define DATA "geo: {database: " FW_TESTS_DIR "/data/geo/places.mmdb}\n"
#define HEAD "version: 1\n" DATA

static uint32_t slot_in_use(const struct lab *lab)
{
	return fw_datapath_active_slot(lab->datapath)->geo_slot;
}

/* Whether a slot of the outer map holds a table. */
static bool holds_table(const struct lab *lab, uint32_t slot)
{
	uint32_t id;

	return !bpf_map_lookup_elem(fw_datapath_map_fd(lab->datapath, "fw_geo_map"), &slot, &id);
}

static unsigned int tables(const struct lab *lab)
{
	return holds_table(lab, 0) + holds_table(lab, 1);
}

Test(geo, rules_tell_countries_and_networks_apart)
{
	struct lab lab;

	lab_open(&lab, HEAD
		 "rules:\n"
		 "  - {name: friend, match: {country: [AT], asn: [64497]}, action: allow}\n"
		 "  - {name: net, match: {asn: [64499]}, action: block}\n"
		 "  - {name: outside, match: {country_not: [DE, AT, US]}, action: block, force: true}\n");
	expect_rule(&lab, FW_REASON_RULE_ALLOW, "friend", PACKET(.from = "198.51.100.130"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "net", PACKET(.from = "192.0.2.1"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "net", PACKET(.from = "2001:db8:1:1::1"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "198.51.100.127"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "198.51.100.192"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "2001:db8:1:ff:ffff::1"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "2001:db8:2::1"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "outside", PACKET(.from = "192.0.2.129"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "outside", PACKET(.from = "198.18.7.1"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "outside", PACKET(.from = "100.64.0.1"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "outside", PACKET(.from = "2a00::1"));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "outside", PACKET(.from = "2002:c633:6401::1"));
	lab_close(&lab);
}

/* The source must be in the set and in the country. */
Test(geo, sets_and_countries_must_both_hold)
{
	struct lab lab;

	lab_open(&lab, HEAD "sets: {bad: [198.51.100.0/28, 203.0.113.0/28], ours: [198.51.100.5]}\n"
			    "never_block: {sets: [ours], limit: 1M packets/1s}\n"
			    "rules:\n"
			    "  - {name: both, match: {source: [bad], country: DE}, action: block}\n");
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = "198.51.100.1"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "198.51.100.17"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "203.0.113.1"));
	expect(&lab, FW_REASON_NEVER_BLOCK, PACKET(.from = "198.51.100.5"));
	lab_close(&lab);
}

Test(geo, outsiders_get_the_lower_limit)
{
	struct lab lab;

	lab_open(&lab,
		 HEAD "rules:\n"
		      "  - {name: outside, match: {country_not: [DE]}, limit: 5 packets/10s, action: block}\n"
		      "  - {name: blanket, limit: 50 packets/10s, action: block}\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = "203.0.113.9"), 100), 5);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "198.51.100.9"), 100), 50);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "2a00::9"), 100), 5);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "2001:db8::9"), 100), 50);
	lab_close(&lab);
}

/* One table while rules ask, none when they do not, the same one as long as it says the same. */
Test(geo, tables_come_and_go_with_the_rules)
{
	static const char german[] =
		HEAD "rules: [{name: a, match: {country: DE}, limit: 1 packets/10s, action: block}]\n";
	static const char swiss[] =
		HEAD "rules: [{name: a, match: {country: CH}, limit: 1 packets/10s, action: block}]\n";
	static const char nobody[] = "version: 1\nrules: [{name: a, limit: 1 packets/10s, action: police}]\n";
	struct lab lab;
	uint32_t slot;

	lab_open(&lab, nobody);
	cr_expect_eq(tables(&lab), 0);
	cr_expect_not(fw_datapath_active_slot(lab.datapath)->features & FW_FEATURE_GEO);
	lab_publish(&lab, german);
	cr_expect_eq(tables(&lab), 1);
	slot = slot_in_use(&lab);
	cr_expect(holds_table(&lab, slot));
	for (int i = 0; i < 3; i++) {
		lab_publish(&lab, german);
		cr_expect_eq(slot_in_use(&lab), slot, "an unchanged table is loaded again");
	}
	lab_publish(&lab, swiss);
	cr_expect_neq(slot_in_use(&lab), slot);
	cr_expect_eq(tables(&lab), 1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "192.0.2.1"), 3), 1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "198.51.100.1"), 3), 3);
	lab_publish(&lab, nobody);
	cr_expect_eq(tables(&lab), 0);
	lab_publish(&lab, german);
	cr_expect_eq(lab_send(&lab, PACKET(.from = "198.51.100.1"), 3), 1);
	lab_close(&lab);
}

/* Every class of the image is what packets of that class meet: random addresses around all prefixes. */
Test(geo, packets_meet_what_the_table_says)
{
	static const char *const around[] = {
		"198.51.100.0", "198.51.100.128", "203.0.113.0",  "192.0.2.128",
		"198.18.0.0",	"2001:db8::",	  "2001:db8:1::", "2001:db8:1:ff::"};
	uint64_t state = 7;
	struct lab lab;

	lab_open(&lab, HEAD "rules:\n"
			    "  - {name: r0, match: {country: [DE, FR]}, action: block, force: true}\n"
			    "  - {name: r1, match: {asn_not: [64496]}, action: block, force: true}\n");
	for (int i = 0; i < 4000; i++) {
		struct fw_addr addr = lab_addr(around[i % 8]);
		unsigned char *bytes = (unsigned char *)&addr;
		char text[FW_ADDR_TEXT_MAX];
		uint64_t rules;

		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		bytes[i % 8 < 5 ? 12 + (state >> 40) % 4 : (state >> 40) % 12] ^=
			(unsigned char)(1 << (state >> 60 & 7));
		if (fw_addr_family(&addr) != (i % 8 < 5 ? FW_FAMILY_V4 : FW_FAMILY_V6) || bytes[0] == 0xff)
			continue;
		rules = lab.image->geo->class_rules[fw_geo_classify(lab.image->geo, &addr)];
		fw_addr_format(&addr, text, sizeof(text));
		if (rules & 1)
			expect_rule(&lab, FW_REASON_RULE_BLOCK, "r0", PACKET(.from = text));
		else if (rules & 2)
			expect_rule(&lab, FW_REASON_RULE_BLOCK, "r1", PACKET(.from = text));
		else
			expect(&lab, FW_REASON_NO_RULE, PACKET(.from = text));
	}
	lab_close(&lab);
}
