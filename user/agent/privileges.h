/* SPDX-License-Identifier: Apache-2.0 */
/* The three capabilities that filtering needs, and giving up the rest. */
#ifndef FW_AGENT_PRIVILEGES_H
#define FW_AGENT_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* -EPERM names what is missing and how to grant it. */
int fw_privileges_check(struct fw_err *err);
/* Keeps CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, nothing else, for good. */
int fw_privileges_drop(struct fw_err *err);
/* For children: root becomes floodwall, else nobody; of its capabilities it keeps those of `kept` (below 64)
 * that it has, for what it executes too when they are inherited. For good. -errno. */
int fw_privileges_become_nobody(const unsigned int *kept, size_t count, bool inherited);

#endif
