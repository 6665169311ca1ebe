// SPDX-License-Identifier: Apache-2.0
/* Routes, and reading what a request says. */
#include "agent/request.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "fw_types.h"
#include "lib/units.h"

static fw_handler *const handlers[FW_ROUTE_MAX_] = {
#define X(id, function) [FW_ROUTE_##id] = (function),
	FW_HANDLERS(X)
#undef X
};

const struct fw_route_entry fw_routes[FW_ROUTE_MAX_] = {
#define X(id, verb, route, write, request)                                                                   \
	[FW_ROUTE_##id] = {.method = (verb), .path = (route), .writes = (write)},
	FW_API_ROUTES(X)
#undef X
};

fw_handler *fw_route_handler(enum fw_route route)
{
	return handlers[route];
}

enum fw_route fw_route_find(const char *method, const char *path, bool *ret_path_known)
{
	*ret_path_known = false;
	for (enum fw_route route = 0; route < FW_ROUTE_MAX_; route++) {
		if (strcmp(fw_routes[route].path, path))
			continue;
		*ret_path_known = true;
		if (!strcmp(fw_routes[route].method, method))
			return route;
	}
	return FW_ROUTE_MAX_;
}

const char *fw_request_query(const struct fw_request *request, const char *key)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, key);
}

bool fw_request_number(const struct fw_request *request, const char *key, size_t fallback, size_t most,
		       size_t *ret, struct fw_answer *answer)
{
	const char *text = fw_request_query(request, key);
	uint64_t number = fallback;

	if (text && (fw_amount_parse(text, &number, NULL) || number > most)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-number", NULL,
			"%s: expected a number from 0 to %zu, got '%.40s'", key, most, text);
		return false;
	}
	*ret = (size_t)number;
	return true;
}

const char *fw_request_text(const struct fw_request *request, const char *key, struct fw_answer *answer)
{
	const json_t *value = json_object_get(request->body, key);

	if (json_is_string(value))
		return json_string_value(value);
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL, "the request needs a string '%s'%s", key,
		value ? ", it has something else there" : "");
	return NULL;
}

bool fw_request_seconds(const struct fw_request *request, const char *key, uint64_t *ret_ns,
			struct fw_answer *answer)
{
	const double most = FW_FOR_MAX_DAYS * 86400.0;
	const json_t *value = json_object_get(request->body, key);
	double seconds = json_number_value(value);

	*ret_ns = 0;
	if (!value || json_is_null(value))
		return true;
	if (!json_is_number(value) || !(seconds > 0) || seconds > most) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-duration", NULL,
			"'%s': expected seconds, more than 0 and at most %d days", key, FW_FOR_MAX_DAYS);
		return false;
	}
	*ret_ns = (uint64_t)(seconds * (double)FW_NS_PER_SEC);
	return true;
}

json_t *fw_request_texts(const struct fw_request *request, const char *key, struct fw_answer *answer)
{
	json_t *list = json_object_get(request->body, key), *item;
	size_t i;

	if (json_is_array(list) && json_array_size(list)) {
		json_array_foreach (list, i, item)
			if (!json_is_string(item))
				list = NULL;
		if (list)
			return list;
	}
	fw_fail(answer, 400, FW_EXIT_USAGE, "bad-request", NULL,
		"the request needs a list of strings '%s' with at least one member", key);
	return NULL;
}
