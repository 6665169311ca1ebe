/* SPDX-License-Identifier: Apache-2.0 */
/* Random sets of both families that overlap in every way, live changes to them, and the judge: a scan of all
 * their prefixes. */
#ifndef FW_TESTS_UNIT_OVERLAPPING_SETS_H
#define FW_TESTS_UNIT_OVERLAPPING_SETS_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"
#include "walk.h"

#define SETS	 4
#define PREFIXES 12 /* per set, at most */
#define CHANGES	 10
#define WORLDS	 2500 /* times SETS: ten thousand sets */
#define STEPS	 3    /* of live changes, in every fifth world */

struct change {
	struct fw_set_change change;
	unsigned int set;
	unsigned int until; /* step at which it has expired, 0: never */
};

struct world {
	uint64_t state;
	struct fw_policy policy;
	struct fw_set sets[SETS];
	struct fw_policy_rule rules[SETS];
	unsigned int refs[SETS];
	char names[SETS][8];
	struct fw_prefix prefixes[SETS][PREFIXES];
	struct change changes[CHANGES * STEPS];
	size_t change_count;
	const struct fw_prefix *all[SETS * PREFIXES + CHANGES * STEPS]; /* whose edges are probed */
	size_t all_count;
};

/* xorshift: the same numbers everywhere. */
static inline uint32_t roll(struct world *world, uint32_t below)
{
	world->state ^= world->state << 13;
	world->state ^= world->state >> 7;
	world->state ^= world->state << 17;
	return (uint32_t)(world->state >> 16) % below;
}

static inline struct fw_prefix masked(struct fw_addr addr, unsigned int bits)
{
	return (struct fw_prefix){.addr = fw_addr_masked(&addr, bits), .bits = (unsigned char)bits};
}

/* A few networks with a few hosts each, or any address at all. */
static inline struct fw_addr random_addr(struct world *world)
{
	struct fw_addr addr = {{0, 0, htonl(0xffff), 0}};
	unsigned char *byte = (unsigned char *)&addr;
	bool v4 = roll(world, 2), anywhere = !roll(world, 4);

	for (int i = v4 ? 12 : 0; i < 16; i++)
		byte[i] = (unsigned char)(anywhere	   ? roll(world, 256)
					  : roll(world, 3) ? 0
							   : roll(world, 3) * 127);
	for (int i = 0; i < 4 && !v4 && !anywhere; i++)
		byte[i] = i ? (unsigned char)roll(world, 4) : 0x20;
	if (!v4 && anywhere && !roll(world, 8))
		memset(byte, 0, 10); /* next to where IPv4 lies */
	return addr;
}

static inline unsigned int least_bits(const struct fw_prefix *prefix)
{
	return fw_prefix_family(prefix) == FW_FAMILY_V4 ? FW_V4_BITS : 0;
}

/* The other half of the shorter prefix. */
static inline struct fw_prefix sibling_of(const struct fw_prefix *prefix)
{
	struct fw_prefix other = *prefix;

	if (prefix->bits > least_bits(prefix))
		((unsigned char *)&other.addr)[(prefix->bits - 1) / 8] ^=
			(unsigned char)(0x80 >> (prefix->bits - 1) % 8);
	return other;
}

static inline struct fw_prefix child_of(struct world *world, const struct fw_prefix *prefix,
					unsigned int deeper)
{
	struct fw_addr addr = random_addr(world), keep = fw_mask(prefix->bits);
	unsigned int bits = prefix->bits + 1 + roll(world, deeper);

	for (int i = 0; i < 4; i++)
		addr.w[i] = prefix->addr.w[i] | (addr.w[i] & ~keep.w[i]);
	return masked(addr, bits > 128 ? 128 : bits);
}

/* Duplicates, neighbours, children and parents of what is there already, or something new. */
static inline struct fw_prefix random_prefix(struct world *world)
{
	const struct fw_prefix *known =
		world->all_count ? world->all[roll(world, (uint32_t)world->all_count)] : NULL;
	struct fw_addr addr = random_addr(world);
	bool v4 = fw_addr_is_v4(&addr);

	switch (known ? roll(world, 8) : 7) {
	case 0:
		return *known;
	case 1:
		return sibling_of(known);
	case 2:
		return child_of(world, known, 8);
	case 3:
		if (known->bits > least_bits(known))
			return masked(known->addr, known->bits - 1);
		return *known;
	default:
		if (!roll(world, 30))
			return masked(addr, v4 ? FW_V4_BITS : 0);
		return masked(addr, v4		     ? FW_V4_BITS + roll(world, 33)
				    : roll(world, 5) ? 32 + roll(world, 3) * 16
						     : roll(world, 129));
	}
}

/* Rule i asks for set i. */
static inline void make_world(struct world *world)
{
	world->change_count = world->all_count = 0;
	for (unsigned int i = 0; i < SETS; i++) {
		snprintf(world->names[i], sizeof(world->names[i]), "s%u", i);
		world->refs[i] = i;
		world->sets[i] = (struct fw_set){.name = world->names[i], .prefixes = world->prefixes[i]};
		world->sets[i].prefix_count = roll(world, PREFIXES + 1);
		for (size_t j = 0; j < world->sets[i].prefix_count; j++) {
			world->prefixes[i][j] = random_prefix(world);
			world->all[world->all_count++] = &world->prefixes[i][j];
		}
		world->rules[i] = (struct fw_policy_rule){.name = world->names[i],
							  .prefix4 = 32,
							  .prefix6 = 64,
							  .mode = FW_MODE_INHERIT,
							  .action = FW_ACTION_COUNT,
							  .match.source = {&world->refs[i], 1}};
	}
	world->policy = (struct fw_policy){.sets = world->sets,
					   .set_count = SETS,
					   .rules = world->rules,
					   .rule_count = SETS,
					   .capacity = {1024, 1024, 100000}};
}

