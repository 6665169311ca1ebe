// SPDX-License-Identifier: Apache-2.0
/* CloudFront's standard logs: W3C extended, columns between tabs, named by a #Fields line. Pure. */
#include <errno.h>
#include <string.h>

#include "logs/formats.h"

static const struct {
	const char *name;
	enum fw_log_field field;
} names[] = {
	{"c-ip", FW_LOG_CLIENT},	{"x-forwarded-for", FW_LOG_FORWARDED_FOR},
	{"cs-method", FW_LOG_METHOD},	{"cs-uri-stem", FW_LOG_URI},
	{"x-host-header", FW_LOG_HOST}, {"sc-status", FW_LOG_STATUS},
};

/* date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status … x-host-header …
 * x-forwarded-for */
static void standard(struct fw_log_columns *columns)
{
	memset(columns->field_of, -1, sizeof(columns->field_of));
	columns->field_of[4] = FW_LOG_CLIENT;
	columns->field_of[5] = FW_LOG_METHOD;
	columns->field_of[7] = FW_LOG_URI;
	columns->field_of[8] = FW_LOG_STATUS;
	columns->field_of[15] = FW_LOG_HOST;
	columns->field_of[19] = FW_LOG_FORWARDED_FOR;
	columns->count = 20;
}

static void read_names(struct fw_log_columns *columns, const char *at, const char *end)
{
	memset(columns->field_of, -1, sizeof(columns->field_of));
	columns->count = 0;
	while (at < end && columns->count < FW_CLOUDFRONT_COLUMNS) {
		const char *start = at;

		while (at < end && *at != ' ' && *at != '\t')
			at++;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == (size_t)(at - start) &&
			    !memcmp(names[i].name, start, (size_t)(at - start)))
				columns->field_of[columns->count] = (int8_t)names[i].field;
		columns->count += at > start;
		at++;
	}
}

int fw_log_read_cloudfront(struct fw_log_columns *columns, char *line, size_t length,
			   struct fw_log_event *event)
{
	static const char fields[] = "#Fields:";
	char *at = line, *end = line + length;

	if (length && line[0] == '#') {
		if (length > sizeof(fields) && !memcmp(line, fields, sizeof(fields) - 1))
			read_names(columns, line + sizeof(fields) - 1, end);
		return -ENOENT;
	}
	if (!columns->count)
		standard(columns);
	for (unsigned int column = 0; column < columns->count && at <= end; column++) {
		char *tab = memchr(at, '\t', (size_t)(end - at));
		int field = columns->field_of[column];

		if (!tab)
			tab = end;
		if (field >= 0 && !(tab - at == 1 && *at == '-'))
			event->fields[field] = (struct fw_log_span){at, (size_t)(tab - at)};
		at = tab + 1;
	}
	return event->fields[FW_LOG_CLIENT].text ? 0 : -EPROTO;
}
