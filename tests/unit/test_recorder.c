// SPDX-License-Identifier: Apache-2.0
/* What the recorder does before anything is written: steps over a clock that is set, sums of sources. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "history/crowd.h"
#include "history/pace.h"
#include "lib/addr.h"

#define WALL 1700000100LL /* the beginning of ten seconds */

static struct fw_pace_look look(struct fw_pace *pace, uint64_t monotonic_s, int64_t wall_s)
{
	struct fw_pace_look ret;

	fw_pace_look(pace, monotonic_s * FW_NS_PER_SEC,
		     (uint64_t)wall_s * FW_NS_PER_SEC + FW_NS_PER_SEC / 10 * 6, &ret);
	return ret;
}

Test(pace, a_step_ends_with_the_first_second_of_the_next)
{
	struct fw_pace pace = {0};

	for (int64_t i = 0; i < 35; i++) {
		struct fw_pace_look now = look(&pace, (uint64_t)(1000 + i), WALL + i);

		cr_expect_eq(now.second, WALL + i);
		cr_expect_eq(now.ended, i && i % 10 == 0, "second %lld", (long long)i);
		cr_expect(now.settled);
		cr_expect_eq(now.jump_s, 0);
		if (now.ended) {
			cr_expect_eq(now.ended_step, WALL + i - 10);
			cr_expect_eq(now.ended_seconds, i == 10 ? 9 : 10, "of step %lld: %u", (long long)i,
				     now.ended_seconds);
		}
	}
}

Test(pace, a_clock_that_is_set_ends_the_step_and_spares_what_is_old)
{
	static const int64_t jumps[] = {-86400 * 365 * 30LL, 86400 * 365LL, -61, 61};

	for (size_t i = 0; i < 4; i++) {
		struct fw_pace pace = {0};
		struct fw_pace_look now;

		look(&pace, 1000, WALL);
		look(&pace, 1001, WALL + 1);
		now = look(&pace, 1002, WALL + 2 + jumps[i]);
		cr_expect_eq(now.jump_s, jumps[i]);
		cr_expect(now.ended);
		cr_expect_eq(now.ended_step, WALL);
		cr_expect_eq(now.ended_seconds, 1);
		cr_expect_not(now.settled);
		now = look(&pace, 1003, WALL + 3 + jumps[i]);
		cr_expect_eq(now.jump_s, 0);
		cr_expect_not(now.settled);
		now = look(&pace, 1002 + FW_PACE_SETTLE_S, WALL + 2 + FW_PACE_SETTLE_S + jumps[i]);
		cr_expect(now.settled);
	}
}

Test(pace, a_clock_that_is_steered_is_believed)
{
	struct fw_pace pace = {0};

	look(&pace, 1000, WALL);
	cr_expect(look(&pace, 1001, WALL + 5).settled);
	cr_expect(look(&pace, 1002, WALL - 50).settled);
}

static struct fw_history_source source(const char *text, uint64_t packets)
{
	struct fw_history_source ret = {.packets = packets, .bytes = 100 * packets, .dropped = packets / 2};

	cr_assert_eq(fw_addr_parse(text, &ret.addr, NULL), 0);
	return ret;
}

static uint64_t packets_of(const struct fw_crowd *crowd, const char *text)
{
	struct fw_history_source wanted = source(text, 0);

	for (size_t i = 0; i < crowd->count; i++)
		if (!memcmp(&crowd->items[i].addr, &wanted.addr, sizeof(wanted.addr)))
			return crowd->items[i].packets;
	return 0;
}

Test(crowd, what_came_between_two_looks)
{
	struct fw_history_source first[] = {source("192.0.2.1", 10), source("192.0.2.2", 20),
					    source("192.0.2.3", 30), source("2001:db8::", 5)};
	struct fw_history_source second[] = {source("192.0.2.0", 7), source("192.0.2.2", 21),
					     source("192.0.2.3", 4), source("2001:db8::", 5)};
	struct fw_crowd before = {first, 4}, now = {second, 4}, grown;

	fw_crowd_sort(&before);
	fw_crowd_sort(&now);
	cr_assert_eq(fw_crowd_grown(&before, &now, &grown), 0);
	cr_expect_eq(grown.count, 3);
	cr_expect_eq(packets_of(&grown, "192.0.2.0"), 7);
	cr_expect_eq(packets_of(&grown, "192.0.2.2"), 1);
	cr_expect_eq(packets_of(&grown, "192.0.2.3"), 4, "evicted and new: began anew");
	fw_crowd_done(&grown);
}

/* Busier ones than this, and equals before it. */
static size_t rank_of(const struct fw_crowd *crowd, size_t which)
{
	size_t rank = 0;

	for (size_t i = 0; i < crowd->count; i++)
		rank += crowd->items[i].packets > crowd->items[which].packets ||
			(i < which && crowd->items[i].packets == crowd->items[which].packets);
	return rank;
}

