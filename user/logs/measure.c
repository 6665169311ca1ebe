// SPDX-License-Identifier: Apache-2.0
/* The worker's path from bytes to offences, on one core, without the agent. */
#include "logs/measure.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "logs/inputs.h"
#include "logs/judge.h"
#include "logs/reader.h"
#include "policy/words.h"

#define SUB_US (300 * 1000000 / 16 + 250)

struct measure {
	struct fw_log_reader reader;
	struct fw_log_judge judge;
	uint64_t counts[FW_LOG_COUNT_MAX_];
};

static bool ignore(void *context, const struct fw_log_record *record)
{
	(void)context;
	(void)record;
	return true;
}

static void on_line(void *context, char *line, size_t length, bool cut)
{
	struct measure *measure = context;
	struct fw_log_event event;
	int r = fw_log_read(&measure->reader, line, length, &event);

	measure->counts[FW_LOG_COUNT_LINES]++;
	measure->counts[FW_LOG_COUNT_OVERLONG] += cut;
	measure->counts[FW_LOG_COUNT_UNPARSED] += r == -EPROTO;
	if (!r && event.has_client)
		fw_log_judge_event(&measure->judge, 0, &event, fw_monotonic_ns(), measure->counts);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int read_all(int fd, struct measure *measure)
{
	struct fw_lines lines;
	int r = fw_lines_init(&lines);

	while (!r) {
		size_t room;
		char *to = fw_lines_room(&lines, &room);
		ssize_t got = read(fd, to, room < FW_LINES_READ ? room : FW_LINES_READ);

		if (got < 0)
			r = -errno;
		if (got <= 0)
			break;
		fw_lines_add(&lines, (size_t)got, on_line, measure);
	}
	fw_lines_done(&lines);
	return r;
}

int fw_log_measure(int fd, const char *format, FILE *out, struct fw_err *err)
{
	struct fw_uri_test login = {FW_URI_PREFIX, (char *)"/login"};
	struct fw_log_job_rule rules[] = {
		{.id = 1, .name = "login", .always.uri = {&login, 1}},
		{.id = 2, .name = "all"},
	};
	struct fw_log_job_log log = {.source = FW_LOG_FILE};
	struct fw_log_job job = {.logs = &log, .log_count = 1, .rules = rules, .rule_count = 2};
	struct measure measure = {0};
	double start = cpu_seconds(), took;
	unsigned int word;
	int r = fw_word_parse(&fw_log_format_words, "log format", format, &word, err);

	if (r)
		return r;
	for (size_t i = 0; i < 2; i++) {
		rules[i].limit = 150;
		rules[i].sub_us = SUB_US;
		rules[i].bits[FW_FAMILY_V4] = 128;
		rules[i].bits[FW_FAMILY_V6] = 64;
		rules[i].ends = true;
	}
	log.format = (enum fw_log_format)word;
	if (log.format == FW_LOG_REGEX)
		log.regex = (char *)"^<HOST> ";
	r = fw_log_reader_init(&measure.reader, &log, err);
	if (!r && fw_log_judge_init(&measure.judge, FW_LOG_CLIENTS_DEFAULT, 1, ignore, NULL))
		r = fw_err_set(err, -ENOMEM, "out of memory");
	if (!r) {
		fw_log_judge_set_job(&measure.judge, &job, 1);
		r = read_all(fd, &measure);
		if (r)
			fw_err_set(err, r, "cannot read: %s", strerror(-r));
	}
	took = cpu_seconds() - start;
	if (!r)
		fprintf(out,
			"{\"lines\":%llu,\"unparsed\":%llu,\"matches\":%llu,\"offences\":%llu,\"cpu_"
			"seconds\":%.3f,"
			"\"lines_per_second\":%.0f}\n",
			(unsigned long long)measure.counts[FW_LOG_COUNT_LINES],
			(unsigned long long)measure.counts[FW_LOG_COUNT_UNPARSED],
			(unsigned long long)measure.counts[FW_LOG_COUNT_MATCHED],
			(unsigned long long)measure.counts[FW_LOG_COUNT_OFFENCES], took,
			took > 0 ? (double)measure.counts[FW_LOG_COUNT_LINES] / took : 0);
	fw_log_judge_done(&measure.judge);
	fw_log_reader_done(&measure.reader);
	return r;
}
