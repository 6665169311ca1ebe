// SPDX-License-Identifier: Apache-2.0
/* Mask tables against the model: random rules and random packets, and two independent answers to "does it
 * match?". */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mask_packet.h"

#define RULES	12
#define SETS	3
#define ROUNDS	60
#define PACKETS 400

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
	random_protocols(state, parts->protocols[0], &match->protocol.items, &match->protocol.count, 3);
	random_protocols(state, parts->protocols[1], &match->protocol_not.items, &match->protocol_not.count,
			 6);
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
	       (!match->protocol.count ||
		lists_protocol(match->protocol.items, match->protocol.count, packet->protocol)) &&
	       !lists_protocol(match->protocol_not.items, match->protocol_not.count, packet->protocol) &&
	       (!match->length.count || in_ranges(&match->length, packet->length)) &&
	       (!match->packet || is_kind(match->packet, packet->kind)) &&
	       !is_kind(match->packet_not, packet->kind) &&
	       (!match->label.count || has_label(&match->label, packet->labels)) &&
	       !has_label(&match->label_not, packet->labels);
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
