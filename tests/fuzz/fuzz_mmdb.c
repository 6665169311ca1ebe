// SPDX-License-Identifier: Apache-2.0
/* Geo databases from anywhere: either refused with words, or a table whose every entry leads somewhere, and
 * that says of an address what the database says. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/geo_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7.1 forgets 4 KiB when the description in the metadata is broken: once per broken file. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void check_table(const struct fw_geo *geo)
{
	assert(geo->class_count >= 1 && geo->class_count <= FW_GEO_CLASSES_MAX);
	for (uint32_t i = 0; i < geo->node_count; i++)
		for (size_t j = 0; j < FW_GEO_FANOUT; j++) {
			uint32_t entry = geo->table->node[i].entry[j];

			assert(entry & FW_GEO_IS_NODE ? (entry & ~FW_GEO_IS_NODE) < i
						      : entry < geo->class_count);
		}
}

static void check_addresses(const struct fw_geo_db *db, const struct fw_geo *geo, struct fw_geo_rules *rules,
			    const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 16 <= size && at < 160; at += 16) {
		struct fw_geo_facts facts;
		struct fw_addr addr;

		memcpy(&addr, data + at, sizeof(addr));
		if (at % 32) {
			addr.w[0] = addr.w[1] = 0;
			addr.w[2] = fw_mask(128).w[0] & ~fw_mask(80).w[2];
		}
		assert(!fw_geo_db_find(db, &addr, &facts));
		assert(geo->class_rules[fw_geo_classify(geo, &addr)] ==
		       (fw_geo_rules_of_country(rules, facts.country) &
			fw_geo_rules_of_asn(rules, facts.asn)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t german[] = {FW_COUNTRY('D', 'E')}, others[] = {FW_COUNTRY('A', 'T'), FW_COUNTRY('C', 'H')},
		 networks[] = {64496, 64497};
	struct fw_policy_rule rule[2] = {
		{.match = {.country = {german, 1}, .asn_not = {networks, 2}}},
		{.match = {.country_not = {others, 2}, .asn = {networks, 1}}},
	};
	struct fw_policy policy = {.rules = rule, .rule_count = 2};
	int fd = memfd_create("mmdb", MFD_CLOEXEC), r;
	struct fw_geo_db *db = NULL;
	struct fw_geo *geo = NULL;
	struct fw_geo_rules rules;
	struct fw_geo_file file;
	struct fw_err err = {};
	char path[64];

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = fw_geo_db_open(path, &db, &file, &err);
	close(fd);
	if (r) {
		assert(err.code == r && err.text[0]);
		return 0;
	}
	assert(!fw_geo_rules_init(&rules, &policy));
	r = fw_geo_build(&(struct fw_geo_side){db, path, true, true}, 1, &rules, &geo, &err);
	if (r)
		assert(err.code == r && err.text[0]);
	else {
		check_table(geo);
		check_addresses(db, geo, &rules, data, size);
	}
	fw_geo_unref(geo);
	fw_geo_rules_done(&rules);
	fw_geo_db_close(db);
	return 0;
}
