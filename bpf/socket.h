/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket of this host that a TCP packet belongs to. */
#ifndef FW_BPF_SOCKET_H
#define FW_BPF_SOCKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "fw_odd.h"
#include "packet.h"

/* include/net/tcp_states.h; struct bpf_sock says only the number. */
#define FW_TCP_ESTABLISHED 1
#define FW_TCP_SYN_RECV	   3
#define FW_TCP_CLOSE	   7
#define FW_TCP_LISTEN	   10
#define FW_TCP_CLOSING	   11 /* behind it: a request that waits for its ACK */

/* The handshake of the connection is complete, whatever else of it is over. */
static __always_inline int socket_is_connected(__u32 state)
{
	if (state == FW_TCP_CLOSE || state == FW_TCP_LISTEN)
		return 0;
	return state == FW_TCP_ESTABLISHED || (state > FW_TCP_SYN_RECV && state <= FW_TCP_CLOSING);
}

/* A connection in any state, else a listener, else NULL. For TCP with ports; release it with
 * bpf_sk_release(). */
static __always_inline struct bpf_sock *socket_of(void *ctx, const struct fw_pkt *pkt)
{
	struct bpf_sock_tuple tuple = {};

	if (pkt->family == FW_FAMILY_V4) {
		tuple.ipv4.saddr = pkt->source.w[3];
		tuple.ipv4.daddr = pkt->dest.w[3];
		tuple.ipv4.sport = bpf_htons(pkt->source_port);
		tuple.ipv4.dport = bpf_htons(pkt->dest_port);
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	}
	__builtin_memcpy(tuple.ipv6.saddr, &pkt->source, 16);
	__builtin_memcpy(tuple.ipv6.daddr, &pkt->dest, 16);
	tuple.ipv6.sport = bpf_htons(pkt->source_port);
	tuple.ipv6.dport = bpf_htons(pkt->dest_port);
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
}

static __always_inline int socket_is_of_group(__u8 family, const struct fw_addr *addr)
{
	if (family == FW_FAMILY_V4)
		return (addr->w[3] & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || addr->w[3] == ~0u;
	return (addr->w[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

/* Unspecified or loopback. Not private networks, link-local addresses, the rest of 0.0.0.0/8 or 240.0.0.0/4:
 * some clients have those, and the stack answers them. As a destination from the wire the stack takes
 * neither: nobody is told by an answer which ports are open in here. */
static __always_inline int socket_is_of_nobody(const struct fw_addr *addr)
{
	if (addr->w[0] | addr->w[1])
		return 0;
	if (addr->w[2] == bpf_htonl(0xffff)) /* IPv4, or IPv6 that names it: sockets listen there */
		return !addr->w[3] || (addr->w[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !addr->w[2] && bpf_ntohl(addr->w[3]) <= 1;
}

/* TCP that the stack gives no listener, whoever listens: socket_of() does not know that. A call, or its
 * caller's frame would grow by what Linux 6.1 no longer allows: tests/load/test_frames.c. */
static __noinline int socket_refuses(const struct fw_pkt *pkt)
{
	return socket_is_of_group(pkt->family, &pkt->source) || socket_is_of_nobody(&pkt->source) ||
	       socket_is_of_group(pkt->family, &pkt->dest) || socket_is_of_nobody(&pkt->dest);
}

/* Likewise a frame for more than one host; but a guest on a bridge may take it. */
static __always_inline int socket_refuses_frame(struct xdp_md *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;

	return (void *)(eth + 1) <= (void *)(long)ctx->data_end && eth->h_dest[0] & 1;
}

#endif
