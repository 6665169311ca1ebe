/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: how jiffies map to CLOCK_MONOTONIC on this machine. */
#ifndef FW_KERN_CALIBRATE_H
#define FW_KERN_CALIBRATE_H

#include <stdint.h>

#include "lib/err.h"

/* now = jiffies64 × tick_ns + offset_ns, at most a tick behind CLOCK_MONOTONIC. Takes a few ticks. */
int fw_calibrate(uint64_t *ret_tick_ns, int64_t *ret_offset_ns, struct fw_err *err);

#endif
