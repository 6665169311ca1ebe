// SPDX-License-Identifier: Apache-2.0
/* Lists as the packet path answers them: random overlapping sets of both families against a scan of every
 * prefix. */
#include "lab.h"

#include "lib/cleanup.h"
#include "policy/lists.h"
#include "policy/prefixes.h"

#define SETS	  3
#define PER_SET	  40
#define POLICIES  60
#define ADDRESSES 400
#define CHANGES	  16
#define PER_PART  20
#define STEPS	  150
#define WORLDS	  4

struct world {
	struct fw_prefix prefixes[SETS][PER_SET];
	uint64_t state;
	struct fw_policy *policy; /* while it is changed in place */
	struct fw_set_change changes[CHANGES];
	struct fw_prefix part_prefixes[PER_PART];
	struct fw_feed_part part; /* of the last set */
	struct fw_image_input input;
	unsigned int in_place, too_much, full;
};

static uint32_t roll(struct world *world, uint32_t below)
{
	world->state = world->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(world->state >> 33) % below;
}

/* Few distinct bytes in the first places, so that prefixes nest and collide; all lengths, 0 included. */
static struct fw_addr random_addr(struct world *world, bool v4)
{
	struct fw_addr addr = {};
	unsigned char *bytes = (unsigned char *)&addr;

	for (int i = 0; i < 16; i++)
		bytes[i] = roll(world, 3) ? (unsigned char)roll(world, 3) : (unsigned char)roll(world, 256);
	if (v4) {
		memset(bytes, 0, 10);
		bytes[10] = bytes[11] = 255;
	} else {
		bytes[0] = 0x20;
	}
	return addr;
}

static struct fw_prefix random_prefix(struct world *world)
{
	static const unsigned char lengths6[] = {16, 19, 24, 29, 32, 33, 40, 48, 56, 64, 96, 127, 128};
	bool v4 = roll(world, 2);
	struct fw_prefix prefix = {.addr = random_addr(world, v4)};

	prefix.bits =
		v4 ? (unsigned char)(FW_V4_BITS + (roll(world, 8) ? 8 + roll(world, 25) : roll(world, 33)))
		: roll(world, 40) ? lengths6[roll(world, sizeof(lengths6))]
				  : (unsigned char)roll(world, 16);
	prefix.addr = fw_addr_masked(&prefix.addr, prefix.bits);
	return prefix;
}

static char *policy_text(struct world *world)
{
	char *text = NULL, word[FW_ADDR_TEXT_MAX];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fputs("version: 1\ncapacity: {sources: 4096, bans: 1024}\nsets:\n", out);
	for (int set = 0; set < SETS; set++) {
		fprintf(out, "  s%d:\n    entries:\n", set);
		for (int i = 0; i < PER_SET; i++) {
			world->prefixes[set][i] = random_prefix(world);
			fprintf(out, "      - \"%s\"\n",
				fw_prefix_format(&world->prefixes[set][i], word, sizeof(word)));
		}
	}
	fputs("rules:\n", out);
	for (int set = 0; set < SETS; set++)
		fprintf(out, "  - {name: r%d, match: {source: [s%d]}, action: block, force: true}\n", set,
			set);
	fputs("  - {name: outside, match: {source_not: [s0, s1, s2]}, action: allow}\n", out);
	fclose(out);
	return text;
}

static bool covers(const struct fw_prefix *prefix, const struct fw_addr *addr)
{
	return fw_addr_is_v4(addr) == (prefix->bits >= FW_V4_BITS && fw_addr_is_v4(&prefix->addr)) &&
	       fw_prefix_contains(prefix, addr);
}

static bool is_member(const struct world *world, int set, const struct fw_addr *addr)
{
	bool own = false, listed = false;

	for (int i = 0; i < PER_SET && !own; i++)
		own = covers(&world->prefixes[set][i], addr);
	for (size_t i = 0; set == SETS - 1 && i < world->input.part_count * world->part.count && !listed; i++)
		listed = covers(&world->part_prefixes[i], addr);
	for (size_t i = 0; i < world->input.change_count; i++) {
		const struct fw_set_change *change = &world->changes[i];

		if (change->set[1] - '0' != set || !covers(&change->prefix, addr))
			continue;
		own = !change->removed;
		listed = listed && !change->removed; /* out of a feed, whatever comes later */
	}
	return own || listed;
}

