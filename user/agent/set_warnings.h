/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of it when this host, a neighbour or somebody it needs is put into a set that a rule blocks. */
#ifndef FW_AGENT_SET_WARNINGS_H
#define FW_AGENT_SET_WARNINGS_H

#include <jansson.h>
#include <stddef.h>

#include "lib/addr.h"

struct fw_agent;

/* Appends sentences, in the words of check and of a refused ban, about prefixes that are in the set by now.
 */
void fw_set_warnings(struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefixes, size_t count,
		     json_t *warnings);

#endif
