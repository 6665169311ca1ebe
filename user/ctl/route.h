/* SPDX-License-Identifier: Apache-2.0 */
/* The list of API routes as an enum and a table: what clients call and the man page lists. */
#ifndef FW_CTL_ROUTE_H
#define FW_CTL_ROUTE_H

#include <stdbool.h>

#include "ctl/api.h"

enum fw_api_route {
#define X(id, method, path, writes, request) FW_API_##id,
	FW_API_ROUTES(X)
#undef X
		FW_API_MAX_,
};

struct fw_api_route_info {
	const char *method, *path, *request;
	bool writes; /* only on api.sock */
};

const struct fw_api_route_info *fw_api_route_info(enum fw_api_route route);

#endif
