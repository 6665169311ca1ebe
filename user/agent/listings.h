/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that lists an address, down to the line of a file. For explanations: reads files again. */
#ifndef FW_AGENT_LISTINGS_H
#define FW_AGENT_LISTINGS_H

#include "observe/listed.h"

struct fw_agent;

/* What one set of the policy in force says of an address, at most `most`; returns how many. Names in the
 * listings are borrowed from the agent until it changes something. */
size_t fw_listings_of(const struct fw_agent *agent, unsigned int set, const struct fw_addr *addr,
		      struct fw_listing *ret, size_t most);
/* Whether the address is in the set, by such listings. */
bool fw_listings_hold(const struct fw_listing *listings, size_t count);

#endif
