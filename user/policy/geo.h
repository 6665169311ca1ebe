/* SPDX-License-Identifier: Apache-2.0 */
/* What rules want to know of countries and networks, taken out of MaxMind-format databases: address → geo
 * class, and which rules each class satisfies. */
#ifndef FW_POLICY_GEO_H
#define FW_POLICY_GEO_H

#include <stdbool.h>
#include <sys/stat.h>

#include "fw_geo.h"
#include "policy/policy.h"

/* A database file as it was read: tells whether it has changed since. */
struct fw_geo_file {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* Shared by policies and images; never changed once built. */
struct fw_geo {
	unsigned int references;
	struct fw_geo_table *table; /* nodes beyond node_count are zero */
	uint32_t node_count;
	uint64_t *class_rules; /* per class: bit i = what conjunction i asks of country and ASN holds */
	uint32_t class_count;
	uint64_t digest; /* of the table: equal ones need not be loaded again */
	struct fw_geo_file files[2];
};

/* Reads what the policy's rules ask for. *ret stays NULL when none asks. Complaints go to *diags, at the
 * places of the policy: -EINVAL (a broken or unfitting database), -ENOENT and the like (no file), -E2BIG (too
 * many classes or nodes), -ENOMEM without a complaint. */
int fw_geo_read(const struct fw_policy *policy, struct fw_diags *diags, struct fw_geo **ret);
struct fw_geo *fw_geo_ref(struct fw_geo *geo); /* NULL is fine */
void fw_geo_unref(struct fw_geo *geo);

/* Class of an address, as the packet path finds it. */
uint32_t fw_geo_classify(const struct fw_geo *geo, const struct fw_addr *addr);
/* What part of a family's addresses satisfies a conjunction's country and ASN conditions, 0 to 1; negative:
 * no memory. */
double fw_geo_share(const struct fw_geo *geo, size_t conjunction, enum fw_family family);

/* "country DE, AS64496" from the files as they are now; says so when they cannot be read. */
const char *fw_geo_describe(const struct fw_policy *policy, const struct fw_addr *addr, char *text,
			    size_t size);
/* The files of the policy: [0] countries, [1] networks; NULL where not named. */
const char *fw_geo_path(const struct fw_policy *policy, unsigned int which);
struct fw_geo_file fw_geo_file_of(const struct stat *status);
bool fw_geo_same_file(const struct fw_geo_file *a, const struct fw_geo_file *b);

#endif
