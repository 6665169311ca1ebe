/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent asks of a worker that tells somebody something, and what the worker says about it.
 *
 * The worker `floodwall-notify` lives for one message. On its descriptors:
 *   0  the job: one JSON object (fw_notify_job_encode)
 *   1  the status: one JSON object (fw_notify_status_encode)
 *   3  the secret, when the job says so: bytes up to the first line end
 * It drops to the user floodwall or nobody before it reads anything. Neither URL nor secret are in an
 * argument or in an environment. Whoever starts it does not trust the status. */
#ifndef FW_NOTIFY_JOB_H
#define FW_NOTIFY_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define FW_NOTIFY_JOB_FD    0
#define FW_NOTIFY_STATUS_FD 1
#define FW_NOTIFY_SECRET_FD 3

#define FW_NOTIFY_JOB_MAX	(128u << 10)
#define FW_NOTIFY_BODY_MAX	(16u << 10)
#define FW_NOTIFY_STATUS_MAX	4096
#define FW_NOTIFY_ARGUMENTS_MAX 32
#define FW_NOTIFY_ERROR_MAX	512

/* Strings are owned. One of url and argv is set. */
struct fw_notify_job {
	char *url, *header, *proxy, *ca_file; /* as in struct fw_notify_target */
	char *argv[FW_NOTIFY_ARGUMENTS_MAX + 1];
	size_t argc;
	char *body; /* the message: one JSON object */
	bool has_secret;
	uint64_t timeout_ms;
};

void fw_notify_job_done(struct fw_notify_job *job);
/* The caller frees. */
int fw_notify_job_encode(const struct fw_notify_job *job, char **ret, struct fw_err *err);
/* Unknown members are errors: agent and worker are of one version. */
int fw_notify_job_decode(const char *text, struct fw_notify_job *ret, struct fw_err *err);

enum fw_notify_outcome {
	FW_NOTIFY_DELIVERED,
	FW_NOTIFY_FAILED,  /* worth another attempt */
	FW_NOTIFY_REFUSED, /* the same again would come to the same */
	FW_NOTIFY_OUTCOME_MAX_,
};

struct fw_notify_status {
	enum fw_notify_outcome outcome;
	char error[FW_NOTIFY_ERROR_MAX]; /* unless delivered; printable */
	unsigned int http;		 /* 0: no answer */
	uint64_t retry_after;		 /* seconds, 0: not said */
	uint64_t milliseconds;
};

const char *fw_notify_outcome_word(enum fw_notify_outcome outcome);
int fw_notify_status_encode(const struct fw_notify_status *status, char **ret, struct fw_err *err);
int fw_notify_status_decode(const char *text, struct fw_notify_status *ret, struct fw_err *err);

#endif
