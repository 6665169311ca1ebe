/* SPDX-License-Identifier: Apache-2.0 */
/* Floods that pass because their source is spared, which may be forged: no rule and no ban holds them, or
 * only their excess, so somebody has to be told. */
#ifndef FW_AGENT_SPARED_FLOODS_H
#define FW_AGENT_SPARED_FLOODS_H

#include <jansson.h>
#include <stdint.h>

#include "fw_reason.h"
#include "lib/addr.h"

struct fw_agent;

#define FW_SPARED_FLOODS      3
#define FW_SPARED_FLOODS_SEEN 64 /* sources that are told apart */

struct fw_spared_flood {
	uint64_t packets; /* passed so far for this reason */
	uint64_t over_ns; /* monotonic, when it was last too much; 0: it was not */
	double packets_per_second;
	char source[FW_ADDR_TEXT_MAX]; /* who sent most of it then; "" when not known */
};

struct fw_spared_floods {
	struct fw_spared_flood items[FW_SPARED_FLOODS];
	struct {
		struct fw_addr addr;
		uint64_t packets;
	} seen[FW_SPARED_FLOODS_SEEN];
	size_t seen_count;
	uint64_t at_ns;
};

/* Once a second: packets of all interfaces by reason, as counted so far. */
void fw_spared_floods_look(struct fw_agent *agent, uint64_t now_ns, const uint64_t packets[FW_REASON_MAX_]);
/* Appends a sentence for each that lasts. */
void fw_spared_floods_warn(const struct fw_agent *agent, json_t *warnings);

#endif
