/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources that have shown, by completing a handshake, that they receive what is sent to their address. */
#ifndef FW_BPF_VERIFIED_H
#define FW_BPF_VERIFIED_H

#include "count.h"
#include "maps.h"
#include "packet.h"

/* Whether a lease is in force. One lookup in a hash map: ask it only where the answer matters. The packet
 * itself may still be forged in the source's name unless it belongs to a connection. */
static __always_inline int verified_holds(const struct fw_pkt *pkt)
{
	struct fw_addr key = count_source_key(pkt);
	struct fw_verified *verified = bpf_map_lookup_elem(&fw_verified_map, &key);

	return verified && pkt->now_ns < verified->expires_ns;
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

#endif
