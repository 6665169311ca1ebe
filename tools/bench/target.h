/* SPDX-License-Identifier: Apache-2.0 */
/* What can stand in front of the server: nothing, the bare programs, the product, a peer. */
#ifndef FW_TOOLS_BENCH_TARGET_H
#define FW_TOOLS_BENCH_TARGET_H

#include "bench.h"

enum target_kind {
	TARGET_NOTHING,
	TARGET_BARE_DROP,
	TARGET_BARE_READ,
	TARGET_BARE_PASS,
	TARGET_NAIVE,
	TARGET_FLOODWALL,
	TARGET_PEER,
};

struct target {
	enum target_kind kind;
	const char *name;   /* as the table shows it; of a peer, its word in tools/bench/peers */
	const char *policy; /* Floodwall: a file of tools/bench/policies */
	const char *ban;    /* Floodwall: an address to ban once it runs */
	uint32_t prefixes;  /* length of the list that policy or peer drops from; 0: one entry */
	bool ipv6;	    /* that list is of IPv6 prefixes */
	bool world;	    /* Floodwall: a geo database of a realistic size lies beside the policy */
	uint32_t limit;	    /* naive: packets per source and second */
};

#define TARGET_LISTED "203.0.113.7" /* on every list, besides the random entries */

/* A target that is up. */
struct target_run {
	const struct target *target;
	int program; /* fd of its XDP program, -1 for what has none */
	int link;
	struct process agent;
	void *skeleton;
};

/* Puts the target in front of the server. Where the program exists but is not attached (attach false, for
 * the harness alone), only program is set. */
int target_up(struct bench *bench, const struct target *target, struct target_run *ret, struct fw_err *err);
void target_down(struct bench *bench, struct target_run *run);

#endif
