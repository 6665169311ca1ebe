// SPDX-License-Identifier: Apache-2.0
/* Lists changed in place where it ends: of an address family, of the room there is, of what was announced. */
#include "relist_model.h"

static const struct row {
	const char *name, *first, *add, *also;
} rows[] = {
	{"the first /48 beside nothing but short prefixes", "2000::/3", "fd00:1::/48", NULL},
	{"inside a short one of another set", "::/1", "2001:db8::/48", NULL},
	{"the first half of the last /32", "ffff:ffff::/34", "ffff:ffff:4000::/34", NULL},
	{"the last address of IPv4", "255.255.255.254", "255.255.255.255", NULL},
	{"the first address of IPv4", "0.0.0.1", "0.0.0.0", NULL},
	{"both ends", "10.0.0.0/8", "255.255.255.255", "0.0.0.0"},
	{"in all of IPv4", "0.0.0.0/0", "192.0.2.1", "198.51.100.0/22"},
	{"regions side by side", "10.0.0.0/16", "10.1.0.0/18", "10.1.64.0/18"},
	{"a region above others", "10.0.1.0/24", "10.0.0.0/12", "10.0.2.0/24"},
};

Test(relist_edges, rows_in_place)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = empty_world();

		add(world, S1, rows[i].first, false);
		world->image = compile(world);
		lay_out(world);
		add(world, S0, rows[i].add, false);
		if (rows[i].also)
			add(world, S1, rows[i].also, false);
		follow(world);
		cr_expect_eq(world->in_place, 1, "%s: not in place", rows[i].name);
		check_like_new(world);
		check_all(world);
		world->input.change_count = 1;
		follow(world);
		cr_expect_eq(world->in_place, 2, "%s: not taken back in place", rows[i].name);
		check_like_new(world);
		check_all(world);
		close_world(world);
		free(world);
	}
}

/* Only the tier is asked for, not the set: it must go with the part. */
Test(relist_edges, a_part_that_goes_takes_its_tier_along)
{
	struct world *world = empty_world();

	world->part_prefixes[0][0] = prefix_of("192.0.2.0/24");
	world->parts[0] = (struct fw_feed_part){"feed", FW_TIER_HIGH, world->part_prefixes[0], 1, false};
	world->input.part_count = 1;
	world->image = compile(world);
	lay_out(world);
	check_edges(world, &world->part_prefixes[0][0]);
	world->input.part_count = 0;
	follow(world);
	cr_expect_eq(world->in_place, 1);
	check_edges(world, &world->part_prefixes[0][0]);
	check_like_new(world);
	close_world(world);
	free(world);
}

/* More prefix lengths than are probed, also when they come and go one by one. */
Test(relist_edges, many_lengths_in_one_slash32)
{
	struct world *world = empty_world();
	char text[64];

	add(world, S0, "2001:db8::/48", false);
	world->image = compile(world);
	lay_out(world);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 20; i++) {
			snprintf(text, sizeof(text), "2001:db8:%x:8000::/%u", 0x100 * (i + 1), 49 + 3 * i);
			add(world, i % 2, text, false);
			follow(world);
			check_like_new(world);
			check_all(world);
		}
		while (world->input.change_count > 1) {
			world->input.change_count--;
			follow(world);
			check_like_new(world);
			check_all(world);
		}
	}
	cr_expect_eq(world->too_much, 0);
	cr_expect_lt(world->full, 20, "laid out anew %u times of 80", world->full);
	close_world(world);
	free(world);
}

/* Runs are written behind the last one until there is no room: then the tables are laid out anew. The first
 * end is near, the second where the kernel's tables have it. */
Test(relist_edges, room_ends_and_comes_back)
{
	struct world *world = empty_world();
	unsigned int steps = 0;

	add(world, S1, "10.0.0.0/16", false); /* around it: a run */
	world->image = compile(world);
	lay_out(world);
	world->tables.run_room4 = world->tables.run_words4 + 8 * FW_LIST4_RUN_MAX;
	add(world, S0, "10.0.1.7", false);
	for (; world->full < 2 && steps < 100000; steps++) {
		world->input.change_count = 1 + steps % 2;
		follow(world);
		check_edges(world, &world->changes[1].prefix);
	}
	cr_expect_eq(world->full, 2, "no end after %u steps", steps);
	check_like_new(world);
	close_world(world);
	free(world);
}

