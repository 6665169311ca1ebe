/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the driver's own sentence about a refused XDP program, which bpf_link_create keeps to itself.
 */
#ifndef FW_KERN_EXTACK_H
#define FW_KERN_EXTACK_H

#include <stddef.h>
#include <stdint.h>

/* Asks once more by netlink, never over another program; text is "" when the kernel says nothing. Should the
 * program go in this time, it is taken out again at once. */
void fw_extack_of(unsigned int ifindex, int prog_fd, uint32_t flags, char *text, size_t size);

#endif
