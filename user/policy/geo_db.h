/* SPDX-License-Identifier: Apache-2.0 */
/* One MaxMind-format database as a binary tree of records. The file may come from anywhere: whatever is in
 * it, these calls end, with an error when it is broken. */
#ifndef FW_POLICY_GEO_DB_H
#define FW_POLICY_GEO_DB_H

#include "policy/geo.h"

struct fw_geo_db;

/* What a record says of the networks below it. */
struct fw_geo_facts {
	uint32_t country; /* FW_COUNTRY_NONE without */
	uint32_t asn;	  /* 0 without */
};

enum fw_geo_record_kind { FW_GEO_NOTHING, FW_GEO_INNER, FW_GEO_DATA };

struct fw_geo_record {
	enum fw_geo_record_kind kind;
	uint32_t value; /* node number, or offset of the data */
};

/* Works on a copy, so that a file that is overwritten meanwhile cannot hurt. -EINVAL: no such database;
 * -EAGAIN: it is being written right now; -EFBIG; -ENOENT, -EACCES, … *file tells the version. Text in *err.
 */
int fw_geo_db_open(const char *path, struct fw_geo_db **ret, struct fw_geo_file *file, struct fw_err *err);
void fw_geo_db_close(struct fw_geo_db *db); /* NULL is fine */

uint32_t fw_geo_db_nodes(const struct fw_geo_db *db);
/* Where the walk of a family begins. */
struct fw_geo_record fw_geo_db_root(const struct fw_geo_db *db, enum fw_family family);
/* Both halves of an inner record. In the IPv6 tree the places where IPv4 is mirrored (::/96, 6to4, Teredo)
 * hold nothing. -EINVAL: broken. */
int fw_geo_db_split(const struct fw_geo_db *db, enum fw_family family, uint32_t node,
		    struct fw_geo_record ret[2]);
/* A record without the fields, or with other types in them, knows nothing; -EINVAL: broken. */
int fw_geo_db_facts(const struct fw_geo_db *db, uint32_t offset, struct fw_geo_facts *ret);
/* What is known of one address. */
int fw_geo_db_find(const struct fw_geo_db *db, const struct fw_addr *addr, struct fw_geo_facts *ret);

#endif
