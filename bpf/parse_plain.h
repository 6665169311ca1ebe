/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers of nearly every packet, read in a third of the instructions of parse.h: no tags, no options, no
 * fragment, UDP or TCP with all its lengths in order. PURE, as parse.h. */
#ifndef FW_BPF_PARSE_PLAIN_H
#define FW_BPF_PARSE_PLAIN_H

#include "parse.h"

#define FW_IPV4_PLAIN	  0x45 /* version 4, no options */
#define FW_PORT_DHCP_FROM 67
#define FW_PORT_DHCP6_TO  546

static __always_inline void parse_plain_payload(struct fw_pkt *pkt, __u32 at, __u32 bytes)
{
	pkt->payload_at = at;
	pkt->payload_bytes = bytes;
}

/* offset: of the L4 header in the frame; bytes: from there to the end that the IP header promises. Nothing of
 * the packet is touched when the answer is no. */
static __always_inline int parse_plain_udp(const void *start, const void *end, __u32 offset, __u32 bytes,
					   struct fw_pkt *pkt)
{
	const struct udphdr *udp = start + offset;
	__u32 own;

	if ((const void *)(udp + 1) > end)
		return 0;
	own = bpf_ntohs(udp->len);
	/* What may be DHCP is left to parse.h. */
	if (own < sizeof(*udp) || own > bytes || udp->source == bpf_htons(FW_PORT_DHCP_FROM) ||
	    udp->dest == bpf_htons(FW_PORT_DHCP6_TO))
		return 0;
	pkt->source_port = bpf_ntohs(udp->source);
	pkt->dest_port = bpf_ntohs(udp->dest);
	parse_plain_payload(pkt, offset + sizeof(*udp), own - sizeof(*udp));
	return 1;
}

static __always_inline int parse_plain_tcp(const void *start, const void *end, __u32 offset, __u32 bytes,
					   struct fw_pkt *pkt)
{
	const struct tcphdr *tcp = start + offset;
	__u32 header;

	if ((const void *)(tcp + 1) > end)
		return 0;
	header = (((const __u8 *)tcp)[12] & 0xf0) >> 2;
	if (header < sizeof(*tcp) || header > bytes)
		return 0;
	pkt->source_port = bpf_ntohs(tcp->source);
	pkt->dest_port = bpf_ntohs(tcp->dest);
	parse_plain_payload(pkt, offset + header, bytes - header);
	return 1;
}

/* Two stores for what would take eleven. */
static __always_inline void parse_plain_is(struct fw_pkt *pkt, enum fw_family family, __u32 protocol,
					   __u32 tcp_flags)
{
	enum fw_traffic tcp = family == FW_FAMILY_V4 ? FW_TRAFFIC_V4_TCP : FW_TRAFFIC_V6_TCP;
	const struct fw_pkt is = {
		.rule = FW_RULE_NONE,
		.kind = family == FW_FAMILY_V4 ? 0 : FW_KIND_IPV6,
		.family = family,
		.protocol = protocol,
		.tcp_flags = tcp_flags,
		.essential = FW_ESSENTIAL_NONE,
		.has_ports = 1,
		.traffic = protocol == IPPROTO_TCP ? tcp : tcp + 1,
	};

	pkt->marks = is.marks;
	pkt->nature = is.nature;
}

static __always_inline int parse_plain_l4(const void *start, const void *end, __u32 offset, __u32 bytes,
					  __u32 protocol, enum fw_family family, struct fw_pkt *pkt)
{
	switch (protocol) {
	case IPPROTO_UDP:
		if (!parse_plain_udp(start, end, offset, bytes, pkt))
			return 0;
		parse_plain_is(pkt, family, IPPROTO_UDP, 0);
		break;
	case IPPROTO_TCP:
		if (!parse_plain_tcp(start, end, offset, bytes, pkt))
			return 0;
		parse_plain_is(pkt, family, IPPROTO_TCP, ((const __u8 *)(start + offset))[13]);
		break;
	default:
		return 0;
	}
	pkt->labels = 0;
	pkt->trial_labels = 0;
	pkt->count_terms = 0;
	pkt->length = end - start;
	return 1;
}

static __always_inline int parse_plain_ipv4(const void *start, const void *end, struct fw_pkt *pkt)
{
	const struct iphdr *ip = start + sizeof(struct ethhdr);
	__u32 total;

	if ((const void *)(ip + 1) > end)
		return 0;
	total = bpf_ntohs(ip->tot_len);
	if (*(const __u8 *)ip != FW_IPV4_PLAIN || ip->frag_off & bpf_htons(FW_IPV4_MORE_OR_LATER) ||
	    total < sizeof(*ip) || total > end - (const void *)ip)
		return 0;
	if (!parse_plain_l4(start, end, sizeof(struct ethhdr) + sizeof(*ip), total - sizeof(*ip),
			    ip->protocol, FW_FAMILY_V4, pkt))
		return 0;
	parse_map_ipv4(&pkt->source, ip->saddr);
	parse_map_ipv4(&pkt->dest, ip->daddr);
	return 1;
}

static __always_inline int parse_plain_ipv6(const void *start, const void *end, struct fw_pkt *pkt)
{
	const struct ipv6hdr *ip = start + sizeof(struct ethhdr);
	__u32 bytes;

	if ((const void *)(ip + 1) > end)
		return 0;
	bytes = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || bytes > end - (const void *)(ip + 1) ||
	    parse_is_mapped((const struct fw_addr *)&ip->saddr))
		return 0;
	if (!parse_plain_l4(start, end, sizeof(struct ethhdr) + sizeof(*ip), bytes, ip->nexthdr, FW_FAMILY_V6,
			    pkt))
		return 0;
	__builtin_memcpy(&pkt->source, &ip->saddr, sizeof(pkt->source));
	__builtin_memcpy(&pkt->dest, &ip->daddr, sizeof(pkt->dest));
	return 1;
}

/* Fills pkt, but for what fw_xdp() adds, as parse_frame() would a cleared one with UNDECIDED, or says no and
 * leaves the packet to it: a packet with any fault is never plain. pkt comes as it is: to clear it takes 17
 * stores, for which a CPU that still waits for the memory of the packet before has no place. The packet lies
 * in the first buffer, whatever was padded behind it, so that its frame ends there: see parse_ends_here(). */
static __always_inline int parse_plain(const void *start, const void *end, struct fw_pkt *pkt)
{
	const __be16 *protocol = start + 2 * ETH_ALEN; /* ethhdr is packed: byte by byte */

	if (start + sizeof(struct ethhdr) > end)
		return 0;
	if (*protocol == bpf_htons(ETH_P_IP))
		return parse_plain_ipv4(start, end, pkt);
	if (*protocol == bpf_htons(ETH_P_IPV6))
		return parse_plain_ipv6(start, end, pkt);
	return 0;
}

#endif
