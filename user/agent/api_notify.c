// SPDX-License-Identifier: Apache-2.0
/* GET /v1/notify, POST /v1/notify/test. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "lib/cleanup.h"
#include "lib/diag.h"

#define LOOK_MS 20 /* how often a waiting test looks whether it is over */

void fw_api_notify(struct fw_request *request, struct fw_answer *answer)
{
	fw_reply(answer, json_pack("{s:o, s:o, s:o}", "utilisation", fw_utilisation_to_json(request->agent),
				   "targets", fw_notifier_to_json(request->agent, NULL), "suppressions",
				   fw_suppressed_to_json(request->agent, NULL)));
}

static void unknown(const struct fw_notifier *notifier, const char *name, struct fw_answer *answer)
{
	FW_FREE const char **names = calloc(notifier->count + 1, sizeof(*names));
	const char *near = NULL;
	char hint[128];

	for (size_t i = 0; names && i < notifier->count; i++)
		names[i] = notifier->items[i]->definition.name;
	if (names)
		near = fw_did_you_mean(name, names, notifier->count);
	snprintf(hint, sizeof(hint), "did you mean '%s'?", near ? near : "");
	fw_fail(answer, 404, FW_EXIT_CONFIG, "unknown-target",
		near ? hint : "'floodwall notify' lists them; new ones go into the policy under notify:",
		"nobody called '%.80s' is told of events", name);
}

void fw_api_notify_test(struct fw_request *request, struct fw_answer *answer)
{
	const char *name = fw_request_text(request, "name", answer);
	struct fw_notify_watch *watch = name ? fw_notifier_find(request->agent, name) : NULL;
	const struct fw_notify_status *status;
	int r = 0;

	if (!name)
		return;
	if (!watch) {
		unknown(&request->agent->notifier, name, answer);
		return;
	}
	if (!request->asked)
		r = fw_notifier_test(watch);
	if (r) {
		fw_fail(answer, 503, FW_EXIT_TRY_AGAIN, "busy", NULL,
			r == -EAGAIN ? "'%.80s' is being tested already"
				     : "out of memory for a test of '%.80s'",
			name);
		return;
	}
	if (watch->test == FW_NOTIFY_TEST_WANTED) {
		answer->defer_ms = LOOK_MS;
		return;
	}
	status = &watch->test_status;
	fw_reply(answer, json_pack("{s:s, s:s, s:I, s:I, s:s}", "name", name, "outcome",
				   fw_notify_outcome_word(status->outcome), "http", (json_int_t)status->http,
				   "milliseconds", (json_int_t)status->milliseconds, "error", status->error));
}
