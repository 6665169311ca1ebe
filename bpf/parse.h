/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers → struct fw_pkt, every access bounds-checked. PURE: no maps, no helpers; compiles for the host as
 * well. */
#ifndef FW_BPF_PARSE_H
#define FW_BPF_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "fw_reason.h"
#include "packet.h"

#define FW_VLAN_TAGS_MAX      2
#define FW_EXTENSIONS_MAX     8
#define FW_IPV4_MORE_OR_LATER 0x3fff /* more-fragments flag and offset, without DF */
#define FW_IPV4_OFFSET	      0x1fff
#define FW_IPV4_MORE	      0x2000
#define FW_IPV6_OFFSET	      0xfff8
#define FW_IPV6_MORE	      1
#define FW_TCP_UNITS	      3 /* a TCP header reaches into the third eight bytes */
#define FW_DATAGRAM_MAX	      65535
#define FW_ND_FIRST	      133 /* router solicitation … redirect, RFC 4861 */
#define FW_ND_LAST	      137

/* Numbers that <linux/in.h> does not name everywhere. */
#define FW_PROTO_MOBILITY 135
#define FW_PROTO_HIP	  139
#define FW_PROTO_SHIM6	  140
#define FW_PROTO_SCTP	  132
#define FW_PROTO_DCCP	  33
#define FW_PROTO_UDPLITE  136
#define FW_PROTO_ICMPV6	  58
#define FW_PROTO_AH	  51

/* Readable bytes of the frame. `frame_end` counts from the first byte and may lie beyond `end` in a
 * multi-buffer frame. */
struct fw_cursor {
	void *start, *end;
	void *at;
	__u32 frame_length;
	__u32 payload; /* bytes behind `at` that the IP header promises */
};

/* <linux/icmp.h> drags in libc headers; ICMP and ICMPv6 begin alike. */
struct fw_icmp {
	__u8 type, code;
	__be16 checksum;
	__be32 rest;
};
#define FW_ICMP_UNREACHABLE 3
#define FW_ICMP_FRAG_NEEDED 4
#define FW_ICMPV6_TOO_BIG   2

struct fw_vlan {
	__be16 tci, protocol;
};

/* A header does not fit: into the frame (truncated), or only not into its first buffer (judged without L4).
 */
static __always_inline enum fw_reason parse_short(const struct fw_cursor *cursor, struct fw_pkt *pkt,
						  __u32 bytes, enum fw_reason truncated)
{
	__u32 offset = cursor->at - cursor->start;

	if (offset + bytes > cursor->frame_length)
		return truncated;
	pkt->kind |= FW_KIND_NO_L4;
	return FW_REASON_UNDECIDED;
}

static __always_inline void parse_map_ipv4(struct fw_addr *addr, __be32 ipv4)
{
	addr->w[0] = 0;
	addr->w[1] = 0;
	addr->w[2] = bpf_htonl(0xffff);
	addr->w[3] = ipv4;
}

static __always_inline int parse_is_mapped(const struct fw_addr *addr)
{
	return !addr->w[0] && !addr->w[1] && addr->w[2] == bpf_htonl(0xffff);
}

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

/* offset: in units of eight bytes; bytes: what the fragment carries. */
static __always_inline enum fw_reason parse_fragment(__u32 offset, __u32 more, __u32 bytes, __u32 protocol)
{
	if (offset && offset < FW_TCP_UNITS && protocol == IPPROTO_TCP)
		return FW_REASON_BAD_FRAGMENT; /* could overwrite ports and flags */
	if (offset * 8 + bytes > FW_DATAGRAM_MAX || (more && bytes < 8))
		return FW_REASON_BAD_FRAGMENT;
	return FW_REASON_UNDECIDED;
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

static __always_inline enum fw_reason parse_ipv4(struct fw_cursor *cursor, struct fw_pkt *pkt)
{
	struct iphdr *ip = cursor->at;
	__u32 header, total, offset = cursor->at - cursor->start;
	__u16 fragment;

	if ((void *)(ip + 1) > cursor->end)
		return parse_short(cursor, pkt, sizeof(*ip), FW_REASON_TRUNCATED_IP);
	if (ip->version != 4)
		return FW_REASON_MALFORMED_IP;
	pkt->family = FW_FAMILY_V4;
	pkt->protocol = ip->protocol;
	parse_map_ipv4(&pkt->source, ip->saddr);
	parse_map_ipv4(&pkt->dest, ip->daddr);
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (header < sizeof(*ip) || total < header)
		return FW_REASON_MALFORMED_IP;
	if (offset + total > cursor->frame_length)
		return FW_REASON_TRUNCATED_IP;
	if (header > sizeof(*ip))
		pkt->kind |= FW_KIND_OPTIONS;
	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & FW_IPV4_MORE_OR_LATER)
		pkt->kind |= FW_KIND_FRAGMENT;
	if (fragment & FW_IPV4_OFFSET)
		pkt->kind |= FW_KIND_LATER_FRAGMENT | FW_KIND_NO_L4;
	cursor->payload = total - header;
	cursor->at += header;
	if (pkt->kind & FW_KIND_FRAGMENT &&
	    parse_fragment(fragment & FW_IPV4_OFFSET, fragment & FW_IPV4_MORE, cursor->payload,
			   pkt->protocol) != FW_REASON_UNDECIDED)
		return FW_REASON_BAD_FRAGMENT;
	return parse_l4(cursor, pkt, ip->ttl);
}

/* Extension headers that can be walked over, and how their length field counts. Looked up instead of branched
 * on: with a branch per kind the verifier would follow every combination of eight headers. */
