// SPDX-License-Identifier: Apache-2.0
/* Databases that the tests write, read back: tables against a scan of all prefixes, what is refused, and what
 * is said. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/geo.h"
#include "policy/geo_table.h"
#include "policy/image.h"

#define DATA	  FW_TESTS_DIR "/data/geo/"
#define COUNT	  3000
#define ADDRESSES 8000

struct entry {
	struct fw_prefix prefix;
	unsigned int country, asn; /* country: index into codes */
};

struct world {
	uint64_t state;
	struct entry entries[COUNT];
	char path[64];
};

static const char *const codes[] = {"DE", "AT", "CH", "US", "FR", "JP"};

static uint32_t roll(struct world *world, uint32_t below)
{
	world->state = world->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(world->state >> 33) % below;
}

/* Few distinct bytes in front, so that prefixes nest. */
static struct fw_addr random_addr(struct world *world, bool v4)
{
	struct fw_addr addr = {};
	unsigned char *bytes = (unsigned char *)&addr;

	for (int i = 0; i < 16; i++)
		bytes[i] = roll(world, 3) ? (unsigned char)roll(world, 6) : (unsigned char)roll(world, 256);
	if (v4) {
		memset(bytes, 0, 10);
		bytes[10] = bytes[11] = 255;
	} else {
		bytes[0] = 0x24;
	}
	return addr;
}

static int by_prefix(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return fw_prefix_compare(&left->prefix, &right->prefix);
}

/* Distinct prefixes, or the later line would win in the database and the earlier here. */
static void make_world(struct world *world, uint64_t seed, int record_size, int ip_version)
{
	char command[256], text[FW_ADDR_TEXT_MAX];
	FILE *out;

	world->state = seed;
	for (int i = 0; i < COUNT; i++) {
		struct entry *entry = &world->entries[i];
		bool v4 = ip_version == 4 || roll(world, 2);

		entry->prefix.bits =
			(unsigned char)(v4 ? FW_V4_BITS + 1 + roll(world, 32) : 9 + roll(world, 120));
		entry->prefix.addr = random_addr(world, v4);
		entry->prefix.addr = fw_addr_masked(&entry->prefix.addr, entry->prefix.bits);
		entry->country = roll(world, 6);
		entry->asn = 64496 + roll(world, 8);
	}
	qsort(world->entries, COUNT, sizeof(*world->entries), by_prefix);
	(void)snprintf(world->path, sizeof(world->path), "/tmp/fw-test-geo-%d.mmdb", getpid());
	(void)snprintf(command, sizeof(command), "%s/tools/mmdb.py %s --record-size %d --ip-version %d",
		       FW_SOURCE_DIR, world->path, record_size, ip_version);
	out = popen(command, "w");
	cr_assert(out);
	for (int i = 0; i < COUNT; i++) {
		if (i && !by_prefix(&world->entries[i - 1], &world->entries[i]))
			world->entries[i] = world->entries[i - 1];
		fprintf(out, "%s country=%s asn=%u\n",
			fw_prefix_format(&world->entries[i].prefix, text, sizeof(text)),
			codes[world->entries[i].country], world->entries[i].asn);
	}
	cr_assert_eq(pclose(out), 0, "the writer of databases failed");
}

static struct fw_policy *load(const char *text, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;

	(void)fw_policy_parse(text, strlen(text), "test.yaml", FW_TESTS_DIR "/data/geo", diags, &policy);
	return policy;
}

static const char rules_text[] =
	"rules:\n"
	"  - {name: r0, match: {country: [DE, AT]}, limit: 5 packets/1s, action: block}\n"
	"  - {name: r1, match: {country_not: [DE, AT, CH]}, limit: 5 packets/1s, action: block}\n"
	"  - {name: r2, match: {asn: [64496, AS64497]}, limit: 5 packets/1s, action: block}\n"
	"  - {name: r3, match: {country: US, asn_not: 64500}, limit: 5 packets/1s, action: block}\n"
	"  - {name: r4, limit: 5 packets/1s, action: block}\n";