/* A change that is refused leaves no class behind, nor anything else. */
Test(relist_edges, refused_changes_leave_nothing)
{
	struct world *world = empty_world();
	size_t classes;

	add(world, S0, "10.0.0.0/24", false);
	world->image = compile(world);
	lay_out(world);
	classes = world->image->class_count;
	world->policy.capacity.prefixes = 1;
	add(world, S1, "10.0.0.128/25", false);
	for (int i = 0; i < 3; i++) {
		struct fw_list_delta delta = {0};
		struct fw_diags diags = {0};

		cr_expect_eq(fw_image_change(&world->policy, &world->input, world->image, &diags, &delta),
			     -EAGAIN);
		cr_expect_eq(world->image->class_count, classes);
		fw_diags_done(&diags);
	}
	world->input.change_count = 1;
	check_all(world);
	world->policy.capacity.prefixes = 100;
	world->input.change_count = 2;
	follow(world);
	cr_expect_eq(world->in_place, 1);
	check_like_new(world);
	check_all(world);
	close_world(world);
	free(world);
}

enum shape { NESTED, SINGLES_IN_SLASH20S, ROUNDED, LAST_BYTES, SHAPES };

static struct fw_prefix adversarial(enum shape shape, uint32_t i)
{
	struct fw_prefix prefix = {{{htonl(0x20010db8), 0, 0, 0}}, 0};

	switch (shape) {
	case NESTED: /* 8 … 32 around one address, again and again */
		prefix = (struct fw_prefix){{{0, 0, htonl(0xffff), htonl(0x0a000000 + (i / 25 << 15))}}, 0};
		prefix.bits = (unsigned char)(FW_V4_BITS + 8 + i % 25);
		break;
	case SINGLES_IN_SLASH20S:
		prefix = (struct fw_prefix){{{0, 0, htonl(0xffff), htonl(0x0a000000 + (i / 2 << 12))}}, 0};
		prefix.bits = i % 2 ? 128 : FW_V4_BITS + 20;
		break;
	case ROUNDED: /* 24 lengths in each /32 */
		prefix.addr.w[0] = htonl(0x20010000 + i / 24);
		prefix.addr.w[1] = htonl(0x80000000u >> i % 24);
		prefix.bits = (unsigned char)(33 + i % 24 * 4);
		break;
	case LAST_BYTES: /* /96s that differ in the last two of their bytes */
	case SHAPES:
		prefix.addr.w[2] = htonl(i);
		prefix.bits = 96;
		break;
	}
	prefix.addr = fw_addr_masked(&prefix.addr, prefix.bits);
	return prefix;
}

/* Neighbours in different sets, so that nothing joins. */
Test(relist_edges, announced_memory_is_enough_for_adversaries)
{
	enum { MANY = 30000 };

	for (enum shape shape = 0; shape < SHAPES; shape++) {
		struct world *world = empty_world();
		struct fw_prefix *lists[2] = {calloc(MANY, sizeof(struct fw_prefix)),
					      calloc(MANY, sizeof(struct fw_prefix))};

		for (uint32_t i = 0; i < MANY; i++)
			lists[i % 2][world->sets[i % 2].prefix_count++] = adversarial(shape, i);
		world->sets[0].prefixes = lists[0];
		world->sets[1].prefixes = lists[1];
		world->image = compile(world);
		lay_out(world);
		/* Not for the price of a table that had to be doubled again and again. */
		cr_expect_leq(world->image->list_bytes,
			      8 * FW_SLOTS * fw_list_tables_bytes(&world->tables) + (8 << 20),
			      "shape %d: announced %lu, taken %lu", (int)shape,
			      (unsigned long)world->image->list_bytes,
			      (unsigned long)fw_list_tables_bytes(&world->tables));
		close_world(world);
		free(lists[0]);
		free(lists[1]);
		free(world);
	}
}
