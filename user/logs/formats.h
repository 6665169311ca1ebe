/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of one format each: a line in, spans of its fields out. */
#ifndef FW_LOGS_FORMATS_H
#define FW_LOGS_FORMATS_H

#include "logs/event.h"

#define FW_CLOUDFRONT_COLUMNS 64

/* Where a W3C log's columns are, as its last #Fields line said; the standard ones without. */
struct fw_log_columns {
	int8_t field_of[FW_CLOUDFRONT_COLUMNS]; /* enum fw_log_field, -1: of no interest */
	unsigned int count;
};

/* All: 0; -EPROTO not such a line; -ENOENT a line that says nothing of a client. They may rewrite the line.
 */
int fw_log_read_combined(char *line, size_t length, bool vhost, struct fw_log_event *event);
int fw_log_read_cloudfront(struct fw_log_columns *columns, char *line, size_t length,
			   struct fw_log_event *event);
int fw_log_read_caddy(char *line, size_t length, struct fw_log_event *event);
int fw_log_read_aws_waf(char *line, size_t length, struct fw_log_event *event);
int fw_log_read_json(char *const fields[FW_LOG_FIELD_MAX_], char *line, size_t length,
		     struct fw_log_event *event);

/* A journal entry as JSON: MESSAGE, on one line whatever it holds. -ENOENT: binary or none. */
int fw_log_unwrap_journal(char **line, size_t *length);
/* What stands behind priority, time, host and tag of a syslog datagram (RFC 3164, RFC 5424); all of it when
 * it is neither. */
void fw_log_unwrap_syslog(char **line, size_t *length);

#endif
