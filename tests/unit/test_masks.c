// SPDX-License-Identifier: Apache-2.0
/* Mask tables against the model: random rules and random packets, and two independent answers to "does it
 * match?". */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"

#define RULES	12
#define SETS	3
#define ROUNDS	60
#define PACKETS 400
#define TCP	6

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

/* Storage of one random rule's lists. */
struct parts {
	unsigned int refs[4][2];
	uint8_t protocols[2][3];
	struct fw_range ranges[5][3];
	struct fw_flag_test flags[2][2];
	char *labels[3][2];
};

struct fixture {
	struct fw_policy policy;
	struct fw_set sets[SETS];
	struct fw_prefix prefixes[SETS][2];
	struct fw_policy_rule rules[RULES];
	struct parts parts[RULES];
	char names[RULES][8];
};

static char label_names[4][4] = {"a", "b", "c", "d"};
static const uint8_t some_protocols[] = {1, TCP, 17, 33, 47, 58, 132, 136};
static const uint16_t some_values[] = {0, 1, 22, 79, 80, 81, 443, 1000, 1001, 65534, 65535};

static uint16_t random_value(uint64_t *state)
{
	return some_values[random_next(state) % (sizeof(some_values) / sizeof(some_values[0]))];
}

static void random_refs(uint64_t *state, unsigned int *storage, struct fw_set_refs *refs, uint32_t n)
{
	if (!chance(state, n))
		return;
	*refs = (struct fw_set_refs){storage, 1 + random_next(state) % 2};
	for (size_t i = 0; i < refs->count; i++)
		storage[i] = random_next(state) % SETS;
}

static void random_ranges(uint64_t *state, struct fw_range *storage, struct fw_ranges *ranges, uint32_t n)
{
	if (!chance(state, n))
		return;
	*ranges = (struct fw_ranges){storage, 1 + random_next(state) % 3};
	for (size_t i = 0; i < ranges->count; i++) {
		uint16_t a = random_value(state), b = random_value(state);

		storage[i] = (struct fw_range){a < b ? a : b, a < b ? b : a};
	}
}

static void random_flags(uint64_t *state, struct fw_flag_test *storage, struct fw_flag_tests *tests,
			 uint32_t n)
{
	if (!chance(state, n))
		return;
	*tests = (struct fw_flag_tests){storage, 1 + random_next(state) % 2};
	for (size_t i = 0; i < tests->count; i++) {
		storage[i].mask = (uint8_t)random_next(state);
		storage[i].value = (uint8_t)(random_next(state) & storage[i].mask);
	}
}

static void random_labels(uint64_t *state, char **storage, struct fw_names *names, uint32_t n)
{
	if (!chance(state, n))
		return;
	*names = (struct fw_names){storage, 1 + random_next(state) % 2};
	for (size_t i = 0; i < names->count; i++)
		storage[i] = label_names[random_next(state) % 4];
}

static void random_protocols(uint64_t *state, uint8_t *storage, uint8_t **items, size_t *count, uint32_t n)
{
	if (!chance(state, n))
		return;
	*items = storage;
	*count = 1 + random_next(state) % 3;
	for (size_t i = 0; i < *count; i++)
		storage[i] = some_protocols[random_next(state) % sizeof(some_protocols)];
}

