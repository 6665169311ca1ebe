// SPDX-License-Identifier: Apache-2.0
/* What check promises beside a flood, compared with the rules of the packet path played through. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admission.h"

#define UNIT (1ULL << FW_KNOWN_TIME_SHIFT)

/* One bucket as known_turn_away() keeps it, with tags as numbers: 1 is the key, the crowd has each its own.
 */
struct bucket {
	unsigned int fast[FW_KNOWN_FAST], slow[FW_KNOWN_SLOW], next_fast, next_slow;
	uint64_t unit;
};

static bool has(const struct bucket *bucket, unsigned int tag)
{
	for (size_t i = 0; i < FW_KNOWN_FAST; i++)
		if (bucket->fast[i] == tag)
			return true;
	for (size_t i = 0; i < FW_KNOWN_SLOW; i++)
		if (bucket->slow[i] == tag)
			return true;
	return false;
}

/* A bucket's packets are a random sample of a CPU's. */
static void turn_away(struct bucket *bucket, unsigned int tag, uint64_t now)
{
	unsigned int count = (unsigned int)rand();

	if (count % FW_GATE_CANDIDATE_PACKETS)
		return;
	if ((now >> FW_KNOWN_TIME_SHIFT) - bucket->unit < FW_GATE_CANDIDATE_UNITS)
		return;
	if (count / FW_GATE_CANDIDATE_PACKETS % FW_KNOWN_SLOW_SHARE)
		bucket->fast[bucket->next_fast++ % FW_KNOWN_FAST] = tag;
	else
		bucket->slow[bucket->next_slow++ % FW_KNOWN_SLOW] = tag;
	bucket->unit = now >> FW_KNOWN_TIME_SHIFT;
}

/* Is a key with twice the limit, evenly sent, over it within the window? */
static bool is_caught(double flood, uint64_t limit, uint64_t window_ns)
{
	double gap = (double)FW_NS_PER_SEC * FW_KNOWN_BUCKETS / flood, now = (double)(UNIT * 100), due;
	struct bucket bucket = {.unit = 0};
	unsigned int stranger = 2;

	for (double end = now + (double)(UNIT * 80) + rand() % 1000000; now < end; now += gap * 2 * drand48())
		turn_away(&bucket, stranger++, (uint64_t)now);
	for (uint64_t sent = 1; sent <= limit + 1; sent++) {
		if (has(&bucket, 1))
			return sent + limit <= 2 * limit;
		turn_away(&bucket, 1, (uint64_t)now);
		due = now + (double)window_ns / (2 * (double)limit);
		for (; now < due; now += gap * 2 * drand48())
			turn_away(&bucket, stranger++, (uint64_t)now);
	}
	return false;
}

static void holds(double flood, uint64_t window_ns)
{
	uint64_t least = fw_admission_least(flood, window_ns);
	unsigned int caught = 0, below = 0, turns = 2000;

	srand(4711);
	srand48(4711);
	for (unsigned int i = 0; i < turns; i++) {
		caught += is_caught(flood, least, window_ns);
		below += is_caught(flood, least / 4 + 1, window_ns);
	}
	cr_expect_geq(caught, turns * 98 / 100, "%.0f packets/s, %lu in %lu s: caught %u of %u", flood,
		      (unsigned long)least, (unsigned long)(window_ns / FW_NS_PER_SEC), caught, turns);
	cr_expect_lt(below, turns * 95 / 100, "a quarter of it is not so sure: %u of %u", below, turns);
}

Test(admission, the_promise_is_what_the_rules_of_candidates_give)
{
	static const double floods[] = {1e6, 6.6e6, 1e7, 3e7};
	static const uint64_t windows[] = {1, 10, 300};

	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++)
		for (size_t j = 0; j < sizeof(windows) / sizeof(windows[0]); j++)
			holds(floods[i], windows[j] * FW_NS_PER_SEC);
}

Test(admission, more_flood_or_a_longer_window_asks_for_a_larger_limit)
{
	uint64_t before = 0;

	for (double flood = 1e5; flood < 1e9; flood *= 2) {
		uint64_t least = fw_admission_least(flood, FW_NS_PER_SEC);

		cr_expect_geq(least, before);
		cr_expect_leq(least, fw_admission_least(flood, 3600 * FW_NS_PER_SEC));
		before = least;
	}
}

static size_t notes(const char *rules, uint64_t flood)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	char text[512];
	size_t count = 0;

	snprintf(text, sizeof(text), "version: 1\nrules: [%s]\n", rules);
	cr_assert_eq(fw_policy_parse(text, strlen(text), "test.yaml", "/", &diags, &policy), 0);
	cr_assert_eq(fw_image_compile(policy, NULL, ids, &diags, &image), 0);
	fw_admission_check(policy, image, flood, &diags);
	for (size_t i = 0; i < diags.count; i++)
		count += !strcmp(diags.items[i].code, "below-guarantee");
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	free(ids);
	return count;
}

Test(admission, rules_below_the_guarantee_are_noted)
{
	cr_expect_eq(notes("{name: a, limit: 20 packets/1s, action: block}", 10000000), 1);
	cr_expect_eq(notes("{name: a, limit: 7000 packets/5m, action: block}", 10000000), 0);
	cr_expect_eq(notes("{name: a, limit: 200 packets/1s, action: block}", 1000000), 0);
	/* A thousand frames at least. */
	cr_expect_eq(notes("{name: a, limit: 1514000 bytes/1s, action: block}", 10000000), 0);
	cr_expect_eq(notes("{name: a, limit: 15140 bytes/1s, action: block}", 10000000), 1);
	/* A total has its meter from the start. */
	cr_expect_eq(notes("{name: a, limit: 20 packets/1s, per: total, action: police}", 10000000), 0);
	/* Each limit by itself would do, but a packet of the flood asks for two meters. */
	cr_expect_eq(notes("{name: a, limit: 150 packets/1s, action: block}", 10000000), 0);
	cr_expect_eq(notes("{name: a, limit: 150 packets/1s, action: block}, {name: b, limit: 150 "
			   "packets/1s, per: "
			   "[source, dest_port], action: block}",
			   10000000),
		     2);
}
