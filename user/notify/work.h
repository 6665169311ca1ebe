/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's two ways to tell somebody. Neither fails: *status says what happened. */
#ifndef FW_NOTIFY_WORK_H
#define FW_NOTIFY_WORK_H

#include "notify/job.h"

/* POST of the body. secret: NULL or the value of the job's header. */
void fw_notify_post(const struct fw_notify_job *job, const char *secret, struct fw_notify_status *status);
/* The program with the body on standard input; it, and what it started in its process group, is killed when
 * the time is up, and does not outlive the worker. */
void fw_notify_exec(const struct fw_notify_job *job, struct fw_notify_status *status);

/* "FLOODWALL_SRC_IP=192.0.2.1" of every member of the body's object, behind PATH. NULL-terminated. */
#define FW_NOTIFY_VARIABLES_MAX 64
struct fw_notify_environment {
	char *list[FW_NOTIFY_VARIABLES_MAX + 2]; /* owned */
};
int fw_notify_environment(const char *body, struct fw_notify_environment *ret, struct fw_err *err);
void fw_notify_environment_done(struct fw_notify_environment *environment);

#endif
