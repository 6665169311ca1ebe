/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources that have shown, by completing a handshake, that they receive what is sent to their address. */
#ifndef FW_BPF_VERIFIED_H
#define FW_BPF_VERIFIED_H

#include <linux/in.h>

#include "count.h"
#include "maps.h"
#include "packet.h"
#include "socket.h"

/* Whether a lease is in force for longer than `left_ns`. One lookup in a hash map: ask it only where the
 * answer matters. The packet itself may still be forged in the source's name unless it belongs to a
 * connection. */
static __always_inline int verified_holds(const struct fw_pkt *pkt, __u64 left_ns)
{
	struct fw_addr key = count_source_key(pkt);
	struct fw_verified *verified = bpf_map_lookup_elem(&fw_verified_map, &key);

	return verified && pkt->now_ns + left_ns < verified->expires_ns;
}

/* Only with evidence: a packet of a connection, or with a valid cookie. */
static __noinline void verified_add(const struct fw_pkt *pkt)
{
	struct fw_addr key = count_source_key(pkt);
	struct fw_verified fresh = {.expires_ns = pkt->now_ns + FW_VERIFIED_NS};
	struct fw_verified *known = bpf_map_lookup_elem(&fw_verified_map, &key);

	if (known) {
		if (known->expires_ns < pkt->now_ns + FW_VERIFIED_NS / 2)
			known->expires_ns = fresh.expires_ns;
		return;
	}
	if (bpf_map_update_elem(&fw_verified_map, &key, &fresh, BPF_ANY))
		count_fault(FW_FAULT_VERIFIED_FULL);
}

/* Whether the packet belongs to a connection of this host; then its source is verified. */
static __noinline int verified_look(struct xdp_md *ctx, const struct fw_pkt *pkt)
{
	struct bpf_sock *sock;
	__u32 state;

	if (fw_config.replay || pkt->protocol != IPPROTO_TCP || !pkt->has_ports ||
	    pkt->tcp_flags & FW_FLAG_SYN)
		return 0;
	sock = socket_of(ctx, pkt);
	if (!sock)
		return 0;
	state = sock->state;
	bpf_sk_release(sock);
	if (!socket_is_connected(state))
		return 0;
	verified_add(pkt);
	return 1;
}

/* One look per connection, at its end: in peace handshakes are the stack's affair, and who completed one is
 * to be known when an attack comes. For packets with FIN and ACK. */
static __always_inline void verified_learn(struct xdp_md *ctx, const struct fw_pkt *pkt)
{
	if (!verified_holds(pkt, FW_VERIFIED_NS / 2))
		verified_look(ctx, pkt);
}

/* Whether the source is verified, by a lease or by this packet. Global for the reason of judge_rule. */
__noinline int verified_judge(struct xdp_md *ctx, struct fw_pkt *pkt)
{
	return pkt && (verified_holds(pkt, 0) || verified_look(ctx, pkt));
}

/* Narrows the terms of everything else. */
static __always_inline __u64 verified_narrow(struct xdp_md *ctx, const struct fw_policy_slot *policy,
					     struct fw_pkt *pkt, __u64 mask)
{
	if (!(mask & (policy->verified_terms | policy->unverified_terms)))
		return mask;
	return mask & ~(verified_judge(ctx, pkt) ? policy->unverified_terms : policy->verified_terms);
}

#endif
