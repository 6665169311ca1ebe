// SPDX-License-Identifier: Apache-2.0
/* Copies of set files and signatures: of one set and one path, whole or not at all, written when they are
 * news. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/last_good.h"
#include "policy/setfile.h"

#define LIST "version: 1\nsignatures:\n  - {name: odd, source_port: 19000}\n"

static char dir[64];
static struct fw_state state;

static void set_up(void)
{
	struct fw_err err = {};

	snprintf(dir, sizeof(dir), "/tmp/fw-unit-last-good-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(fw_state_open(&state, dir, &err), 0, "%s", err.text);
}

static void tear_down(void)
{
	char command[96];

	fw_state_close(&state);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(last_good, .init = set_up, .fini = tear_down);

static struct fw_set set_of(const char *name, const char *file, const char *const *entries)
{
	struct fw_set set = {.name = (char *)name, .file = (char *)file};
	struct fw_err err = {};

	for (; entries && *entries; entries++)
		cr_assert_eq(fw_entry_parse(*entries, &set, &err), 0, "%s", err.text);
	return set;
}

static int keep(const char *name, const char *file, const char *const *entries)
{
	struct fw_set set = set_of(name, file, entries);
	struct fw_err err = {};
	int r = fw_last_good_keep_set(&state, &set, &err);

	free(set.prefixes);
	return r;
}

static ino_t inode_of(const char *name)
{
	struct stat status;

	return fstatat(state.dir_fd, name, &status, 0) ? 0 : status.st_ino;
}

static const char *const some[] = {"203.0.113.0/24", "2001:db8::1", "192.0.2.4-192.0.2.9",
				   "0.0.0.0/0",	     "::/0",	    NULL};
static const char *const others[] = {"203.0.113.0/24", NULL};
static const char *const none[] = {NULL};

Test(last_good, entries_come_back_in_their_order)
{
	static const char longest[] = "a23456789012345678901234567890123456789012345678901234567890123";
	const char *const *const contents[] = {some, none, others};

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct fw_set want = set_of(longest, "/etc/bad.txt", contents[i]);
		struct fw_set got = set_of(longest, "/etc/bad.txt", NULL);
		uint64_t kept_wall_ns = 0;
		struct fw_err err = {};

		cr_assert_eq(fw_last_good_keep_set(&state, &want, &err), 0, "%s", err.text);
		cr_assert_eq(fw_last_good_read_set(&state, &got, &kept_wall_ns, &err), 0, "%s", err.text);
		cr_assert_eq(got.prefix_count, want.prefix_count, "%zu", i);
		for (size_t k = 0; k < want.prefix_count; k++)
			cr_expect_eq(fw_prefix_compare(&got.prefixes[k], &want.prefixes[k]), 0, "%zu", k);
		cr_expect_gt(kept_wall_ns, 0);
		free(want.prefixes);
		free(got.prefixes);
	}
}

Test(last_good, only_news_is_written)
{
	ino_t first;

	cr_assert_eq(keep("bad", "/etc/bad.txt", some), 0);
	first = inode_of("set-bad.good");
	cr_assert_neq(first, 0);
	cr_assert_eq(keep("bad", "/etc/bad.txt", some), 0);
	cr_expect_eq(inode_of("set-bad.good"), first, "the same again");
	cr_assert_eq(keep("bad", "/etc/bad.txt", others), 0);
	cr_expect_neq(inode_of("set-bad.good"), first, "another content");
	first = inode_of("set-bad.good");
	cr_assert_eq(keep("bad", "/etc/worse.txt", others), 0);
	cr_expect_neq(inode_of("set-bad.good"), first, "another file");
	cr_expect_eq(inode_of(".set-bad.good.new"), 0);
}

static const struct wrong_case {
	const char *name, *set, *file;
	int code;
	const char *words;
} wrong_cases[] = {
	{"another set", "worse", "/etc/bad.txt", -ENOENT, "none was kept"},
	{"another file", "bad", "/etc/worse.txt", -ESTALE, "is of another file, /etc/bad.txt"},
	{"a file with a longer name", "bad", "/etc/bad.txt2", -ESTALE, "is of another file"},
};

Test(last_good, a_copy_is_that_of_one_set_and_one_file)
{
	cr_assert_eq(keep("bad", "/etc/bad.txt", some), 0);
	for (size_t i = 0; i < sizeof(wrong_cases) / sizeof(wrong_cases[0]); i++) {
		const struct wrong_case *c = &wrong_cases[i];
		struct fw_set set = set_of(c->set, c->file, NULL);
		struct fw_err err = {};
		uint64_t kept;

		cr_expect_eq(fw_last_good_read_set(&state, &set, &kept, &err), c->code, "%s", c->name);
		cr_expect(strstr(err.text, c->words), "%s: %s", c->name, err.text);
		cr_expect_null(set.prefixes, "%s", c->name);
	}
}

static const struct damage {
	const char *name, *text; /* instead of what was kept */
} damages[] = {
	{"nothing", ""},
	{"no head", "203.0.113.0/24\n"},
	{"half a head", "{\"version\":1,\"file\":\"/etc/bad.txt\""},
	{"another version",
	 "{\"version\":9,\"file\":\"/etc/bad.txt\",\"digest\":\"0\",\"entries\":0,\"kept_wall_ns\":1}\n"},
	{"no digest",
	 "{\"version\":1,\"file\":\"/etc/bad.txt\",\"digest\":\"x\",\"entries\":0,\"kept_wall_ns\":1}\n"},
	{"fewer than none",
	 "{\"version\":1,\"file\":\"/etc/bad.txt\",\"digest\":\"0\",\"entries\":-1,\"kept_wall_ns\":1}\n"},
	{"an entry too many", "{\"version\":1,\"file\":\"/etc/"
			      "bad.txt\",\"digest\":\"0\",\"entries\":0,\"kept_wall_ns\":1}\n::1\n"},
	{"an entry missing",
	 "{\"version\":1,\"file\":\"/etc/bad.txt\",\"digest\":\"1\",\"entries\":1,\"kept_wall_ns\":1}\n"},
	{"no entry",
	 "{\"version\":1,\"file\":\"/etc/bad.txt\",\"digest\":\"1\",\"entries\":1,\"kept_wall_ns\":1}\nx\n"},
	{"another entry", "{\"version\":1,\"file\":\"/etc/"
			  "bad.txt\",\"digest\":\"1\",\"entries\":1,\"kept_wall_ns\":1}\n::1\n"},
};

