/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: a list of findings being written, and the checks that fill it. */
#ifndef FW_KERN_FINDINGS_H
#define FW_KERN_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/nic.h"
#include "lib/link_facts.h"

struct fw_findings {
	struct fw_finding *items;
	size_t count;
	const char *interface;
	unsigned int ifindex;
	char driver[32];
	struct fw_link_facts facts;
	bool told; /* the kernel says what it can do with XDP programs: */
	uint64_t features;
};

/* Appends; a command is added with fw_finding_command(). Silently full at FW_FINDINGS_MAX. */
void fw_finding_add(struct fw_findings *findings, enum fw_finding_level level, const char *check,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The command that mends the finding added last. */
void fw_finding_command(struct fw_findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

unsigned int fw_kernel_version(void); /* 6.1 → 601, 0 unknown */

/* host.c: what concerns the machine. */
void fw_examine_host(struct fw_findings *findings, const char *bpffs);

/* nic_challenge.c: what action challenge needs beyond attaching, and whom it answers. */
void fw_examine_challenge(struct fw_findings *findings);

#endif
