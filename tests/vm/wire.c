// SPDX-License-Identifier: Apache-2.0
/* Raw frames over a veth, addressed so that nothing else on the wire is taken for one of them. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAYLOAD	      18
#define RECEIVE_BYTES (8 << 20)
#define SETTLE_MS     200	 /* emulated CPUs are slow */
#define DESTINATION   0xc6120001 /* 198.18.0.1, and the end of the IPv6 destination */

static const uint8_t wire_mac[ETH_ALEN] = {0x02, 0xf1, 0x00, 0xd0, 0x0a, 0x11};

static int open_end(const char *interface)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int bytes = RECEIVE_BYTES, fd, r;

	here.sll_ifindex = (int)if_nametoindex(interface);
	if (!here.sll_ifindex)
		return -ENODEV;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes))) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int wire_open(const char *sender, const char *receiver, struct wire *ret)
{
	ret->sender = open_end(sender);
	if (ret->sender < 0)
		return ret->sender;
	ret->receiver = open_end(receiver);
	if (ret->receiver < 0) {
		close(ret->sender);
		return ret->receiver;
	}
	return 0;
}

void wire_close(struct wire *wire)
{
	close(wire->sender);
	close(wire->receiver);
}

static size_t put_l4(uint8_t *at, const struct wire_packet *packet)
{
	if (packet->protocol == IPPROTO_TCP) {
		struct tcphdr tcp = {
			.source = htons(40000), .dest = htons(packet->dest_port), .doff = 5, .syn = 1};

		memcpy(at, &tcp, sizeof(tcp));
		return sizeof(tcp);
	}
	struct udphdr udp = {.source = htons(40000),
			     .dest = htons(packet->dest_port),
			     .len = htons(sizeof(udp) + PAYLOAD)};

	memcpy(at, &udp, sizeof(udp));
	return sizeof(udp) + PAYLOAD;
}

static size_t put_ip(uint8_t *at, const struct wire_packet *packet)
{
	if (packet->ipv6) {
		struct ipv6hdr ip = {.version = 6, .nexthdr = packet->protocol, .hop_limit = 64};
		size_t l4 = put_l4(at + sizeof(ip), packet);

		ip.payload_len = htons(l4);
		ip.saddr.s6_addr32[0] = htonl(0xfd000019);
		ip.saddr.s6_addr32[1] = htonl(packet->source); /* a /64 of its own, as sources are counted */
		ip.daddr.s6_addr32[0] = htonl(0xfd000018);
		ip.daddr.s6_addr32[3] = htonl(DESTINATION);
		memcpy(at, &ip, sizeof(ip));
		return sizeof(ip) + l4;
	}
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = packet->protocol};
	size_t l4 = put_l4(at + sizeof(ip), packet);

	ip.tot_len = htons(sizeof(ip) + l4);
	ip.saddr = htonl(packet->source);
	ip.daddr = htonl(DESTINATION);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip) + l4;
}

int wire_send(struct wire *wire, const struct wire_packet *packet)
{
	uint8_t frame[ETH_ZLEN + ETH_DATA_LEN] = {};
	struct ethhdr eth = {.h_proto = htons(packet->ipv6 ? ETH_P_IPV6 : ETH_P_IP)};
	size_t length;

	memcpy(eth.h_dest, wire_mac, ETH_ALEN);
	memcpy(eth.h_source, wire_mac, ETH_ALEN);
	memcpy(frame, &eth, sizeof(eth));
	length = sizeof(eth) + put_ip(frame + sizeof(eth), packet);
	return send(wire->sender, frame, length, 0) == (ssize_t)length ? 0 : -errno;
}

unsigned int wire_received(struct wire *wire)
{
	struct pollfd wait = {.fd = wire->receiver, .events = POLLIN};
	uint8_t frame[ETH_HLEN];
	unsigned int count = 0;

	while (poll(&wait, 1, SETTLE_MS) > 0)
		if (recv(wire->receiver, frame, sizeof(frame), MSG_DONTWAIT) >= ETH_ALEN &&
		    !memcmp(frame, wire_mac, ETH_ALEN))
			count++;
	return count;
}
