/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes one packet of a plan over a frame: every byte, for a live frame comes back as its receiver left it.
 */
#ifndef FW_TOOLS_PACKET_BPF_H
#define FW_TOOLS_PACKET_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "packet.h"

/* Set before loading: the verifier then knows every offset and drops the branches not taken. */
const volatile struct packet_plan plan = {};

/* One generator runs on one CPU at a time, so that plain globals will do. */
__u64 packet_random_state = 0x9e3779b97f4a7c15;
__u32 packet_pool_next;

static __always_inline __u64 packet_random(void)
{
	__u64 x = packet_random_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	packet_random_state = x;
	return x * 0x2545f4914f6cdd1d;
}

static __always_inline __u32 packet_sum32(__u32 word)
{
	return (word & 0xffff) + (word >> 16);
}

static __always_inline __u16 packet_fold(__u32 sum)
{
	sum = packet_sum32(sum);
	sum = packet_sum32(sum);
	return ~sum;
}

/* Uniform but for the networks that no stack takes a packet from: those would not reach a server. */
static __always_inline __u32 packet_unicast4(__u32 address)
{
	__u8 first = address >> 24;

	if (first >= 224)
		first -= 113;
	if (first == 0 || first == 10 || first == 127)
		first = 45;
	return (__u32)first << 24 | (address & 0xffffff);
}

static __always_inline __u32 packet_pool_step(void)
{
	__u32 at = packet_pool_next;

	packet_pool_next = at + 1 < plan.pool ? at + 1 : 0;
	return bpf_htonl(plan.base + at);
}

/* Writes the source address; returns its contribution to the checksums. */
static __always_inline __u32 packet_write_source(void *data)
{
	__u32 *source4 = data + plan.l3 + 12;
	__u32 *source6 = data + plan.l3 + 8;
	__u64 high, low;

	switch (plan.sources) {
	case PACKET_RANDOM4:
		*source4 = bpf_htonl(packet_unicast4(packet_random() >> 32));
		return packet_sum32(*source4);
	case PACKET_POOL4:
		*source4 = packet_pool_step();
		return packet_sum32(*source4);
	case PACKET_POOL6:
		source6[1] = packet_pool_step();
		return packet_sum32(source6[1]);
	case PACKET_RANDOM6:
		high = packet_random();
		low = packet_random();
		source6[0] = (__u32)(high & bpf_htonl(0x1fffffff)) | bpf_htonl(0x20000000);
		source6[1] = high >> 32;
		source6[2] = low;
		source6[3] = low >> 32;
		return packet_sum32(source6[0]) + packet_sum32(source6[1]) + packet_sum32(source6[2]) +
		       packet_sum32(source6[3]);
	default:
		return 0;
	}
}

static __always_inline __u32 packet_write_ports(void *data)
{
	__u16 *ports = data + plan.l4;
	__u32 sum = 0;
	__u64 random;

	if (!plan.random_sport && !plan.random_dport)
		return 0;
	random = packet_random() >> 16;
	if (plan.random_sport) {
		ports[0] = random | 4; /* never port 0 */
		sum += ports[0];
	}
	if (plan.random_dport) {
		ports[1] = random >> 16 | 4;
		sum += ports[1];
	}
	return sum;
}

static __always_inline int packet_write_template(void *data, void *data_end)
{
	__u32 at;

	if (plan.length > PACKET_MAX || data + plan.length > data_end)
		return -1;
	for (at = 0; at + 8 <= plan.length; at += 8)
		*(__u64 *)(data + at) = *(volatile __u64 *)(plan.bytes + at);
	for (; at < plan.length; at++)
		*(__u8 *)(data + at) = plan.bytes[at];
	return 0;
}

static __always_inline int packet_write(void *data, void *data_end)
{
	__u32 source_sum, l4_sum;
	__u16 checksum;

	if (packet_write_template(data, data_end))
		return -1;
	source_sum = packet_write_source(data);
	if (plan.ip_sum)
		*(__u16 *)(data + plan.l3 + 10) = packet_fold(plan.ip_sum + source_sum);
	if (!plan.l4_csum)
		return 0;
	l4_sum = plan.l4_sum + packet_write_ports(data) + (plan.l4_addresses ? source_sum : 0);
	checksum = packet_fold(l4_sum);
	*(__u16 *)(data + plan.l4_csum) = checksum ? checksum : 0xffff;
	return 0;
}

#endif
