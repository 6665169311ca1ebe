// SPDX-License-Identifier: Apache-2.0
/* Merged lists against brute force: an address is in a set exactly when one of the set's prefixes contains
 * it. */
#include <stdio.h>
#include <stdlib.h>

#include "policy/image.h"
#include "policy/lists.h"
#include "random_prefixes.h"

#define SETS 5

struct fixture {
	struct fw_policy policy;
	struct fw_set sets[SETS];
	struct fw_policy_rule rules[SETS];
	unsigned int refs[SETS];
	char names[SETS][8];
	struct fw_prefix prefixes[SETS][PREFIXES];
};

/* Rule i asks for set i; the last set is named by no rule. */
static void fill(struct fixture *f, uint64_t *state)
{
	memset(f, 0, sizeof(*f));
	for (unsigned int i = 0; i < SETS; i++) {
		snprintf(f->names[i], sizeof(f->names[i]), "s%u", i);
		f->refs[i] = i;
		f->sets[i] = (struct fw_set){.name = f->names[i], .prefixes = f->prefixes[i]};
		f->sets[i].prefix_count = random_next(state) % (PREFIXES + 1);
		for (size_t j = 0; j < f->sets[i].prefix_count; j++)
			f->prefixes[i][j] = random_prefix(state);
		f->rules[i] = (struct fw_policy_rule){.name = f->names[i],
						      .prefix4 = 32,
						      .prefix6 = 64,
						      .mode = FW_MODE_INHERIT,
						      .action = FW_ACTION_COUNT,
						      .match.source = {&f->refs[i], 1}};
	}
	f->policy = (struct fw_policy){.sets = f->sets,
				       .set_count = SETS,
				       .rules = f->rules,
				       .rule_count = SETS - 1,
				       .capacity = {1024, 1024, 100000}};
}

