/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers a SYN in place with the cookie that the listener's own stack will accept: SYN-ACK instead of SYN,
 * tags kept.
 *
 * The stack keeps nothing of the SYN. What it needs later comes back with the client's ACK: MSS in the
 * cookie, window scale and SACK in the lowest bits of the timestamp (net/ipv4/syncookies.c,
 * cookie_init_timestamp). Without timestamps both are lost, so they are not offered then. */
#ifndef FW_BPF_COOKIE_H
#define FW_BPF_COOKIE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "count.h"
#include "maps.h"
#include "packet.h"
#include "parse.h"

#define FW_COOKIE_NO_WSCALE   0xf
#define FW_COOKIE_TS_SACK     (1u << 4) /* TS_OPT_SACK */
#define FW_COOKIE_TS_BITS     6		/* TSBITS */
#define FW_COOKIE_OPTIONS_MAX 40
#define FW_COOKIE_MIN_FRAME   60 /* not every driver pads */
#define FW_COOKIE_WSCALE_MAX  14

enum fw_tcp_option {
	FW_TCP_OPTION_END = 0,
	FW_TCP_OPTION_NOP = 1,
	FW_TCP_OPTION_MSS = 2,
	FW_TCP_OPTION_WSCALE = 3,
	FW_TCP_OPTION_SACK = 4,
	FW_TCP_OPTION_TIMESTAMP = 8,
	FW_TCP_OPTION_MD5 = 19,
	FW_TCP_OPTION_AO = 29,
};

/* Where the IP header begins: behind the tags that parse walked over. 0: it is not there. */
static __always_inline __u32 cookie_link_bytes(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct fw_vlan *tag = (void *)(eth + 1);
	__u32 bytes = sizeof(*eth);

	if ((void *)(tag + FW_VLAN_TAGS_MAX) > end)
		return 0;
	if (!parse_is_vlan(eth->h_proto))
		return bytes;
	bytes += sizeof(*tag);
	return parse_is_vlan(tag->protocol) ? bytes + sizeof(*tag) : bytes;
}

static __always_inline void cookie_note_option(struct fw_cookie_room *room, __u32 at, __u8 kind, __u8 length)
{
	if (kind == FW_TCP_OPTION_WSCALE && length == 3) {
		__u8 wscale = room->tcp[(at + 2) & 63];

		room->wscale = wscale > FW_COOKIE_WSCALE_MAX ? FW_COOKIE_WSCALE_MAX : wscale;
	} else if (kind == FW_TCP_OPTION_SACK && length == 2) {
		room->has_sack = 1;
	} else if (kind == FW_TCP_OPTION_TIMESTAMP && length == 10) {
		room->has_timestamp = 1;
		room->tsval = (__u32)room->tcp[(at + 2) & 63] << 24 | (__u32)room->tcp[(at + 3) & 63] << 16 |
			      (__u32)room->tcp[(at + 4) & 63] << 8 | room->tcp[(at + 5) & 63];
	} else if (kind == FW_TCP_OPTION_MD5 || kind == FW_TCP_OPTION_AO) {
		room->has_signature = 1;
	}
}

/* One turn of bpf_loop(). What it goes by lies in the room, not on the stack: the verifier then sees one
 * state a turn. */
static long cookie_next_option(__u32 turn, void *context)
{
	__u32 zero = 0, at;
	struct fw_cookie_room *room = bpf_map_lookup_elem(&fw_cookie_map, &zero);
	__u8 kind, length;

	if (!room || room->at >= room->end)
		return 1;
	at = room->at;
	kind = room->tcp[at & 63];
	length = room->tcp[(at + 1) & 63];
	if (kind == FW_TCP_OPTION_END)
		return 1;
	if (kind == FW_TCP_OPTION_NOP)
		length = 1;
	else if (length < 2 || at + length > room->end)
		return 1;
	cookie_note_option(room, at, kind, length);
	room->at = at + length;
	return 0;
}

/* What the client offers, out of the header in the room; 40 bytes hold at most as many options. Global:
 * verified once. */
__noinline int cookie_read_options(__u32 header)
{
	__u32 zero = 0;
	struct fw_cookie_room *room = bpf_map_lookup_elem(&fw_cookie_map, &zero);

	if (!room)
		return -1;
	room->at = sizeof(struct tcphdr);
	room->end = header;
	room->has_timestamp = room->has_sack = room->has_signature = 0;
	room->wscale = FW_COOKIE_NO_WSCALE;
	bpf_loop(FW_COOKIE_OPTIONS_MAX, cookie_next_option, NULL, 0);
	return 0;
}

