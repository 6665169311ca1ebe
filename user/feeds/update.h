/* SPDX-License-Identifier: Apache-2.0 */
/* From a worker's answer to the list in force: what replaces it, what is held, and why. */
#ifndef FW_FEEDS_UPDATE_H
#define FW_FEEDS_UPDATE_H

#include "feeds/guard.h"
#include "feeds/job.h"

enum fw_feed_outcome {
	FW_FEED_FAILED,	   /* no usable answer; the last good copy stays */
	FW_FEED_HELD,	   /* a guard does not believe the answer; the last good copy stays */
	FW_FEED_UNCHANGED, /* what is in force is current */
	FW_FEED_UPDATED,
};
const char *fw_feed_outcome_word(enum fw_feed_outcome outcome);

struct fw_feed_update {
	enum fw_feed_outcome outcome;
	char why[FW_ERR_TEXT_MAX]; /* of failed and held, with what stays in force */
	int held_by;		   /* of held: what fw_guard_judge() answers */
	struct fw_feed_status status;
	struct fw_feed_copy
		copy; /* of UPDATED, and of UNCHANGED when validators are new (entries then too) */
	bool has_copy;
};

void fw_feed_update_done(struct fw_feed_update *update);

/* Judges a result read from result_fd against what is in force (NULL: nothing). Pure but for reading the
 * descriptor; stores nothing. -ENOMEM only. */
int fw_feed_update_judge(const struct fw_feed_status *status, int result_fd,
			 const struct fw_feed_copy *in_force, const struct fw_guard *guard, uint64_t origin,
			 uint64_t now, struct fw_feed_update *ret);

/* How a worker process comes to life. The descriptors are the worker's ends (feeds/job.h), secret_fd may be
 * -1; all stay the caller's. */
struct fw_feed_process {
	const char *worker; /* path of floodwall-feed */
	int job_fd, status_fd, result_fd, secret_fd;
	uint64_t seconds; /* then it is killed: -ETIMEDOUT */
};
struct fw_feed_runner {
	const char *worker;
	/* Starts it and waits for its end, whose wait status goes to *ret_status. NULL: as a child of this
	 * process. */
	int (*run)(void *user, const struct fw_feed_process *process, int *ret_status, struct fw_err *err);
	void *user;
};

/* What a worker may know of its surroundings: which proxy to use. */
#define FW_FEED_VARIABLES 7
struct fw_feed_environment {
	char text[FW_FEED_VARIABLES][512];
	char *list[FW_FEED_VARIABLES + 1]; /* points into text: do not move it */
};
void fw_feed_environment(struct fw_feed_environment *ret);

/* One attempt, blocking: worker, judgement, store. For a thread of the agent's pool. */
struct fw_feed_attempt {
	struct fw_feed_runner runner;
	const char *dir; /* of the copies; NULL: nothing is kept */
	const char *name;
	struct fw_feed_job *job; /* etag, last_modified, sync_token, now and full are filled in here */
	const char *secret_file; /* NULL: none; opened with the caller's rights */
	const struct fw_guard *guard;
	const struct fw_feed_copy *in_force; /* NULL: none */
	bool everything; /* crowdsec: at start and after anything but a success, deltas have been missed */
	uint64_t now;	 /* wall-clock seconds */
};
/* -ENOMEM only: everything else is an outcome. A store that fails keeps the update, and `why` says so. */
int fw_feed_attempt(const struct fw_feed_attempt *attempt, struct fw_feed_update *ret);

/* Starts the worker and waits for it, at most max_seconds of the job and a bit. The secret is a file
 * descriptor or -1. A worker that crashes or says nothing readable is a failed status. */
void fw_feed_run_worker(const struct fw_feed_runner *runner, const struct fw_feed_job *job, int secret_fd,
			int result_fd, struct fw_feed_status *status);

#endif
