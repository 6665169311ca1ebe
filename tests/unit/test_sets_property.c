// SPDX-License-Identifier: Apache-2.0
/* Ten thousand random sets, and live changes that come, go and expire, against a scan: what the merged list
 * says, and what the packet path reads in the tables made of it. */
#include "overlapping_sets.h"
#include "policy/tables.h"

#define TABLES_EVERY 50 /* worlds: laying out the tables of one costs more than all questions about it */
#define PROBES	     40 /* random ones, beside those at the edges of every prefix */
#define SKIPPED_MAX  (WORLDS / 20)

/* False when the compiler refuses so many lengths in one /32; anything else it refuses is a failure. */
static bool check_world(struct world *world, struct fw_rule_ids *ids, unsigned int step, bool with_tables)
{
	struct fw_set_change changes[CHANGES * STEPS];
	struct fw_image_input input = {.changes = changes, .tick_ns = 4000000};
	struct fw_list_tables tables = {0}, *asked = with_tables ? &tables : NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {0};
	struct fw_err err = {0};
	int r;

	input.change_count = changes_at(world, step, changes);
	r = fw_image_compile(&world->policy, &input, ids, &diags, &image);
	if (r) {
		cr_assert(diags.count && !strcmp(diags.items[0].code, "too-many-lengths"), "compile: %d %s",
			  r, diags.count ? diags.items[0].message : "");
		fw_diags_done(&diags);
		return false;
	}
	if (asked)
		cr_assert_eq(fw_list_tables_build(image->listed, image->listed_count, asked, &err), 0, "%s",
			     err.text);
	for (size_t i = 0; i < world->all_count; i++)
		check_edges(world, image, asked, world->all[i], step);
	for (unsigned int i = 0; i < PROBES; i++) {
		struct fw_addr addr = random_addr(world);

		check_addr(world, image, asked, &addr, step);
	}
	fw_list_tables_done(&tables);
	fw_image_free(image);
	fw_diags_done(&diags);
	return true;
}

Test(sets_property, ten_thousand_sets)
{
	struct world *world = calloc(1, sizeof(*world));
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	unsigned int skipped = 0;

	cr_assert(world && ids);
	world->state = 0x9e3779b97f4a7c15ULL;
	for (unsigned int i = 0; i < WORLDS; i++) {
		make_world(world);
		skipped += !check_world(world, ids, 0, i % TABLES_EVERY == 0);
	}
	cr_expect_leq(skipped, SKIPPED_MAX, "%u worlds could not be compiled", skipped);
	free(ids);
	free(world);
}

Test(sets_property, changes_come_go_and_expire)
{
	struct world *world = calloc(1, sizeof(*world));
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	unsigned int skipped = 0;

	cr_assert(world && ids);
	world->state = 0x2545f4914f6cdd1dULL;
	for (unsigned int i = 0; i < WORLDS / 5; i++) {
		make_world(world);
		for (unsigned int step = 0; step < STEPS; step++) {
			make_changes(world, step);
			skipped += !check_world(world, ids, step, i % TABLES_EVERY == 0);
		}
		/* All that had an end has ended. */
		skipped += !check_world(world, ids, 2 * STEPS, i % TABLES_EVERY == 0);
	}
	cr_expect_leq(skipped, SKIPPED_MAX * 4 / 5, "%u steps could not be compiled", skipped);
	free(ids);
	free(world);
}
