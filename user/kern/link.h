/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: one XDP link of ours: made with an explicit mode, pinned, or taken over from an earlier
 * agent. */
#ifndef FW_KERN_LINK_H
#define FW_KERN_LINK_H

#include <bpf/bpf.h>

#include "kern/attach.h"
#include "kern/instance.h"

struct fw_link {
	int fd, prog_fd; /* -1: none */
};

int fw_link_info(int fd, struct bpf_link_info *ret); /* 0 or -errno */
/* Bits of enum fw_program_how for what info->driver is. */
unsigned int fw_link_how(const struct fw_attached *info, bool frags);
/* A fresh link as `mode` asks (AUTO: native, then generic). Fills mode, frags, ids and fallback of *info;
 * name, ifindex, iface and driver must be set. *link: what is on the interface, in info->mode, {-1, -1}:
 * nothing. It stays until the program for the new one is loaded, and is as it was when that is refused; info
 * has its new ids then, and in gap_ns how long nothing was on the interface. */
int fw_link_create(struct fw_datapath *datapath, enum fw_xdp_mode mode, struct fw_attached *info,
		   struct fw_link *link, struct fw_err *err);
/* Takes over the link pinned for info->name and puts a new program into it. -ENOENT: there is none that fits;
 * one in another mode is in *ret, for fw_link_create() to replace. */
int fw_link_adopt(struct fw_datapath *datapath, enum fw_xdp_mode mode, struct fw_attached *info,
		  struct fw_link *ret, struct fw_err *err);
int fw_link_pin(const struct fw_datapath *datapath, const char *interface, int fd, struct fw_err *err);
void fw_link_drop_pinned(const struct fw_datapath *datapath, const char *interface);
void fw_link_unpin(const struct fw_datapath *datapath, const char *interface);
/* Off the interface, whoever else still holds the link. */
void fw_link_detach(struct fw_link *link);
void fw_link_close(struct fw_link *link); /* a pinned one stays attached */

#endif
