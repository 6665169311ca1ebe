/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a set holds now: by its file, by its feed, by live changes. */
#ifndef FW_AGENT_SET_MEMBERS_H
#define FW_AGENT_SET_MEMBERS_H

#include <stdbool.h>

struct fw_agent;
struct fw_answer;
struct fw_prefix;
struct fw_set_change;

/* Index of the set in the policy in force; -1 after an answer that says there is none. */
int fw_set_named(struct fw_agent *agent, const char *name, struct fw_answer *answer);
/* Whether all of a prefix is in the set: what covers it, minus what was taken out inside it. */
bool fw_set_holds_all(const struct fw_agent *agent, unsigned int set, const struct fw_prefix *prefix,
		      struct fw_prefix *ret);
/* Whether what the change says is so already, and for as long. An earlier one that ends sooner would take
 * this one along. */
bool fw_set_is_so_already(const struct fw_agent *agent, unsigned int set, const struct fw_set_change *change);

#endif