enum fw_extension { FW_EXTENSION_NONE, FW_EXTENSION_OPTIONS, FW_EXTENSION_AH, FW_EXTENSION_FRAGMENT };

static const __u8 parse_extension_of[256] = {
	[IPPROTO_HOPOPTS] = FW_EXTENSION_OPTIONS, [IPPROTO_ROUTING] = FW_EXTENSION_OPTIONS,
	[IPPROTO_DSTOPTS] = FW_EXTENSION_OPTIONS, [FW_PROTO_MOBILITY] = FW_EXTENSION_OPTIONS,
	[FW_PROTO_HIP] = FW_EXTENSION_OPTIONS,	  [FW_PROTO_SHIM6] = FW_EXTENSION_OPTIONS,
	[FW_PROTO_AH] = FW_EXTENSION_AH,	  [IPPROTO_FRAGMENT] = FW_EXTENSION_FRAGMENT,
};

/* length = ((hdrlen & mask) + more) << shift, one byte a kind. Packed words, because clang would put a table
 * this small into a mergeable section, whose BTF the kernel refuses. AH counts in 4-byte units (RFC 4302
 * §2.2). */
#define FW_EXTENSION_MASK  0x00ffff00u
#define FW_EXTENSION_MORE  0x01020100u
#define FW_EXTENSION_SHIFT 0x03020300u

static __always_inline __u32 parse_extension_length(__u32 kind, const struct ipv6_opt_hdr *extension)
{
	__u32 byte = (kind & 3) * 8, length;

	length = ((extension->hdrlen & FW_EXTENSION_MASK >> byte) + (FW_EXTENSION_MORE >> byte & 3))
		 << (FW_EXTENSION_SHIFT >> byte & 3);
	/* The verifier knows nothing of a shift by a variable; the compiler must not drop the mask as
	 * redundant. */
	__asm__ volatile("" : "+r"(length));
	return length & 0xfff;
}

/* Leaves cursor->at behind the last extension; pkt->protocol is what follows, or the header that ended the
 * walk. */
static __always_inline enum fw_reason parse_extensions(struct fw_cursor *cursor, struct fw_pkt *pkt,
						       __u8 next)
{
	for (int i = 0; i < FW_EXTENSIONS_MAX; i++) {
		struct ipv6_opt_hdr *extension = cursor->at;
		__u32 length, kind = parse_extension_of[next];

		pkt->protocol = next;
		if (kind == FW_EXTENSION_NONE)
			return FW_REASON_UNDECIDED;
		if ((void *)extension + 8 > cursor->end)
			return parse_short(cursor, pkt, 8, FW_REASON_TRUNCATED_IP);
		length = parse_extension_length(kind, extension);
		if (length > cursor->payload)
			return FW_REASON_TRUNCATED_IP;
		if (kind == FW_EXTENSION_FRAGMENT) {
			__u16 fragment = bpf_ntohs(((__be16 *)extension)[1]);

			if (fragment & ~(__u16)0x6) /* not an atomic fragment, RFC 6946 */
				pkt->kind |= FW_KIND_FRAGMENT;
			if (fragment & FW_IPV6_OFFSET) {
				pkt->kind |= FW_KIND_LATER_FRAGMENT | FW_KIND_NO_L4;
				pkt->protocol = extension->nexthdr;
				return parse_fragment(fragment >> 3, fragment & FW_IPV6_MORE,
						      cursor->payload - length, pkt->protocol);
			}
		} else {
			pkt->kind |= FW_KIND_OPTIONS;
		}
		next = extension->nexthdr;
		cursor->payload -= length;
		cursor->at += length;
	}
	pkt->protocol = next;
	if (parse_extension_of[next] != FW_EXTENSION_NONE) /* too deep: judged without L4 */
		pkt->kind |= FW_KIND_NO_L4;
	return FW_REASON_UNDECIDED;
}

static __always_inline enum fw_reason parse_ipv6(struct fw_cursor *cursor, struct fw_pkt *pkt)
{
	struct ipv6hdr *ip = cursor->at;
	__u32 offset = cursor->at - cursor->start;
	enum fw_reason why;

	if ((void *)(ip + 1) > cursor->end)
		return parse_short(cursor, pkt, sizeof(*ip), FW_REASON_TRUNCATED_IP);
	if (ip->version != 6)
		return FW_REASON_MALFORMED_IP;
	pkt->family = FW_FAMILY_V6;
	pkt->kind |= FW_KIND_IPV6;
	pkt->protocol = ip->nexthdr;
	__builtin_memcpy(&pkt->source, &ip->saddr, sizeof(pkt->source));
	__builtin_memcpy(&pkt->dest, &ip->daddr, sizeof(pkt->dest));
	if (parse_is_mapped(&pkt->source)) { /* would borrow an IPv4 host's memberships; Linux drops it too */
		pkt->family = FW_FAMILY_NONE;
		return FW_REASON_MALFORMED_IP;
	}
	cursor->payload = bpf_ntohs(ip->payload_len);
	if (!cursor->payload &&
	    ip->nexthdr == IPPROTO_HOPOPTS) /* jumbogram, RFC 2675: the frame is the length */
		cursor->payload = cursor->frame_length - offset - sizeof(*ip);
	if (offset + sizeof(*ip) + cursor->payload > cursor->frame_length)
		return FW_REASON_TRUNCATED_IP;
	cursor->at = ip + 1;
	why = parse_extensions(cursor, pkt, ip->nexthdr);
	if (why != FW_REASON_UNDECIDED)
		return why;
	return parse_l4(cursor, pkt, ip->hop_limit);
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
