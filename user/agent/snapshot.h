/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a snapshot from the kernel and the policy in force. */
#ifndef FW_AGENT_SNAPSHOT_H
#define FW_AGENT_SNAPSHOT_H

#include "observe/snapshot.h"

#include <stddef.h>

struct fw_agent;

/* What of a rule's meters is known now. */
struct fw_key_stats {
	uint64_t tracked, over;
	double highest_ratio;
};
/* The last walk over all meters: a million of them take long enough that it is not done for every question.
 */
struct fw_key_cache {
	struct fw_key_stats *stats;
	size_t count;
	uint64_t at_ns, cost_ns;
	uint32_t generation;
};
/* stats[rule_count] in the order of the policy, at most ten times as old as the walk took. */
int fw_key_stats_read(struct fw_agent *agent, struct fw_key_stats *stats);
/* Bans in force per origin. */
void fw_bans_by_origin(struct fw_agent *agent, uint64_t counts[FW_BAN_ORIGIN_MAX_]);

/* Names in it are borrowed from the agent: use it before anything changes. */
int fw_snapshot_take(struct fw_agent *agent, struct fw_snapshot *ret);
void fw_snapshot_done(struct fw_snapshot *snapshot);

#endif
