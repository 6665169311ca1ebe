// SPDX-License-Identifier: Apache-2.0
/* Bytes of a log, in any format and envelope: what is found points into the line, and rules take it. The
 * first byte chooses format and source, the second how the bytes are cut on the way. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "logs/event.h"
#include "logs/judge.h"
#include "logs/lines.h"
#include "logs/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct fw_log_reader reader;
	struct fw_log_judge judge;
	uint64_t counts[FW_LOG_COUNT_MAX_];
	uint64_t now_ns;
};

static bool hear(void *context, const struct fw_log_record *record)
{
	(void)context;
	assert(record->kind == FW_LOG_OFFENCE && record->values[FW_LOG_AMOUNT] > 1);
	return true;
}

static void on_line(void *context, char *line, size_t length, bool cut)
{
	struct run *run = context;
	char *copy = malloc(length ? length : 1);
	struct fw_log_event event;
	int r;

	assert(length <= FW_LOG_LINE_MAX && (!cut || length == FW_LOG_LINE_MAX));
	memcpy(copy, line, length);
	r = fw_log_read(&run->reader, copy, length, &event);
	assert(!r || r == -ENOENT || r == -EPROTO || r == -E2BIG);
	for (int i = 0; !r && i < FW_LOG_FIELD_MAX_; i++)
		if (event.fields[i].text)
			assert(event.fields[i].text >= copy &&
			       event.fields[i].text + event.fields[i].length <= copy + length);
	assert(r || event.fields[FW_LOG_CLIENT].text);
	assert(event.status < 1000);
	if (!r && event.has_client)
		fw_log_judge_event(&run->judge, 0, &event, run->now_ns += 1000000, run->counts);
	free(copy);
}

static void feed(struct run *run, const uint8_t *data, size_t size, size_t step)
{
	struct fw_lines lines;

	assert(!fw_lines_init(&lines));
	while (size) {
		size_t room, count = size < step ? size : step;
		char *to = fw_lines_room(&lines, &room);

		assert(room);
		count = count < room ? count : room;
		memcpy(to, data, count);
		fw_lines_add(&lines, count, on_line, run);
		data += count;
		size -= count;
	}
	fw_lines_done(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fw_uri_test uri = {FW_URI_PREFIX, (char *)"/login"};
	static char *host[] = {(char *)"*.example"};
	static struct fw_range range = {400, 499};
	static struct fw_log_job_part parts[] = {{.status = {&range, 1}, .host_not = {host, 1}},
						 {.uri_not = {&uri, 1}, .status_not = {&range, 1}}};
	static unsigned int first[] = {0}, second[] = {1};
	static struct fw_alternative alternatives[] = {{first, 1}, {second, 1}};
	struct fw_prefix proxies;
	struct fw_log_job_rule rules[] = {
		{.id = 1,
		 .name = "a",
		 .limit = 1,
		 .sub_us = 625000,
		 .bits = {0, 128, 64},
		 .always.uri = {&uri, 1}},
		{.id = 2,
		 .name = "b",
		 .limit = 1,
		 .sub_us = 625000,
		 .bits = {0, 120, 48},
		 .always.host = {host, 1}},
		{.id = 3,
		 .name = "c",
		 .limit = 1,
		 .sub_us = 625000,
		 .bits = {0, 128, 64},
		 .parts = parts,
		 .part_count = 2,
		 .alternatives = alternatives,
		 .alternative_count = 2},
	};
	struct fw_log_job_log log = {.trust = {&proxies, 1},
				     .fields = {(char *)"a", (char *)"b.c", (char *)"m", (char *)"u"}};
	struct fw_log_job job = {.logs = &log, .log_count = 1, .rules = rules, .rule_count = 3};
	struct run run = {.now_ns = 1000000000};

	if (size < 2)
		return 0;
	assert(!fw_prefix_parse("10.0.0.0/8", &proxies, NULL));
	log.format = (enum fw_log_format)(data[0] % (FW_LOG_REGEX + 1));
	log.source = (enum fw_log_source)(data[0] / (FW_LOG_REGEX + 1) % (FW_LOG_SYSLOG_UNIX + 1));
	if (log.format == FW_LOG_REGEX)
		log.regex =
			(char *)"^(?:Failed .{0,64}|(a+)+) from <HOST>(?: (?<uri>\\S+) (?<status>\\d+))?$";
	assert(!fw_log_reader_init(&run.reader, &log, NULL));
	assert(!fw_log_judge_init(&run.judge, 16, 1, hear, NULL));
	fw_log_judge_set_job(&run.judge, &job, 1);
	feed(&run, data + 2, size - 2, data[1] ? data[1] : 4096);
	fw_log_judge_done(&run.judge);
	fw_log_reader_done(&run.reader);
	return 0;
}
