/* SPDX-License-Identifier: Apache-2.0 */
/* One failure on its way to the edge: a negative errno and a sentence for a human. */
#ifndef FW_LIB_ERR_H
#define FW_LIB_ERR_H

#define FW_ERR_TEXT_MAX 1024

struct fw_err {
	int code; /* negative errno, 0 = none */
	char text[FW_ERR_TEXT_MAX];
};

/* Fills *err (NULL: only returns) and returns code, so that `return fw_err_set(err, -EINVAL, "…")` reads
 * well. */
int fw_err_set(struct fw_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "what: " in front of the text that a callee has set. Returns err->code. */
int fw_err_prefix(struct fw_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
