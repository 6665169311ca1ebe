/* SPDX-License-Identifier: Apache-2.0 */
/* TCP sockets of this network namespace. */
#ifndef FW_LIB_TCP_SOCKETS_H
#define FW_LIB_TCP_SOCKETS_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/* A negative answer ends the walk and is its result. */
typedef int (*fw_tcp_socket_fn)(const struct inet_diag_msg *message, void *context);
/* Every socket of either family in one of the states (bit per TCP state). -errno; -ENOENT: this kernel does
 * not list them (CONFIG_INET_DIAG). */
int fw_tcp_sockets_each(uint32_t states, fw_tcp_socket_fn each, void *context);

/* Ports that somebody can reach: listeners of the loopback's addresses are left out. */
struct fw_listening {
	uint64_t ports[1024]; /* a bit each */
};
/* -errno, likewise. */
int fw_listening_read(struct fw_listening *ret);

/* 1: a socket of this host accepts connections to addr and port, 0: none does. -errno. */
int fw_listens_at(const struct fw_addr *addr, uint16_t port);

static inline bool fw_listens(const struct fw_listening *listening, uint16_t port)
{
	return listening->ports[port / 64] >> port % 64 & 1;
}

#endif
