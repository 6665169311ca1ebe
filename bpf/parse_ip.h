/* SPDX-License-Identifier: GPL-2.0-only */
/* IPv4 and IPv6 with options, extension headers and fragments. PURE. */
#ifndef FW_BPF_PARSE_IP_H
#define FW_BPF_PARSE_IP_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>

#include "parse_l4.h"

#define FW_EXTENSIONS_MAX     8
#define FW_IPV4_MORE_OR_LATER 0x3fff /* more-fragments flag and offset, without DF */
#define FW_IPV4_OFFSET	      0x1fff
#define FW_IPV4_MORE	      0x2000
#define FW_IPV6_OFFSET	      0xfff8
#define FW_IPV6_MORE	      1
#define FW_TCP_UNITS	      3 /* a TCP header reaches into the third eight bytes */
#define FW_DATAGRAM_MAX	      65535

/* Numbers that <linux/in.h> does not name everywhere. */
#define FW_PROTO_MOBILITY 135
#define FW_PROTO_HIP	  139
#define FW_PROTO_SHIM6	  140
#define FW_PROTO_AH	  51

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

/* offset: in units of eight bytes; bytes: what the fragment carries. */
static __always_inline enum fw_reason parse_fragment(__u32 offset, __u32 more, __u32 bytes, __u32 protocol)
{
	if (offset && offset < FW_TCP_UNITS && protocol == IPPROTO_TCP)
		return FW_REASON_BAD_FRAGMENT; /* could overwrite ports and flags */
	if (offset * 8 + bytes > FW_DATAGRAM_MAX || (more && bytes < 8))
		return FW_REASON_BAD_FRAGMENT;
	return FW_REASON_UNDECIDED;
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

#endif
