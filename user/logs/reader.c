// SPDX-License-Identifier: Apache-2.0
/* From a line to what it says. Pure. */
#include "logs/reader.h"

#include <errno.h>
#include <string.h>

int fw_log_reader_init(struct fw_log_reader *reader, const struct fw_log_job_log *log, struct fw_err *err)
{
	*reader = (struct fw_log_reader){.log = log};
	return log->regex ? fw_log_regex_new(log->regex, &reader->regex, err) : 0;
}

void fw_log_reader_done(struct fw_log_reader *reader)
{
	fw_log_regex_free(reader->regex);
	*reader = (struct fw_log_reader){0};
}

/* The envelope of the journal and of syslog. */
static int unwrap(const struct fw_log_reader *reader, char **line, size_t *length)
{
	switch (reader->log->source) {
	case FW_LOG_JOURNAL:
		return fw_log_unwrap_journal(line, length);
	case FW_LOG_SYSLOG_UDP:
	case FW_LOG_SYSLOG_UNIX:
		fw_log_unwrap_syslog(line, length);
		return 0;
	case FW_LOG_FILE:
		return 0;
	}
	return 0;
}

static int read_format(struct fw_log_reader *reader, char *line, size_t length, struct fw_log_event *event)
{
	switch (reader->log->format) {
	case FW_LOG_COMBINED:
		return fw_log_read_combined(line, length, false, event);
	case FW_LOG_VCOMBINED:
		return fw_log_read_combined(line, length, true, event);
	case FW_LOG_CADDY:
		return fw_log_read_caddy(line, length, event);
	case FW_LOG_CLOUDFRONT:
		return fw_log_read_cloudfront(&reader->columns, line, length, event);
	case FW_LOG_AWS_WAF:
		return fw_log_read_aws_waf(line, length, event);
	case FW_LOG_JSON:
		return fw_log_read_json(reader->log->fields, line, length, event);
	case FW_LOG_REGEX:
		return fw_log_regex_match(reader->regex, line, length, event->fields);
	}
	return -EPROTO;
}

static unsigned int status_of(struct fw_log_span span)
{
	unsigned int status = 0;

	if (span.length != 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (span.text[i] < '0' || span.text[i] > '9')
			return 0;
		status = status * 10 + (unsigned int)(span.text[i] - '0');
	}
	return status;
}

int fw_log_read(struct fw_log_reader *reader, char *line, size_t length, struct fw_log_event *ret)
{
	int r;

	*ret = (struct fw_log_event){0};
	if (length && line[length - 1] == '\r')
		length--;
	if (!length)
		return -ENOENT;
	r = unwrap(reader, &line, &length);
	if (!r)
		r = read_format(reader, line, length, ret);
	if (r)
		return r;
	ret->status = status_of(ret->fields[FW_LOG_STATUS]);
	return fw_log_find_client(&reader->log->trust, ret);
}