/* Few amounts, so that many sources are equals, and amounts that hardly differ from them. */
Test(crowd, the_busiest_of_many_in_their_order)
{
	static struct fw_history_source items[1500];
	const size_t count = sizeof(items) / sizeof(items[0]);
	static size_t ranks[sizeof(items) / sizeof(items[0])];
	struct fw_crowd all = {items, count}, top;

	srandom(7);
	for (size_t i = 0; i < count; i++)
		items[i] = (struct fw_history_source){.addr.w = {htonl((uint32_t)i)},
						      .packets = random() % 3 ? 1 : (uint64_t)random() % 100};
	for (size_t i = 0; i < count; i++)
		ranks[i] = rank_of(&all, i);
	for (size_t most = 0; most <= count + 2; most += most % 100 < 3 ? 1 : 97) {
		size_t at = 0;

		cr_assert_eq(fw_crowd_busiest(&all, most, &top), 0);
		cr_assert_eq(top.count, most < count ? most : count, "%zu of %zu", top.count, most);
		for (size_t i = 0; i < count; i++)
			if (ranks[i] < most)
				cr_assert_arr_eq(&top.items[at++], &items[i], sizeof(*items), "of %zu", most);
		fw_crowd_done(&top);
	}
}

Test(crowd, sums_and_the_busiest)
{
	struct fw_history_source first[] = {source("192.0.2.1", 10), source("192.0.2.2", 20)};
	struct fw_history_source second[] = {source("192.0.2.2", 1), source("192.0.2.9", 90)};
	struct fw_crowd one = {first, 2}, two = {second, 2}, sum = {0}, top;

	cr_assert_eq(fw_crowd_add(&sum, &one, 100), 0);
	cr_assert_eq(fw_crowd_add(&sum, &two, 100), 0);
	cr_expect_eq(sum.count, 3);
	cr_expect_eq(packets_of(&sum, "192.0.2.2"), 21);
	cr_assert_eq(fw_crowd_busiest(&sum, 2, &top), 0);
	cr_expect_eq(top.count, 2);
	cr_expect_eq(top.items[0].packets, 21);
	cr_expect_eq(top.items[1].packets, 90);
	fw_crowd_done(&top);
	cr_assert_eq(fw_crowd_add(&sum, &one, 2), 0);
	cr_expect_eq(sum.count, 1, "the busier half of the bound stays");
	cr_expect_eq(packets_of(&sum, "192.0.2.9"), 90);
	fw_crowd_done(&sum);
}

static void event(struct fw_agent *agent, const char *type, int64_t attack)
{
	json_t *document = json_pack("{s:I, s:s, s:s}", "attack", (json_int_t)attack, "target", "192.0.2.80",
				     "vector", "UDP from port 53");

	fw_recorder_on_event(agent, type, document);
	json_decref(document);
}

Test(recorder, attacks_are_taken_from_events)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));
	struct fw_recorder *recorder = &agent->recorder;

	event(agent, "ban", 1);
	event(agent, "attack_end", 1); /* began before this process */
	cr_expect_eq(recorder->attack_count, 0);
	event(agent, "attack_start", 7);
	event(agent, "attack_start", 7);
	event(agent, "attack_update", 7);
	event(agent, "attack_start", 8);
	cr_assert_eq(recorder->attack_count, 2);
	cr_expect_eq(recorder->attacks[0].end, 0);
	cr_expect_str_eq(recorder->attacks[0].target, "192.0.2.80");
	cr_expect_str_eq(recorder->attacks[0].vector, "UDP from port 53");
	event(agent, "attack_end", 7);
	cr_assert_eq(recorder->attack_count, 3);
	cr_expect_gt(recorder->attacks[2].end, recorder->attacks[2].start);
	cr_expect_eq(recorder->attacks[2].start, recorder->attacks[0].start);
	cr_assert_eq(recorder->open_count, 1);
	cr_expect_eq(recorder->open[0].id, 8);
	for (int64_t id = 100; id < 5000; id++)
		event(agent, "attack_start", id);
	cr_expect_leq(recorder->attack_count, FW_RECORDER_ATTACKS_MAX);
	cr_expect_leq(recorder->open_count, FW_RECORDER_ATTACKS_MAX);
	free(recorder->attacks);
	free(recorder->open);
	free(agent);
}

/* Of an attack that the agent before saw begin. */
Test(recorder, an_attack_goes_on_after_a_restart)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));
	struct fw_recorder *recorder = &agent->recorder;
	struct fw_attack attack = {
		.id = 7, .target.everything = true, .vector_count = 1, .vectors = {{.protocol = 17}}};

	fw_recorder_attack_goes_on(agent, &attack);
	cr_assert_eq(recorder->attack_count, 1);
	cr_expect_str_eq(recorder->attacks[0].target, "everything");
	cr_expect_gt(recorder->attacks[0].start, 0);
	cr_expect_eq(recorder->attacks[0].end, 0);
	event(agent, "attack_end", 7);
	cr_assert_eq(recorder->attack_count, 2);
	cr_expect_eq(recorder->attacks[1].start, recorder->attacks[0].start);
	cr_expect_gt(recorder->attacks[1].end, recorder->attacks[1].start);
	free(recorder->attacks);
	free(recorder->open);
	free(agent);
}
