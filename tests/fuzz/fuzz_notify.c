// SPDX-License-Identifier: Apache-2.0
/* Jobs, statuses and messages: what is accepted is written back and read again as the same, and a message is
 * bounded whatever the event is. */
#include "fuzz/text.h"
#include "notify/payload.h"
#include "notify/work.h"

static void try_job(const char *text)
{
	struct fw_notify_job job, back;
	struct fw_err err = {0};
	char *written = NULL, *again = NULL;

	if (fw_notify_job_decode(text, &job, &err))
		return;
	must(!fw_notify_job_encode(&job, &written, &err));
	must(!fw_notify_job_decode(written, &back, &err));
	must(!fw_notify_job_encode(&back, &again, &err) && !strcmp(written, again));
	fw_notify_job_done(&job);
	fw_notify_job_done(&back);
	free(written);
	free(again);
}

static void try_status(const char *text)
{
	struct fw_notify_status status, back;
	struct fw_err err = {0};
	char *written = NULL;

	if (fw_notify_status_decode(text, &status, &err))
		return;
	for (const char *c = status.error; *c; c++)
		must(*c >= ' ' && *c <= '~');
	must(!fw_notify_status_encode(&status, &written, &err));
	must(!fw_notify_status_decode(written, &back, &err) && back.outcome == status.outcome);
	free(written);
}

static void try_message(const char *text)
{
	struct fw_notify_about about = {.host = "host", .target = "target", .held_back = 3};
	struct fw_notify_environment environment;
	json_t *event = json_loads(text, 0, NULL);
	char *body = json_is_object(event) ? fw_notify_payload(event, &about) : NULL;
	struct fw_err err = {0};

	if (body) {
		must(strlen(body) <= FW_NOTIFY_BODY_MAX);
		must(!fw_notify_environment(body, &environment, &err));
		for (size_t i = 1; environment.list[i]; i++)
			must(!strncmp(environment.list[i], "FLOODWALL_", 10) &&
			     strchr(environment.list[i], '='));
		fw_notify_environment_done(&environment);
	}
	free(body);
	json_decref(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	try_job(text);
	try_status(text);
	try_message(text);
	free(text);
	return 0;
}