/* Copies both headers to where helpers can have them whole. Returns the bytes of the TCP header with options,
 * 0 when they cannot be read. */
static __always_inline __u32 cookie_read(struct xdp_md *ctx, const struct fw_pkt *pkt, __u32 link,
					 struct fw_cookie_room *room)
{
	__u32 ip = pkt->family == FW_FAMILY_V4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), at;
	__u64 header;

	if (bpf_xdp_load_bytes(ctx, link, room->ip, sizeof(struct iphdr)) ||
	    (pkt->family == FW_FAMILY_V6 && bpf_xdp_load_bytes(ctx, link, room->ip, sizeof(struct ipv6hdr))))
		return 0;
	if (pkt->family == FW_FAMILY_V6 && ((struct ipv6hdr *)room->ip)->nexthdr != IPPROTO_TCP)
		return 0; /* what follows is no TCP header, though it may look like one */
	at = link + (pkt->family == FW_FAMILY_V4 ? (room->ip[0] & 15) * 4 : ip);
	header = pkt->payload_at - at;
	__asm__ volatile("" : "+r"(header));
	if (header < sizeof(struct tcphdr) || header > 60)
		return 0;
	if (bpf_xdp_load_bytes(ctx, at, room->tcp, header))
		return 0;
	return ((struct tcphdr *)room->tcp)->doff * 4 == header ? header : 0;
}

static __always_inline __u16 cookie_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Milliseconds like the stack's, their lowest bits telling what was negotiated; never later than now. */
static __always_inline __u32 cookie_timestamp(const struct fw_cookie_room *room, int sack, int wscale)
{
	__u32 now = bpf_ktime_get_ns() / 1000000;
	__u32 options = (wscale ? room->wscale : FW_COOKIE_NO_WSCALE) | (sack ? FW_COOKIE_TS_SACK : 0);
	__u32 stamp = (now >> FW_COOKIE_TS_BITS) << FW_COOKIE_TS_BITS | options;

	return stamp > now ? stamp - (1u << FW_COOKIE_TS_BITS) : stamp;
}

/* Returns the bytes of options written. */
static __always_inline __u32 cookie_write_options(const struct fw_cookie_host *host,
						  struct fw_cookie_room *room, __be32 *to, __u32 mss)
{
	int sack = room->has_sack && host->flags & FW_COOKIE_SACK;
	int wscale = room->wscale != FW_COOKIE_NO_WSCALE && host->flags & FW_COOKIE_WSCALE;

	to[0] = bpf_htonl(FW_TCP_OPTION_MSS << 24 | 4 << 16 | mss);
	if (!room->has_timestamp || !(host->flags & FW_COOKIE_TIMESTAMPS))
		return 4;
	to[1] = bpf_htonl((sack ? FW_TCP_OPTION_SACK << 24 | 2 << 16
				: FW_TCP_OPTION_NOP << 24 | FW_TCP_OPTION_NOP << 16) |
			  FW_TCP_OPTION_TIMESTAMP << 8 | 10);
	to[2] = bpf_htonl(cookie_timestamp(room, sack, wscale));
	to[3] = bpf_htonl(room->tsval);
	if (!wscale)
		return 16;
	to[4] = bpf_htonl(FW_TCP_OPTION_NOP << 24 | FW_TCP_OPTION_WSCALE << 16 | 3 << 8 | host->wscale);
	return 20;
}

static __always_inline void cookie_write_ipv4(const struct iphdr *syn, struct iphdr *ip, __u32 bytes)
{
	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(bytes),
		.frag_off = bpf_htons(0x4000),
		.ttl = 64,
		.protocol = IPPROTO_TCP,
		.saddr = syn->daddr,
		.daddr = syn->saddr,
	};
	ip->check = cookie_fold(bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
}

static __always_inline void cookie_write_ipv6(const struct ipv6hdr *syn, struct ipv6hdr *ip, __u32 bytes)
{
	*ip = (struct ipv6hdr){.version = 6, .nexthdr = IPPROTO_TCP, .hop_limit = 64};
	ip->payload_len = bpf_htons(bytes - sizeof(*ip));
	ip->saddr = syn->daddr;
	ip->daddr = syn->saddr;
}

/* The reply behind the link header. Returns its bytes. addresses: of the IP header that are part of the TCP
 * checksum. */
