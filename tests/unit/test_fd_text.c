// SPDX-License-Identifier: Apache-2.0
/* What workers are handed on descriptors. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd_text.h"

static int pipe_of(const char *text, size_t length)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], text, length), (ssize_t)length);
	close(ends[1]);
	return ends[0];
}

Test(fd_text, credentials_fit_into_a_header)
{
	static const struct {
		const char *text, *is; /* NULL: refused */
	} cases[] = {
		{"Bearer abc", "Bearer abc"},
		{"Bearer abc\n", "Bearer abc"},
		{"a\r\nX-Evil: 1\n", "a"},
		{"", NULL},
		{"\n", NULL},
		{"a\tb", NULL},
		{"a\x7f", NULL},
		{"gr\xc3\xbc\xc3\x9f", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = pipe_of(cases[i].text, strlen(cases[i].text));
		struct fw_err err = {0};
		char *got = NULL;
		int r = fw_fd_credential(fd, &got, &err);

		cr_expect_eq(r, cases[i].is ? 0 : -EINVAL, "case %zu: %d", i, r);
		if (!r)
			cr_expect_str_eq(got, cases[i].is);
		else
			cr_expect(*err.text && !got);
		free(got);
		close(fd);
	}
}

Test(fd_text, as_long_as_it_may_be)
{
	static char text[FW_CREDENTIAL_MAX + 1];
	struct fw_err err = {0};
	char *got = NULL;
	int fd;

	memset(text, 'a', sizeof(text));
	fd = pipe_of(text, FW_CREDENTIAL_MAX);
	cr_expect_eq(fw_fd_credential(fd, &got, &err), 0);
	cr_expect_eq(strlen(got), FW_CREDENTIAL_MAX);
	free(got);
	close(fd);
	fd = pipe_of(text, FW_CREDENTIAL_MAX + 1);
	got = NULL;
	cr_expect_eq(fw_fd_credential(fd, &got, &err), -EINVAL);
	close(fd);
}
