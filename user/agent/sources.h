/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lists of addresses in requests, and who stands in front of a ban. */
#ifndef FW_AGENT_SOURCES_H
#define FW_AGENT_SOURCES_H

#include "agent/request.h"
#include "lib/addr.h"
#include "lib/needed_hosts.h"
#include "lib/own_networks.h"

#define FW_SOURCES_NAMED_MAX 8 /* of whom a prefix holds; of the others, how many they are */
#define FW_SOURCES_TEXT_MAX  2048

/* All texts of the list as prefixes; a bad one is answered (with the prefix meant, where host bits are set)
 * and gives false. Caller frees. */
bool fw_sources_parse(json_t *texts, struct fw_prefix **ret, struct fw_answer *answer);
/* Why a ban of this prefix is refused: whom it holds that is spared or in never_block. Empty text when
 * nobody is. */
void fw_sources_protector(const struct fw_agent *agent, const struct fw_prefix *prefix, char *text,
			  size_t size);

/* What that means for a rule whose set has the prefix: who of it the rule does not drop, and as what. Not of
 * SSH sessions, of which check says more. Appends at most `most` sentences, returns how many it has to say.
 */
size_t fw_sources_spared(const struct fw_agent *agent, const struct fw_prefix *prefix, const char *rule,
			 size_t most, json_t *sentences);

/* Whom only a ban that is meant should meet: this host itself, and live SSH sessions that the policy does not
 * protect. */
struct fw_own_hosts {
	struct fw_own_network *networks;
	size_t network_count;
	struct fw_spared_list ssh;
};
/* What the kernel does not tell is left empty. */
void fw_own_hosts_read(const struct fw_agent *agent, struct fw_own_hosts *ret);
void fw_own_hosts_done(struct fw_own_hosts *own);
/* Why a ban of this prefix wants to be forced. Empty text when it does not. */
void fw_sources_risk(const struct fw_own_hosts *own, const struct fw_prefix *prefix, char *text, size_t size);

/* The longest prefix of a set, live changes included, that covers addr. */
bool fw_set_covering(const struct fw_agent *agent, unsigned int set, const struct fw_addr *addr,
		     struct fw_prefix *ret);

#endif
