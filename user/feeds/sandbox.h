/* SPDX-License-Identifier: Apache-2.0 */
/* A worker gives up what it does not need before it reads a byte from anybody. */
#ifndef FW_FEEDS_SANDBOX_H
#define FW_FEEDS_SANDBOX_H

#include "lib/err.h"

/* As root: becomes floodwall or nobody, without groups. Always: no new privileges, no core dump, limits on
 * memory, files and CPU time, and it ends with its parent. Cannot be undone. */
int fw_feed_sandbox(struct fw_err *err);

#endif