static void random_rule(uint64_t *state, struct fw_policy_rule *rule, struct parts *parts)
{
	struct fw_match *match = &rule->match;

	random_refs(state, parts->refs[0], &match->source, 4);
	random_refs(state, parts->refs[1], &match->source_not, 6);
	random_refs(state, parts->refs[2], &match->destination, 6);
	random_refs(state, parts->refs[3], &match->destination_not, 8);
	random_protocols(state, parts->protocols[0], &match->protocols, &match->protocol_count, 3);
	random_protocols(state, parts->protocols[1], &match->protocols_not, &match->protocol_not_count, 6);
	random_ranges(state, parts->ranges[0], &match->source_port, 6);
	random_ranges(state, parts->ranges[1], &match->source_port_not, 8);
	random_ranges(state, parts->ranges[2], &match->dest_port, 5);
	random_ranges(state, parts->ranges[3], &match->dest_port_not, 8);
	random_ranges(state, parts->ranges[4], &match->length, 5);
	random_flags(state, parts->flags[0], &match->tcp_flags, 6);
	random_flags(state, parts->flags[1], &match->tcp_flags_not, 8);
	random_labels(state, parts->labels[0], &match->label, 6);
	random_labels(state, parts->labels[1], &match->label_not, 8);
	if (chance(state, 6))
		match->packet = (uint16_t)(random_next(state) & (FW_KIND_ALL_ | FW_PACKET_IPV4));
	if (chance(state, 8))
		match->packet_not = (uint16_t)(random_next(state) & (FW_KIND_ALL_ | FW_PACKET_IPV4));
	if (chance(state, 8))
		rule->limit = (struct fw_limit){100, FW_UNIT_CONNECTIONS, 1000000000};
}

static void fill(struct fixture *f, uint64_t *state)
{
	memset(f, 0, sizeof(*f));
	for (unsigned int i = 0; i < SETS; i++) {
		/* Even sets overlap with others, one prefix per family. */
		f->prefixes[i][0] =
			(struct fw_prefix){{{0, 0, htonl(0xffff), htonl(i & 1 ? 0x0a010000 : 0x0a000000)}},
					   (unsigned char)(i & 1 ? 112 : 104 + 4 * i)};
		f->prefixes[i][1] =
			(struct fw_prefix){{{htonl(0x20010db8), htonl(i & 1 ? 0x10000 : 0), 0, 0}},
					   (unsigned char)(i & 1 ? 48 : 32 + i)};
		f->sets[i] = (struct fw_set){
			.name = label_names[i], .prefixes = f->prefixes[i], .prefix_count = 2};
	}
	for (unsigned int i = 0; i < RULES; i++) {
		snprintf(f->names[i], sizeof(f->names[i]), "r%u", i);
		f->rules[i] = (struct fw_policy_rule){.name = f->names[i],
						      .prefix4 = 32,
						      .prefix6 = 64,
						      .mode = FW_MODE_INHERIT,
						      .action = FW_ACTION_COUNT};
		random_rule(state, &f->rules[i], &f->parts[i]);
	}
	f->policy = (struct fw_policy){.sets = f->sets,
				       .set_count = SETS,
				       .rules = f->rules,
				       .rule_count = RULES,
				       .capacity = {1024, 1024, 1024}};
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

/* ---- the model's answer, from the words of the policy language ---- */

static bool in_sets(const struct fixture *f, const struct fw_set_refs *refs, const struct fw_addr *addr)
{
	for (size_t i = 0; i < refs->count; i++)
		for (size_t j = 0; j < 2; j++)
			if (fw_prefix_contains(&f->prefixes[refs->items[i]][j], addr))
				return true;
	return false;
}

static bool in_ranges(const struct fw_ranges *ranges, unsigned int value)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->items[i].first <= value && value <= ranges->items[i].last)
			return true;
	return false;
}

static bool has_flags(const struct fw_flag_tests *tests, uint8_t flags)
{
	for (size_t i = 0; i < tests->count; i++)
		if ((tests->items[i].mask & flags) == tests->items[i].value)
			return true;
	return false;
}

static bool has_label(const struct fw_names *names, unsigned int labels)
{
	for (size_t i = 0; i < names->count; i++)
		for (unsigned int j = 0; j < 4; j++)
			if (labels >> j & 1 && !strcmp(names->items[i], label_names[j]))
				return true;
	return false;
}

static bool lists_protocol(const uint8_t *items, size_t count, uint8_t protocol)
{
	return count && memchr(items, protocol, count);
}

static bool is_kind(uint16_t wanted, unsigned int kind)
{
	return (wanted & kind & FW_KIND_ALL_) || (wanted & FW_PACKET_IPV4 && !(kind & FW_KIND_IPV6));
}

