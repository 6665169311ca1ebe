/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the geo databases of the policy in force: a file that changed is read again and put in force. */
#ifndef FW_AGENT_GEO_WATCH_H
#define FW_AGENT_GEO_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "policy/geo.h"

struct fw_agent;

#define FW_GEO_WATCHED 2

struct fw_geo_watch {
	bool ready; /* the handles are there */
	uv_fs_event_t directories[FW_GEO_WATCHED];
	char *paths[FW_GEO_WATCHED];		  /* watched now, NULL: none */
	struct fw_geo_file tried[FW_GEO_WATCHED]; /* as they were when last read, successfully or not */
	uv_timer_t settle, recheck;
};

void fw_geo_watch_init(struct fw_agent *agent);
/* Watches what the policy in force names. */
void fw_geo_watch_follow(struct fw_agent *agent);
void fw_geo_watch_done(struct fw_agent *agent);

#endif
