// SPDX-License-Identifier: Apache-2.0
/* The worker's whole work: from the source through the reader into the result. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feeds/job.h"
#include "feeds/md5.h"
#include "lib/clock.h"

struct document {
	struct fw_feed_reader *reader;
	struct fw_md5 md5;
};

static int on_bytes(void *user, const char *bytes, size_t length, struct fw_err *err)
{
	struct document *document = user;

	fw_md5_feed(&document->md5, bytes, length);
	return fw_feed_reader_feed(document->reader, bytes, length, err);
}

static int check_md5(struct document *document, const char *wanted, struct fw_err *err)
{
	char got[FW_MD5_TEXT_MAX];

	fw_md5_finish(&document->md5, got);
	if (!wanted || !strcasecmp(wanted, got))
		return 0;
	return fw_err_set(err, -EBADMSG, "its md5 is %s, expects %.40s: not the copy that was announced", got,
			  wanted);
}

static int write_result(struct fw_feed_reading *reading, const struct fw_fetch_answer *answer,
			const struct fw_feed_job *job, int result_fd, struct fw_err *err)
{
	struct fw_feed_copy copy = {
		.entries = reading->entries,
		.removed = reading->removed,
		.format = reading->format,
		.delta = reading->delta && !job->full,
		.sync_token = reading->sync_token,
		.fetched = job->shape.now,
	};

	fw_feed_list_normalize(&copy.entries);
	fw_feed_list_normalize(&copy.removed);
	reading->entries = copy.entries;
	reading->removed = copy.removed;
	memcpy(copy.etag, answer->etag, sizeof(copy.etag));
	memcpy(copy.last_modified, answer->last_modified, sizeof(copy.last_modified));
	return fw_feed_copy_write(result_fd, &copy, err);
}

/* `startup` makes the service tell everything instead of what changed since it was last asked. */
static const char *query_of(const struct fw_feed_job *job)
{
	if (job->shape.format != FW_FEED_CROWDSEC || !job->url || job->url[0] == '/' ||
	    !strncmp(job->url, "file:", 5))
		return NULL;
	return job->full ? "startup=true" : "startup=false";
}

static int work(const struct fw_feed_job *job, const char *secret, int result_fd,
		struct fw_feed_status *status, struct fw_err *err)
{
	struct fw_fetch_request request = {.url = job->url,
					   .query = query_of(job),
					   .header = job->header,
					   .secret = secret,
					   .proxy = job->proxy,
					   .ca_file = job->ca_file,
					   .etag = job->etag,
					   .last_modified = job->last_modified,
					   .max_bytes = job->max_bytes,
					   .max_seconds = job->max_seconds};
	struct fw_feed_reading reading = {0};
	struct fw_fetch_answer answer = {0};
	struct document document = {0};
	int r = fw_feed_reader_new(&document.reader, &job->shape, err);

	fw_md5_init(&document.md5);
	if (!r)
		r = fw_fetch(&request, on_bytes, &document, &answer, err);
	status->http = answer.http;
	status->retry_after = answer.retry_after;
	status->bytes = answer.bytes;
	status->wire_bytes = answer.wire_bytes;
	status->redirects = answer.redirects;
	if (!r && answer.not_modified) {
		status->state = FW_FEED_STATE_NOT_MODIFIED;
		fw_feed_reader_free(&document.reader);
		return 0;
	}
	if (!r)
		r = check_md5(&document, job->md5, err);
	if (!r)
		r = fw_feed_reader_finish(document.reader, &reading, err);
	fw_feed_reader_free(&document.reader);
	status->format = reading.format;
	status->lines = reading.lines;
	status->refused = reading.refused;
	status->filtered = reading.filtered;
	memcpy(status->reasons, reading.reasons, sizeof(status->reasons));
	status->reason_count = reading.reason_count;
	if (!r)
		r = write_result(&reading, &answer, job, result_fd, err);
	status->entries = reading.entries.count;
	fw_feed_reading_done(&reading);
	if (!r)
		status->state = FW_FEED_STATE_NEW;
	return r;
}

void fw_feed_work(const struct fw_feed_job *job, const char *secret, int result_fd,
		  struct fw_feed_status *status)
{
	uint64_t start = fw_monotonic_ns();
	struct fw_err err = {0};

	*status = (struct fw_feed_status){.format = job->shape.format};
	if (work(job, secret, result_fd, status, &err)) {
		status->state = FW_FEED_STATE_FAILED;
		snprintf(status->error, sizeof(status->error), "%s", err.text);
	}
	status->milliseconds = (fw_monotonic_ns() - start) / 1000000;
}
