/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: what is known about drivers and native XDP, and the ethtool questions that tell the rest. */
#ifndef FW_KERN_DRIVER_H
#define FW_KERN_DRIVER_H

#include <linux/ethtool.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

/* Field experience per driver; plain_mtu is the largest MTU for a program without frags on x86. */
struct fw_driver {
	const char *name;
	unsigned int plain_mtu;
	unsigned int frags_since; /* kernel version × 100 from which larger MTUs work, 0 = never */
	bool half_channels;	  /* wants queues ≤ half of the maximum */
	bool no_lro;		  /* refuses XDP while LRO or hardware GRO is on */
};
/* NULL for one that is not in the table. */
const struct fw_driver *fw_driver_find(const char *name);
/* MTU up to which a program without frags is tried first. */
unsigned int fw_driver_plain_mtu(const char *name);

/* One ethtool ioctl; command is the first member of data. 0 or -errno. */
int fw_ethtool(const char *interface, void *data);
/* -1 unknown, else whether the named offload ("rx-lro", "rx-gro-hw", "rx-vlan-hw-parse") is on. */
int fw_offload(const char *interface, const char *name);
/* MTU by ioctl: /sys/class/net shows the namespace in which /sys was mounted, not ours. -errno. */
int fw_interface_mtu(const char *interface);

#endif
