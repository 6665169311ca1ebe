/* SPDX-License-Identifier: Apache-2.0 */
/* A small world of lists, and what the agent does when they change: in place, or else laid out anew. */
#ifndef FW_TESTS_UNIT_RELIST_WORLD_H
#define FW_TESTS_UNIT_RELIST_WORLD_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "policy/lists.h"
#include "walk.h"

enum { S0, S1, UNNAMED, FEED, SETS };

#define PER_SET	 40
#define CHANGES	 24
#define PARTS	 FW_TIER_MAX_
#define PER_PART 30

struct world {
	struct fw_policy policy;
	struct fw_set sets[SETS];
	struct fw_policy_rule rules[4];
	unsigned int refs[SETS];
	struct fw_prefix prefixes[SETS][PER_SET];
	struct fw_set_change changes[CHANGES];
	struct fw_feed_part parts[PARTS];
	struct fw_prefix part_prefixes[PARTS][PER_PART];
	struct fw_image_input input;
	struct fw_image *image;
	struct fw_rule_ids ids;
	struct fw_list_tables tables;
	unsigned int in_place, too_much, full;
	uint64_t state;
};

static char *const set_names[SETS] = {"s0", "s1", "unnamed", "feed"};

static inline uint32_t roll(struct world *world, uint32_t below)
{
	world->state ^= world->state << 13;
	world->state ^= world->state >> 7;
	world->state ^= world->state << 17;
	return (uint32_t)(world->state >> 16) % below;
}

/* Few places, so that prefixes nest and touch; the ends of both families among them. */
static inline struct fw_addr random_addr(struct world *world)
{
	static const char *const places[] = {"10.0.0.0",      "10.0.64.0",  "10.1.0.0",	  "0.0.0.0",
					     "255.255.255.0", "2001:db8::", "2001:db9::", "2a00::",
					     "ffff:ffff::",   "::fffe:0:0", "::1:0:0:0",  "2001:db8:1::"};
	struct fw_addr addr;
	unsigned char *byte = (unsigned char *)&addr;

	cr_assert_eq(fw_addr_parse(places[roll(world, sizeof(places) / sizeof(places[0]))], &addr, NULL), 0);
	for (int i = fw_addr_is_v4(&addr) ? 14 : 4; i < 16; i++)
		if (!roll(world, 4))
			byte[i] ^= (unsigned char)(1u << roll(world, 8));
	return addr;
}

static inline struct fw_prefix random_prefix(struct world *world)
{
	struct fw_addr addr = random_addr(world);
	unsigned int bits = fw_addr_is_v4(&addr) ? FW_V4_BITS + 14 + roll(world, 19)
			    : roll(world, 4)	 ? 40 + roll(world, 6) * 8
						 : 32 + roll(world, 97);

	if (!roll(world, 60)) /* too short to be changed in place */
		bits = fw_addr_is_v4(&addr) ? FW_V4_BITS + roll(world, 8) : roll(world, 32);
	return (struct fw_prefix){fw_addr_masked(&addr, bits), (unsigned char)bits};
}

static inline void open_world(struct world *world)
{
	for (unsigned int i = 0; i < SETS; i++) {
		world->refs[i] = i;
		world->sets[i] = (struct fw_set){.name = set_names[i],
						 .kind = i == FEED ? FW_SET_FEED : FW_SET_STATIC,
						 .prefixes = world->prefixes[i],
						 .prefix_count = i == FEED ? 0 : roll(world, PER_SET + 1)};
		for (size_t j = 0; j < world->sets[i].prefix_count; j++)
			world->prefixes[i][j] = random_prefix(world);
	}
	for (unsigned int i = 0; i < 4; i++)
		world->rules[i] = (struct fw_policy_rule){.name = set_names[i],
							  .prefix4 = 32,
							  .prefix6 = 64,
							  .mode = FW_MODE_INHERIT,
							  .action = FW_ACTION_COUNT};
	world->rules[0].match.source = (struct fw_set_refs){&world->refs[S0], 1};
	world->rules[1].match.source_not = (struct fw_set_refs){&world->refs[S1], 1};
	world->rules[2].match.tiers = 1 << FW_TIER_HIGH;
	world->rules[3].match.tiers = 1 << FW_TIER_LOW | 1 << FW_TIER_MEDIUM;
	world->policy = (struct fw_policy){.sets = world->sets,
					   .set_count = SETS,
					   .rules = world->rules,
					   .rule_count = 4,
					   .capacity = {1024, 1024, 100000}};
	world->input =
		(struct fw_image_input){.changes = world->changes, .parts = world->parts, .tick_ns = 4000000};
}

