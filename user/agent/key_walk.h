/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a rule, collected and written down beside the loop: a map of millions takes seconds to walk. */
#ifndef FW_AGENT_KEY_WALK_H
#define FW_AGENT_KEY_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct fw_agent;
struct fw_key_walk;

#define FW_KEY_WALKS 2 /* at a time: each may take as much memory as the map has keys */

struct fw_key_walks {
	unsigned int running;
	uint32_t serial;
	struct fw_key_walk *asked[FW_KEY_WALKS]; /* the log worker has not answered yet */
};

/* The largest `limit` keys (0: all) of rule number `index`, which has a limit. *ret: until
 * fw_key_walk_drop. */
int fw_key_walk_start(struct fw_agent *agent, size_t index, bool over_only, size_t limit,
		      struct fw_key_walk **ret, struct fw_err *err);
/* -EAGAIN: not yet. 0, once: *ret_text is the answer's JSON, the caller's. */
int fw_key_walk_result(struct fw_key_walk *walk, char **ret_text, struct fw_err *err);
/* May be NULL, and before it is over. */
void fw_key_walk_drop(struct fw_key_walk *walk);
/* The log worker has written so many keys. */
void fw_key_walk_listed(struct fw_agent *agent, uint64_t serial, uint64_t written);

#endif
