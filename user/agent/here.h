/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent knows of this machine, for comparing lists with its networks and with the hosts it needs. */
#ifndef FW_AGENT_HERE_H
#define FW_AGENT_HERE_H

#include <stdbool.h>

#include "policy/check.h"

struct fw_agent;

/* *ret_interfaces is the caller's, to be freed in any case; ret points into it. False: the policy filters no
 * interface, or memory is short. */
bool fw_here(const struct fw_agent *agent, const struct fw_policy *policy,
	     struct fw_interface **ret_interfaces, struct fw_check_here *ret);

#endif