/* The widest prefix around this one that the set was ever told to hold. */
static inline struct fw_prefix widest_around(const struct world *world, unsigned int set,
					     const struct fw_prefix *prefix)
{
	struct fw_prefix widest = *prefix;

	for (size_t i = 0; i < world->sets[set].prefix_count; i++)
		if (fw_prefix_covers(&world->prefixes[set][i], &widest))
			widest = world->prefixes[set][i];
	for (size_t i = 0; i < world->change_count; i++)
		if (world->changes[i].set == set &&
		    fw_prefix_covers(&world->changes[i].change.prefix, &widest))
			widest = world->changes[i].change.prefix;
	return widest;
}

/* Any part of IPv4. Cutting deep into an IPv6 prefix leaves more lengths than the packet path probes, which
 * the compiler refuses, so there it is all of a prefix or a part not much smaller. */
static inline struct fw_prefix random_removal(struct world *world, unsigned int set)
{
	const struct fw_prefix *known = world->all[roll(world, (uint32_t)world->all_count)];
	struct fw_prefix around;

	if (fw_prefix_family(known) == FW_FAMILY_V4)
		return roll(world, 2) ? *known : child_of(world, known, 4);
	around = widest_around(world, set, known);
	return roll(world, 2) ? around : child_of(world, &around, 3);
}

static inline void make_changes(struct world *world, unsigned int step)
{
	for (int i = 0; i < CHANGES; i++) {
		struct change *change = &world->changes[world->change_count];

		*change = (struct change){.set = roll(world, SETS)};
		change->change.removed = world->all_count && roll(world, 2);
		change->change.prefix =
			change->change.removed ? random_removal(world, change->set) : random_prefix(world);
		snprintf(change->change.set, sizeof(change->change.set), "s%u", change->set);
		change->until = roll(world, 2) ? step + 1 + roll(world, STEPS) : 0;
		world->change_count++;
		world->all[world->all_count++] = &change->change.prefix;
	}
}

static inline bool is_over(const struct change *change, unsigned int step)
{
	return change->until && change->until <= step;
}

/* The judge: the last word about an address counts. */
static inline bool is_member(const struct world *world, unsigned int set, const struct fw_addr *addr,
			     unsigned int step)
{
	bool member = false;

	for (size_t i = 0; i < world->sets[set].prefix_count && !member; i++)
		member = fw_prefix_contains(&world->prefixes[set][i], addr);
	for (size_t i = 0; i < world->change_count; i++) {
		const struct change *change = &world->changes[i];

		if (change->set == set && !is_over(change, step) &&
		    fw_prefix_contains(&change->change.prefix, addr))
			member = !change->change.removed;
	}
	return member;
}

static inline void check_addr(const struct world *world, const struct fw_image *image,
			      const struct fw_list_tables *tables, const struct fw_addr *addr,
			      unsigned int step)
{
	uint16_t class = fw_image_classify(image, addr), read = tables ? walk(tables, addr) : class;
	char text[FW_ADDR_TEXT_MAX];

	cr_assert_eq(class, read, "%s: class %u, in the tables %u", fw_addr_format(addr, text, sizeof(text)),
		     class, read);
	for (unsigned int set = 0; set < SETS; set++)
		cr_assert_eq(image->classes[class].source_terms >> set & 1, is_member(world, set, addr, step),
			     "step %u: set %u and %s", step, set, fw_addr_format(addr, text, sizeof(text)));
}

/* By one, around the ends; only within the family is what the prefix says. */
static inline struct fw_addr neighbour_of(struct fw_addr addr, bool up)
{
	unsigned char *byte = (unsigned char *)&addr;

	for (int i = 15; i >= 0; i--)
		if (up ? ++byte[i] : byte[i]--)
			break;
	return addr;
}

static inline void check_edges(const struct world *world, const struct fw_image *image,
			       const struct fw_list_tables *tables, const struct fw_prefix *prefix,
			       unsigned int step)
{
	struct fw_addr last = prefix->addr, keep = fw_mask(prefix->bits), outside;

	for (int i = 0; i < 4; i++)
		last.w[i] |= ~keep.w[i];
	check_addr(world, image, tables, &prefix->addr, step);
	check_addr(world, image, tables, &last, step);
	outside = neighbour_of(prefix->addr, false);
	check_addr(world, image, tables, &outside, step);
	outside = neighbour_of(last, true);
	check_addr(world, image, tables, &outside, step);
}

static inline size_t changes_at(const struct world *world, unsigned int step, struct fw_set_change *changes)
{
	size_t count = 0;

	for (size_t i = 0; i < world->change_count; i++)
		if (!is_over(&world->changes[i], step))
			changes[count++] = world->changes[i].change;
	return count;
}

#endif
