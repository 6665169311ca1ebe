/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP, UDP and their like, ICMP: ports, flags, where the payload is. PURE. */
#ifndef FW_BPF_PARSE_L4_H
#define FW_BPF_PARSE_L4_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "parse_cursor.h"

#define FW_ND_FIRST 133 /* router solicitation … redirect, RFC 4861 */
#define FW_ND_LAST  137

/* Numbers that <linux/in.h> does not name everywhere. */
#define FW_PROTO_SCTP	 132
#define FW_PROTO_DCCP	 33
#define FW_PROTO_UDPLITE 136
#define FW_PROTO_ICMPV6	 58

/* <linux/icmp.h> drags in libc headers; ICMP and ICMPv6 begin alike. */
struct fw_icmp {
	__u8 type, code;
	__be16 checksum;
	__be32 rest;
};
#define FW_ICMP_UNREACHABLE 3
#define FW_ICMP_FRAG_NEEDED 4
#define FW_ICMPV6_TOO_BIG   2

static __always_inline void parse_payload(const struct fw_cursor *cursor, struct fw_pkt *pkt, __u32 header)
{
	__u32 bytes = cursor->payload - header;

	pkt->payload_at = cursor->at - cursor->start + header;
	pkt->payload_bytes = bytes > 0xffff ? 0xffff : bytes;
}

/* The packet ends before its L4 header does. A first fragment that does is made to be, RFC 1858. */
static __always_inline enum fw_reason parse_cut(const struct fw_pkt *pkt, enum fw_reason whole)
{
	return pkt->kind & FW_KIND_FRAGMENT ? FW_REASON_BAD_FRAGMENT : whole;
}

static __always_inline enum fw_reason parse_tcp(struct fw_cursor *cursor, struct fw_pkt *pkt)
{
	struct tcphdr *tcp = cursor->at;
	__u32 header;

	if (cursor->payload < sizeof(*tcp))
		return parse_cut(pkt, FW_REASON_TRUNCATED_L4);
	if ((void *)(tcp + 1) > cursor->end)
		return parse_short(cursor, pkt, sizeof(*tcp), FW_REASON_TRUNCATED_L4);
	header = tcp->doff * 4;
	if (header < sizeof(*tcp))
		return FW_REASON_MALFORMED_L4;
	if (header > cursor->payload)
		return parse_cut(pkt, FW_REASON_MALFORMED_L4);
	pkt->source_port = bpf_ntohs(tcp->source);
	pkt->dest_port = bpf_ntohs(tcp->dest);
	pkt->tcp_flags = ((__u8 *)tcp)[13];
	pkt->has_ports = 1;
	parse_payload(cursor, pkt, header);
	return FW_REASON_UNDECIDED;
}

/* The length of a datagram stands in two places. Longer than its packet: the kernel drops it, too. Shorter is
 * allowed (RFC 9868); 0 is a jumbogram of IPv6. */
static __always_inline enum fw_reason parse_udp_length(const struct fw_cursor *cursor, struct fw_pkt *pkt,
						       const struct udphdr *udp)
{
	__u32 bytes = bpf_ntohs(udp->len);

	if (!bytes && pkt->family == FW_FAMILY_V6)
		bytes = cursor->payload > 0xffff ? 0xffff : cursor->payload;
	if (bytes < sizeof(*udp) || (bytes > cursor->payload && !(pkt->kind & FW_KIND_FRAGMENT)))
		return FW_REASON_MALFORMED_L4;
	pkt->payload_at = cursor->at - cursor->start + sizeof(*udp);
	pkt->payload_bytes = bytes - sizeof(*udp);
	return FW_REASON_UNDECIDED;
}

/* UDP, UDP-Lite, DCCP and SCTP begin alike; only the length of the fixed header differs. */
static __always_inline enum fw_reason parse_ports(struct fw_cursor *cursor, struct fw_pkt *pkt, __u32 header)
{
	struct udphdr *udp = cursor->at;

	enum fw_reason why = FW_REASON_UNDECIDED;

	if (cursor->payload < header)
		return parse_cut(pkt, FW_REASON_TRUNCATED_L4);
	if ((void *)udp + header > cursor->end)
		return parse_short(cursor, pkt, header, FW_REASON_TRUNCATED_L4);
	pkt->source_port = bpf_ntohs(udp->source);
	pkt->dest_port = bpf_ntohs(udp->dest);
	if (pkt->protocol == IPPROTO_UDP)
		why = parse_udp_length(cursor, pkt, udp);
	if (why != FW_REASON_UNDECIDED)
		return why;
	pkt->has_ports = 1;
	if (pkt->protocol != IPPROTO_UDP || pkt->kind & FW_KIND_FRAGMENT)
		return FW_REASON_UNDECIDED;
	if (pkt->family == FW_FAMILY_V4 ? pkt->source_port == 67 && pkt->dest_port == 68
					: pkt->source_port == 547 && pkt->dest_port == 546)
		pkt->essential = FW_ESSENTIAL_DHCP;
	return FW_REASON_UNDECIDED;
}

static __always_inline enum fw_reason parse_icmp(struct fw_cursor *cursor, struct fw_pkt *pkt, __u8 hop_limit)
{
	struct fw_icmp *icmp = cursor->at;

	if (cursor->payload < sizeof(*icmp))
		return parse_cut(pkt, FW_REASON_TRUNCATED_L4);
	if ((void *)(icmp + 1) > cursor->end)
		return parse_short(cursor, pkt, sizeof(*icmp), FW_REASON_TRUNCATED_L4);
	if (pkt->kind & FW_KIND_FRAGMENT)
		return FW_REASON_UNDECIDED;
	if (pkt->family == FW_FAMILY_V4) {
		if (icmp->type == FW_ICMP_UNREACHABLE && icmp->code == FW_ICMP_FRAG_NEEDED)
			pkt->essential = FW_ESSENTIAL_PMTU;
	} else if (icmp->type == FW_ICMPV6_TOO_BIG) {
		pkt->essential = FW_ESSENTIAL_PMTU;
	} else if (icmp->type >= FW_ND_FIRST && icmp->type <= FW_ND_LAST && hop_limit == 255) {
		pkt->essential = FW_ESSENTIAL_ND;
	}
	return FW_REASON_UNDECIDED;
}

static __always_inline enum fw_reason parse_l4(struct fw_cursor *cursor, struct fw_pkt *pkt, __u8 hop_limit)
{
	if (pkt->kind & FW_KIND_NO_L4)
		return FW_REASON_UNDECIDED;
	switch (pkt->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(cursor, pkt);
	case IPPROTO_UDP:
	case FW_PROTO_UDPLITE:
		return parse_ports(cursor, pkt, sizeof(struct udphdr));
	case FW_PROTO_SCTP:
	case FW_PROTO_DCCP:
		return parse_ports(cursor, pkt, 12);
	case IPPROTO_ICMP:
		return pkt->family == FW_FAMILY_V4 ? parse_icmp(cursor, pkt, hop_limit) : FW_REASON_UNDECIDED;
	case FW_PROTO_ICMPV6:
		return pkt->family == FW_FAMILY_V6 ? parse_icmp(cursor, pkt, hop_limit) : FW_REASON_UNDECIDED;
	default:
		return FW_REASON_UNDECIDED;
	}
}

#endif
