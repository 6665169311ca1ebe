// SPDX-License-Identifier: Apache-2.0
/* Headers of syslog datagrams. Pure. */
#include <string.h>

#include "logs/formats.h"

#define PRI_MAX	   5  /* <191> */
#define TIME_BYTES 16 /* "Nov  5 22:14:15 " */

static const char *skip_words(const char *at, const char *end, unsigned int count)
{
	while (count-- && at) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* VERSION TIMESTAMP HOST APP PROCID MSGID, then "-" or [structured data]. */
static const char *behind_5424(const char *at, const char *end)
{
	at = skip_words(at, end, 6);
	if (!at || at == end)
		return NULL;
	if (*at == '-')
		return end - at > 1 ? at + 2 : NULL;
	while (at < end && *at == '[') {
		bool quoted = false;

		for (; at < end && (*at != ']' || quoted); at++) {
			if (*at == '\\' && at + 1 < end)
				at++;
			else if (*at == '"')
				quoted = !quoted;
		}
		at++;
	}
	return at < end && *at == ' ' ? at + 1 : NULL;
}

/* "Nov  5 22:14:15 host tag[pid]: message"; some leave the host out. */
static const char *behind_3164(const char *at, const char *end)
{
	const char *colon;

	if (end - at > TIME_BYTES && at[3] == ' ' && at[6] == ' ' && at[9] == ':' && at[12] == ':' &&
	    at[15] == ' ')
		at += TIME_BYTES;
	colon = memmem(at, (size_t)(end - at), ": ", 2);
	/* At most a host and a tag before it, otherwise the colon is the message's own. */
	if (!colon)
		return at;
	for (const char *c = at, *blank = NULL; c < colon; c++) {
		if (*c != ' ')
			continue;
		if (blank)
			return at;
		blank = c;
	}
	return colon + 2;
}

void fw_log_unwrap_syslog(char **line, size_t *length)
{
	const char *at = *line, *end = at + *length,
		   *pri = memchr(at, '>', *length < PRI_MAX ? *length : PRI_MAX);
	const char *text = NULL;

	for (size_t i = 0; i < *length; i++)
		if ((*line)[i] == '\n' || (*line)[i] == '\r' || !(*line)[i])
			(*line)[i] = ' ';
	if (*length < 3 || *at != '<' || !pri)
		return;
	at = pri + 1;
	if (end - at > 2 && at[0] == '1' && at[1] == ' ')
		text = behind_5424(at, end);
	if (!text)
		text = behind_3164(at, end);
	*length = (size_t)(end - text);
	*line = (char *)text;
}
