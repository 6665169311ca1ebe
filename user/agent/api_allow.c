// SPDX-License-Identifier: Apache-2.0
/* GET and POST /v1/allow: whom no rule and no ban touches for a while. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "lib/cleanup.h"
#include "lib/units.h"

#define ALLOW_DEFAULT_NS (3600 * FW_NS_PER_SEC)

static int by_addr(const void *a, const void *b)
{
	const struct fw_allowed *left = a, *right = b;

	return memcmp(&left->entry.addr, &right->entry.addr, sizeof(left->entry.addr));
}

void fw_api_allowed(struct fw_request *request, struct fw_answer *answer)
{
	const struct fw_spared_watch *spared = &request->agent->spared;
	FW_FREE struct fw_allowed *sorted = calloc(spared->allowed_count + 1, sizeof(*sorted));
	uint64_t now = fw_datapath_now_ns(request->agent->datapath);
	json_t *list = sorted ? json_array() : NULL;

	if (sorted && spared->allowed_count) {
		memcpy(sorted, spared->allowed, spared->allowed_count * sizeof(*sorted));
		qsort(sorted, spared->allowed_count, sizeof(*sorted), by_addr);
	}
	for (size_t i = 0; list && i < spared->allowed_count; i++) {
		char source[FW_ADDR_TEXT_MAX];

		if (sorted[i].entry.expires_ns > now)
			json_array_append_new(
				list, json_pack("{s:s, s:I, s:s}", "source",
						fw_addr_format(&sorted[i].entry.addr, source, sizeof(source)),
						"expires_in_seconds",
						(json_int_t)((sorted[i].entry.expires_ns - now +
							      FW_NS_PER_SEC - 1) /
							     FW_NS_PER_SEC),
						"by", sorted[i].by));
	}
	fw_reply(answer, list);
}

static int allow_one(struct fw_request *request, const struct fw_prefix *prefix, uint64_t for_ns,
		     json_t *allowed, struct fw_err *err)
{
	struct fw_agent *agent = request->agent;
	char source[FW_ADDR_TEXT_MAX], duration[32];
	int r = fw_spared_allow(agent, &prefix->addr, fw_datapath_now_ns(agent->datapath) + for_ns,
				request->by, err);

	if (r)
		return r;
	fw_prefix_format(prefix, source, sizeof(source));
	json_array_append_new(allowed, json_pack("{s:s, s:I}", "source", source, "expires_in_seconds",
						 (json_int_t)(for_ns / FW_NS_PER_SEC)));
	fw_event(agent, "allow", request->by,
		 json_pack("{s:s, s:I}", "src_ip", source, "expires_in_seconds",
			   (json_int_t)(for_ns / FW_NS_PER_SEC)),
		 "allow %s for %s by %s: no rule and no ban touches it", source,
		 fw_duration_format(for_ns, duration, sizeof(duration)), request->by);
	return 0;
}

void fw_api_allow(struct fw_request *request, struct fw_answer *answer)
{
	json_t *texts = fw_request_texts(request, "sources", answer), *allowed;
	FW_FREE struct fw_prefix *prefixes = NULL;
	struct fw_err err = {};
	uint64_t for_ns;

	if (!texts || !fw_request_seconds(request, "for_seconds", &for_ns, answer) ||
	    !fw_sources_parse(texts, &prefixes, answer))
		return;
	for (size_t i = 0; i < json_array_size(texts); i++)
		if (prefixes[i].bits != 128) {
			fw_fail(answer, 422, FW_EXIT_CONFIG, "not-an-address",
				"put networks into a set that never_block or an allow "
				"rule names: floodwall sets add NAME CIDR",
				"'%s' is a network; allow takes single addresses",
				json_string_value(json_array_get(texts, i)));
			return;
		}
	for_ns = for_ns ? for_ns : ALLOW_DEFAULT_NS;
	allowed = json_array();
	for (size_t i = 0; i < json_array_size(texts) && !err.code; i++)
		allow_one(request, &prefixes[i], for_ns, allowed, &err);
	if (err.code)
		fw_fail_err(answer, &err);
	else
		fw_reply(answer, fw_kept_reply(request->agent, FW_KEPT_ALLOWED,
					       json_pack("{s:O, s:n}", "allowed", allowed, "undo")));
	json_decref(allowed);
}
