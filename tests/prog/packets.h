/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for packet tables: named actors and a shape with defaults, so that a row says only what it is about.
 */
#ifndef FW_TESTS_PROG_PACKETS_H
#define FW_TESTS_PROG_PACKETS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Everybody by role, in both families (documentation prefixes). */
#define ATTACKER       "203.0.113.66"
#define ATTACKER_NEAR  "203.0.113.67" /* same /24 */
#define HONEST	       "198.51.100.7"
#define LISTED	       "203.0.113.200"
#define OFFICE	       "192.0.2.9"
#define SSH_ADMIN      "198.51.100.22"
#define GATEWAY	       "192.0.2.1"
#define RESOLVER       "192.0.2.53"
#define TIME_SERVER    "192.0.2.123"
#define VICTIM	       "192.0.2.80"
#define VICTIM_OTHER   "192.0.2.81"
#define VICTIM_FAR     "192.0.3.81" /* another /24 */
#define ATTACKER6      "2001:db8:bad::66"
#define ATTACKER6_NEAR "2001:db8:bad::67"   /* same /64 */
#define ATTACKER6_FAR  "2001:db8:bad:1::66" /* same /48 */
#define HONEST6	       "2001:db8:900d::7"
#define LISTED6	       "2001:db8:dead::1"
#define OFFICE6	       "2001:db8:100::9"
#define SSH_ADMIN6     "2001:db8:5::22"
#define VICTIM6	       "2001:db8::80"
#define VICTIM6_OTHER  "2001:db8::81"
#define VICTIM6_FAR    "2001:db8:1::81" /* another /48 */

#define PROTO_GRE  47
#define PROTO_ESP  50
#define PROTO_AH   51
#define PROTO_SCTP 132

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

enum fragment { WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT };

#define EXTENSIONS_MAX 12

struct shape {
	const char *from, *to;	     /* default ATTACKER → VICTIM; IPv6 when `from` is */
	int protocol;		     /* default UDP */
	uint16_t from_port, to_port; /* default 40000 → 443 */
	uint8_t flags;		     /* TCP */
	uint8_t icmp_type, icmp_code;
	uint8_t hop_limit;		    /* default 64 */
	int tags;			    /* VLAN tags; the outer of two is 802.1ad */
	int options;			    /* bytes of IPv4 options, a multiple of 4 */
	uint8_t extensions[EXTENSIONS_MAX]; /* IPv6 extension headers in order, 0-terminated: use HOP for
					       hop-by-hop */
	enum fragment fragment;
	int payload;	  /* bytes behind the L4 header, default 32; NO_PAYLOAD for none */
	int total_lies;	  /* added to the IP length field */
	int udp_lies;	  /* added to the UDP length field */
	int offset;	  /* of a later fragment in units of eight bytes, default 100 */
	bool more;	  /* that fragment is not the last */
	const void *data; /* instead of the payload's zeros: `payload` bytes of it, or up to its NUL */
	int tcp_options;  /* bytes of TCP options, a multiple of 4 */
};
#define NO_PAYLOAD (-1)
#define HOP	   255 /* hop-by-hop is protocol 0, which ends the list */

struct packet {
	unsigned char bytes[9216];
	uint32_t length;
	uint32_t ip; /* where the IP header begins */
};

static inline void packet_put(struct packet *packet, const void *bytes, size_t count)
{
	if (bytes)
		memcpy(packet->bytes + packet->length, bytes, count);
	packet->length += (uint32_t)count;
}

static inline void packet_put8(struct packet *packet, unsigned int value)
{
	packet->bytes[packet->length++] = (unsigned char)value;
}

static inline void packet_put16(struct packet *packet, unsigned int value)
{
	packet_put8(packet, value >> 8);
	packet_put8(packet, value & 255);
}

static inline void packet_set16(struct packet *packet, uint32_t at, unsigned int value)
{
	packet->bytes[at] = (unsigned char)(value >> 8);
	packet->bytes[at + 1] = (unsigned char)value;
}

static inline void packet_put_ethernet(struct packet *packet, int tags, unsigned int ethertype)
{
	static const unsigned char macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	packet_put(packet, macs, sizeof(macs));
	for (int i = 0; i < tags; i++) {
		packet_put16(packet, tags > 1 && i == 0 ? 0x88a8 : 0x8100);
		packet_put16(packet, 100u + (unsigned int)i);
	}
	packet_put16(packet, ethertype);
}

static inline void packet_put_tcp(struct packet *packet, const struct shape *shape)
{
	packet_put16(packet, shape->from_port);
	packet_put16(packet, shape->to_port);
	packet_put(packet, NULL, 8);
	packet_put8(packet, (5u + (unsigned int)shape->tcp_options / 4u) << 4);
	packet_put8(packet, shape->flags);
	packet_put16(packet, 65535);
	packet_put(packet, NULL, 4);
	for (int i = 0; i < shape->tcp_options; i++)
		packet_put8(packet, 1); /* no-operation */
}

static inline void packet_put_l4(struct packet *packet, const struct shape *shape)
{
	if (shape->fragment == LATER_FRAGMENT)
		return;
	switch (shape->protocol) {
	case IPPROTO_TCP:
		packet_put_tcp(packet, shape);
		break;
	case IPPROTO_UDP:
		packet_put16(packet, shape->from_port);
		packet_put16(packet, shape->to_port);
		packet_put16(packet, (unsigned int)(8 + shape->payload + shape->udp_lies));
		packet_put16(packet, 0);
		break;
	case PROTO_SCTP:
		packet_put16(packet, shape->from_port);
		packet_put16(packet, shape->to_port);
		packet_put(packet, NULL, 8);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		packet_put8(packet, shape->icmp_type);
		packet_put8(packet, shape->icmp_code);
		packet_put(packet, NULL, 6);
		break;
	default:
		packet_put(packet, NULL, 8);
		break;
	}
}

