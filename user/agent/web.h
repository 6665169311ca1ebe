/* SPDX-License-Identifier: Apache-2.0 */
/* floodwall-web: started, watched and started again, without the agent ever holding the right to change
 * users. */
#ifndef FW_AGENT_WEB_H
#define FW_AGENT_WEB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "agent/nursery.h"

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

void fw_web_init(struct fw_agent *agent);
/* Starts, moves or stops the web process as the policy in force says. */
void fw_web_follow(struct fw_agent *agent);
void fw_web_stop(struct fw_agent *agent);

#endif
