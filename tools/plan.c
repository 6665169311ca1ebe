// SPDX-License-Identifier: Apache-2.0
/* Builds the packet template of a plan, with the part of each checksum that does not vary. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/icmp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/units.h"
#include "plan.h"

#define PLAN_ETH_MIN 60 /* the shortest Ethernet frame without FCS */

int plan_proto_parse(const char *text, int *ret, struct fw_err *err)
{
	static const struct {
		const char *word;
		int proto;
	} words[] = {
		{"udp", IPPROTO_UDP},	 {"syn", PLAN_PROTO_SYN},
		{"ack", PLAN_PROTO_ACK}, {"icmp", IPPROTO_ICMP},
		{"gre", IPPROTO_GRE},	 {"esp", IPPROTO_ESP},
		{"sctp", IPPROTO_SCTP},	 {"rst", PLAN_PROTO_RST},
		{"fin", PLAN_PROTO_FIN}, {"syn-ack", PLAN_PROTO_SYN_ACK},
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*ret = words[i].proto;
			return 0;
		}
	}
	if (fw_amount_parse(text, &number, NULL) || number > 255)
		return fw_err_set(err, -EINVAL,
				  "protocol: expects udp, syn, ack, rst, fin, syn-ack, icmp, gre, esp, sctp "
				  "or 0..255, got '%s'",
				  text);
	*ret = number;
	return 0;
}

static int pool_parse(const char *text, struct plan_wish *wish, struct fw_err *err)
{
	const char *at = strchr(text, '@');
	char number[32];
	uint64_t pool;

	if (snprintf(number, sizeof(number), "%.*s", at ? (int)(at - text) : (int)strlen(text), text) >=
		    (int)sizeof(number) ||
	    fw_amount_parse(number, &pool, NULL) || pool < 1 || pool > (1u << 24))
		return fw_err_set(err, -EINVAL, "pool: expects 1..16777216 sources, got '%s'", text);
	wish->pool = pool;
	if (at)
		return fw_addr_parse(at + 1, &wish->source, err);
	return fw_addr_parse(fw_addr_is_v4(&wish->dst) ? "198.19.0.0" : "fd00:19::1", &wish->source, err);
}

int plan_source_parse(const char *text, struct plan_wish *wish, struct fw_err *err)
{
	if (strcmp(text, "random4") == 0) {
		wish->sources = PACKET_RANDOM4;
		return 0;
	}
	if (strcmp(text, "random6") == 0) {
		wish->sources = PACKET_RANDOM6;
		return 0;
	}
	if (strncmp(text, "pool:", 5) == 0) {
		wish->sources = fw_addr_is_v4(&wish->dst) ? PACKET_POOL4 : PACKET_POOL6;
		return pool_parse(text + 5, wish, err);
	}
	wish->sources = PACKET_FIXED;
	if (strncmp(text, "fixed:", 6) == 0)
		text += 6;
	if (fw_addr_parse(text, &wish->source, NULL))
		return fw_err_set(
			err, -EINVAL,
			"source: expects an address, random4, random6, pool:N or pool:N@ADDR, got '%s'",
			text);
	return 0;
}

int plan_mac_parse(const char *text, unsigned char ret[6], struct fw_err *err)
{
	unsigned char mac[6];
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5], &end) != 6 ||
	    text[end])
		return fw_err_set(err, -EINVAL, "MAC: expects aa:bb:cc:dd:ee:ff, got '%s'", text);
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

/* Words are summed as they lie in memory, here and in BPF: the one's complement sum does not mind. */
static __u32 sum_bytes(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	__u32 sum = 0;
	__u16 word;

	for (; length > 1; at += 2, length -= 2) {
		memcpy(&word, at, 2);
		sum += word;
	}
	if (length) {
		word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put16(struct packet_plan *plan, __u32 at, __u16 value)
{
	value = htons(value);
	memcpy(plan->bytes + at, &value, sizeof(value));
}

static void write_ethernet(const struct plan_wish *wish, bool v4, struct packet_plan *plan)
{
	__u32 at = 2 * ETH_ALEN;

	memcpy(plan->bytes, wish->dst_mac, ETH_ALEN);
	memcpy(plan->bytes + ETH_ALEN, wish->src_mac, ETH_ALEN);
	for (unsigned int i = 0; i < wish->vlans; i++, at += 4) {
		put16(plan, at, i + 1 < wish->vlans ? ETH_P_8021AD : ETH_P_8021Q);
		put16(plan, at + 2, wish->vlan[i]);
	}
	put16(plan, at, v4 ? ETH_P_IP : ETH_P_IPV6);
	plan->l3 = at + 2;
	plan->l4 = plan->l3 + (v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
}

static __u8 protocol_number(const struct plan_wish *wish, bool v4)
{
	if (wish->proto >= PLAN_PROTO_SYN)
		return IPPROTO_TCP;
	if (wish->proto == IPPROTO_ICMP && !v4)
		return IPPROTO_ICMPV6;
	return wish->proto;
}

static __u32 l4_header_length(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr);
	case IPPROTO_UDP:
		return sizeof(struct udphdr);
	case IPPROTO_SCTP:
		return 12;
	default:
		return 8;
	}
}

static void write_ipv4(const struct plan_wish *wish, __u8 protocol, struct packet_plan *plan)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(plan->length - plan->l3),
		.frag_off = htons(0x4000),
		.ttl = 64,
		.protocol = protocol,
		.saddr = wish->sources == PACKET_FIXED ? wish->source.w[3] : 0,
		.daddr = wish->dst.w[3],
	};

	memcpy(plan->bytes + plan->l3, &ip, sizeof(ip));
	plan->ip_sum = sum_bytes(&ip, sizeof(ip));
	plan->base = ntohl(wish->source.w[3]);
}

