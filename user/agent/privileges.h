/* SPDX-License-Identifier: Apache-2.0 */
/* The three capabilities that filtering needs, and giving up the rest. */
#ifndef FW_AGENT_PRIVILEGES_H
#define FW_AGENT_PRIVILEGES_H

#include "lib/err.h"

/* -EPERM names what is missing and how to grant it. */
int fw_privileges_check(struct fw_err *err);
/* Keeps CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, nothing else, for good. */
int fw_privileges_drop(struct fw_err *err);

#endif
