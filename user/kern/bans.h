/* SPDX-License-Identifier: Apache-2.0 */
/* Bans as leases in the kernel: add, remove, list, expire; and the filter that answers for everybody else. */
#ifndef FW_KERN_BANS_H
#define FW_KERN_BANS_H

#include "kern/datapath.h"
#include "lib/addr.h"

struct fw_ban_entry {
	struct fw_prefix prefix;
	struct fw_ban ban;
};

/* -ENOSPC full (text: capacity and what to raise), -E2BIG more than FW_BAN_LENGTHS distinct prefix lengths.
 * An existing lease is replaced, its strikes kept when they are more. */
int fw_ban_add(struct fw_datapath *datapath, const struct fw_prefix *prefix, const struct fw_ban *ban,
	       struct fw_err *err);
/* The same with exactly the strikes that the new one has. */
int fw_ban_put(struct fw_datapath *datapath, const struct fw_prefix *prefix, const struct fw_ban *ban,
	       struct fw_err *err);
int fw_ban_remove(struct fw_datapath *datapath, const struct fw_prefix *prefix,
		  struct fw_err *err); /* -ENOENT */
/* The lease of exactly this prefix, also an expired one that is kept for its strikes. */
bool fw_ban_get(struct fw_datapath *datapath, const struct fw_prefix *prefix, struct fw_ban *ret);
/* The lease in force that covers addr (longest first), -ENOENT if none. */
int fw_ban_find(struct fw_datapath *datapath, const struct fw_addr *addr, struct fw_ban_entry *ret);
/* All, expired ones (kept for escalation) only if asked. Caller frees *ret. */
int fw_ban_list(struct fw_datapath *datapath, bool expired_too, struct fw_ban_entry **ret, size_t *ret_count,
		struct fw_err *err);
/* Deletes leases that expired more than keep_ns ago (all expired ones when the map is over 90 % full), then
 * rebuilds filter and length list. Returns how many went. */
size_t fw_ban_collect(struct fw_datapath *datapath, uint64_t keep_ns);

#endif
