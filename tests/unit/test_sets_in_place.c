// SPDX-License-Identifier: Apache-2.0
/* Random sets whose image is changed in place, against a scan of all their prefixes. */
#include <errno.h>

#include "overlapping_sets.h"
#include "policy/lists.h"

/* A step made in place in the image of the step before. True when that could be done. */
static bool change_image(struct world *world, struct fw_rule_ids *ids, unsigned int step,
			 struct fw_image **image)
{
	struct fw_set_change changes[CHANGES * STEPS];
	struct fw_image_input input = {.changes = changes, .tick_ns = 4000000};
	struct fw_list_delta delta = {0};
	struct fw_diags diags = {0};
	int r = -EAGAIN;

	input.change_count = changes_at(world, step, changes);
	if (*image)
		r = fw_image_change(&world->policy, &input, *image, &diags, &delta);
	fw_list_delta_done(&delta);
	if (r) {
		fw_image_free(*image);
		*image = NULL;
		cr_assert_eq(fw_image_compile(&world->policy, &input, ids, &diags, image), 0);
	}
	for (size_t i = 0; i < world->all_count; i++)
		check_edges(world, *image, NULL, world->all[i], step);
	fw_diags_done(&diags);
	return !r;
}

Test(sets_property, changes_in_place)
{
	struct world *world = calloc(1, sizeof(*world));
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	unsigned int in_place = 0;

	cr_assert(world && ids);
	world->state = 0x853c49e6748fea9bULL;
	for (unsigned int i = 0; i < WORLDS / 5; i++) {
		struct fw_image *image = NULL;

		make_world(world);
		for (unsigned int step = 0; step < STEPS; step++) {
			make_changes(world, step);
			in_place += change_image(world, ids, step, &image);
		}
		in_place += change_image(world, ids, 2 * STEPS, &image);
		fw_image_free(image);
	}
	cr_expect_gt(in_place, WORLDS / 10, "%u steps were made in place", in_place);
	free(ids);
	free(world);
}