static int expected_set(const struct world *world, const struct fw_addr *addr)
{
	for (int set = 0; set < SETS; set++)
		if (is_member(world, set, addr))
			return set;
	return -1;
}

/* Half of the addresses lie in or right beside a listed prefix. */
static struct fw_addr probe(struct world *world)
{
	size_t changes = world->input.change_count;
	struct fw_prefix *near = changes && roll(world, 2)
					 ? &world->changes[roll(world, (uint32_t)changes)].prefix
					 : &world->prefixes[roll(world, SETS)][roll(world, PER_SET)];
	struct fw_addr addr = random_addr(world, roll(world, 2)), mask = fw_mask(near->bits);

	if (roll(world, 2))
		return addr;
	for (int i = 0; i < 4; i++)
		addr.w[i] = (near->addr.w[i] & mask.w[i]) | (addr.w[i] & ~mask.w[i]);
	if (near->bits && !roll(world, 3))
		((unsigned char *)&addr)[(near->bits - 1) / 8] ^=
			(unsigned char)(0x80 >> (near->bits - 1) % 8);
	return addr;
}

static void check_address(struct lab *lab, const struct world *world, const struct fw_addr *addr)
{
	char text[FW_ADDR_TEXT_MAX], rule[8];
	int set = expected_set(world, addr);

	if (!fw_addr_is_v4(addr) && !addr->w[0] && !addr->w[1])
		return;
	cr_assert_eq(fw_bit_test(lab->image->class_sets[fw_image_classify(lab->image, addr)],
				 set < 0 ? 0 : (unsigned int)set),
		     set >= 0);
	fw_addr_format(addr, text, sizeof(text));
	snprintf(rule, sizeof(rule), "r%d", set);
	if (set < 0)
		expect_rule(lab, FW_REASON_RULE_ALLOW, "outside", PACKET(.from = text));
	else
		expect_rule(lab, FW_REASON_RULE_BLOCK, rule, PACKET(.from = text));
}

Test(lists, answer_like_a_scan_of_every_prefix, .timeout = 1800)
{
	struct world world = {.state = 20261123};
	struct lab lab;

	lab_open(&lab, NULL);
	for (int i = 0; i < POLICIES; i++) {
		char *text = policy_text(&world);

		lab_publish(&lab, text);
		for (int j = 0; j < ADDRESSES; j++) {
			struct fw_addr addr = probe(&world);

			check_address(&lab, &world, &addr);
		}
		free(text);
	}
	lab_close(&lab);
}

static void keep_policy(struct world *world)
{
	FW_FREE char *text = policy_text(world);
	struct fw_diags diags = {0};

	cr_assert_eq(fw_policy_parse(text, strlen(text), "test.yaml", "/", &diags, &world->policy), 0);
	world->policy->sets[SETS - 1].kind = FW_SET_FEED;
	world->part = (struct fw_feed_part){.feed = "s2", .prefixes = world->part_prefixes};
	world->input = (struct fw_image_input){.changes = world->changes, .parts = &world->part};
	fw_diags_done(&diags);
}

static void publish_anew(struct lab *lab, struct world *world)
{
	struct fw_diags diags = {0};

	fw_image_free(lab->image);
	lab->image = NULL;
	cr_assert_eq(fw_image_compile(world->policy, &world->input, &lab->ids, &diags, &lab->image), 0);
	fw_diags_done(&diags);
	lab_put(lab, true);
}

