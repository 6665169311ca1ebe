/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of packets on this host's interfaces, whatever rules say: an answer that looks like peace must
 * not come from a filter that is off. */
#ifndef FW_AGENT_FILTERING_H
#define FW_AGENT_FILTERING_H

#include <stdbool.h>
#include <stddef.h>

struct fw_agent;

#define FW_FILTERING_BUT_MAX 320

struct fw_filtering {
	size_t attached, counting; /* interfaces; counting: in count mode, by their own or the policy's */
	bool by_policy;		   /* mode: count of the policy */
	char names[256];	   /* "eth0, eth1": those that only count */
};

void fw_filtering_look(const struct fw_agent *agent, struct fw_filtering *ret);
/* "enforcing", "counting" (all of them), "detached" (there is none): as status has it. */
const char *fw_filtering_word(const struct fw_filtering *filtering);
/* Why rules that enforce drop nothing, or not everywhere; "" when they do. */
const char *fw_filtering_but(const struct fw_filtering *filtering, char *text, size_t size);

#endif
