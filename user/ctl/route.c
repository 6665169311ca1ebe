// SPDX-License-Identifier: Apache-2.0
/* The route table itself, from the one list in api.h. */
#include "ctl/route.h"

const struct fw_api_route_info *fw_api_route_info(enum fw_api_route route)
{
	static const struct fw_api_route_info routes[FW_API_MAX_] = {
#define X(id, api_method, api_path, api_writes, api_request)                                                 \
	[FW_API_##id] = {                                                                                    \
		.method = api_method, .path = api_path, .request = api_request, .writes = api_writes},
		FW_API_ROUTES(X)
#undef X
	};

	return &routes[route];
}
