// SPDX-License-Identifier: Apache-2.0
/* The formats that are JSON: tables of paths, and AWS WAF's headers, which are a list of names and values.
 * Pure. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "logs/formats.h"
#include "logs/json_scan.h"

struct path {
	const char *path;
	enum fw_log_field field;
};

struct search {
	const struct path *paths;
	size_t count;
	struct fw_log_event *event;
	struct fw_log_span header; /* AWS WAF: the name that the next value belongs to */
};

/* The first of several wins, so that nobody can add one behind; of X-Forwarded-For the last, which a proxy
 * added. */
static void set(struct fw_log_event *event, enum fw_log_field field, const char *text, size_t length)
{
	if (!event->fields[field].text || field == FW_LOG_FORWARDED_FOR)
		event->fields[field] = (struct fw_log_span){text, length};
}

static void find(void *context, const char *path, const char *text, size_t length, bool is_string)
{
	struct search *search = context;

	if (!is_string && (text[0] < '0' || text[0] > '9'))
		return; /* null, true, false */
	for (size_t i = 0; i < search->count; i++)
		if (!strcmp(search->paths[i].path, path))
			set(search->event, search->paths[i].field, text, length);
}

static int scan(char *line, size_t length, const struct path *paths, size_t count, fw_json_found *found,
		struct fw_log_event *event)
{
	struct search search = {.paths = paths, .count = count, .event = event};

	if (fw_json_scan(line, length, found, &search))
		return -EPROTO;
	return event->fields[FW_LOG_CLIENT].text ? 0 : -ENOENT;
}

int fw_log_read_caddy(char *line, size_t length, struct fw_log_event *event)
{
	static const struct path paths[] = {
		{"request.remote_ip", FW_LOG_CLIENT},
		{"request.headers.X-Forwarded-For", FW_LOG_FORWARDED_FOR},
		{"request.method", FW_LOG_METHOD},
		{"request.uri", FW_LOG_URI},
		{"request.host", FW_LOG_HOST},
		{"status", FW_LOG_STATUS},
	};

	return scan(line, length, paths, sizeof(paths) / sizeof(paths[0]), find, event);
}

static void find_aws_waf(void *context, const char *path, const char *text, size_t length, bool is_string)
{
	static const struct path headers[] = {{"host", FW_LOG_HOST},
					      {"x-forwarded-for", FW_LOG_FORWARDED_FOR}};
	struct search *search = context;

	if (!strcmp(path, "httpRequest.headers.name")) {
		search->header = (struct fw_log_span){text, length};
		return;
	}
	if (strcmp(path, "httpRequest.headers.value")) {
		find(context, path, text, length, is_string);
		return;
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (search->header.length == strlen(headers[i].path) &&
		    !strncasecmp(search->header.text, headers[i].path, search->header.length))
			set(search->event, headers[i].field, text, length);
}

int fw_log_read_aws_waf(char *line, size_t length, struct fw_log_event *event)
{
	static const struct path paths[] = {
		{"httpRequest.clientIp", FW_LOG_CLIENT},
		{"httpRequest.httpMethod", FW_LOG_METHOD},
		{"httpRequest.uri", FW_LOG_URI},
		{"responseCodeSent", FW_LOG_STATUS},
	};

	return scan(line, length, paths, sizeof(paths) / sizeof(paths[0]), find_aws_waf, event);
}

int fw_log_read_json(char *const fields[FW_LOG_FIELD_MAX_], char *line, size_t length,
		     struct fw_log_event *event)
{
	struct path paths[FW_LOG_FIELD_MAX_];
	size_t count = 0;

	for (unsigned int i = 0; i < FW_LOG_FIELD_MAX_; i++)
		if (fields[i])
			paths[count++] = (struct path){fields[i], (enum fw_log_field)i};
	return scan(line, length, paths, count, find, event);
}

struct message {
	char *text;
	size_t length;
};

static void find_message(void *context, const char *path, const char *text, size_t length, bool is_string)
{
	struct message *message = context;

	if (is_string && !strcmp(path, "MESSAGE"))
		*message = (struct message){(char *)text, length};
}

/* A line break inside a message would let its author write lines of his own. */
int fw_log_unwrap_journal(char **line, size_t *length)
{
	struct message message = {0};

	if (fw_json_scan(*line, *length, find_message, &message))
		return -EPROTO;
	if (!message.text)
		return -ENOENT;
	for (size_t i = 0; i < message.length; i++)
		if (message.text[i] == '\n' || message.text[i] == '\r')
			message.text[i] = ' ';
	*line = message.text;
	*length = message.length;
	return 0;
}
