/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions over log lines: fail2ban's <HOST>, PCRE2 behind limits. */
#ifndef FW_POLICY_LOG_REGEX_H
#define FW_POLICY_LOG_REGEX_H

#include "policy/policy.h"

struct fw_log_regex;

/* <HOST> becomes a group named client that takes an address; the groups named method, uri, host, status and
 * forwarded_for may stand beside it. -EINVAL with text: it does not compile, or names no client. */
int fw_log_regex_new(const char *pattern, struct fw_log_regex **ret, struct fw_err *err);
void fw_log_regex_free(struct fw_log_regex *regex); /* NULL is fine */

struct fw_log_span {
	const char *text; /* NULL: not there */
	size_t length;
};
/* 0 and the spans inside line; -ENOENT no match; -E2BIG given up: match, depth or heap limit. */
int fw_log_regex_match(struct fw_log_regex *regex, const char *line, size_t length,
		       struct fw_log_span spans[FW_LOG_FIELD_MAX_]);

#endif
