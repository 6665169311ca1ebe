// SPDX-License-Identifier: Apache-2.0
/* floodwall-notify: the worker that tells one target one thing (notify/job.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "feeds/sandbox.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/fd_text.h"
#include "notify/work.h"

static int take_secret(char **ret, struct fw_err *err)
{
	int r = fw_fd_credential(FW_NOTIFY_SECRET_FD, ret, err);

	close(FW_NOTIFY_SECRET_FD);
	return r;
}

static int serve(struct fw_notify_status *status, struct fw_err *err)
{
	FW_FREE char *text = NULL;
	FW_FREE char *secret = NULL;
	struct fw_notify_job job = {0};
	int r = fw_feed_sandbox(err);

	if (r)
		return r;
	text = fw_fd_text(FW_NOTIFY_JOB_FD, FW_NOTIFY_JOB_MAX);
	if (!text)
		return fw_err_set(err, -EINVAL, "no job on standard input");
	r = fw_notify_job_decode(text, &job, err);
	if (!r && job.has_secret)
		r = take_secret(&secret, err);
	if (!r && job.argc)
		fw_notify_exec(&job, status);
	else if (!r && curl_global_init(CURL_GLOBAL_DEFAULT))
		r = fw_err_set(err, -EIO, "cannot prepare libcurl");
	else if (!r)
		fw_notify_post(&job, secret, status);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	fw_notify_job_done(&job);
	return r;
}

int main(int argc, char **argv)
{
	struct fw_notify_status status = {.outcome = FW_NOTIFY_REFUSED};
	uint64_t start = fw_monotonic_ns();
	struct fw_err err = {0};
	FW_FREE char *text = NULL;

	(void)argv;
	if (argc > 1) {
		fputs("usage: floodwall-notify   a worker of floodwalld: job on 0, status on 1, secret on "
		      "3\n",
		      stderr);
		return 64;
	}
	if (serve(&status, &err))
		snprintf(status.error, sizeof(status.error), "%.500s", err.text);
	status.milliseconds = (fw_monotonic_ns() - start) / 1000000;
	if (fw_notify_status_encode(&status, &text, &err) || dprintf(FW_NOTIFY_STATUS_FD, "%s\n", text) < 0) {
		fprintf(stderr, "floodwall-notify: cannot say what happened: %s\n", err.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
