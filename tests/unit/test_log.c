// SPDX-License-Identifier: Apache-2.0
/* What a log line looks like on a terminal and where the journal collects stderr. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"

/* Sends stderr into a pipe; what was written is read back afterwards. */
struct capture {
	int saved, read_end;
};

static struct capture capture_begin(void)
{
	struct capture capture;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	fflush(stderr);
	capture.saved = dup(STDERR_FILENO);
	capture.read_end = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return capture;
}

static void capture_end(struct capture *capture, char *text, size_t size)
{
	ssize_t length;

	fflush(stderr);
	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	length = read(capture->read_end, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	close(capture->read_end);
}

Test(log, lines_carry_level_and_fields)
{
	static const char *const fields[] = {"IFACE=eth0", "RULE=blanket", NULL};
	struct capture capture = capture_begin();
	char text[1024];

	unsetenv("JOURNAL_STREAM");
	fw_log_init("test", FW_LOG_INFO);
	errno = EAGAIN;
	fw_log(FW_LOG_WARNING, "iface '%s': slow", "eth0");
	cr_expect_eq(errno, EAGAIN, "errno was changed");
	fw_log(FW_LOG_DEBUG, "not asked for");
	fw_log_fields(FW_LOG_NOTICE, "banned\nforged line", fields);
	capture_end(&capture, text, sizeof(text));
	cr_expect_str_eq(text,
			 "warning: iface 'eth0': slow\nnotice: banned forged line IFACE=eth0 RULE=blanket\n",
			 "got: %s", text);
}

Test(log, long_lines_are_cut)
{
	struct capture capture = capture_begin();
	static char message[10000], text[10000];

	memset(message, 'x', sizeof(message) - 1);
	unsetenv("JOURNAL_STREAM");
	fw_log_init("test", FW_LOG_INFO);
	fw_log(FW_LOG_ERROR, "%s", message);
	capture_end(&capture, text, sizeof(text));
	cr_expect_lt(strlen(text), 4096);
	cr_expect_eq(strncmp(text, "error: xxx", 10), 0);
	cr_expect_eq(text[strlen(text) - 1], '\n');
}

/* JOURNAL_STREAM names stderr by device and inode; with another file it says nothing about ours. */
Test(log, priorities_only_where_the_journal_reads)
{
	struct capture capture = capture_begin();
	struct stat status;
	char text[1024], stream[64];
	bool journal_runs = access("/run/systemd/journal/socket", F_OK) == 0;

	cr_assert_eq(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	fw_log_init("test", FW_LOG_INFO);
	fw_log(FW_LOG_ERROR, "elsewhere");
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	fw_log_init("test", FW_LOG_INFO);
	fw_log(FW_LOG_ERROR, "here");
	capture_end(&capture, text, sizeof(text));
	/* With a journal at hand the second line goes there, with its fields, and not to stderr too. */
	cr_expect_str_eq(text, journal_runs ? "error: elsewhere\n" : "error: elsewhere\n<3>error: here\n",
			 "got: %s", text);
}
