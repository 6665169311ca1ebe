// SPDX-License-Identifier: Apache-2.0
/* What kill -9, a lock, damage and a link in its place leave of the history's file. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "history_file.h"

/* The child says in shared memory what was written; nothing of that may be missing. */
static void be_killed(volatile int64_t *written, int64_t from)
{
	struct fw_history *history = NULL;

	if (fw_history_open(path, &bounds, &history, NULL))
		_exit(1);
	for (int64_t second = from;; second++) {
		struct fw_history_traffic traffic[50];

		for (size_t i = 0; i < 50; i++)
			traffic[i] = (struct fw_history_traffic){.second = second, .packets = 1};
		if (fw_history_write(history,
				     &(struct fw_history_batch){.now = second,
								.rules = &blanket,
								.rule_count = 1,
								.traffic = traffic,
								.traffic_count = 50,
								.seconds = 1},
				     &(struct fw_err){0}))
			_exit(2);
		*written = second;
	}
}

Test(history, kill_9_loses_no_batch_that_was_written)
{
	volatile int64_t *written =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t seconds = 0;

	*written = NOON - 1;
	for (int round = 0; round < 12; round++) {
		int64_t before = *written;
		pid_t child = fork();
		int status;

		if (!child)
			be_killed(written, before + 1);
		while (*written < before + 5)
			usleep(500);
		usleep(1000u * (unsigned int)(round * 7 % 11));
		kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFSIGNALED(status), "the writer failed with %d", status);
		fw_history_close(open_it(&bounds));
		cr_assert_eq(number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"),
			     1);
		seconds = number("SELECT count(*) FROM traffic_1s WHERE packets=50");
		cr_assert_geq(seconds, *written - NOON + 1);
		cr_assert_leq(seconds, *written - NOON + 2, "at most the batch that was being written");
		cr_assert_eq(number("SELECT count(*) FROM traffic_1s WHERE packets<>50"), 0, "half a batch");
		*written = NOON + seconds - 1;
	}
}

Test(history, a_locked_file_is_refused_and_works_again)
{
	struct fw_history *history = open_it(&bounds);
	struct fw_history_traffic traffic = {.second = NOON, .packets = 1};
	struct fw_history_batch batch = {
		.now = NOON, .rules = &blanket, .rule_count = 1, .traffic = &traffic, .traffic_count = 1};
	struct fw_err err = {0};
	sqlite3 *other = NULL;

	sqlite3_open(path, &other);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(fw_history_write(history, &batch, &err), -EBUSY);
	cr_assert(strstr(err.text, "locked"), "%s", err.text);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	write_it(history, &batch);
	fw_history_close(history);
	cr_assert_eq(number("SELECT packets FROM traffic_1s"), 1);
}

Test(history, what_is_no_database_is_moved_aside)
{
	FILE *file = fopen(path, "w");
	struct fw_history *history;
	char bad[80];

	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	history = open_it(&bounds);
	write_second(history, NOON, 1);
	fw_history_close(history);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	cr_assert_eq(access(bad, F_OK), 0);
	cr_assert_eq(number("SELECT packets FROM traffic_1s"), 1);
}

Test(history, no_symbolic_link_is_followed)
{
	struct fw_history *history = NULL;
	struct fw_err err = {0};

	cr_assert_eq(symlink("/tmp/fw-history-elsewhere", path), 0);
	cr_assert_lt(fw_history_open(path, &bounds, &history, &err), 0);
}
