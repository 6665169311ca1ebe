// SPDX-License-Identifier: Apache-2.0
/* Set files: what lines mean, on which line an address stands, and when a file is another one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/setfile.h"

static void write_file(char *path, const char *text, size_t length)
{
	int fd;

	strcpy(path, "/tmp/fw-setfile-XXXXXX");
	fd = mkstemp(path);
	cr_assert(fd >= 0 && write(fd, text, length) == (ssize_t)length && !close(fd));
}

static const struct file_case {
	const char *name, *text, *prefixes; /* as read, blank between them */
	int bad_line;			    /* 0: none */
} file_cases[] = {
	{"empty", "", "", 0},
	{"remarks", "# a\n; b\n\n  \t\n", "", 0},
	{"remarks behind", "192.0.2.1#a\n192.0.2.2 ; b\n192.0.2.3;c\n", "192.0.2.1 192.0.2.2 192.0.2.3 ", 0},
	{"CRLF", "192.0.2.0/24\r\n2001:db8::/32\r\n", "192.0.2.0/24 2001:db8::/32 ", 0},
	{"a byte order mark",
	 "\xef\xbb\xbf"
	 "192.0.2.1\n",
	 "192.0.2.1 ", 0},
	{"a byte order mark and a remark", "\xef\xbb\xbf# x\r\n192.0.2.1\r\n", "192.0.2.1 ", 0},
	{"no newline at the end", "192.0.2.1", "192.0.2.1 ", 0},
	{"a range", "192.0.2.4-192.0.2.9\n", "192.0.2.4/30 192.0.2.8/31 ", 0},
	{"a range with blanks", "192.0.2.4 - 192.0.2.9\n", "", 1},
	{"a range of IPv6", "2001:db8::-2001:db8::3\n", "2001:db8::/126 ", 0},
	{"a range backwards", "192.0.2.9-192.0.2.4\n", "", 1},
	{"a byte order mark further down",
	 "192.0.2.1\n\xef\xbb\xbf"
	 "192.0.2.2\n",
	 "192.0.2.1 ", 2},
	{"host bits", "192.0.2.1/24\n", "", 1},
	{"HTML", "192.0.2.1\n<html>\n", "192.0.2.1 ", 2},
};

Test(setfile, lines)
{
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *c = &file_cases[i];
		char path[64], got[256] = "", text[FW_ADDR_TEXT_MAX];
		struct fw_set set = {.file = path};
		struct fw_diags diags = {};

		write_file(path, c->text, strlen(c->text));
		cr_assert_eq(fw_setfile_read(&set, (struct fw_mark){}, &diags), 0, "%s", c->name);
		for (size_t j = 0; j < set.prefix_count; j++) {
			strcat(got, fw_prefix_format(&set.prefixes[j], text, sizeof(text)));
			strcat(got, " ");
		}
		cr_expect_str_eq(got, c->prefixes, "%s", c->name);
		cr_expect_eq(diags.errors, c->bad_line != 0, "%s: %zu errors", c->name, diags.errors);
		if (diags.errors)
			cr_expect_eq(diags.items[0].mark.line, c->bad_line, "%s", c->name);
		unlink(path);
		free(set.prefixes);
		fw_diags_done(&diags);
	}
}

static const struct find_case {
	const char *addr;
	int count, first, second; /* line numbers */
	const char *text;	  /* of the first */
} find_cases[] = {
	{"192.0.2.77", 2, 2, 5, "192.0.2.0/24"}, {"198.51.100.8", 1, 4, 0, "198.51.100.7-198.51.100.9"},
	{"198.51.100.10", 0, 0, 0, NULL},	 {"2001:db8::1", 1, 6, 0, "2001:db8::/32"},
	{"203.0.113.1", 1, 8, 0, "203.0.113.1"}, /* bad lines before it are passed over */
	{"::ffff:0:0", 0, 0, 0, NULL},
};

Test(setfile, on_which_line)
{
	static const char text[] = "\xef\xbb\xbf# first\r\n192.0.2.0/24 # x\r\n\r\n"
				   "198.51.100.7-198.51.100.9\n 192.0.2.77\n2001:db8::/32;\n"
				   "<html>\n203.0.113.1";
	struct fw_setfile_hit hits[4];
	struct fw_addr addr;
	char path[64];

	write_file(path, text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(find_cases) / sizeof(find_cases[0]); i++) {
		const struct find_case *c = &find_cases[i];

		cr_assert_eq(fw_addr_parse(c->addr, &addr, NULL), 0);
		cr_assert_eq(fw_setfile_find(path, &addr, hits, 4), c->count, "%s", c->addr);
		if (c->count)
			cr_expect_str_eq(hits[0].text, c->text, "%s", c->addr);
		if (c->count)
			cr_expect_eq(hits[0].line, c->first, "%s", c->addr);
		if (c->count > 1)
			cr_expect_eq(hits[1].line, c->second, "%s", c->addr);
	}
	cr_assert_eq(fw_addr_parse("192.0.2.77", &addr, NULL), 0);
	cr_expect_eq(fw_setfile_find(path, &addr, hits, 1), 1, "no more than there is room for");
	unlink(path);
	cr_expect_lt(fw_setfile_find(path, &addr, hits, 4), 0);
}

Test(setfile, stamps)
{
	struct fw_file_stamp a, b;
	char path[64];
	FILE *file;

	write_file(path, "192.0.2.1\n", 10);
	a = fw_setfile_stamp(path);
	b = fw_setfile_stamp(path);
	cr_expect_eq(a.error, 0);
	cr_expect(fw_file_stamp_same(&a, &b));
	file = fopen(path, "ae");
	cr_assert(file && fputs("192.0.2.2\n", file) >= 0 && !fclose(file));
	b = fw_setfile_stamp(path);
	cr_expect(!fw_file_stamp_same(&a, &b), "a longer file is another one");
	unlink(path);
	a = fw_setfile_stamp(path);
	cr_expect_eq(a.error, -ENOENT);
	cr_expect(!fw_file_stamp_same(&a, &b));
	b = fw_setfile_stamp(path);
	cr_expect(fw_file_stamp_same(&a, &b), "still not there is nothing new");
}
