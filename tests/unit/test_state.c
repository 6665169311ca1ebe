// SPDX-License-Identifier: Apache-2.0
/* The state directory: one holder, whole documents, nothing believed that is not ours. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/options.h"
#include "agent/state.h"

static char dir[64];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/fw-unit-state-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void tear_down(void)
{
	static const char *const names[] = {"/s/a.json", "/s/.a.json.new", "/s/holder", NULL};
	char path[128];

	for (size_t i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/s", dir);
	rmdir(path);
	rmdir(dir);
}

TestSuite(state, .init = set_up, .fini = tear_down);

static struct fw_state opened(void)
{
	struct fw_state state;
	struct fw_err err = {};
	char path[128];

	snprintf(path, sizeof(path), "%s/s", dir);
	cr_assert_eq(fw_state_open(&state, path, &err), 0, "%s", err.text);
	return state;
}

static void put(const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/s/a.json", dir);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void name_another_holder(const struct fw_state *state, const char *line)
{
	int fd = openat(state->dir_fd, "holder", O_WRONLY | O_TRUNC);

	cr_assert_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	close(fd);
}

Test(state, second_holder_is_told_who_the_first_is)
{
	struct fw_state first = opened(), second;
	struct fw_err err = {};
	char pid[32];

	snprintf(pid, sizeof(pid), "pid %d ", (int)getpid());
	cr_expect_eq(fw_state_open(&second, first.dir, &err), -EAGAIN);
	cr_expect(strstr(err.text, pid) && strstr(err.text, FW_SECOND_AGENT), "%s", err.text);
	fw_state_close(&second);
	name_another_holder(&first, "2147483647\n"); /* what a read-only disk still has of an earlier agent */
	cr_expect_eq(fw_state_open(&second, first.dir, &err), -EAGAIN);
	cr_expect(strstr(err.text, "pid unknown "), "%s", err.text);
	fw_state_close(&second);
	fw_state_close(&first);
	first = opened(); /* free again */
	fw_state_close(&first);
}

Test(state, round_trip)
{
	struct fw_state state = opened();
	json_t *document = json_pack("{s:s}", "word", "hällo"), *read;
	struct fw_err err = {};
	bool same_boot = false;

	cr_assert_eq(fw_state_write(&state, "a.json", document, &err), 0, "%s", err.text);
	json_decref(document);
	read = fw_state_read(&state, "a.json", &same_boot, &err);
	cr_assert_not_null(read, "%s", err.text);
	cr_expect(same_boot);
	cr_expect_str_eq(json_string_value(json_object_get(read, "word")), "hällo");
	json_decref(read);
	fw_state_close(&state);
}

static const struct bad_case {
	const char *name, *text;
	int code;
	const char *words;
} bad_cases[] = {
	{"not JSON", "{\"version\":1,", -EINVAL, "damaged"},
	{"empty", "", -EINVAL, "damaged"},
	{"a list", "[1]", -EINVAL, "damaged"},
	{"of another version", "{\"version\":99}", -EINVAL, "another version"},
	{"without a version", "{}", -EINVAL, "another version"},
};

Test(state, what_is_not_ours_is_ignored_with_a_reason)
{
	struct fw_state state = opened();
	struct fw_err err = {};

	cr_expect_null(fw_state_read(&state, "a.json", NULL, &err));
	cr_expect_eq(err.code, -ENOENT);
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		put(bad_cases[i].text);
		cr_expect_null(fw_state_read(&state, "a.json", NULL, &err), "%s", bad_cases[i].name);
		cr_expect_eq(err.code, bad_cases[i].code, "%s", bad_cases[i].name);
		cr_expect(strstr(err.text, bad_cases[i].words), "%s: %s", bad_cases[i].name, err.text);
	}
	fw_state_close(&state);
}

Test(state, another_boot_shows)
{
	struct fw_state state = opened();
	struct fw_err err = {};
	bool same_boot = true;
	json_t *read;

	put("{\"version\":1,\"boot_id\":\"00000000-0000-0000-0000-000000000000\"}");
	read = fw_state_read(&state, "a.json", &same_boot, &err);
	cr_assert_not_null(read);
	cr_expect_not(same_boot);
	json_decref(read);
	fw_state_close(&state);
}

Test(state, a_write_that_fails_leaves_the_old_document)
{
	struct fw_state state = opened();
	struct fw_err err = {};
	json_t *read;
	FILE *file;

	put("{\"version\":1,\"old\":true}");
	file = fw_state_stream(&state, "a.json", &err);
	cr_assert_not_null(file);
	fputs("{\"half", file);
	close(fileno(file)); /* the disk is gone */
	cr_expect_lt(fw_state_commit(&state, "a.json", file, &err), 0);
	read = fw_state_read(&state, "a.json", NULL, &err);
	cr_expect(json_is_true(json_object_get(read, "old")));
	json_decref(read);
	fw_state_close(&state);
}
