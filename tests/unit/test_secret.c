// SPDX-License-Identifier: Apache-2.0
/* Credentials are read from files that not everybody reads. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/secret.h"

Test(secret, only_a_file_that_not_everybody_reads)
{
	static const struct {
		mode_t mode;
		int want; /* 0: a descriptor */
		const char *says;
	} cases[] = {{0600, 0, NULL}, {0640, 0, NULL}, {0644, -EACCES, "chmod o-rwx"}};
	char path[] = "/tmp/fw-unit-secret-XXXXXX";
	int made = mkstemp(path);

	cr_assert_geq(made, 0);
	cr_assert_eq(write(made, "hush", 4), 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_err err = {0};
		char text[8] = "";
		int fd;

		cr_assert_eq(fchmod(made, cases[i].mode), 0);
		fd = fw_secret_open(path, &err);
		cr_expect(cases[i].want ? fd == cases[i].want : fd >= 0, "mode %o: %d", cases[i].mode, fd);
		if (cases[i].says)
			cr_expect(strstr(err.text, cases[i].says), "%s", err.text);
		if (fd < 0)
			continue;
		cr_expect_eq(read(fd, text, sizeof(text)), 4);
		close(fd);
	}
	close(made);
	unlink(path);
}

Test(secret, what_is_none)
{
	struct fw_err err = {0};

	cr_expect_eq(fw_secret_open("/nonexistent/secret", &err), -ENOENT);
	cr_expect_eq(fw_secret_open("/tmp", &err), -EINVAL);
	cr_expect(strstr(err.text, "not a regular file"), "%s", err.text);
}
