// SPDX-License-Identifier: Apache-2.0
/* GET /v1/events: the past as a document, or the future as a stream. */
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"

#define LAST_DEFAULT 100

void fw_api_events(struct fw_request *request, struct fw_answer *answer)
{
	const char *follow = fw_request_query(request, "follow");
	bool endless = follow && !strcmp(follow, "1");
	size_t last;

	if (!fw_request_number(request, "last", endless ? 0 : LAST_DEFAULT, FW_EVENTS_KEPT, &last, answer))
		return;
	if (endless) {
		answer->follow = true;
		answer->past = last;
		return;
	}
	fw_reply(answer, json_pack("{s:o}", "events", fw_event_last(&request->agent->events, last)));
}
