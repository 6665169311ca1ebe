/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of a veth as raw sockets: frames go in at one, what the filter let through is counted at the
 * other. */
#ifndef FW_TESTS_VM_WIRE_H
#define FW_TESTS_VM_WIRE_H

#include <stdbool.h>
#include <stdint.h>

struct wire {
	int sender, receiver; /* raw sockets */
};

struct wire_packet {
	bool ipv6;
	uint8_t protocol; /* IPPROTO_TCP (SYN) or IPPROTO_UDP */
	uint16_t dest_port;
	uint32_t source; /* last 32 bits of the source address */
};

int wire_open(const char *sender, const char *receiver, struct wire *ret); /* 0 or -errno */
void wire_close(struct wire *wire);
int wire_send(struct wire *wire, const struct wire_packet *packet);
/* Packets of wire_send that arrived since the last call. */
unsigned int wire_received(struct wire *wire);

#endif
