/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks user space reads: monotonic (what leases and meters live on) and wall (what is saved). */
#ifndef FW_LIB_CLOCK_H
#define FW_LIB_CLOCK_H

#include <stdint.h>

uint64_t fw_monotonic_ns(void);
uint64_t fw_wall_ns(void);

#endif
