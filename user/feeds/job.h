/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent asks of a worker, and what the worker says about it.
 *
 * The worker `floodwall-feed` lives for one fetch. On its descriptors:
 *   0  the job: one JSON object (fw_feed_job_encode)
 *   1  the status: one JSON object (fw_feed_status_encode)
 *   3  the result: a regular file or memfd, written as a copy (feeds/copy.h) when state is "new"
 *   4  the secret, when the job says so: bytes up to the first line end. It is in no argument, in no
 *      environment and in no job.
 * The worker drops to the user floodwall or nobody before it reads anything. Whoever starts it trusts
 * neither the status nor the result: both are checked like any input. */
#ifndef FW_FEEDS_JOB_H
#define FW_FEEDS_JOB_H

#include "feeds/fetch.h"
#include "feeds/reader.h"

#define FW_FEED_JOB_FD	  0
#define FW_FEED_STATUS_FD 1
#define FW_FEED_RESULT_FD 3
#define FW_FEED_SECRET_FD 4

#define FW_FEED_JOB_MAX	   65536
#define FW_FEED_STATUS_MAX 16384

/* Strings are owned; NULL or 0: the default. */
struct fw_feed_job {
	char *url;
	char *header; /* which carries the secret */
	char *proxy;
	char *ca_file;
	char *etag;
	char *last_modified;
	char *md5; /* of the document, 32 hexadecimal digits: another one is refused */
	bool has_secret;
	bool full; /* crowdsec: everything instead of what changed */
	uint64_t max_bytes, max_seconds;
	struct fw_feed_shape shape;
};

void fw_feed_job_done(struct fw_feed_job *job);
/* The caller frees. */
int fw_feed_job_encode(const struct fw_feed_job *job, char **ret, struct fw_err *err);
/* Unknown members are errors: agent and worker are of one version. */
int fw_feed_job_decode(const char *text, struct fw_feed_job *ret, struct fw_err *err);

enum fw_feed_state { FW_FEED_STATE_FAILED, FW_FEED_STATE_NEW, FW_FEED_STATE_NOT_MODIFIED };

struct fw_feed_status {
	enum fw_feed_state state;
	char error[FW_ERR_TEXT_MAX]; /* of "failed" */
	enum fw_feed_format format;
	long http;
	uint64_t retry_after, bytes, wire_bytes, redirects, lines, entries, refused, filtered, milliseconds;
	char reasons[FW_FEED_REASONS_MAX][FW_FEED_REASON_MAX];
	size_t reason_count;
};

int fw_feed_status_encode(const struct fw_feed_status *status, char **ret, struct fw_err *err);
int fw_feed_status_decode(const char *text, struct fw_feed_status *ret, struct fw_err *err);

/* The worker's whole work: fetch, read, write the result. Never fails: *status says what happened. */
void fw_feed_work(const struct fw_feed_job *job, const char *secret, int result_fd,
		  struct fw_feed_status *status);

#endif
