/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of one Floodwall instance: created or adopted from pins, shared by one program per interface. */
#ifndef FW_KERN_DATAPATH_H
#define FW_KERN_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "fw_config.h"
#include "fw_policy.h"
#include "lib/err.h"

struct fw_datapath; /* owns all map fds and mappings */

struct fw_datapath_options {
	const char *pin_dir; /* ".../floodwall/NETNS_INODE", NULL: nothing is pinned (replay, tests) */
	uint64_t sources, bans, prefixes; /* map sizes; 0 = defaults */
	bool virtual_clock, trace;	  /* replay */
	bool replay;			  /* no host is behind the packets: sockets are not asked */
	uint32_t seed;			  /* 0 = random; fixed by replay --seed */
};

/* What became of pins found at start. */
enum fw_adoption {
	FW_ADOPTED_NOTHING, /* none there: fresh maps */
	FW_ADOPTED_ALL,	    /* counters, meters, bans, policy and links go on */
	FW_ADOPTED_REBUILT, /* other layout version or sizes, or some are missing: old maps dropped */
};

/* Creates maps (or adopts the pinned ones after checking fw_layout and every map's type, key, value, size and
 * flags), mmaps the policy and control maps and calibrates the clock. The pin directory must be owned by us,
 * mode 0700 and no symlink, else -EPERM; -EOPNOTSUPP when it is not on a bpffs (open again with pin_dir NULL
 * and say so: then the filter ends with the agent). Its last two components are created. Missing capability:
 * -EPERM and the text names it. why (may be NULL) gets the sentence about adoption; of rebuilt maps, what did
 * not fit. */
int fw_datapath_open(const struct fw_datapath_options *options, struct fw_datapath **ret,
		     enum fw_adoption *ret_adoption, struct fw_err *why, struct fw_err *err);
/* Releases fds; a pinned filter goes on. */
void fw_datapath_close(struct fw_datapath *datapath);
/* Removes every pin (links too: detaches all interfaces). */
int fw_datapath_unpin(struct fw_datapath *datapath, struct fw_err *err);

/* Floodwall clock as the packet path sees it now (CLOCK_MONOTONIC at jiffy grain). */
uint64_t fw_datapath_now_ns(const struct fw_datapath *datapath);
uint64_t fw_datapath_tick_ns(const struct fw_datapath *datapath);
bool fw_datapath_pinned(const struct fw_datapath *datapath);
/* The mapped control word block and the active slot (for explain). Never NULL. */
struct fw_control *fw_datapath_control(struct fw_datapath *datapath);
const struct fw_policy_slot *
fw_datapath_active_slot(const struct fw_datapath *datapath); /* NULL before the first publish */
int fw_datapath_map_fd(const struct fw_datapath *datapath,
		       const char *map_name); /* names from fw_maps.h; -ENOENT */
enum fw_program_how {
	FW_PROGRAM_FRAGS = 1 << 0, /* for frames in several buffers */
	FW_PROGRAM_VETH = 1 << 1,  /* see verdict_answer() in bpf/verdict.h */
};
/* Only inside kern/: loads one more program on the shared maps for an interface index; returns its fd. */
int fw_datapath_load_program(struct fw_datapath *datapath, uint32_t iface, unsigned int how, int *ret_prog_fd,
			     struct fw_err *err);

#endif