/* The same rules in C. country: -1 for none; asn: 0 for none. */
static uint64_t rules_of(int country, unsigned int asn)
{
	bool known = country >= 0;

	return (known && country <= 1) | (uint64_t)(!known || country > 2) << 1 |
	       (uint64_t)(asn == 64496 || asn == 64497) << 2 |
	       (uint64_t)(known && country == 3 && asn != 64500) << 3 | 1 << 4;
}

static uint64_t scan(const struct world *world, const struct fw_addr *addr)
{
	const struct entry *best = NULL;

	for (int i = 0; i < COUNT; i++)
		if (fw_prefix_contains(&world->entries[i].prefix, addr) &&
		    (!best || world->entries[i].prefix.bits >= best->prefix.bits))
			best = &world->entries[i];
	return best ? rules_of((int)best->country, best->asn) : rules_of(-1, 0);
}

static void compare(uint64_t seed, int record_size, int ip_version)
{
	FW_FREE struct world *world = calloc(1, sizeof(*world));
	struct fw_diags diags = {};
	struct fw_policy *policy;
	char text[2048];

	cr_assert(world);
	make_world(world, seed, record_size, ip_version);
	(void)snprintf(text, sizeof(text), "version: 1\ngeo: {database: %s}\n%s", world->path, rules_text);
	policy = load(text, &diags);
	(void)unlink(world->path);
	if (!policy)
		fw_diags_render(&diags, stderr);
	cr_assert(policy && policy->geo.data);
	cr_expect_eq(policy->geo.data->class_rules[0] & 31, rules_of(-1, 0));
	for (int i = 0; i < ADDRESSES; i++) {
		/* Half of them next to where something begins or ends. */
		struct fw_addr addr = random_addr(world, roll(world, 2));
		const struct entry *near = &world->entries[roll(world, COUNT)];
		char shown[FW_ADDR_TEXT_MAX];
		uint64_t want, got;

		if (roll(world, 2)) {
			addr = near->prefix.addr;
			addr.w[3] ^= roll(world, 2) ? 0 : fw_mask(128).w[3] & ~fw_mask(127).w[3];
		}
		want = scan(world, &addr);
		got = policy->geo.data->class_rules[fw_geo_classify(policy->geo.data, &addr)] & 31;
		cr_assert_eq(got, want, "%s: rules %lx, expected %lx",
			     fw_addr_format(&addr, shown, sizeof(shown)), (unsigned long)got,
			     (unsigned long)want);
	}
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(geo, both_families_agree_with_a_scan)
{
	compare(1, 28, 6);
}

Test(geo, small_records_agree_with_a_scan)
{
	compare(2, 24, 6);
}

Test(geo, an_ipv4_database_with_large_records_agrees_with_a_scan)
{
	compare(3, 32, 4);
}

Test(geo, equal_parts_are_stored_once)
{
	struct fw_geo_nodes nodes = {};
	struct fw_geo_node node = {}, parent = {};
	uint32_t first, again, class, above;

	cr_assert_eq(fw_geo_nodes_add(&nodes, &node, &class), 0);
	cr_expect_eq(class, 0, "sixteen times the same class is that class");
	cr_expect_eq(nodes.count, 0);
	node.entry[3] = 7;
	cr_assert_eq(fw_geo_nodes_add(&nodes, &node, &first), 0);
	cr_assert_eq(fw_geo_nodes_add(&nodes, &node, &again), 0);
	cr_expect_eq(first, 0 | FW_GEO_IS_NODE);
	cr_expect_eq(again, first);
	for (int i = 0; i < FW_GEO_FANOUT; i++)
		parent.entry[i] = first;
	cr_assert_eq(fw_geo_nodes_add(&nodes, &parent, &above), 0);
	cr_expect_eq(above, 1 | FW_GEO_IS_NODE, "equal nodes below are still four bits");
	for (uint32_t i = 1; i < 5000; i++) {
		node.entry[0] = i;
		cr_assert_eq(fw_geo_nodes_add(&nodes, &node, &again), 0);
		cr_assert_eq(again, (i + 1) | FW_GEO_IS_NODE);
	}
	cr_expect_eq(nodes.count, 5001);
	fw_geo_nodes_done(&nodes);
}

static bool says(const struct fw_diags *diags, const char *code, enum fw_severity severity, const char *word)
{
	for (size_t i = 0; i < diags->count; i++)
		if (!strcmp(diags->items[i].code, code) && diags->items[i].severity == severity &&
		    strstr(diags->items[i].message, word))
			return true;
	return false;
}

#define RULE(match) "rules: [{name: a, match: {" match "}, limit: 5 packets/1s, action: block}]\n"

struct saying {
	const char *text, *code;
	enum fw_severity severity;
	const char *word;
};

static const struct saying sayings[] = {
	{RULE("country: DE"), "no-geo-database", FW_SEVERITY_ERROR, "countries"},
	{RULE("asn: 64496"), "no-geo-database", FW_SEVERITY_ERROR, "autonomous"},
	{"geo: {asn_database: networks.mmdb}\n" RULE("country: DE"), "no-geo-database", FW_SEVERITY_ERROR,
	 "countries"},
	{"geo: {database: none.mmdb}\n" RULE("country: DE"), "bad-geo-database", FW_SEVERITY_ERROR,
	 "No such file"},
	{"geo: {database: cut.mmdb}\n" RULE("country: DE"), "bad-geo-database", FW_SEVERITY_ERROR, "MaxMind"},
	{"geo: {database: make}\n" RULE("country: DE"), "bad-geo-database", FW_SEVERITY_ERROR, "MaxMind"},
	{"geo: {database: .}\n" RULE("country: DE"), "bad-geo-database", FW_SEVERITY_ERROR, "regular"},
	{"geo: {database: networks.mmdb}\n" RULE("country: DE"), "geo-no-countries", FW_SEVERITY_ERROR,
	 "networks.mmdb"},
	{"geo: {database: places.mmdb}\n" RULE("country: [DE, UK]"), "unknown-country", FW_SEVERITY_WARNING,
	 "UK"},
	{"geo: {database: places.mmdb}\n" RULE("asn_not: 1"), "unknown-asn", FW_SEVERITY_WARNING, "AS1,"},
	{"geo: {database: places.mmdb}\n" RULE("source: 192.0.2.1"), "unused-geo", FW_SEVERITY_NOTE,
	 "no rule"},
	{"geo: {database: places.mmdb}\nrules: [{name: a, match: {country_not: DE}, action: block}]\n",
	 "blocks-too-much", FW_SEVERITY_ERROR, "country"},
	{"geo: {database: places.mmdb}\n" RULE("country: DE, country_not: DE"), "never-matches",
	 FW_SEVERITY_ERROR, "country"},
	{RULE("country: de"), "bad-country", FW_SEVERITY_ERROR, "'DE'"},
	{RULE("country: DEU"), "bad-country", FW_SEVERITY_ERROR, "DEU"},
	{RULE("asn: 0"), "bad-asn", FW_SEVERITY_ERROR, "'0'"},
	{RULE("asn: AS4294967296"), "bad-asn", FW_SEVERITY_ERROR, "4294967296"},
	{RULE("asn: 99999999999999999999"), "bad-asn", FW_SEVERITY_ERROR, "999"},
};

Test(geo, what_is_wrong_is_said)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		const struct saying *saying = &sayings[i];
		struct fw_diags diags = {};
		struct fw_policy *policy;
		char text[1024];

		(void)snprintf(text, sizeof(text), "version: 1\n%s", saying->text);
		policy = load(text, &diags);
		cr_expect(says(&diags, saying->code, saying->severity, saying->word), "%s: no %s about %s",
			  saying->text, saying->code, saying->word);
		cr_expect_eq(policy == NULL, saying->severity == FW_SEVERITY_ERROR, "%s", saying->text);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

static void expect_place(const struct fw_policy *policy, const char *address, const char *want)
{
	struct fw_addr addr;
	char text[256];

	cr_assert_eq(fw_addr_parse(address, &addr, NULL), 0);
	cr_expect_str_eq(fw_geo_describe(policy, &addr, text, sizeof(text)), want, "%s: %s", address, text);
}

Test(geo, places_are_described_from_all_kinds_of_records)
{
	struct fw_diags diags = {};
	struct fw_policy *one = load("version: 1\ngeo: {database: places.mmdb}\n", &diags);
	struct fw_policy *two =
		load("version: 1\ngeo: {database: places4.mmdb, asn_database: networks.mmdb}\n", &diags);

	cr_assert(one && two);
	expect_place(one, "198.51.100.1", "country DE, AS64496");
	expect_place(one, "198.51.100.130", "country AT, AS64497");
	expect_place(one, "192.0.2.1", "country CH, AS64499"); /* registered there */
	expect_place(one, "192.0.2.129", "no known country, AS64496");
	expect_place(one, "198.18.0.1", "country FR"); /* a flat record */
	expect_place(one, "2001:db8:1:ff::1", "country US");
	expect_place(one, "2001:db8:1:fe::1", "country CH, AS64499");
	expect_place(one, "2002:c633:6401::1", "no known country"); /* 6to4 of 198.51.100.1 */
	expect_place(one, "100.64.0.1", "no known country");
	expect_place(two, "198.51.100.130", "country AT, AS64497");
	expect_place(two, "203.0.114.1", "no known country, no known network");
	expect_place(two, "2001:db8::1", "no known country, AS64496");
	fw_policy_free(one);
	fw_policy_free(two);
	fw_diags_done(&diags);
}

/* IPv6 that mirrors IPv4 would take a table of its own: it is "nowhere" instead. */
Test(geo, mirrors_of_ipv4_take_no_nodes)
{
	struct fw_diags diags = {};
	struct fw_policy *policy =
		load("version: 1\ngeo: {database: places.mmdb}\n" RULE("country_not: DE"), &diags);
	struct fw_addr mirrored, unknown;

	cr_assert(policy);
	cr_assert_eq(fw_addr_parse("2002:c633:6401::1", &mirrored, NULL), 0);
	cr_assert_eq(fw_addr_parse("2a00::1", &unknown, NULL), 0);
	cr_expect_eq(fw_geo_classify(policy->geo.data, &mirrored),
		     fw_geo_classify(policy->geo.data, &unknown));
	cr_expect_lt(policy->geo.data->node_count, 40);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(geo, shares_are_those_of_the_prefixes)
{
	struct fw_diags diags = {};
	struct fw_policy *policy =
		load("version: 1\ngeo: {database: places.mmdb}\n"
		     "rules:\n"
		     "  - {name: a, match: {country: DE}, limit: 5 packets/1s, action: block}\n"
		     "  - {name: b, match: {country_not: FR}, limit: 5 packets/1s, action: block}\n",
		     &diags);

	cr_assert(policy);
	cr_expect_float_eq(fw_geo_share(policy->geo.data, 0, FW_FAMILY_V4) * 4294967296.0, 192, 1e-6);
	cr_expect_float_eq(fw_geo_share(policy->geo.data, 1, FW_FAMILY_V4), 1 - 1.0 / 32768, 1e-12);
	cr_expect_float_eq(fw_geo_share(policy->geo.data, 1, FW_FAMILY_V6), 1, 1e-12);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

/* The same database for other rules in the same order of places is the same table: nothing to load again. */
Test(geo, an_unchanged_table_has_an_unchanged_digest)
{
	static const char *const texts[] = {
		"version: 1\ngeo: {database: places.mmdb}\n" RULE("country: DE"),
		"version: 1\ngeo: {database: places.mmdb}\nrules:\n"
		"  - {name: first, limit: 9 packets/1s, action: police}\n"
		"  - {name: a, match: {country: DE}, limit: 5 packets/1s, action: block}\n",
		"version: 1\ngeo: {database: places.mmdb}\n" RULE("country: AT"),
	};
	struct fw_policy *policies[3];
	struct fw_diags diags = {};

	for (int i = 0; i < 3; i++) {
		policies[i] = load(texts[i], &diags);
		cr_assert(policies[i]);
	}
	cr_expect_eq(policies[0]->geo.data->digest, policies[1]->geo.data->digest);
	cr_expect_neq(policies[0]->geo.data->digest, policies[2]->geo.data->digest);
	for (int i = 0; i < 3; i++)
		fw_policy_free(policies[i]);
	fw_diags_done(&diags);
}
