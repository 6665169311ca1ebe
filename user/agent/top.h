/* SPDX-License-Identifier: Apache-2.0 */
/* Rates per source between two looks at the sampled table; looked at only while somebody asks. */
#ifndef FW_AGENT_TOP_H
#define FW_AGENT_TOP_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_policy.h"
#include "kern/stats.h"
#include "observe/explain.h"

struct fw_agent;

struct fw_top {
	struct fw_source_entry *before, *now; /* sorted by address */
	size_t before_count, now_count;
	uint64_t before_ns, now_ns;
	uint32_t before_period, now_period; /* fw_sources_period() then */
};

enum fw_top_by { FW_TOP_PACKETS, FW_TOP_BYTES, FW_TOP_DROPS };

/* Milliseconds to wait until there are two looks far enough apart, 0 when fw_top_list can answer. */
unsigned int fw_top_wait_ms(struct fw_agent *agent, struct fw_err *err);
json_t *fw_top_list(struct fw_agent *agent, enum fw_top_by by, size_t limit);
/* Milliseconds to wait until fw_top_seen knows the rate of a source that sends now, 0 for others. */
unsigned int fw_top_seen_wait_ms(struct fw_agent *agent, const struct fw_addr *addr);
/* One source between the last two looks; NULL without. New reference. */
json_t *fw_top_seen(struct fw_agent *agent, const struct fw_addr *addr);
/* explain's reader: context is the agent. */
bool fw_top_drops(void *context, const struct fw_addr *addr, struct fw_explain_drops *ret);
/* Whether a rule's limit is one of each source, or of its network: what goes beyond it is the source's doing.
 */
bool fw_top_is_own_limit(const struct fw_rule *rule);
/* Whether so little of it was looked at that its rates say no more than that it sends. packets: by the
 * samples. */
bool fw_top_is_rough(uint64_t packets, uint32_t sampled_one_in);
void fw_top_done(struct fw_top *top);

#endif
