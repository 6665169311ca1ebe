// SPDX-License-Identifier: Apache-2.0
/* What the history's file keeps: sums as they come, within its bounds, and what goes with age. */
#include <arpa/inet.h>
#include <sys/stat.h>

#include "history_file.h"

Test(history, seconds_are_rolled_up_as_they_come)
{
	struct fw_history *history = open_it(&bounds);

	for (int64_t second = 0; second < 600; second++)
		write_second(history, NOON + second, 10);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 600);
	cr_assert_eq(number("SELECT count(*) FROM traffic_10s WHERE packets=100 AND dropped=50"), 60);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m WHERE packets=3000 AND bytes=300000"), 2);
	cr_assert_eq(number("SELECT sum(seconds) FROM recording"), 600);
	cr_assert_eq(number("SELECT count(*) FROM rule"), 1);
}

Test(history, what_is_old_goes_with_the_batches)
{
	struct fw_history *history = open_it(&bounds);
	static const int64_t ages[] = {0, 3000, 3700, 80000, 90000, 89 * 86400, 91 * 86400};

	for (size_t i = 7; i--;)
		write_second(history, NOON - ages[i], 1);
	for (int i = 0; i < 3; i++) /* a slice with each */
		write_second(history, NOON, 1);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 2);
	cr_assert_eq(number("SELECT count(*) FROM traffic_10s"), 4);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 6);
}

Test(history, lists_become_shorter_after_a_week)
{
	struct fw_history *history = open_it(&bounds);

	write_sources(history, NOON, 500);
	write_sources(history, NOON + 7 * 86400 + 600, 500);
	write_sources(history, NOON + 7 * 86400 + 600, 500);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM source_5m WHERE start < 1700000400"), 100);
	cr_assert_eq(number("SELECT min(packets) FROM source_5m WHERE start < 1700000400"), 401);
	cr_assert_eq(number("SELECT count(*) FROM highest WHERE start < 1700000400"), 100);
	cr_assert_eq(number("SELECT count(*) FROM source_5m"), 600);
}

Test(history, a_full_file_loses_the_oldest_and_goes_on)
{
	const struct fw_history_bounds small = {.keep_s = 90 * 86400, .bytes = 2 << 20};
	struct fw_history *history = open_it(&small);
	struct stat status;

	for (int64_t i = 0; i < 600; i++)
		write_sources(history, NOON + i * 10, 200);
	fw_history_close(history);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_leq(status.st_size, 2 << 20);
	cr_assert_eq(number("SELECT max(start) FROM source_10s"), NOON + 5990);
	cr_assert_gt(number("SELECT min(start) FROM source_10s"), NOON);
	cr_assert_eq(status.st_mode & 0777, 0600);
}

/* The busiest `count` of ten thousand sources in random order, as a look would find them. */
static void busy(struct fw_history_source *sources, size_t count, uint64_t *draw)
{
	for (size_t i = 0; i < count; i++) {
		*draw = *draw * 6364136223846793005ULL + 1442695040888963407ULL;
		cr_assert_eq(fw_addr_parse("198.18.0.0", &sources[i].addr, NULL), 0);
		sources[i].addr.w[3] = htonl(0xc6120000 + (uint32_t)((*draw >> 33) % 10000));
		sources[i].packets = 1000000 + (*draw >> 40);
		sources[i].bytes = 1000 * sources[i].packets;
		sources[i].dropped = sources[i].packets / 3;
	}
}

/* A quarter of a simulated day, so that it is over in seconds; nothing is deleted within a day, so that four
 * of them take four times as much. Every ten seconds the busiest hundred, every five minutes the busiest
 * thousand and a thousand keys of each of four rules, with full histograms. What it takes on disk is what
 * counts. */