/* As the agent does it. */
static void follow(struct lab *lab, struct world *world)
{
	struct fw_list_delta delta = {0};
	struct fw_diags diags = {0};
	struct fw_err err = {0};
	int r = fw_image_change(world->policy, &world->input, lab->image, &diags, &delta);

	cr_assert(!r || r == -EAGAIN, "change: %d", r);
	world->too_much += r != 0;
	if (r) {
		publish_anew(lab, world);
	} else {
		r = fw_publish_change(lab->datapath, lab->image, &delta, &err);
		cr_assert(!r || r == -ENOSPC, "publish: %d %s", r, err.text);
		world->in_place += r == 0;
		world->full += r != 0;
		if (r)
			lab_put(lab, true);
	}
	fw_list_delta_done(&delta);
	fw_diags_done(&diags);
}

static void change_something(struct world *world)
{
	struct fw_prefix prefix = random_prefix(world);
	size_t *count = &world->input.change_count;
	struct fw_set_change *change;

	/* Too short ones are known to need the whole way: the other test has them. */
	while (prefix.bits < (fw_addr_is_v4(&prefix.addr) ? FW_V4_BITS + 12 : 32))
		prefix = random_prefix(world);
	if (!roll(world, 4)) { /* a feed comes, changes, goes */
		world->input.part_count = roll(world, 5) != 0;
		world->part_prefixes[roll(world, PER_PART)] = prefix;
		world->part.count = fw_prefixes_normalize(world->part_prefixes, PER_PART);
		return;
	}
	if (*count == CHANGES || (*count && !roll(world, 4))) { /* expires */
		size_t gone = roll(world, (uint32_t)*count);

		memmove(&world->changes[gone], &world->changes[gone + 1],
			(--*count - gone) * sizeof(*world->changes));
	}
	change = &world->changes[(*count)++];
	*change = (struct fw_set_change){.prefix = prefix, .removed = !roll(world, 3)};
	snprintf(change->set, sizeof(change->set), "s%u", roll(world, SETS));
}

Test(lists, changed_in_place_answer_like_a_scan, .timeout = 1800)
{
	struct world world = {.state = 20261125};
	struct lab lab;

	lab_open(&lab, NULL);
	for (int i = 0; i < WORLDS; i++) {
		keep_policy(&world);
		for (int j = 0; j < PER_PART; j++) {
			do
				world.part_prefixes[j] = random_prefix(&world);
			while (world.part_prefixes[j].bits < 32);
		}
		publish_anew(&lab, &world);
		for (int step = 0; step < STEPS; step++) {
			change_something(&world);
			follow(&lab, &world);
			for (int j = 0; j < 60; j++) {
				struct fw_addr addr = probe(&world);

				check_address(&lab, &world, &addr);
			}
		}
		fw_policy_free(world.policy);
	}
	cr_expect_gt(world.in_place, WORLDS * STEPS * 2 / 3,
		     "%u in place, %u compiled anew, %u laid out anew", world.in_place, world.too_much,
		     world.full);
	lab_close(&lab);
}

/* A /18 that something surrounds gets another run with each change, until the room for them is used up. */
Test(lists, full_tables_are_laid_out_anew)
{
	struct world world = {.state = 7};
	unsigned int steps = 0;
	struct lab lab;

	lab_open(&lab, NULL);
	keep_policy(&world);
	for (int set = 0; set < 2; set++)
		world.policy->sets[set].prefix_count = 0,
		memset(world.prefixes[set], 255, sizeof(world.prefixes[set]));
	world.policy->sets[0].prefixes[0] = world.prefixes[0][0] = lab_prefix("10.9.0.0/16");
	world.policy->sets[0].prefix_count = 1;
	publish_anew(&lab, &world);
	world.changes[0] = (struct fw_set_change){.set = "s1", .prefix = lab_prefix("10.9.0.7")};
	world.changes[1] =
		(struct fw_set_change){.set = "s0", .prefix = lab_prefix("10.9.1.0/24"), .removed = true};
	for (; world.full < 2 && steps < 50000; steps++) {
		struct fw_addr inside = lab_addr("10.9.1.1");

		world.input.change_count = 1 + steps % 2;
		follow(&lab, &world);
		check_address(&lab, &world, &inside);
	}
	cr_expect_eq(world.full, 2, "no end after %u steps", steps);
	fw_policy_free(world.policy);
	lab_close(&lab);
}
