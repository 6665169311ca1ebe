/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the kernel's lists over netlink, and how these end. */
#ifndef FW_LIB_NETLINK_H
#define FW_LIB_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

/* The message at *at (begin with 0), which moves behind it. NULL: there is no whole one. */
const struct nlmsghdr *fw_netlink_next(const char *buffer, size_t length, size_t *at);
/* Of a message of type NLMSG_DONE or NLMSG_ERROR, which both begin with the error. 0: the list is whole;
 * -errno: why it broke off, -EBADMSG: no error that the kernel has. */
int fw_netlink_end(const struct nlmsghdr *header);
/* The same of a list that may have changed while it was read: -EINTR. */
int fw_netlink_end_unchanged(const struct nlmsghdr *header);

#endif
