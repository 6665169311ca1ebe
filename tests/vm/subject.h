/* SPDX-License-Identifier: Apache-2.0 */
/* The filter under test: maps of its own, unpinned, with a small policy in force. */
#ifndef FW_TESTS_VM_SUBJECT_H
#define FW_TESTS_VM_SUBJECT_H

#include "fw_reason.h"
#include "kern/datapath.h"

#define SUBJECT_BLOCKED_PORT 7	 /* udp, dropped by a rule without limit */
#define SUBJECT_SOURCE_LIMIT 100 /* packets in ten seconds of one source */

/* Prints why and returns a negative errno on failure. */
int subject_open(bool virtual_clock, struct fw_datapath **ret);
/* Likewise with a policy and so many meters. */
int subject_open_policy(const char *policy_text, bool virtual_clock, uint64_t sources,
			struct fw_datapath **ret);
/* Packets counted under a reason on interface index 0, whatever the verdict. */
uint64_t subject_counted(struct fw_datapath *datapath, enum fw_reason why);

#endif
