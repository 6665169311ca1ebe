// SPDX-License-Identifier: Apache-2.0
/* How full maps are told to be, against what was put into them. */
#include "crowd.h"

static struct fw_map_usage usage_of(struct lab *lab, const char *map)
{
	struct fw_map_usage usage[FW_MAP_USAGE_MAX];
	size_t count = 0;

	cr_assert_eq(fw_stats_map_usage(lab->datapath, usage, FW_MAP_USAGE_MAX, &count), 0);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(usage[i].map, map))
			return usage[i];
	cr_assert_fail("no map %s", map);
	return (struct fw_map_usage){0};
}

Test(usage, entries_are_what_came_and_has_not_gone)
{
	struct fw_ban ban = {.expires_ns = LAB_START_NS + 3600 * SECONDS, .rule = FW_RULE_NONE};
	struct fw_map_usage bans, meters;
	struct lab lab;

	open_large(&lab);
	for (uint32_t i = 0; i < 23; i++) {
		struct packet packet = stranger(i);

		lab_run(&lab, &packet);
	}
	cr_assert_eq(fw_ban_add(lab.datapath, &(struct fw_prefix){.addr = lab_addr("192.0.2.1"), .bits = 128},
				&ban, NULL),
		     0);
	bans = usage_of(&lab, "fw_ban_map");
	meters = usage_of(&lab, "fw_meter_map");
	cr_expect_eq(bans.entries, 1);
	cr_expect_eq(bans.capacity, 1024);
	cr_expect_eq(meters.entries, 23);
	cr_expect_eq(meters.capacity, 1 << 18);
	lab_close(&lab);
}

static void send_strangers(struct lab *lab, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		struct packet packet = stranger(i);

		lab_run(lab, &packet);
	}
}

/* A large map is not counted at every look: what came since is there all the same, not evicted. */
Test(usage, meters_that_came_after_the_count_are_not_gone)
{
	struct fw_map_usage meters;
	struct lab lab;

	open_large(&lab);
	send_strangers(&lab, 0, 60000);
	cr_expect_eq(usage_of(&lab, "fw_meter_map").entries, 60000);
	cr_expect_eq(fw_stats_meters_gone(lab.datapath), 0);
	send_strangers(&lab, 60000, 30000);
	meters = usage_of(&lab, "fw_meter_map");
	cr_expect_eq(inserted_by(&lab), 90000);
	cr_expect_eq(fw_stats_meters_gone(lab.datapath), 0, "%lu gone, %lu counted",
		     (unsigned long)fw_stats_meters_gone(lab.datapath), (unsigned long)meters.entries);
	lab_close(&lab);
}

/* Told without a count, and never more than a count would tell. */
Test(usage, meters_without_room_are_gone_at_once)
{
	struct fw_meter_entry *entries = NULL;
	uint64_t given, gone;
	size_t count = 0;
	struct lab lab;

	open_large(&lab);
	send_strangers(&lab, 0, 60000);
	cr_expect_eq(usage_of(&lab, "fw_meter_map").entries, 60000);
	for (uint32_t i = 0; i < 40; i++) {
		lab.now_ns += SECONDS; /* budget for as many again */
		send_strangers(&lab, 60000 + i * 10000, 10000);
	}
	given = inserted_by(&lab);
	gone = fw_stats_meters_gone(lab.datapath);
	cr_assert_eq(fw_meters_list(lab.datapath, FW_RULE_NONE, 0, &entries, &count), 0);
	free(entries);
	cr_expect_gt(given, 1 << 18);
	cr_expect_geq(gone, given - (1 << 18));
	cr_expect_leq(gone, given - count, "%lu given, %zu there, %lu gone", (unsigned long)given, count,
		      (unsigned long)gone);
	lab_close(&lab);
}

/* One value that holds thousands, an array, a ring buffer: full from the beginning, and no trouble. */
Test(usage, what_nothing_comes_into_has_no_capacity)
{
	static const char *const maps[] = {"fw_known_map", "fw_allowance_map", "fw_cpu_map",
					   "fw_total_map", "fw_list4_run_map", "fw_event_map"};
	struct lab lab;

	lab_open(&lab, NULL);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct fw_map_usage usage = usage_of(&lab, maps[i]);

		cr_expect_eq(usage.capacity, 0, "%s: %lu of %lu", maps[i], (unsigned long)usage.entries,
			     (unsigned long)usage.capacity);
		cr_expect_gt(usage.memory_bytes, 0, "%s", maps[i]);
	}
	lab_close(&lab);
}
