/* SPDX-License-Identifier: Apache-2.0 */
/* What lists that changed in place must be: the same as compiled anew, and the tables answer like a scan of
 * all prefixes. */
#ifndef FW_TESTS_UNIT_RELIST_MODEL_H
#define FW_TESTS_UNIT_RELIST_MODEL_H

#include "relist_world.h"

#define PROBES 24

static inline bool is_removed(const struct world *world, unsigned int set, const struct fw_addr *addr)
{
	for (size_t i = 0; i < world->input.change_count; i++)
		if (world->changes[i].removed && !strcmp(world->changes[i].set, set_names[set]) &&
		    fw_prefix_contains(&world->changes[i].prefix, addr))
			return true;
	return false;
}

static inline bool own_member(const struct world *world, unsigned int set, const struct fw_addr *addr)
{
	bool member = false;

	for (size_t i = 0; i < world->sets[set].prefix_count && !member; i++)
		member = fw_prefix_contains(&world->prefixes[set][i], addr);
	for (size_t i = 0; i < world->input.change_count; i++)
		if (!strcmp(world->changes[i].set, set_names[set]) &&
		    fw_prefix_contains(&world->changes[i].prefix, addr))
			member = !world->changes[i].removed;
	return member;
}

static inline bool part_member(const struct world *world, const struct fw_feed_part *part,
			       const struct fw_addr *addr)
{
	for (size_t i = 0; i < part->count; i++)
		if (fw_prefix_contains(&part->prefixes[i], addr))
			return !is_removed(world, FEED, addr);
	return false;
}

/* Bits that rules ask for: the first two sets, and the tiers. */
static inline void judge(const struct world *world, const struct fw_addr *addr, uint64_t *ret)
{
	*ret = 0;
	for (unsigned int set = 0; set <= S1; set++)
		if (own_member(world, set, addr))
			fw_bit_set(ret, set);
	for (size_t i = 0; i < world->input.part_count; i++) {
		const struct fw_feed_part *part = &world->parts[i];

		if (part->tier != FW_TIER_NONE && part_member(world, part, addr))
			fw_bit_set(ret, fw_tier_bit(&world->policy, part->tier, part->trial));
	}
}

static inline void check_addr(const struct world *world, const struct fw_addr *addr)
{
	uint16_t class = fw_image_classify(world->image, addr), in_tables = walk(&world->tables, addr);
	char text[FW_ADDR_TEXT_MAX];
	uint64_t want;

	judge(world, addr, &want);
	cr_assert_eq(class, in_tables, "%s: class %u, in the tables %u",
		     fw_addr_format(addr, text, sizeof(text)), class, in_tables);
	cr_assert_eq(world->image->class_sets[class][0], want, "%s: in %lx, expected %lx",
		     fw_addr_format(addr, text, sizeof(text)),
		     (unsigned long)world->image->class_sets[class][0], (unsigned long)want);
}

/* Its own ends, and one address beyond each. */
static inline void check_edges(const struct world *world, const struct fw_prefix *prefix)
{
	struct fw_addr mask = fw_mask(prefix->bits), at[4] = {prefix->addr, prefix->addr};

	for (int i = 0; i < 4; i++)
		at[1].w[i] |= ~mask.w[i];
	for (int end = 0; end < 2; end++) {
		unsigned char *byte = (unsigned char *)&at[2 + end];

		at[2 + end] = at[end];
		for (int i = 15; i >= 0; i--)
			if (end ? ++byte[i] : byte[i]--)
				break;
	}
	for (int i = 0; i < 4; i++)
		check_addr(world, &at[i]);
}

static inline void check_all(struct world *world)
{
	for (unsigned int set = 0; set < SETS; set++)
		if (world->sets[set].prefix_count)
			check_edges(
				world,
				&world->prefixes[set][roll(world, (uint32_t)world->sets[set].prefix_count)]);
	for (size_t i = 0; i < world->input.change_count; i++)
		check_edges(world, &world->changes[i].prefix);
	for (size_t i = 0; i < world->input.part_count; i++)
		if (world->parts[i].count)
			check_edges(world,
				    &world->parts[i].prefixes[roll(world, (uint32_t)world->parts[i].count)]);
	for (int i = 0; i < PROBES; i++) {
		struct fw_addr addr = random_addr(world);

		check_addr(world, &addr);
	}
}

/* Numbers of classes differ, what they mean does not. */
static inline void check_like_new(struct world *world)
{
	struct fw_image *fresh = compile(world), *image = world->image;
	const size_t sets = SETS * sizeof(uint64_t);

	cr_assert_eq(image->listed_count, fresh->listed_count);
	for (size_t i = 0; i < fresh->listed_count; i++) {
		const struct fw_listed *line = &image->listed[i], *want = &fresh->listed[i];

		cr_assert_eq(fw_prefix_compare(&line->prefix, &want->prefix), 0, "line %zu", i);
		cr_assert_eq(line->inside, want->inside, "line %zu in %u, expected %u", i, line->inside,
			     want->inside);
		cr_assert_lt(line->list_class, image->class_count);
		cr_assert_eq(image->class_sets[line->list_class][0], fresh->class_sets[want->list_class][0]);
		cr_assert_eq(memcmp(&image->classes[line->list_class], &fresh->classes[want->list_class],
				    sizeof(*image->classes)),
			     0, "line %zu: another class", i);
	}
	cr_assert_eq(memcmp(image->set_prefixes4, fresh->set_prefixes4, sets), 0);
	cr_assert_eq(memcmp(image->set_prefixes6, fresh->set_prefixes6, sets), 0);
	cr_assert_eq(image->trial_sets[0], fresh->trial_sets[0]);
	cr_assert_eq(image->prefixes_read, fresh->prefixes_read);
	cr_assert_eq(image->memory_bytes, fresh->memory_bytes);
	fw_image_free(fresh);
}

#endif
