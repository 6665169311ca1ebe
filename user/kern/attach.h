/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces: attach by bpf_link with an explicit mode, adopt pinned links, detach, say what else sits on a
 * hook. */
#ifndef FW_KERN_ATTACH_H
#define FW_KERN_ATTACH_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/datapath.h"
#include "policy/policy.h"

struct fw_attached {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
	uint32_t iface;	       /* index of its counters */
	enum fw_xdp_mode mode; /* NATIVE or GENERIC, what is really in force */
	bool fell_back;	       /* auto was asked and native refused; text of why in fallback */
	bool chained;
	bool frags;
	uint32_t prog_id, link_id;
	uint64_t gap_ns; /* nothing was on the interface when its mode was last changed, or another refused */
	char driver[32];
	char fallback[256];
};

struct fw_attachments; /* the agent's list, owns links */

struct fw_attachments *fw_attachments_new(struct fw_datapath *datapath);
void fw_attachments_free(struct fw_attachments *attachments, bool detach);
/* Those that are filtered. */
size_t fw_attachments_list(const struct fw_attachments *attachments, const struct fw_attached **ret);
/* Behind them also those whose device is gone (ifindex 0): they keep their counters and are put on again when
 * it is back. */
size_t fw_attachments_known(const struct fw_attachments *attachments, const struct fw_attached **ret);

/* -ENODEV no such interface (text lists the ones there are); -EBUSY a foreign program holds the hook (text
 * names it by id and name, it is left alone); -EOPNOTSUPP native refused (text has the driver's reason and
 * the command that mends it). Already attached with the same request: 0. A pinned link of ours is adopted:
 * its program is replaced in place (no gap). Another mode takes the place of the old one
 * once its program is loaded; refused, the old one is filtered with as before. */
int fw_attach(struct fw_attachments *attachments, const struct fw_interface *request,
	      const struct fw_attached **ret, struct fw_err *err);
int fw_detach(struct fw_attachments *attachments, const char *name,
	      struct fw_err *err); /* -ENOENT: not ours */
/* Re-attach what vanished and came back (RTM_NEWLINK); close the links of what is gone. Call on link changes.
 */
int fw_attachments_refresh(struct fw_attachments *attachments, struct fw_err *err);
/* Names of interfaces whose links are pinned (state of an earlier agent), NULL-terminated, caller frees all.
 */
char **fw_attachments_pinned(struct fw_datapath *datapath);

/* hook.c: who sits on an interface's XDP hook, through libxdp ("xdp_filter id 41, native"); "" when free or
 * ours. */
int fw_hook_describe(unsigned int ifindex, char *text, size_t size, struct fw_err *err);

#endif
