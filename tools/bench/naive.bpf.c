// SPDX-License-Identifier: GPL-2.0-only
/* The flood filter of many tutorials, kept as a baseline: a deny trie, then a counter per source in an LRU
 * map, both asked for every packet. No tags, no extension headers, a fixed window: that is how it is drawn.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NAIVE_SOURCES	1000000
#define NAIVE_PREFIXES	1100000
#define NAIVE_WINDOW_NS 1000000000ULL

const volatile __u64 limit = 1000; /* packets per source and second */

struct trie_key {
	__u32 bits;
	__u8 address[16]; /* IPv4 in ::ffff:a.b.c.d */
};

struct counter {
	__u64 window_start;
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, NAIVE_PREFIXES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct trie_key);
	__type(value, __u32);
} deny SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NAIVE_SOURCES);
	__type(key, __u8[16]);
	__type(value, struct counter);
} sources SEC(".maps");

static __always_inline int read_source(struct xdp_md *ctx, struct trie_key *key)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > data_end)
		return -1;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && (void *)(ip + 1) <= data_end) {
		key->address[10] = key->address[11] = 0xff;
		__builtin_memcpy(key->address + 12, &ip->saddr, 4);
		return 0;
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6) && (void *)(ip6 + 1) <= data_end) {
		__builtin_memcpy(key->address, &ip6->saddr, 16);
		return 0;
	}
	return -1;
}

SEC("xdp")
int naive(struct xdp_md *ctx)
{
	struct trie_key key = {.bits = 128};
	struct counter *counter, fresh = {};
	__u64 now;

	if (read_source(ctx, &key))
		return XDP_PASS;
	if (bpf_map_lookup_elem(&deny, &key))
		return XDP_DROP;
	now = bpf_ktime_get_ns();
	counter = bpf_map_lookup_elem(&sources, key.address);
	if (!counter) {
		fresh.window_start = now;
		fresh.packets = 1;
		bpf_map_update_elem(&sources, key.address, &fresh, BPF_ANY);
		return XDP_PASS;
	}
	if (now - counter->window_start > NAIVE_WINDOW_NS) {
		counter->window_start = now;
		counter->packets = 0;
	}
	return __sync_fetch_and_add(&counter->packets, 1) >= limit ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
