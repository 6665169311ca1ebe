/* SPDX-License-Identifier: Apache-2.0 */
/* Random packets, and which terms of an image they satisfy, asked of the mask tables as the packet path does.
 */
#ifndef FW_TESTS_MASK_PACKET_H
#define FW_TESTS_MASK_PACKET_H

#include <arpa/inet.h>
#include <string.h>

#include "policy/image.h"

#define TCP 6

static uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* One in n. */
static bool chance(uint64_t *state, uint32_t n)
{
	return random_next(state) % n == 0;
}

static char label_names[4][4] = {"a", "b", "c", "d"};
static const uint8_t some_protocols[] = {1, TCP, 17, 33, 47, 58, 132, 136};
static const uint16_t some_values[] = {0, 1, 22, 79, 80, 81, 443, 1000, 1001, 65534, 65535};

static uint16_t random_value(uint64_t *state)
{
	return some_values[random_next(state) % (sizeof(some_values) / sizeof(some_values[0]))];
}

struct packet {
	struct fw_addr source, dest;
	unsigned int kind;
	uint8_t protocol, tcp_flags;
	uint16_t source_port, dest_port, length;
	bool has_ports;
	unsigned int labels; /* bit per label_names */
};

static struct fw_addr random_addr(uint64_t *state, bool ipv6)
{
	static const uint32_t v4[] = {0x0a000001, 0x0a010001, 0x0a110001, 0x0b000001};
	struct fw_addr addr = {{0, 0, htonl(0xffff), htonl(v4[random_next(state) % 4])}};

	if (ipv6)
		addr = (struct fw_addr){{htonl(chance(state, 4) ? 0x20010db9 : 0x20010db8),
					 htonl(chance(state, 2)	  ? 0x10000
					       : chance(state, 2) ? 0x80000000
								  : 0),
					 0, 0}};
	return addr;
}

static struct packet random_packet(uint64_t *state)
{
	struct packet packet = {.protocol = some_protocols[random_next(state) % sizeof(some_protocols)]};
	bool ipv6 = chance(state, 2);
	uint8_t p = packet.protocol;

	packet.source = random_addr(state, ipv6);
	packet.dest = random_addr(state, ipv6);
	packet.kind = (ipv6 ? FW_KIND_IPV6 : 0) | (chance(state, 4) ? FW_KIND_TAGGED : 0) |
		      (chance(state, 4) ? FW_KIND_OPTIONS : 0) | (chance(state, 4) ? FW_KIND_FRAGMENT : 0);
	if (packet.kind & FW_KIND_FRAGMENT && chance(state, 2))
		packet.kind |= FW_KIND_LATER_FRAGMENT | FW_KIND_NO_L4;
	if (chance(state, 8))
		packet.kind |= FW_KIND_NO_L4;
	if (!(packet.kind & FW_KIND_NO_L4) && chance(state, 3))
		packet.kind |= (uint16_t)random_next(state) & FW_KIND_ODD_;
	packet.has_ports =
		!(packet.kind & FW_KIND_NO_L4) && (p == TCP || p == 17 || p == 33 || p == 132 || p == 136);
	if (packet.has_ports) {
		packet.source_port = random_value(state);
		packet.dest_port = random_value(state);
		packet.tcp_flags = p == TCP ? (uint8_t)random_next(state) : 0;
	}
	packet.length = random_value(state);
	packet.labels = random_next(state) % 16;
	return packet;
}

static uint64_t u16_terms(const struct fw_u16_dimension *dimension, uint16_t value)
{
	return dimension->terms[dimension->class_of[value]];
}

static uint64_t packet_labels(const struct fw_image *image, const struct packet *packet)
{
	uint64_t labels = 0;

	for (size_t bit = 0; bit < image->labels.count; bit++)
		for (unsigned int j = 0; j < 4; j++)
			if (packet->labels >> j & 1 && !strcmp(image->labels.items[bit], label_names[j]))
				labels |= 1ULL << bit;
	return labels;
}

static uint64_t matching_terms(const struct fw_image *image, const struct packet *packet)
{
	const struct fw_policy_slot *slot = image->slot;
	uint64_t mask = slot->protocol_terms[packet->protocol] & slot->kind_terms[packet->kind];
	uint64_t labels = packet_labels(image, packet);

	mask &= image->classes[fw_image_classify(image, &packet->source)].source_terms;
	mask &= image->classes[fw_image_classify(image, &packet->dest)].dest_terms;
	if (!packet->has_ports)
		mask &= ~slot->l4_terms;
	if (slot->features & FW_FEATURE_TCP_FLAGS)
		mask &= packet->has_ports && packet->protocol == TCP ? slot->tcp_flag_terms[packet->tcp_flags]
								     : slot->no_tcp_terms;
	if (slot->features & FW_FEATURE_SOURCE_PORT && packet->has_ports)
		mask &= u16_terms(&slot->source_port, packet->source_port);
	if (slot->features & FW_FEATURE_DEST_PORT && packet->has_ports)
		mask &= u16_terms(&slot->dest_port, packet->dest_port);
	if (slot->features & FW_FEATURE_LENGTH)
		mask &= u16_terms(&slot->length, packet->length);
	for (unsigned int i = 0; i < image->term_count; i++) {
		const struct fw_term *term = &slot->terms[fw_term_place(1ULL << i)];

		if ((labels & term->labels_required) != term->labels_required ||
		    labels & term->labels_forbidden)
			mask &= ~(1ULL << i);
	}
	return mask;
}

#endif
