/* SPDX-License-Identifier: Apache-2.0 */
/* What an interface is and what would keep native XDP from it: behind doctor, attach messages and status. */
#ifndef FW_KERN_NIC_H
#define FW_KERN_NIC_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum fw_finding_level { FW_FINDING_OK, FW_FINDING_NOTE, FW_FINDING_WARNING, FW_FINDING_PROBLEM };

struct fw_finding {
	enum fw_finding_level level;
	char check[32];	   /* "mtu", "queues", "offload lro", … */
	char detail[256];  /* what is and what it means */
	char command[192]; /* exact command that mends it, "" if none */
};

#define FW_FINDINGS_MAX 32

/* driver, MTU against the driver's plain-XDP limit, queues/channels against CPUs, LRO/HW-GRO/rxvlan offloads,
 * rx-flow-hash, bond/bridge/VLAN relations, program on the hook, bpffs, capabilities by name, lockdown,
 * kernel version. Needs no agent; what cannot be read without root is a NOTE that says so. Fills at
 * most FW_FINDINGS_MAX. -ENODEV with text. */
int fw_nic_examine(const char *name, const char *bpffs, struct fw_finding *ret, size_t *ret_count,
		   struct fw_err *err);
int fw_nic_driver(const char *name, char *driver, size_t size);
/* A sentence for a failed attach: driver + errno → cause and mending command. Always terminated. */
void fw_nic_explain_attach(const char *name, int error, char *text, size_t size);
/* Names of the missing ones of CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON: "CAP_BPF, CAP_PERFMON"; returns how many.
 */
int fw_missing_capabilities(char *text, size_t size);
uint64_t fw_memory_available(void); /* bytes, 0 unknown */

#endif