static struct fw_image *compile(const struct fw_policy *policy, const struct fw_set_change *changes,
				size_t count)
{
	static struct fw_rule_ids ids;
	struct fw_diags diags = {0};
	struct fw_image *image = NULL;
	int r = fw_image_compile(
		policy,
		&(struct fw_image_input){.changes = changes, .change_count = count, .tick_ns = 4000000}, &ids,
		&diags, &image);

	cr_assert_eq(r, 0, "compile: %d %s", r, diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return image;
}

static void check_structure(const struct fw_image *image)
{
	for (size_t i = 0; i < image->listed_count; i++) {
		const struct fw_listed *line = &image->listed[i];
		uint16_t around = line->inside ? image->listed[line->inside - 1].list_class : 0;
		/* All of IPv4 is said even if ::/0 is the same: the packet path asks the families separately.
		 */
		bool is_boundary = fw_addr_is_v4(&line->prefix.addr) && line->prefix.bits == 96;

		cr_assert(is_boundary || line->list_class != around,
			  "line %zu says what the line around it says", i);
		cr_assert_lt(line->list_class, image->class_count);
		cr_assert(!i || fw_prefix_compare(&image->listed[i - 1].prefix, &line->prefix) < 0,
			  "line %zu out of order", i);
		cr_assert(line->inside <= i, "line %zu inside a later one", i);
	}
}

Test(lists, classify_agrees_with_brute_force)
{
	uint64_t state = 0x1234567;

	for (unsigned int round = 0; round < 120; round++) {
		struct fixture f;
		struct fw_image *image;

		fill(&f, &state);
		image = compile(&f.policy, NULL, 0);
		check_structure(image);
		for (unsigned int probe = 0; probe < PROBES; probe++) {
			struct fw_addr addr = random_addr(&state);
			uint16_t class = fw_image_classify(image, &addr);

			for (unsigned int i = 0; i < SETS; i++) {
				bool want = i < SETS - 1 &&
					    in_prefixes(f.sets[i].prefixes, f.sets[i].prefix_count, &addr);
				char text[FW_ADDR_TEXT_MAX];

				cr_assert_eq(fw_bit_test(image->class_sets[class], i), want,
					     "round %u: set %u and %s, want %d", round, i,
					     fw_addr_format(&addr, text, sizeof(text)), want);
				if (i < SETS - 1)
					cr_assert_eq(image->classes[class].source_terms >> i & 1, want);
			}
		}
		fw_image_free(image);
	}
}

static bool meets(const struct fixture *f, unsigned int set, const struct fw_prefix *prefix)
{
	for (size_t i = 0; i < f->sets[set].prefix_count; i++)
		if (fw_prefix_overlaps(&f->prefixes[set][i], prefix))
			return true;
	return false;
}

Test(lists, what_meets_a_prefix_is_found)
{
	uint64_t state = 0x2468ace;

	for (unsigned int round = 0; round < 120; round++) {
		struct fixture f;
		struct fw_image *image;

		fill(&f, &state);
		image = compile(&f.policy, NULL, 0);
		for (unsigned int probe = 0; probe < PROBES; probe++) {
			const struct fw_prefix prefix = random_prefix(&state);

			for (unsigned int i = 0; i < SETS; i++) {
				const struct fw_prefix *found[2];
				size_t count = fw_members_meet(&image->truth->members, i, &prefix, found, 2);
				char text[FW_ADDR_TEXT_MAX];

				cr_assert_eq(count != 0, meets(&f, i, &prefix), "round %u: set %u and %s",
					     round, i, fw_prefix_format(&prefix, text, sizeof(text)));
				cr_assert(!count || fw_prefix_overlaps(found[0], &prefix));
				cr_assert(count < 2 || (fw_prefix_overlaps(found[1], &prefix) &&
							!fw_prefix_overlaps(found[0], found[1])));
			}
		}
		fw_image_free(image);
	}
}

Test(lists, live_changes_come_and_go)
{
	uint64_t state = 0x7654321;

	for (unsigned int round = 0; round < 80; round++) {
		struct fw_set_change changes[8] = {0};
		struct fixture f;
		struct fw_image *image;

		fill(&f, &state);
		for (size_t i = 0; i < 8; i++) {
			snprintf(changes[i].set, sizeof(changes[i].set), "s%u",
				 random_next(&state) % (SETS - 1));
			changes[i].prefix = random_prefix(&state);
			/* What is cut out of a short IPv6 prefix leaves more lengths than a list may have. */
			changes[i].removed =
				fw_addr_is_v4(&changes[i].prefix.addr) && random_next(&state) % 3;
		}
		image = compile(&f.policy, changes, 8);
		check_structure(image);
		for (unsigned int probe = 0; probe < PROBES; probe++) {
			struct fw_addr addr = random_addr(&state);
			uint16_t class = fw_image_classify(image, &addr);

			for (unsigned int i = 0; i < SETS - 1; i++) {
				bool want = in_prefixes(f.sets[i].prefixes, f.sets[i].prefix_count, &addr);

				/* The last word about an address counts. */
				for (size_t j = 0; j < 8; j++)
					if (!strcmp(changes[j].set, f.names[i]) &&
					    fw_prefix_contains(&changes[j].prefix, &addr))
						want = !changes[j].removed;
				cr_assert_eq(fw_bit_test(image->class_sets[class], i), want, "round %u",
					     round);
			}
		}
		fw_image_free(image);
	}
}

Test(lists, sets_that_no_rule_names_split_nothing)
{
	uint64_t state = 99;
	struct fixture f;
	struct fw_image *image;

	fill(&f, &state);
	f.policy.rule_count = 0;
	image = compile(&f.policy, NULL, 0);
	cr_expect_eq(image->class_count, 1);
	cr_expect_eq(image->listed_count, 0);
	fw_image_free(image);
}

Test(lists, ipv4_inherits_nothing_from_ipv6)
{
	struct fw_prefix everything[] = {prefix_of("::/0")}, v4 = prefix_of("192.0.2.1"),
			 v6 = prefix_of("2001:db8::1");
	uint64_t state = 5;
	struct fixture f;
	struct fw_image *image;

	fill(&f, &state);
	f.policy.rule_count = 1;
	f.sets[0].prefixes = everything;
	f.sets[0].prefix_count = 1;
	image = compile(&f.policy, NULL, 0);
	cr_expect_eq(fw_image_classify(image, &v4.addr), 0);
	cr_expect_eq(fw_image_classify(image, &v6.addr), 1);
	cr_expect_eq(image->listed_count, 2);
	fw_image_free(image);
}

Test(lists, never_block_marks_its_classes)
{
	struct fw_prefix office[] = {prefix_of("192.0.2.0/24")}, inside = prefix_of("192.0.2.7");
	uint64_t state = 5;
	struct fixture f;
	struct fw_image *image;

	fill(&f, &state);
	f.policy.rule_count = 0;
	f.sets[0].prefixes = office;
	f.sets[0].prefix_count = 1;
	f.policy.never_block = (struct fw_set_refs){&f.refs[0], 1};
	image = compile(&f.policy, NULL, 0);
	cr_expect_eq(image->classes[fw_image_classify(image, &inside.addr)].flags, FW_CLASS_NEVER_BLOCK);
	cr_expect_eq(image->classes[0].flags, 0);
	cr_expect_eq(image->set_prefixes4[0], 1);
	fw_image_free(image);
}

Test(lists, same_lists_are_recognized)
{
	uint64_t state = 17;
	struct fixture f;
	struct fw_image *a, *b;

	fill(&f, &state);
	f.prefixes[0][0] = prefix_of("192.0.2.0/24");
	f.sets[0].prefix_count = 1;
	a = compile(&f.policy, NULL, 0);
	b = compile(&f.policy, NULL, 0);
	cr_expect(fw_image_same_lists(a, b));
	fw_image_free(b);
	f.prefixes[0][0] = prefix_of("198.51.100.0/24");
	b = compile(&f.policy, NULL, 0);
	cr_expect(!fw_image_same_lists(a, b));
	fw_image_free(a);
	fw_image_free(b);
}

/* tune compiles the rules alone. The images may go in any order. */
Test(lists, rules_compiled_anew_share_the_lists)
{
	static struct fw_rule_ids ids;
	struct fw_diags diags = {0};
	uint64_t state = 42;
	struct fixture f;
	struct fw_image *full, *tuned = NULL, *again = NULL;

	fill(&f, &state);
	f.prefixes[0][0] = prefix_of("192.0.2.0/24");
	f.sets[0].prefix_count = 1;
	full = compile(&f.policy, NULL, 0);
	f.rules[0].limit = (struct fw_limit){10, FW_UNIT_PACKETS, 1000000000};
	cr_assert_eq(fw_image_compile_rules(&f.policy, full, &ids, 0, &diags, &tuned), 0);
	cr_assert_eq(fw_image_compile_rules(&f.policy, tuned, &ids, 0, &diags, &again), 0);
	cr_expect(fw_image_same_lists(full, tuned));
	fw_image_free(full);
	cr_expect_eq(tuned->slot->rules[0].limit, 10);
	cr_expect_eq(tuned->meters_worst, 1);
	fw_image_free(tuned);
	for (unsigned int probe = 0; probe < PROBES; probe++) {
		struct fw_addr addr = random_addr(&state);
		uint16_t class = fw_image_classify(again, &addr);

		for (unsigned int i = 0; i < SETS - 1; i++)
			cr_assert_eq(again->classes[class].source_terms >> i & 1,
				     in_prefixes(f.sets[i].prefixes, f.sets[i].prefix_count, &addr));
	}
	fw_image_free(again);
	fw_diags_done(&diags);
}
