/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: what the kernel says an interface can do with XDP programs, as it is set up now. */
#ifndef FW_KERN_XDP_FEATURES_H
#define FW_KERN_XDP_FEATURES_H

#include <stdint.h>

/* enum netdev_xdp_act of linux/netdev.h, which Debian 12 has not. */
#define FW_XDP_NATIVE_BASIC (1u << 0)
#define FW_XDP_NDO_XMIT	    (1u << 2)
#define FW_XDP_MULTI_BUFFER (1u << 5)

/* -ENOENT before Linux 6.3, which began to tell. */
int fw_xdp_features(unsigned int ifindex, uint64_t *ret);

#endif
