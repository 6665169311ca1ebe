/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel's lists over netlink end. */
#ifndef FW_LIB_NETLINK_H
#define FW_LIB_NETLINK_H

#include <linux/netlink.h>

/* Of a message of type NLMSG_DONE or NLMSG_ERROR, which both begin with the error. 0: the list is whole;
 * -errno: why it broke off, -EBADMSG: no error that the kernel has. */
int fw_netlink_end(const struct nlmsghdr *header);
/* The same of a list that may have changed while it was read: -EINTR. */
int fw_netlink_end_unchanged(const struct nlmsghdr *header);

#endif
