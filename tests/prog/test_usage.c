// SPDX-License-Identifier: Apache-2.0
/* How full maps are told to be, against what was put into them. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <sys/utsname.h>

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

#define KERNEL_TELLS 604 /* before 6.4 memlock was an estimate by key and value size */

static unsigned int kernel_version(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;

	cr_assert_eq(uname(&name), 0);
	cr_assert_eq(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return major * 100 + minor;
}

static uint64_t charged_for(int fd)
{
	char path[64], line[128];
	unsigned long bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %lu", &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

/* Root may ask for inner maps. */
static uint64_t charged_with_inner(struct lab *lab, const char *map)
{
	int outer = fw_datapath_map_fd(lab->datapath, map);
	uint64_t bytes = charged_for(outer);

	for (uint32_t slot = 0, id; slot < FW_SLOTS; slot++) {
		int fd = bpf_map_lookup_elem(outer, &slot, &id) ? -1 : bpf_map_get_fd_by_id(id);

		if (fd < 0)
			continue;
		bytes += charged_for(fd);
		close(fd);
	}
	return bytes;
}

/* These begin empty: what an entry takes is the kernel's, as for hashes that are there as a whole. */
static uint64_t room_to_grow(const struct fw_map_usage *map)
{
	const uint64_t element = 48;

	if (!strcmp(map->map, "fw_verified_map"))
		return (map->capacity - map->entries) *
		       (element + sizeof(struct fw_addr) + sizeof(struct fw_verified));
	if (!strcmp(map->map, "fw_challenge_map"))
		return (map->capacity - map->entries) *
		       (element + sizeof(struct fw_challenge_key) + sizeof(struct fw_challenge));
	return 0;
}

/* What check and doctor announce is what the kernel charges when all is full: never less, hardly more. */
Test(usage, memory_is_as_announced)
{
	static const char policy[] = "version: 1\n"
				     "sets: {s: {entries: [192.0.2.0/24, 198.51.100.7, 2001:db8::/48]}}\n"
				     "rules: [{name: l, match: {source: [s]}, action: block},\n"
				     "        {name: r, limit: 5 packets/10s, action: block}]\n";
	static const char *const lists[] = {"fw_list4_run_map", "fw_list4_leaf_map", "fw_list6_group_map",
					    "fw_list6_map"};
	struct fw_map_usage usage[FW_MAP_USAGE_MAX];
	uint64_t charged = 0;
	size_t count = 0;
	struct lab lab;

	if (kernel_version() < KERNEL_TELLS)
		cr_skip_test("what a map takes is told by kernels since 6.4");
	lab_open_with(&lab, policy, (struct fw_datapath_options){0}, false);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint64_t bytes = charged_with_inner(&lab, lists[i]);

		cr_expect_eq(usage_of(&lab, lists[i]).memory_bytes, bytes, "%s", lists[i]);
		charged += bytes; /* once more, while they are swapped */
	}
	cr_assert_eq(fw_stats_map_usage(lab.datapath, usage, FW_MAP_USAGE_MAX, &count), 0);
	for (size_t i = 0; i < count; i++)
		charged += usage[i].memory_bytes + room_to_grow(&usage[i]);
	cr_expect_leq(charged, lab.image->memory_bytes, "%lu charged, %lu announced", (unsigned long)charged,
		      (unsigned long)lab.image->memory_bytes);
	cr_expect_geq(charged, lab.image->memory_bytes / 100 * 99, "%lu charged, %lu announced",
		      (unsigned long)charged, (unsigned long)lab.image->memory_bytes);
	lab_close(&lab);
}
