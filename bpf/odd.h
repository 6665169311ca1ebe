/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets that no honest host sends, as kinds that rules can ask for. Called only when one does. PURE: no
 * maps, no helpers; compiles for the host as well. */
#ifndef FW_BPF_ODD_H
#define FW_BPF_ODD_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "fw_odd.h"
#include "fw_policy.h"
#include "packet.h"

#define ODD_PORT_CLIENTS 1024	     /* clients send from here on */
#define ODD_QUIC_BYTES	 1200	     /* RFC 9000 §14.1 */
#define ODD_QUIC_1	 0x00000001u /* version, and its mark of an Initial in the first byte */
#define ODD_QUIC_2	 0x6b3343cfu /* RFC 9369 */
#define ODD_QUIC_LONG	 0xc0
#define ODD_QUIC_TYPE	 0xf0

static __always_inline int odd_is_land(const struct fw_pkt *pkt)
{
	for (int i = 0; i < 4; i++)
		if (pkt->source.w[i] != pkt->dest.w[i])
			return 0;
	return pkt->source_port == pkt->dest_port;
}

/* A datagram without answers may come from port 0 (RFC 768), nothing else may. */
static __always_inline int odd_port(const struct fw_pkt *pkt)
{
	return !pkt->dest_port || (!pkt->source_port && pkt->protocol != IPPROTO_UDP);
}

static __always_inline int odd_quic(const struct fw_pkt *pkt, const void *start, const void *end)
{
	const __u8 *payload = start + (pkt->payload_at & 0x3fff);
	__u32 version, first;

	if (pkt->protocol != IPPROTO_UDP || pkt->source_port < ODD_PORT_CLIENTS ||
	    pkt->payload_bytes >= ODD_QUIC_BYTES || pkt->payload_bytes < 5 || pkt->payload_at > 0x3fff ||
	    (void *)(payload + 5) > end)
		return 0;
	first = payload[0] & ODD_QUIC_TYPE;
	version = (__u32)payload[1] << 24 | payload[2] << 16 | payload[3] << 8 | payload[4];
	return (version == ODD_QUIC_1 && first == ODD_QUIC_LONG) ||
	       (version == ODD_QUIC_2 && first == (ODD_QUIC_LONG | 0x10));
}

/* Bits of enum fw_packet_kind. start, end: what can be read of the frame. */
static __always_inline __u32 odd_kinds(const struct fw_pkt *pkt, const void *start, const void *end)
{
	__u32 kinds = 0;

	if (!pkt->has_ports)
		return 0;
	if (pkt->protocol == IPPROTO_TCP && fw_flags_are_bad(pkt->tcp_flags))
		kinds |= FW_KIND_BAD_FLAGS;
	if (odd_is_land(pkt))
		kinds |= FW_KIND_LAND;
	if (odd_port(pkt))
		kinds |= FW_KIND_ZERO_PORT;
	if (odd_quic(pkt, start, end))
		kinds |= FW_KIND_QUIC_SHORT_INITIAL;
	return kinds;
}

#endif
