/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of time servers that are configured by name: asked for in a thread of its own, one name after
 * the other, so that a resolver that does not answer holds nothing up. */
#ifndef FW_AGENT_SERVER_NAMES_H
#define FW_AGENT_SERVER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/server_lines.h"
#include "lib/clock.h"

#define FW_NAMES_MAX	  32
#define FW_NAME_ADDRS_MAX 32 /* a pool's name has other addresses each time: the latest are kept */
#define FW_NAME_FRESH_NS  (1800 * FW_NS_PER_SEC)
#define FW_NAME_RETRY_NS  (60 * FW_NS_PER_SEC)
#define FW_NAME_LEARNED_NS                                                                                   \
	(24 * 3600 * FW_NS_PER_SEC) /* an address is forgotten so long after it was told                     \
				     */

struct fw_name_lookup;

struct fw_server_name {
	char host[FW_HOST_NAME_MAX];
	bool wanted;	 /* named since the last turn */
	bool failed;	 /* said so */
	uint64_t due_ns; /* when to ask; monotonic as `now_ns` below */
	struct {
		struct fw_addr addr;
		uint64_t until_ns;
	} learned[FW_NAME_ADDRS_MAX];
	size_t count;
};

struct fw_server_names {
	struct fw_server_name *items;
	size_t count;
	struct fw_name_lookup *lookup; /* under way */
	/* Addresses of a host, at most `most`; how many, or 0 and *ret_why. NULL: the system's resolver. */
	size_t (*resolve)(const char *host, struct fw_addr *addrs, size_t most, const char **ret_why);
};

/* The configuration names this host. Beyond FW_NAMES_MAX: left out. -ENOMEM. */
int fw_server_names_want(struct fw_server_names *names, const char *host);
/* Once everything was wanted again: forgets the others and what has expired, takes in what was learned, asks
 * for what is due. `now_ns` is on the Floodwall clock. */
void fw_server_names_turn(struct fw_server_names *names, uint64_t now_ns);
/* Addresses of a host, at most `most`, as far as they were learned; returns how many. */
size_t fw_server_names_learned(const struct fw_server_names *names, const char *host, struct fw_addr *ret,
			       size_t most);
/* What is running goes on without an owner; nobody waits for it. */
void fw_server_names_done(struct fw_server_names *names);

#endif
