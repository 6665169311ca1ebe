// SPDX-License-Identifier: Apache-2.0
/* A failure keeps its code and its sentence on the way up. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/err.h"

Test(err, set_returns_the_code_and_keeps_the_text)
{
	struct fw_err err = {0};

	cr_expect_eq(fw_err_set(&err, -ENOENT, "no %s", "file"), -ENOENT);
	cr_expect_eq(err.code, -ENOENT);
	cr_expect_str_eq(err.text, "no file");
}

Test(err, nobody_has_to_ask_for_the_text)
{
	cr_expect_eq(fw_err_set(NULL, -EINVAL, "unheard"), -EINVAL);
	cr_expect_eq(fw_err_prefix(NULL, "unheard"), 0);
}

Test(err, prefix_goes_in_front)
{
	struct fw_err err;

	fw_err_set(&err, -EPERM, "denied");
	cr_expect_eq(fw_err_prefix(&err, "iface '%s'", "eth0"), -EPERM);
	cr_expect_str_eq(err.text, "iface 'eth0': denied");
}

Test(err, long_texts_are_cut_and_terminated)
{
	struct fw_err err;
	char text[3 * FW_ERR_TEXT_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fw_err_set(&err, -EINVAL, "%s", text);
	cr_expect_eq(strlen(err.text), FW_ERR_TEXT_MAX - 1);
	fw_err_prefix(&err, "in front");
	cr_expect_eq(strlen(err.text), FW_ERR_TEXT_MAX - 1);
	cr_expect_eq(strncmp(err.text, "in front: xxx", 13), 0);
	cr_expect_eq(fw_err_prefix(&err, "%s", text), -EINVAL);
	cr_expect_eq(strncmp(err.text, "in front: xxx", 13), 0);
}
