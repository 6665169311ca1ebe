/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a generated packet looks like: built once in user space, stamped out millions of times in BPF. */
#ifndef FW_TOOLS_PACKET_H
#define FW_TOOLS_PACKET_H

#include <linux/types.h>

#define PACKET_MAX 1528 /* 1514 and two VLAN tags, rounded up to whole 8-byte words */

enum packet_sources {
	PACKET_FIXED,	/* the address in the template */
	PACKET_RANDOM4, /* any unicast IPv4 address */
	PACKET_RANDOM6, /* any address of 2000::/3 */
	PACKET_POOL4,	/* base, base + 1, … one after the other */
	PACKET_POOL6,	/* the same over /64s: what IPv6 filters count by */
};

struct packet_plan {
	__u8 bytes[PACKET_MAX]; /* the template; varying fields are zero in it */
	__u32 length;		/* of the frame, without FCS */
	__u32 l3;		/* offsets into the frame */
	__u32 l4;
	__u32 l4_csum; /* offset of the transport checksum, 0 where there is none */
	__u32 ip_sum;  /* partial one's complement sums over all that does not vary */
	__u32 l4_sum;
	__u32 sources; /* enum packet_sources */
	__u32 pool;    /* number of addresses of a pool */
	__u32 base;    /* the pool's varying 32 bits, host order */
	__u8 random_sport;
	__u8 random_dport;
	__u8 l4_addresses; /* the transport checksum covers the addresses */
	__u8 pad;
};

#endif
