/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lists of addresses in requests, and who stands in front of a ban. */
#ifndef FW_AGENT_SOURCES_H
#define FW_AGENT_SOURCES_H

#include "agent/request.h"
#include "lib/addr.h"

/* All texts of the list as prefixes; a bad one is answered (with the prefix meant, where host bits are set)
 * and gives false. Caller frees. */
bool fw_sources_parse(json_t *texts, struct fw_prefix **ret, struct fw_answer *answer);
/* Why a ban of this prefix is refused: it holds somebody who is spared or in never_block. Empty text when
 * nobody is. */
void fw_sources_protector(struct fw_agent *agent, const struct fw_prefix *prefix, char *text, size_t size);

/* The longest prefix of a set, live changes included, that covers addr. */
bool fw_set_covering(const struct fw_agent *agent, unsigned int set, const struct fw_addr *addr,
		     struct fw_prefix *ret);

#endif
