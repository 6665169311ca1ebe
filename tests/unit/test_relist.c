// SPDX-License-Identifier: Apache-2.0
/* Lists changed in place: after every step the same as compiled anew, and the tables answer like a scan of
 * all prefixes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "policy/lists.h"
#include "policy/memory.h"
#include "policy/prefixes.h"
#include "walk.h"

enum { S0, S1, UNNAMED, FEED, SETS };

#define PER_SET	 40
#define CHANGES	 24
#define PARTS	 FW_TIER_MAX_
#define PER_PART 30
#define WORLDS	 40
#define STEPS	 250
#define PROBES	 24

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

static uint32_t roll(struct world *world, uint32_t below)
{
	world->state ^= world->state << 13;
	world->state ^= world->state >> 7;
	world->state ^= world->state << 17;
	return (uint32_t)(world->state >> 16) % below;
}

/* Few places, so that prefixes nest and touch; the ends of both families among them. */
static struct fw_addr random_addr(struct world *world)
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

static struct fw_prefix random_prefix(struct world *world)
{
	struct fw_addr addr = random_addr(world);
	unsigned int bits = fw_addr_is_v4(&addr) ? FW_V4_BITS + 14 + roll(world, 19)
			    : roll(world, 4)	 ? 40 + roll(world, 6) * 8
						 : 32 + roll(world, 97);

	if (!roll(world, 60)) /* too short to be changed in place */
		bits = fw_addr_is_v4(&addr) ? FW_V4_BITS + roll(world, 8) : roll(world, 32);
	return (struct fw_prefix){fw_addr_masked(&addr, bits), (unsigned char)bits};
}

static void open_world(struct world *world)
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

static bool is_removed(const struct world *world, unsigned int set, const struct fw_addr *addr)
{
	for (size_t i = 0; i < world->input.change_count; i++)
		if (world->changes[i].removed && !strcmp(world->changes[i].set, set_names[set]) &&
		    fw_prefix_contains(&world->changes[i].prefix, addr))
			return true;
	return false;
}

static bool own_member(const struct world *world, unsigned int set, const struct fw_addr *addr)
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

static bool part_member(const struct world *world, const struct fw_feed_part *part,
			const struct fw_addr *addr)
{
	for (size_t i = 0; i < part->count; i++)
		if (fw_prefix_contains(&part->prefixes[i], addr))
			return !is_removed(world, FEED, addr);
	return false;
}

/* Bits that rules ask for: the first two sets, and the tiers. */
static void judge(const struct world *world, const struct fw_addr *addr, uint64_t *ret)
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

static void check_addr(const struct world *world, const struct fw_addr *addr)
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
static void check_edges(const struct world *world, const struct fw_prefix *prefix)
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

static void check_all(struct world *world)
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

static struct fw_image *compile(struct world *world)
{
	struct fw_diags diags = {0};
	struct fw_image *image = NULL;
	int r = fw_image_compile(&world->policy, &world->input, &world->ids, &diags, &image);

