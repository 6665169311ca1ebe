/* SPDX-License-Identifier: Apache-2.0 */
/* Which ids the CPUs of this machine may have: there may be gaps between them. */
#ifndef FW_KERN_CPU_IDS_H
#define FW_KERN_CPU_IDS_H

/* The highest id in a list as of /sys/devices/system/cpu/possible ("0-3,8-11"), plus one; 0: none is named.
 */
unsigned int fw_cpu_ids_of(const char *list);
/* Up to a power of two, by which the packet path masks them. */
unsigned int fw_cpu_ids_rounded(unsigned int ids);
/* Of this machine, rounded; by the number of its CPUs where the list cannot be read. */
unsigned int fw_cpu_ids(void);

#endif
