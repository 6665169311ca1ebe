/* SPDX-License-Identifier: Apache-2.0 */
/* Counts per source, exact, for a replay's result. */
#ifndef FW_CLI_TALLY_H
#define FW_CLI_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_types.h"

struct fw_tally_entry {
	struct fw_addr source; /* of an IPv6 address its /64 */
	uint64_t packets, dropped;
};

/* Zero-initialise. */
struct fw_tally {
	struct fw_tally_entry *slots; /* packets 0: free */
	size_t count, capacity;	      /* capacity is a power of two */
};

int fw_tally_add(struct fw_tally *tally, const struct fw_addr *addr, bool dropped); /* 0, -ENOMEM */
/* Entries with most drops, then most packets, then by address. Destroys the order that adding needs: call it
 * last. Returns how many of them there are, at most `most`, at tally->slots. */
size_t fw_tally_rank(struct fw_tally *tally, size_t most);
void fw_tally_done(struct fw_tally *tally);

#endif