static inline struct world *new_world(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	cr_assert(world);
	world->state = seed;
	return world;
}

static inline void close_world(struct world *world)
{
	walk_free(&world->tables);
	fw_image_free(world->image);
	world->image = NULL;
}

static inline struct fw_prefix prefix_of(const char *text)
{
	struct fw_prefix prefix = {0};

	cr_assert_eq(fw_prefix_parse(text, &prefix, NULL), 0, "%s", text);
	return prefix;
}

static inline void add(struct world *world, unsigned int set, const char *prefix, bool removed)
{
	struct fw_set_change *change = &world->changes[world->input.change_count++];

	*change = (struct fw_set_change){.prefix = prefix_of(prefix), .removed = removed};
	snprintf(change->set, sizeof(change->set), "%s", set_names[set]);
}

/* Sets without members but those in a row. */
static inline struct world *empty_world(void)
{
	struct world *world = new_world(1);

	open_world(world);
	for (unsigned int set = 0; set < SETS; set++)
		world->sets[set].prefix_count = 0;
	return world;
}

static inline struct fw_image *compile(struct world *world)
{
	struct fw_diags diags = {0};
	struct fw_image *image = NULL;
	int r = fw_image_compile(&world->policy, &world->input, &world->ids, &diags, &image);

	cr_assert_eq(r, 0, "compile: %d %s", r, diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return image;
}

static inline void lay_out(struct world *world)
{
	struct fw_err err = {0};

	walk_free(&world->tables);
	cr_assert_eq(
		fw_list_tables_build(world->image->listed, world->image->listed_count, &world->tables, &err),
		0, "%s", err.text);
	walk_make_live(&world->tables);
	cr_assert_geq(world->image->list_bytes, FW_SLOTS * fw_list_tables_bytes(&world->tables),
		      "announced %lu, taken 2 x %lu: %u run words, %u leaves, %u + %u buckets, %zu lines",
		      (unsigned long)world->image->list_bytes,
		      (unsigned long)fw_list_tables_bytes(&world->tables), world->tables.run_words4,
		      world->tables.leaf_count4, world->tables.shape.group_mask6 + 1,
		      world->tables.shape.mask6 + 1, world->image->listed_count);
}

/* As user/kern/lists.c does it. */
static inline int patch(struct fw_list_tables *tables, const struct fw_list_delta *delta)
{
	int r = fw_list_tables_patch(tables, delta->regions, delta->count);

	for (size_t i = 0; i < delta->count && !r; i++)
		if (fw_prefix_family(&delta->regions[i].prefix) == FW_FAMILY_V6)
			fw_list_tables_sweep6(tables, &delta->regions[i]);
	return r;
}

/* What the agent does with a change. */
static inline void follow(struct world *world)
{
	struct fw_list_delta delta = {0};
	struct fw_diags diags = {0};
	int r = fw_image_change(&world->policy, &world->input, world->image, &diags, &delta);

	cr_assert(!r || r == -EAGAIN, "change: %d", r);
	if (r) {
		world->too_much++;
		fw_image_free(world->image);
		world->image = compile(world);
	} else {
		r = patch(&world->tables, &delta);
		cr_assert(!r || r == -ENOSPC, "patch: %d", r);
		world->full += r != 0;
		world->in_place += r == 0;
	}
	if (r)
		lay_out(world);
	fw_list_delta_done(&delta);
	fw_diags_done(&diags);
}

#endif