static bool matches_addresses(const struct fixture *f, const struct fw_match *match,
			      const struct packet *packet)
{
	return (!match->source.count || in_sets(f, &match->source, &packet->source)) &&
	       !in_sets(f, &match->source_not, &packet->source) &&
	       (!match->destination.count || in_sets(f, &match->destination, &packet->dest)) &&
	       !in_sets(f, &match->destination_not, &packet->dest);
}

static bool matches_l4(const struct fw_policy_rule *rule, const struct packet *packet)
{
	const struct fw_match *match = &rule->match;
	bool connections = rule->limit.unit == FW_UNIT_CONNECTIONS;

	if ((match->source_port.count || match->source_port_not.count || match->dest_port.count ||
	     match->dest_port_not.count) &&
	    !packet->has_ports)
		return false;
	if (match->source_port.count && !in_ranges(&match->source_port, packet->source_port))
		return false;
	if (match->dest_port.count && !in_ranges(&match->dest_port, packet->dest_port))
		return false;
	if (in_ranges(&match->source_port_not, packet->source_port) ||
	    in_ranges(&match->dest_port_not, packet->dest_port))
		return false;
	if (!connections && !match->tcp_flags.count && !match->tcp_flags_not.count)
		return true;
	if (packet->protocol != TCP || !packet->has_ports)
		return false;
	if (connections && (packet->tcp_flags & 0x12) != 0x02)
		return false;
	return (!match->tcp_flags.count || has_flags(&match->tcp_flags, packet->tcp_flags)) &&
	       !has_flags(&match->tcp_flags_not, packet->tcp_flags);
}

static bool matches(const struct fixture *f, const struct fw_policy_rule *rule, const struct packet *packet)
{
	const struct fw_match *match = &rule->match;

	return matches_addresses(f, match, packet) && matches_l4(rule, packet) &&
	       (!match->protocol_count ||
		lists_protocol(match->protocols, match->protocol_count, packet->protocol)) &&
	       !lists_protocol(match->protocols_not, match->protocol_not_count, packet->protocol) &&
	       (!match->length.count || in_ranges(&match->length, packet->length)) &&
	       (!match->packet || is_kind(match->packet, packet->kind)) &&
	       !is_kind(match->packet_not, packet->kind) &&
	       (!match->label.count || has_label(&match->label, packet->labels)) &&
	       !has_label(&match->label_not, packet->labels);
}

/* ---- the image's answer, as the packet path asks it ---- */

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
	for (unsigned int i = 0; i < image->term_count; i++)
		if ((labels & slot->terms[i].labels_required) != slot->terms[i].labels_required ||
		    labels & slot->terms[i].labels_forbidden)
			mask &= ~(1ULL << i);
	return mask;
}

Test(masks, agree_with_the_model)
{
	static struct fw_rule_ids ids;
	uint64_t state = 0xfeedbeef;
	unsigned int hits = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct fw_diags diags = {0};
		struct fw_image *image = NULL;
		struct fixture f;

		fill(&f, &state);
		cr_assert_eq(fw_image_compile(&f.policy, &(struct fw_image_input){.tick_ns = 4000000}, &ids,
					      &diags, &image),
			     0);
		for (unsigned int i = 0; i < PACKETS; i++) {
			struct packet packet = random_packet(&state);
			uint64_t terms = matching_terms(image, &packet);

			for (unsigned int j = 0; j < RULES; j++) {
				bool want = matches(&f, &f.rules[j], &packet);
				bool got = terms & image->slot->rules[j].terms;

				hits += want;
				cr_assert_eq(got, want,
					     "round %u, packet %u (protocol %u kind %#x flags %#x ports %u "
					     "%u length %u), "
					     "rule %u: got %d, want %d",
					     round, i, packet.protocol, packet.kind, packet.tcp_flags,
					     packet.source_port, packet.dest_port, packet.length, j, got,
					     want);
			}
		}
		fw_image_free(image);
		fw_diags_done(&diags);
	}
	/* A test in which nothing ever matches would prove nothing. */
	cr_expect_gt(hits, ROUNDS * PACKETS / 2, "only %u matches", hits);
}