static inline unsigned int packet_offset(const struct shape *shape)
{
	return shape->offset ? (unsigned int)shape->offset : 100;
}

static inline void packet_put_ipv4(struct packet *packet, const struct shape *shape)
{
	packet_put8(packet, 0x40u | (5u + (unsigned int)shape->options / 4u));
	packet_put8(packet, 0);
	packet_put16(packet, 0); /* length, later */
	packet_put16(packet, 7);
	packet_put16(packet, shape->fragment == FIRST_FRAGMENT ? 0x2000
			     : shape->fragment == LATER_FRAGMENT
				     ? packet_offset(shape) | (shape->more ? 0x2000 : 0)
				     : 0);
	packet_put8(packet, shape->hop_limit);
	packet_put8(packet, (unsigned int)shape->protocol);
	packet_put16(packet, 0);
	inet_pton(AF_INET, shape->from, packet->bytes + packet->length);
	inet_pton(AF_INET, shape->to, packet->bytes + packet->length + 4);
	packet->length += 8;
	for (int i = 0; i < shape->options; i++)
		packet_put8(packet, 1); /* no-operation */
}

static inline void packet_put_extension(struct packet *packet, unsigned int kind, unsigned int next,
					const struct shape *shape)
{
	packet_put8(packet, next);
	if (kind == IPPROTO_FRAGMENT) {
		packet_put8(packet, 0);
		packet_put16(packet, shape->fragment == LATER_FRAGMENT
					     ? packet_offset(shape) << 3 | shape->more
					     : shape->fragment == FIRST_FRAGMENT);
		packet_put(packet, NULL, 4);
	} else if (kind == PROTO_AH) {
		packet_put8(packet, 4); /* (4 + 2) × 4 bytes */
		packet_put(packet, NULL, 22);
	} else {
		packet_put8(packet, 1); /* (1 + 1) × 8 bytes */
		packet_put8(packet, 1); /* PadN */
		packet_put8(packet, 12);
		packet_put(packet, NULL, 12);
	}
}

static inline unsigned int packet_extension(const struct shape *shape, int i)
{
	if (i < EXTENSIONS_MAX && shape->extensions[i])
		return shape->extensions[i] == HOP ? IPPROTO_HOPOPTS : shape->extensions[i];
	return (unsigned int)shape->protocol;
}

static inline void packet_put_ipv6(struct packet *packet, const struct shape *shape)
{
	packet_put8(packet, 0x60);
	packet_put(packet, NULL, 3);
	packet_put16(packet, 0); /* length, later */
	packet_put8(packet, packet_extension(shape, 0));
	packet_put8(packet, shape->hop_limit);
	inet_pton(AF_INET6, shape->from, packet->bytes + packet->length);
	inet_pton(AF_INET6, shape->to, packet->bytes + packet->length + 16);
	packet->length += 32;
	for (int i = 0; i < EXTENSIONS_MAX && shape->extensions[i]; i++)
		packet_put_extension(packet, packet_extension(shape, i), packet_extension(shape, i + 1),
				     shape);
}

static inline struct packet packet_make(struct shape shape)
{
	struct packet packet = {0};
	bool v6 = shape.from && strchr(shape.from, ':');

	shape.from = shape.from ? shape.from : ATTACKER;
	shape.to = shape.to ? shape.to : v6 ? VICTIM6 : VICTIM;
	shape.protocol = shape.protocol ? shape.protocol : IPPROTO_UDP;
	shape.from_port = shape.from_port ? shape.from_port : 40000;
	shape.to_port = shape.to_port ? shape.to_port : 443;
	shape.hop_limit = shape.hop_limit ? shape.hop_limit : 64;
	if (shape.data && !shape.payload)
		shape.payload = (int)strlen(shape.data);
	shape.payload = shape.payload == NO_PAYLOAD ? 0 : shape.payload ? shape.payload : 32;
	if (v6 && shape.fragment != WHOLE && !shape.extensions[0])
		shape.extensions[0] = IPPROTO_FRAGMENT;
	packet_put_ethernet(&packet, shape.tags, v6 ? 0x86dd : 0x0800);
	packet.ip = packet.length;
	if (v6)
		packet_put_ipv6(&packet, &shape);
	else
		packet_put_ipv4(&packet, &shape);
	packet_put_l4(&packet, &shape);
	packet_put(&packet, shape.data, (size_t)shape.payload);
	if (v6)
		packet_set16(&packet, packet.ip + 4,
			     (unsigned int)((int)(packet.length - packet.ip) - 40 + shape.total_lies));
	else
		packet_set16(&packet, packet.ip + 2,
			     (unsigned int)((int)(packet.length - packet.ip) + shape.total_lies));
	return packet;
}

#define PACKET(...) packet_make((struct shape){__VA_ARGS__})

/* Anything that is not IP: 46 bytes behind the ethertype. */
static inline struct packet packet_other(unsigned int ethertype, int tags)
{
	struct packet packet = {0};

	packet_put_ethernet(&packet, tags, ethertype);
	packet.ip = packet.length;
	packet_put(&packet, NULL, 46);
	return packet;
}

static inline struct packet packet_cut(struct packet packet, uint32_t length)
{
	packet.length = length;
	return packet;
}

#endif