static __always_inline __u32 cookie_write(struct xdp_md *ctx, const struct fw_cookie_host *host,
					  struct fw_cookie_room *room, __u32 ip_bytes, __u32 cookie)
{
	const struct tcphdr *syn = (void *)room->tcp;
	struct tcphdr *tcp = (void *)(room->reply + ip_bytes);
	__u32 mtu = 0, header;
	__u64 sum;

	if (bpf_check_mtu(ctx, 0, &mtu, 0, 0) < 0 || mtu < 576)
		mtu = 576;
	mtu -= ip_bytes + sizeof(*tcp);
	header = sizeof(*tcp) +
		 cookie_write_options(host, room, (__be32 *)(tcp + 1), mtu > 0xffff ? 0xffff : mtu);
	*tcp = (struct tcphdr){
		.source = syn->dest,
		.dest = syn->source,
		.seq = bpf_htonl(cookie),
		.ack_seq = bpf_htonl(bpf_ntohl(syn->seq) + 1),
		.syn = 1,
		.ack = 1,
		.doff = header / 4,
		.window = bpf_htons(host->window),
	};
	if (ip_bytes == sizeof(struct iphdr)) {
		cookie_write_ipv4((void *)room->ip, (void *)room->reply, ip_bytes + header);
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(room->reply + 12), 8, 0);
	} else {
		cookie_write_ipv6((void *)room->ip, (void *)room->reply, ip_bytes + header);
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(room->reply + 8), 32, 0);
	}
	sum += bpf_htons(header) + bpf_htons(IPPROTO_TCP);
	switch (header) { /* constant lengths: the verifier knows them */
	case 24:
		sum += bpf_csum_diff(NULL, 0, (__be32 *)tcp, 24, 0);
		break;
	case 36:
		sum += bpf_csum_diff(NULL, 0, (__be32 *)tcp, 36, 0);
		break;
	default:
		sum += bpf_csum_diff(NULL, 0, (__be32 *)tcp, 40, 0);
	}
	tcp->check = cookie_fold(sum);
	return ip_bytes + header;
}

static __always_inline void cookie_swap_macs(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
}

/* Puts `bytes` of reply where the SYN was, which may be longer than what counts of it: see parse_ends_here().
 * Nothing was changed when it fails. */
static __always_inline int cookie_put(struct xdp_md *ctx, struct fw_cookie_room *room, __u32 link,
				      __u64 bytes)
{
	__u64 frame = link + bytes, was = bpf_xdp_get_buff_len(ctx);
	struct ethhdr *eth;

	if (frame < FW_COOKIE_MIN_FRAME) {
		__builtin_memset(room->reply + 44, 0, 36); /* the shortest reply: 20 + 24 bytes */
		frame = FW_COOKIE_MIN_FRAME;
	}
	if (frame != was && bpf_xdp_adjust_tail(ctx, (int)frame - (int)was))
		return -1;
	bytes = frame - link;
	__asm__ volatile("" : "+r"(bytes));
	if (bytes < 1 || bytes > 80 || bpf_xdp_store_bytes(ctx, link, room->reply, bytes))
		return -1;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return -1;
	cookie_swap_macs(eth);
	return 0;
}

/* The cookie that the stack of this listener will accept. Negative: there is none now. */
static __always_inline __s64 cookie_make(const struct fw_pkt *pkt, struct bpf_sock *listener,
					 struct fw_cookie_room *room, __u64 header)
{
	__asm__ volatile("" : "+r"(header));
	if (header < sizeof(struct tcphdr) || header > 60)
		return -1;
	if (pkt->family == FW_FAMILY_V4)
		return bpf_tcp_gen_syncookie(listener, room->ip, sizeof(struct iphdr), (void *)room->tcp,
					     header);
	return bpf_tcp_gen_syncookie(listener, room->ip, sizeof(struct ipv6hdr), (void *)room->tcp, header);
}

/* The cookie that SYNPROXY of this host will accept, for a connection to somebody behind it. */
static __always_inline __s64 cookie_make_raw(const struct fw_pkt *pkt, struct fw_cookie_room *room,
					     __u64 header)
{
	__asm__ volatile("" : "+r"(header));
	if (header < sizeof(struct tcphdr) || header > 60)
		return -1;
	if (pkt->family == FW_FAMILY_V4)
		return bpf_tcp_raw_gen_syncookie_ipv4((void *)room->ip, (void *)room->tcp, header);
	return bpf_tcp_raw_gen_syncookie_ipv6((void *)room->ip, (void *)room->tcp, header);
}

#endif