	cr_assert_eq(r, 0, "compile: %d %s", r, diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return image;
}

static void lay_out(struct world *world)
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
static int patch(struct fw_list_tables *tables, const struct fw_list_delta *delta)
{
	int r = fw_list_tables_patch(tables, delta->regions, delta->count);

	for (size_t i = 0; i < delta->count && !r; i++)
		if (fw_prefix_family(&delta->regions[i].prefix) == FW_FAMILY_V6)
			fw_list_tables_sweep6(tables, &delta->regions[i]);
	return r;
}

/* What the agent does with a change. */
static void follow(struct world *world)
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

/* Numbers of classes differ, what they mean does not. */
static void check_like_new(struct world *world)
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

static struct world *new_world(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	cr_assert(world);
	world->state = seed;
	return world;
}

static void close_world(struct world *world)
{
	walk_free(&world->tables);
	fw_image_free(world->image);
	world->image = NULL;
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

static struct fw_prefix prefix_of(const char *text)
{
	struct fw_prefix prefix = {0};

	cr_assert_eq(fw_prefix_parse(text, &prefix, NULL), 0, "%s", text);
	return prefix;
}

static void add(struct world *world, unsigned int set, const char *prefix, bool removed)
{
	struct fw_set_change *change = &world->changes[world->input.change_count++];

	*change = (struct fw_set_change){.prefix = prefix_of(prefix), .removed = removed};
	snprintf(change->set, sizeof(change->set), "%s", set_names[set]);
}

/* Sets without members but those in a row. */
static struct world *empty_world(void)
{
	struct world *world = new_world(1);

	open_world(world);
	for (unsigned int set = 0; set < SETS; set++)
		world->sets[set].prefix_count = 0;
	return world;
}

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

Test(relist, rows_in_place)
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
Test(relist, a_part_that_goes_takes_its_tier_along)
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
Test(relist, many_lengths_in_one_slash32)
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

/* Runs are written behind the last one until there is no room: then the tables are laid out anew. */
Test(relist, room_ends_and_comes_back)
{
	struct world *world = empty_world();
	unsigned int steps = 0;

	add(world, S1, "10.0.0.0/16", false); /* around it: a run */
	world->image = compile(world);
	lay_out(world);
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
Test(relist, refused_changes_leave_nothing)
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

/* Both halves, their whole, and what is inside: an address of the last stays listed all the time. */
static const char *const dance[] = {"2001:db8:1::/48",	      "2001:db8::/48",	 "2001:db8::/33",
				    "2001:db8:8000::/33",     "2001:db8::/64",	 "2001:db8:0:1::/64",
				    "2001:db8:0:0:8000::/65", "2001:db8::8/125", "2001:db8:0:0:1::/80"};
struct watch {
	struct fw_list_tables *tables;
	struct fw_addr addr4, addr6;
	uint64_t rounds;
	unsigned long missed;
	bool over;
};

static void *look_on(void *data)
{
	struct watch *watch = data;

	while (!__atomic_load_n(&watch->over, __ATOMIC_ACQUIRE)) {
		watch->missed += !walk(watch->tables, &watch->addr4) + !walk(watch->tables, &watch->addr6);
		__atomic_fetch_add(&watch->rounds, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

static void grace(const struct watch *watch)
{
	uint64_t now = __atomic_load_n(&watch->rounds, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&watch->rounds, __ATOMIC_ACQUIRE) < now + 2)
		;
}

/* A thread stands for the packets: what is listed before and after must be found at every moment between. */
Test(relist, packets_look_on, .timeout = 1800)
{
	struct world *world = empty_world();
	struct watch watch = {.tables = &world->tables};
	pthread_t thread;

	add(world, S0, "2001:db8::7", false);
	add(world, S0, "10.0.0.7", false);
	watch.addr6 = world->changes[0].prefix.addr;
	watch.addr4 = world->changes[1].prefix.addr;
	world->image = compile(world);
	lay_out(world);
	cr_assert_eq(pthread_create(&thread, NULL, look_on, &watch), 0);
	for (unsigned int step = 0; step < 4000; step++) {
		struct fw_list_delta delta = {0};
		struct fw_diags diags = {0};
		int r;

		world->input.change_count = 2;
		add(world, roll(world, 2), dance[roll(world, sizeof(dance) / sizeof(dance[0]))], false);
		add(world, roll(world, 2), roll(world, 2) ? "10.0.0.6" : "10.0.0.0/28", false);
		if (step % 3)
			add(world, roll(world, 2), dance[roll(world, sizeof(dance) / sizeof(dance[0]))],
			    false);
		cr_assert_eq(fw_image_change(&world->policy, &world->input, world->image, &diags, &delta), 0);
		r = fw_list_tables_patch(&world->tables, delta.regions, delta.count);
		grace(&watch);
		for (size_t i = 0; i < delta.count && !r; i++)
			if (fw_prefix_family(&delta.regions[i].prefix) == FW_FAMILY_V6)
				fw_list_tables_sweep6(&world->tables, &delta.regions[i]);
		grace(&watch);
		fw_list_delta_done(&delta);
		fw_diags_done(&diags);
		if (r) /* full: enough seen */
			break;
		world->in_place++;
	}
	__atomic_store_n(&watch.over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	cr_expect_gt(world->in_place, 500, "full after %u", world->in_place);
	cr_expect_eq(watch.missed, 0, "%lu of %lu looks missed", watch.missed, (unsigned long)watch.rounds);
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
Test(relist, announced_memory_is_enough_for_adversaries)
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