static void write_ipv6(const struct plan_wish *wish, __u8 protocol, struct packet_plan *plan)
{
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = htons(plan->length - plan->l4),
		.nexthdr = protocol,
		.hop_limit = 64,
	};

	if (wish->sources != PACKET_RANDOM6)
		memcpy(&ip.saddr, &wish->source, sizeof(ip.saddr));
	if (wish->sources == PACKET_POOL6)
		ip.saddr.s6_addr32[1] = 0;
	memcpy(&ip.daddr, &wish->dst, sizeof(ip.daddr));
	memcpy(plan->bytes + plan->l3, &ip, sizeof(ip));
	plan->base = ntohl(wish->source.w[1]);
}

static void write_l4(const struct plan_wish *wish, __u8 protocol, struct packet_plan *plan)
{
	struct tcphdr tcp = {.doff = 5, .window = htons(64240), .seq = htonl(1)};
	__u32 at = plan->l4;

	switch (protocol) {
	case IPPROTO_UDP:
		put16(plan, at + 4, plan->length - at);
		plan->l4_csum = at + 6;
		break;
	case IPPROTO_TCP:
		tcp.syn = wish->proto == PLAN_PROTO_SYN || wish->proto == PLAN_PROTO_SYN_ACK;
		tcp.rst = wish->proto == PLAN_PROTO_RST;
		tcp.fin = wish->proto == PLAN_PROTO_FIN;
		tcp.ack = wish->proto != PLAN_PROTO_SYN && !tcp.rst;
		tcp.ack_seq = tcp.ack ? htonl(1) : 0;
		memcpy(plan->bytes + at, &tcp, sizeof(tcp));
		plan->l4_csum = at + 16;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		plan->bytes[at] = protocol == IPPROTO_ICMP ? ICMP_ECHO : 128;
		plan->l4_csum = at + 2;
		return;
	case IPPROTO_SCTP:
		break;
	default:
		return;
	}
	plan->random_sport = wish->sport < 0;
	plan->random_dport = wish->dport < 0;
	put16(plan, at, plan->random_sport ? 0 : wish->sport);
	put16(plan, at + 2, plan->random_dport ? 0 : wish->dport);
}

/* ICMP alone leaves the addresses out of its checksum. */
static void sum_l4(__u8 protocol, bool v4, struct packet_plan *plan)
{
	__u32 addresses = v4 ? plan->l3 + 12 : plan->l3 + 8;
	__u32 length = plan->length - plan->l4;
	__u32 sum = sum_bytes(plan->bytes + plan->l4, length);

	if (protocol != IPPROTO_ICMP)
		sum += sum_bytes(plan->bytes + addresses, plan->l4 - addresses) + htons(length) +
		       htons(protocol);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	plan->l4_sum = sum;
}

static int check_wish(const struct plan_wish *wish, __u32 headers, struct fw_err *err)
{
	bool v4 = fw_addr_is_v4(&wish->dst);
	bool source_v4 = wish->sources == PACKET_RANDOM4 ||
			 (wish->sources != PACKET_RANDOM6 && fw_addr_is_v4(&wish->source));

	if (source_v4 != v4)
		return fw_err_set(err, -EINVAL, "source is IPv%d and destination IPv%d: expects one family",
				  source_v4 ? 4 : 6, v4 ? 4 : 6);
	if (wish->length && (wish->length < headers || wish->length > PACKET_MAX - 6))
		return fw_err_set(err, -EINVAL, "length: expects %u..%u bytes for these headers, got %u",
				  headers, PACKET_MAX - 6, wish->length);
	return 0;
}

int plan_make(const struct plan_wish *wish, struct packet_plan *ret, struct fw_err *err)
{
	bool v4 = fw_addr_is_v4(&wish->dst);
	__u8 protocol = protocol_number(wish, v4);
	struct packet_plan plan = {.sources = wish->sources, .pool = wish->pool};
	__u32 headers;
	int r;

	write_ethernet(wish, v4, &plan);
	headers = plan.l4 + l4_header_length(protocol);
	r = check_wish(wish, headers, err);
	if (r)
		return r;
	plan.length = wish->length ? wish->length : headers;
	if (wish->payload) {
		size_t bytes = strlen(wish->payload);

		if (headers + bytes > PACKET_MAX - 6)
			return fw_err_set(err, -EINVAL, "payload: expects at most %u bytes, got %zu",
					  PACKET_MAX - 6 - headers, bytes);
		memcpy(plan.bytes + headers, wish->payload, bytes);
		if (plan.length < headers + bytes)
			plan.length = headers + (unsigned int)bytes;
	}
	write_l4(wish, protocol, &plan);
	if (v4)
		write_ipv4(wish, protocol, &plan);
	else
		write_ipv6(wish, protocol, &plan);
	if (plan.l4_csum)
		sum_l4(protocol, v4, &plan);
	if (plan.length < PLAN_ETH_MIN) /* padding behind the IP packet, as a NIC would */
		plan.length = PLAN_ETH_MIN;
	plan.l4_addresses = protocol != IPPROTO_ICMP;
	*ret = plan;
	return 0;
}
