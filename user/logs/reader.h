/* SPDX-License-Identifier: Apache-2.0 */
/* One log's lines: unwrapped, read by their format, attributed to a client. */
#ifndef FW_LOGS_READER_H
#define FW_LOGS_READER_H

#include "logs/formats.h"
#include "logs/job.h"

struct fw_log_reader {
	const struct fw_log_job_log *log; /* borrowed */
	struct fw_log_regex *regex;
	struct fw_log_columns columns;
};

/* -EINVAL: the regex does not compile. */
int fw_log_reader_init(struct fw_log_reader *reader, const struct fw_log_job_log *log, struct fw_err *err);
void fw_log_reader_done(struct fw_log_reader *reader);

/* May rewrite the line; the event points into it. 0; -ENOENT: says nothing of a client, which is no fault;
 * -EPROTO: not in the log's format; -E2BIG: the regex was given up. */
int fw_log_read(struct fw_log_reader *reader, char *line, size_t length, struct fw_log_event *ret);

#endif
