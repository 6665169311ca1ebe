/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a compiled image in force: fill the inactive slot, verify, flip the generation word. */
#ifndef FW_KERN_PUBLISH_H
#define FW_KERN_PUBLISH_H

#include "kern/datapath.h"
#include "lib/needed_hosts.h"
#include "policy/lists.h"

/* lists: also rebuild the list structures (false keeps the ones in force, so that tune costs no rebuild).
 * count_ifaces: bit per interface index in count mode. On any error the running generation stays.
 * *ret_generation is the new one. */
int fw_publish(struct fw_datapath *datapath, const struct fw_image *image, uint32_t count_ifaces, bool lists,
	       uint32_t *ret_generation, struct fw_err *err);
/* Whether meters of the one rule go on as those of the other: amounts of one unit, rounded alike, of the same
 * keys. */
bool fw_rules_count_alike(const struct fw_rule *rule, const struct fw_rule *other);
/* A small change of the lists in force, in place; the generation stays. -ENOSPC without text: fw_publish with
 * lists. Packets see each address as it was or as it is. */
int fw_publish_change(struct fw_datapath *datapath, const struct fw_image *image,
		      const struct fw_list_delta *delta, struct fw_err *err);
uint32_t fw_published_generation(const struct fw_datapath *datapath);
/* Waits until no CPU can still be inside a run that began before the last flip (kernel RCU grace period, some
 * 10 ms). A second publish within a second of the first waits for it before it writes: called when there is
 * nothing else to do (after the answer to a tune), it spares the next one that wait. */
void fw_publish_barrier(struct fw_datapath *datapath);

/* Spared sources, whole list each time; the Bloom word block is rebuilt before entries go and after they
 * came. */
int fw_spared_set(struct fw_datapath *datapath, const struct fw_spared_entry *entries, size_t count,
		  struct fw_err *err);
size_t fw_spared_list(struct fw_datapath *datapath, struct fw_spared_entry **ret); /* caller frees */

#endif
