/* SPDX-License-Identifier: Apache-2.0 */
/* What set files and the list of signatures last had in force, kept in the state directory: an agent that
 * starts while one of them cannot be used takes the copy. */
#ifndef FW_AGENT_LAST_GOOD_H
#define FW_AGENT_LAST_GOOD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/stand.h"
#include "agent/state.h"
#include "policy/signatures.h"

struct fw_agent;

#define FW_LAST_GOOD_ENTRIES_MAX (4u << 20) /* of a set; more are not kept */

/* The first line of a copy. */
struct fw_last_good_head {
	uint64_t digest; /* of the content */
	size_t entries;
	uint64_t kept_wall_ns;
};

/* The digest of a set's entries, in their order. */
uint64_t fw_last_good_digest(const struct fw_set *set);
/* set NULL: the list of signatures. A copy is that of one set and one path: -ENOENT without it, -ESTALE when
 * it is of another file, -EINVAL when it is damaged; with text. */
int fw_last_good_head(struct fw_state *state, const char *set, const char *path,
		      struct fw_last_good_head *ret, struct fw_err *err);
/* Fills prefixes of a set that has none, by its name and file. */
int fw_last_good_read_set(struct fw_state *state, struct fw_set *set, uint64_t *ret_kept_wall_ns,
			  struct fw_err *err);
int fw_last_good_read_signatures(struct fw_state *state, const char *path, struct fw_signature_list **ret,
				 uint64_t *ret_kept_wall_ns, struct fw_err *err);

/* Replaces the copy when it holds something else; -E2BIG: too many entries. */
int fw_last_good_keep_set(struct fw_state *state, const struct fw_set *set, struct fw_err *err);
int fw_last_good_keep_signatures(struct fw_state *state, const struct fw_signature_list *list,
				 struct fw_err *err);
/* Removes copies of sets that neither the policy in force nor one that may come back names. */
void fw_last_good_prune(struct fw_agent *agent);

/* last_good_prepare.c: like fw_force_prepare, with copies in place of files that cannot be used. refused_too:
 * also of those that can be read, but make a policy that is refused. (*ret)->stand_ins says which.
 */
int fw_last_good_prepare(struct fw_agent *agent, struct fw_stand *stand, bool refused_too,
			 struct fw_loaded **ret, json_t *notes, struct fw_err *err);

#endif
