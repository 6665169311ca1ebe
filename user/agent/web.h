/* SPDX-License-Identifier: Apache-2.0 */
/* floodwall-web: started, watched and started again, without the agent ever holding the right to change
 * users. */
#ifndef FW_AGENT_WEB_H
#define FW_AGENT_WEB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "lib/err.h"

struct fw_agent;

struct fw_web {
	int nursery_fd; /* socket to the process that spawns, -1 without */
	uv_poll_t nursery;
	uv_timer_t retry;
	char listen[64]; /* what runs or is tried, "" for nothing */
	pid_t pid;	 /* 0: not running */
	uint64_t started_ns;
	unsigned int backoff_ms;
	bool warned, usable;
};

/* nursery.c: forks the process that will spawn workers as an unprivileged user. Call before any thread exists
 * and before capabilities go. Returns its socket or -errno. */
int fw_nursery_fork(struct fw_err *err);
/* What the nursery is told and tells. */
struct fw_nursery_order {
	enum { FW_NURSERY_START, FW_NURSERY_STOP } kind;
	char program[256], socket[128];
};
struct fw_nursery_news {
	pid_t pid; /* of the child */
	int ended; /* 0: it was started; else its wait status is in `status` */
	int status;
	int error; /* errno when it could not be started */
};
int fw_nursery_send(int nursery_fd, const struct fw_nursery_order *order, int pass_fd);

void fw_web_init(struct fw_agent *agent);
/* Starts, moves or stops the web process as the policy in force says. */
void fw_web_follow(struct fw_agent *agent);
void fw_web_stop(struct fw_agent *agent);

#endif