Test(history, a_quarter_of_a_day_at_ten_thousand_sources_stays_below_50_mb, .timeout = 1800)
{
	struct fw_history_bounds roomy = {.keep_s = 90 * 86400, .bytes = 512 << 20};
	struct fw_history *history = open_it(&roomy);
	static struct fw_history_source sources[FW_HISTORY_LONG_SOURCES];
	static struct fw_history_peak peaks[4 * FW_HISTORY_KEYS];
	static struct fw_history_spread spreads[4];
	struct fw_history_rule rules[4];
	struct fw_history_traffic traffic[40];
	struct stat status;
	struct fw_err err = {0};
	uint64_t draw = 4711, bytes;
	int64_t oldest;

	for (size_t i = 0; i < 4; i++) {
		rules[i] = blanket;
		rules[i].name[0] = (char)('a' + i);
		spreads[i].rule = (uint32_t)i;
		for (size_t bucket = 0; bucket < 80; bucket++)
			spreads[i].grown.samples[bucket] = spreads[i].grown.amount[bucket] = 1000000;
	}
	for (int64_t step = 0; step < 2160; step++) {
		bool ends = step % 30 == 29;
		struct fw_history_batch batch = {.now = NOON + step * 10 + 9,
						 .rules = rules,
						 .rule_count = 4,
						 .traffic = traffic,
						 .traffic_count = 40,
						 .seconds = 10,
						 .short_start = NOON + step * 10,
						 .short_sources = sources,
						 .short_count = FW_HISTORY_SHORT_SOURCES,
						 .long_start = NOON + step / 30 * 300,
						 .long_sources = sources,
						 .long_count = ends ? FW_HISTORY_LONG_SOURCES : 0,
						 .spreads = spreads,
						 .spread_count = ends ? 4 : 0,
						 .peaks = peaks,
						 .peak_count = ends ? 4 * FW_HISTORY_KEYS : 0};

		for (uint32_t i = 0; i < 40; i++)
			traffic[i] = (struct fw_history_traffic){.second = NOON + step * 10 + i / 4,
								 .rule = i % 4,
								 .packets = 1000000,
								 .bytes = 100000000};
		busy(sources, ends ? FW_HISTORY_LONG_SOURCES : FW_HISTORY_SHORT_SOURCES, &draw);
		for (size_t i = 0; ends && i < 4 * FW_HISTORY_KEYS; i++)
			peaks[i] = (struct fw_history_peak){.rule = (uint32_t)(i % 4),
							    .key = {sources[i / 4].addr, 128},
							    .peak = sources[i / 4].packets,
							    .dropped = 1000};
		write_it(history, &batch);
	}
	cr_assert_eq(fw_history_extent(history, &bytes, &oldest, &err), 0, "%s", err.text);
	fw_history_close(history);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_lt(status.st_size, 50000000, "%lld bytes", (long long)status.st_size);
	cr_expect_gt(status.st_size, 10000000, "%lld bytes: was it recorded?", (long long)status.st_size);
	cr_expect_eq(number("SELECT count(*) FROM recording WHERE seconds = 300"), 72);
}

Test(history, attacks_are_noted_and_ended)
{
	struct fw_history *history = open_it(&bounds);
	struct fw_history_attack attack = {.start = NOON, .target = "192.0.2.1", .vector = "udp"};
	struct fw_history_batch batch = {.now = NOON, .attacks = &attack, .attack_count = 1};

	write_it(history, &batch);
	cr_assert_eq(number("SELECT count(*) FROM attacks WHERE \"end\" IS NULL AND vector='udp'"), 1);
	attack.end = NOON + 60;
	write_it(history, &batch);
	attack.end = 0;
	write_it(history, &batch);
	cr_assert_eq(number("SELECT \"end\" FROM attacks"), NOON + 60);
	attack = (struct fw_history_attack){.start = NOON + 100, .target = "192.0.2.2", .vector = "tcp"};
	batch.seconds = 10;
	write_it(history, &batch);
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM attacks WHERE \"end\" IS NULL"), 1);
	fw_history_close(open_it(&bounds)); /* whoever wrote it is gone */
	cr_assert_eq(number("SELECT \"end\" FROM attacks WHERE vector='tcp'"), NOON + 300);
}

Test(history, a_clock_that_was_set_deletes_nothing)
{
	struct fw_history *history = open_it(&bounds);

	write_second(history, NOON, 1);
	for (int i = 0; i < 5; i++)
		write_it(history, &(struct fw_history_batch){.now = NOON + 400 * 86400, .unsettled = true});
	cr_assert_eq(number("SELECT count(*) FROM traffic_1s"), 1);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 1);
	for (int i = 0; i < 5; i++)
		write_it(history, &(struct fw_history_batch){.now = NOON + 400 * 86400});
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM traffic_5m"), 0);
}

Test(history, of_the_keys_of_five_minutes_the_highest_stay)
{
	struct fw_history *history = open_it(&bounds);

	for (uint32_t batch = 0; batch < 3; batch++) {
		struct fw_history_peak peaks[600];

		for (uint32_t i = 0; i < 600; i++) {
			peaks[i] = (struct fw_history_peak){.peak = 1 + batch * 600 + i};
			peaks[i].key.bits = 128;
			cr_assert_eq(fw_addr_parse("10.0.0.0", &peaks[i].key.addr, NULL), 0);
			peaks[i].key.addr.w[3] = htonl(0x0a000000 + batch * 600 + i);
		}
		write_it(history, &(struct fw_history_batch){.now = NOON + batch,
							     .rules = &blanket,
							     .rule_count = 1,
							     .peaks = peaks,
							     .peak_count = 600});
	}
	fw_history_close(history);
	cr_assert_eq(number("SELECT count(*) FROM highest"), FW_HISTORY_KEYS);
	cr_assert_eq(number("SELECT min(amount) FROM highest"), 1800 - FW_HISTORY_KEYS + 1);
}