Test(last_good, what_is_damaged_is_not_believed)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct fw_set set = set_of("bad", "/etc/bad.txt", NULL);
		struct fw_signature_list *list = NULL;
		struct fw_err err = {};
		uint64_t kept;

		for (int signatures = 0; signatures < 2; signatures++) {
			int fd = openat(state.dir_fd, signatures ? "signatures.good" : "set-bad.good",
					O_WRONLY | O_CREAT | O_TRUNC, 0600);

			cr_assert_eq(write(fd, damages[i].text, strlen(damages[i].text)),
				     (ssize_t)strlen(damages[i].text));
			close(fd);
		}
		cr_expect_eq(fw_last_good_read_set(&state, &set, &kept, &err), -EINVAL, "%s",
			     damages[i].name);
		cr_expect(strstr(err.text, "set-bad.good is damaged"), "%s: %s", damages[i].name, err.text);
		cr_expect_null(set.prefixes);
		cr_expect_eq(fw_last_good_read_signatures(&state, "/etc/bad.txt", &list, &kept, &err),
			     -EINVAL, "%s", damages[i].name);
		cr_expect_null(list);
	}
}

Test(last_good, signatures_come_back_as_text)
{
	struct fw_signature_list *list = NULL, *got = NULL;
	struct fw_diags diags = {};
	struct fw_err err = {};
	char path[96];
	uint64_t kept;
	FILE *file;
	ino_t first;

	snprintf(path, sizeof(path), "%s/odd.yaml", dir);
	file = fopen(path, "w");
	fputs(LIST, file);
	fclose(file);
	cr_assert_eq(fw_signatures_read(path, &diags, &list), 0);
	cr_assert_eq(fw_last_good_keep_signatures(&state, list, &err), 0, "%s", err.text);
	first = inode_of("signatures.good");
	cr_assert_eq(fw_last_good_keep_signatures(&state, list, &err), 0, "%s", err.text);
	cr_expect_eq(inode_of("signatures.good"), first, "the same again");
	cr_assert_eq(fw_last_good_read_signatures(&state, path, &got, &kept, &err), 0, "%s", err.text);
	cr_expect_eq(got->count, 1);
	cr_expect_str_eq(got->items[0].name, "odd");
	cr_expect_str_eq(got->file, path);
	cr_expect_eq(got->length, strlen(LIST));
	fw_signatures_free(got);
	cr_expect_eq(fw_last_good_read_signatures(&state, "/etc/odd.yaml", &got, &kept, &err), -ESTALE);
	fw_signatures_free(list);
	fw_diags_done(&diags);
}
