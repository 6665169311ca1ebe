// SPDX-License-Identifier: Apache-2.0
/* Bodies of API requests as the agent's own readers see them: a value, or an answer that says what is wrong.
 * First byte: route. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/request.h"
#include "agent/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The route table names its handlers; none of them runs here. */
#define X(id, function)                                                                                      \
	void function(struct fw_request *request, struct fw_answer *answer)                                  \
	{                                                                                                    \
		(void)request, (void)answer;                                                                 \
	}
FW_HANDLERS(X)
#undef X

static void finish(struct fw_answer *answer, bool good)
{
	if (!good) {
		const json_t *error = json_object_get(answer->json, "error");

		assert(answer->http >= 400 && answer->http < 600);
		assert(*json_string_value(json_object_get(error, "message")) &&
		       *json_string_value(json_object_get(error, "code")));
		assert(json_integer_value(json_object_get(error, "exit")) > 0);
	}
	json_decref(answer->json);
	free(answer->text);
	*answer = (struct fw_answer){0};
}

static void read_members(const struct fw_request *request)
{
	static const char *const texts[] = {"rule", "interface", "policy", "reason", "name"};
	static const char *const lists[] = {"sources", "cidrs"};
	struct fw_answer answer = {0};
	uint64_t ns;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		finish(&answer, fw_request_text(request, texts[i], &answer));
	finish(&answer, fw_request_seconds(request, "for_seconds", &ns, &answer));
	finish(&answer, fw_request_seconds(request, "confirm_seconds", &ns, &answer));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_t *list = fw_request_texts(request, lists[i], &answer);
		struct fw_prefix *prefixes = NULL;

		finish(&answer, list);
		if (list) {
			finish(&answer, fw_sources_parse(list, &prefixes, &answer));
			free(prefixes);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_request request = {.by = "fuzz"};
	bool known;
	char path[64];

	if (!size)
		return 0;
	request.route = (enum fw_route)(data[0] % FW_ROUTE_MAX_);
	snprintf(path, sizeof(path), "%.*s", (int)(size - 1 < 60 ? size - 1 : 60), (const char *)data + 1);
	if (fw_route_find("POST", path, &known) != FW_ROUTE_MAX_)
		assert(known);
	request.body = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(request.body))
		read_members(&request);
	json_decref(request.body);
	return 0;
}
