// SPDX-License-Identifier: Apache-2.0
/* One attempt to update a feed, from job to stored copy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "feeds/update.h"
#include "lib/cleanup.h"
#include "lib/secret.h"

#define FULL_EVERY_SECONDS 86400 /* deltas may be lost: everything once a day */

static int set_text(char **into, const char *text)
{
	free(*into);
	*into = text && *text ? strdup(text) : NULL;
	return text && *text && !*into ? -ENOMEM : 0;
}

/* What the source needs to know to say "not modified" or to send only what changed. */
static int prepare(const struct fw_feed_attempt *attempt)
{
	struct fw_feed_job *job = attempt->job;
	const struct fw_feed_copy *in_force = attempt->in_force;
	bool crowdsec = job->shape.format == FW_FEED_CROWDSEC;
	/* "Not modified" would let entries of a current list reach the end of their ttl. */
	bool validators = in_force && !crowdsec && !job->shape.ttl_seconds;

	job->shape.now = attempt->now;
	job->shape.sync_token = in_force ? in_force->sync_token : 0;
	job->has_secret = attempt->secret_file;
	job->full = crowdsec && (!in_force || attempt->everything ||
				 attempt->now - in_force->fetched >= FULL_EVERY_SECONDS);
	if (set_text(&job->etag, validators ? in_force->etag : NULL))
		return -ENOMEM;
	return set_text(&job->last_modified, validators ? in_force->last_modified : NULL);
}

static void run(const struct fw_feed_attempt *attempt, int result_fd, struct fw_feed_status *status)
{
	struct fw_err err = {0};
	FW_CLOSE int secret_fd = -1;

	*status = (struct fw_feed_status){0};
	if (attempt->secret_file) {
		secret_fd = fw_secret_open(attempt->secret_file, &err);
		if (secret_fd < 0) {
			snprintf(status->error, sizeof(status->error), "%s", err.text);
			return;
		}
	}
	fw_feed_run_worker(&attempt->runner, attempt->job, secret_fd, result_fd, status);
}

static void keep(const struct fw_feed_attempt *attempt, struct fw_feed_update *update)
{
	struct fw_err err = {0};
	int r = 0;

	if (!attempt->dir)
		return;
	if (update->has_copy)
		r = fw_feed_store_save(attempt->dir, attempt->name, &update->copy, &err);
	else if (update->outcome == FW_FEED_UNCHANGED)
		r = fw_feed_store_touch(attempt->dir, attempt->name, attempt->now, &err);
	if (r)
		snprintf(update->why, sizeof(update->why),
			 "in force, but not kept for the next start: %.700s", err.text);
}

int fw_feed_attempt(const struct fw_feed_attempt *attempt, struct fw_feed_update *ret)
{
	FW_CLOSE int result_fd = memfd_create("floodwall-feed-result", MFD_CLOEXEC);
	uint64_t origin = fw_feed_origin(attempt->job->url, &attempt->job->shape);
	struct fw_feed_status status = {0};
	int r;

	if (result_fd < 0 || prepare(attempt))
		return -ENOMEM;
	run(attempt, result_fd, &status);
	r = fw_feed_update_judge(&status, result_fd, attempt->in_force, attempt->guard, origin, attempt->now,
				 ret);
	if (!r)
		keep(attempt, ret);
	return r;
}
