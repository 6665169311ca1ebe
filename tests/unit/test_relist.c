// SPDX-License-Identifier: Apache-2.0
/* Lists changed in place at random: after every step the same as compiled anew. */
#include "policy/prefixes.h"
#include "relist_model.h"

#define WORLDS 20
#define STEPS  250

/* Like the agent's drift: one word about a prefix of a set, the latest last. */
static void change_sets(struct world *world)
{
	struct fw_set_change change = {.prefix = random_prefix(world), .removed = roll(world, 3) == 0};
	size_t kept = 0, count = world->input.change_count;
	unsigned int expired = count == CHANGES || roll(world, 3) == 0 ? roll(world, CHANGES) : CHANGES;

	snprintf(change.set, sizeof(change.set), "%s", set_names[roll(world, SETS)]);
	for (size_t i = 0; i < count; i++)
		if (i != expired % count && (strcmp(world->changes[i].set, change.set) ||
					     fw_prefix_compare(&world->changes[i].prefix, &change.prefix)))
			world->changes[kept++] = world->changes[i];
	if (kept < CHANGES)
		world->changes[kept++] = change;
	world->input.change_count = kept;
}

static void change_parts(struct world *world)
{
	unsigned int tier = roll(world, PARTS);
	struct fw_feed_part *part = NULL;

	for (size_t i = 0; i < world->input.part_count; i++)
		if (world->parts[i].tier == tier)
			part = &world->parts[i];
	if (!part) {
		part = &world->parts[world->input.part_count++];
		*part = (struct fw_feed_part){
			.feed = "feed", .tier = tier, .prefixes = world->part_prefixes[tier]};
	} else if (!roll(world, 6)) { /* it goes */
		*part = world->parts[--world->input.part_count];
		return;
	}
	if (!roll(world, 30))
		part->trial = !part->trial;
	for (int i = 0; i < 2; i++)
		world->part_prefixes[tier][roll(world, PER_PART)] = random_prefix(world);
	part->count = fw_prefixes_normalize(world->part_prefixes[tier], PER_PART);
	if (!roll(world, 20))
		part->count = 0;
}

Test(relist, random_changes_in_place, .timeout = 1800)
{
	struct world *world = new_world(0x9e3779b97f4a7c15ULL);

	for (unsigned int i = 0; i < WORLDS; i++) {
		open_world(world);
		world->image = compile(world);
		lay_out(world);
		check_all(world);
		for (unsigned int step = 0; step < STEPS; step++) {
			if (roll(world, 4))
				change_sets(world);
			else
				change_parts(world);
			follow(world);
			check_like_new(world);
			check_all(world);
		}
		close_world(world);
	}
	cr_expect_gt(world->in_place, WORLDS * STEPS * 3 / 4,
		     "%u in place, %u compiled anew, %u laid out anew", world->in_place, world->too_much,
		     world->full);
	cr_expect_lt(world->full, WORLDS * STEPS / 20, "%u of %u laid out anew", world->full, WORLDS * STEPS);
	free(world);
}
