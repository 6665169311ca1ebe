/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers → struct fw_pkt, every access bounds-checked. PURE: no maps, no helpers; compiles for the host as
 * well. */
#ifndef FW_BPF_PARSE_H
#define FW_BPF_PARSE_H

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>

#include "parse_ip.h"

#define FW_VLAN_TAGS_MAX 2

struct fw_vlan {
	__be16 tci, protocol;
};

static __always_inline enum fw_traffic parse_traffic(const struct fw_pkt *pkt)
{
	enum fw_traffic first = pkt->family == FW_FAMILY_V4 ? FW_TRAFFIC_V4_TCP : FW_TRAFFIC_V6_TCP;

	switch (pkt->protocol) {
	case IPPROTO_TCP:
		return first;
	case IPPROTO_UDP:
		return first + 1;
	case IPPROTO_ICMP:
		return pkt->family == FW_FAMILY_V4 ? FW_TRAFFIC_V4_ICMP : FW_TRAFFIC_V6_OTHER;
	case FW_PROTO_ICMPV6:
		return pkt->family == FW_FAMILY_V6 ? FW_TRAFFIC_V6_ICMP : FW_TRAFFIC_V4_OTHER;
	default:
		return first + 3;
	}
}

static __always_inline int parse_is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* Skips tags. *protocol is left at a tag's type when there are more than FW_VLAN_TAGS_MAX. */
static __always_inline enum fw_reason parse_link(struct fw_cursor *cursor, struct fw_pkt *pkt,
						 __be16 *protocol)
{
	struct ethhdr *eth = cursor->at;

	if ((void *)(eth + 1) > cursor->end)
		return FW_REASON_TRUNCATED_LINK;
	*protocol = eth->h_proto;
	cursor->at = eth + 1;
	for (int i = 0; i < FW_VLAN_TAGS_MAX; i++) {
		struct fw_vlan *tag = cursor->at;

		if (!parse_is_vlan(*protocol))
			break;
		if ((void *)(tag + 1) > cursor->end)
			return FW_REASON_TRUNCATED_LINK;
		pkt->kind |= FW_KIND_TAGGED;
		*protocol = tag->protocol;
		cursor->at = tag + 1;
	}
	return FW_REASON_UNDECIDED;
}

/* Does the first buffer hold all that the IP header promises? Then the frame ends with it: what an on-link
 * sender may have padded into further buffers is not counted. */
static __always_inline int parse_ends_here(const void *start, const void *end)
{
	const struct ethhdr *eth = start;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	__u32 bytes;

	if ((const void *)(ip + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		bytes = bpf_ntohs(ip->tot_len);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6) && ip6->payload_len)
		bytes = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);
	else
		return 0;
	return bytes <= (__u64)(end - (const void *)ip);
}

/* The whole frame. UNDECIDED: go on; addresses are valid whenever pkt->family is set, also with another
 * reason. */
static __always_inline enum fw_reason parse_frame(struct fw_cursor *cursor, struct fw_pkt *pkt)
{
	__be16 protocol = 0;
	enum fw_reason why = parse_link(cursor, pkt, &protocol);

	pkt->essential = FW_ESSENTIAL_NONE;
	pkt->rule = FW_RULE_NONE;
	pkt->length = cursor->frame_length;
	if (why != FW_REASON_UNDECIDED)
		return why;
	switch (protocol) {
	case bpf_htons(ETH_P_IP):
		why = parse_ipv4(cursor, pkt);
		break;
	case bpf_htons(ETH_P_IPV6):
		why = parse_ipv6(cursor, pkt);
		break;
	case bpf_htons(ETH_P_ARP):
		pkt->essential = FW_ESSENTIAL_ARP;
		return FW_REASON_UNDECIDED;
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD): /* too deep: judged by rules without addresses and L4 */
		pkt->kind |= FW_KIND_NO_L4;
		return FW_REASON_UNDECIDED;
	default:
		return FW_REASON_NOT_IP;
	}
	if (pkt->family != FW_FAMILY_NONE)
		pkt->traffic = parse_traffic(pkt);
	return why;
}

#endif
