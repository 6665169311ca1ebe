/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of dropped packets, taken off the packet path's ring when somebody asks. */
#ifndef FW_KERN_DROP_SAMPLES_H
#define FW_KERN_DROP_SAMPLES_H

#include <stddef.h>

#include "fw_sample.h"
#include "kern/datapath.h"

struct fw_drop_samples;

int fw_drop_samples_open(struct fw_datapath *datapath, struct fw_drop_samples **ret, struct fw_err *err);
void fw_drop_samples_close(struct fw_drop_samples *samples); /* NULL is fine */
/* Everything that has come since the last time, oldest first; valid until the next call. What does not fit is
 * left out. */
size_t fw_drop_samples_take(struct fw_drop_samples *samples, const struct fw_drop_sample **ret);

#endif
