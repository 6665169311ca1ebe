// SPDX-License-Identifier: Apache-2.0
/* What agent and worker say to each other: a job that is understood survives the way back, a status never
 * carries what harms a terminal. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_job(const char *text)
{
	struct fw_feed_job job = {0}, back = {0};
	char *first = NULL, *second = NULL;
	struct fw_err err = {0};
	int r;

	if (fw_feed_job_decode(text, &job, &err)) {
		assert(*err.text && !job.url);
		return;
	}
	r = fw_feed_job_encode(&job, &first, &err);
	assert(!r);
	r = fw_feed_job_decode(first, &back, &err);
	assert(!r);
	r = fw_feed_job_encode(&back, &second, &err);
	assert(!r && !strcmp(first, second));
	free(first);
	free(second);
	fw_feed_job_done(&job);
	fw_feed_job_done(&back);
}

static void check_status(const char *text)
{
	struct fw_feed_status status;
	struct fw_err err = {0};

	if (fw_feed_status_decode(text, &status, &err))
		return;
	assert(status.reason_count <= FW_FEED_REASONS_MAX && status.format < FW_FEED_FORMAT_MAX_);
	for (size_t i = 0; i < status.reason_count; i++)
		for (const char *c = status.reasons[i]; *c; c++)
			assert(*c >= ' ' && *c <= '~');
	for (const char *c = status.error; *c; c++)
		assert(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	assert(text);
	check_job(text);
	check_status(text);
	free(text);
	return 0;
}
