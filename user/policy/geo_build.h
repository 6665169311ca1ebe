/* SPDX-License-Identifier: Apache-2.0 */
/* Inside policy/: databases and the rules' questions to one geo table. */
#ifndef FW_POLICY_GEO_BUILD_H
#define FW_POLICY_GEO_BUILD_H

#include "policy/geo_rules.h"

/* A database and what of it is wanted. */
struct fw_geo_side {
	const struct fw_geo_db *db;
	const char *path;
	bool countries, asns;
};

/* At most two sides. -EINVAL: broken database; -E2BIG: more classes than FW_GEO_CLASSES_MAX or nodes than
 * FW_GEO_NODES; -ENOMEM. Text in *err. */
int fw_geo_build(const struct fw_geo_side *sides, size_t side_count, struct fw_geo_rules *rules,
		 struct fw_geo **ret, struct fw_err *err);

#endif
