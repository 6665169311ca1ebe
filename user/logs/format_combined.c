// SPDX-License-Identifier: Apache-2.0
/* combined and vcombined of nginx and Apache, with X-Forwarded-For as one more quoted field at the end if a
 * server adds it. Pure. */
#include <errno.h>
#include <string.h>

#include "logs/formats.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* \xHH, \" and \\ resolved in place; other escapes stand for controls nobody compares. */
static struct fw_log_span unescape(char *text, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\\' || i + 1 == length) {
			text[used++] = text[i];
		} else if (text[i + 1] == 'x' && length - i > 3 && hex(text[i + 2]) >= 0 &&
			   hex(text[i + 3]) >= 0) {
			text[used++] = (char)(hex(text[i + 2]) << 4 | hex(text[i + 3]));
			i += 3;
		} else {
			text[used++] = text[++i];
		}
	}
	return (struct fw_log_span){text, used};
}

/* The next quoted string; what stands between is skipped. False: there is none, or it does not end. */
static bool quoted(char **at, const char *end, struct fw_log_span *ret)
{
	char *start = memchr(*at, '"', (size_t)(end - *at)), *close;

	if (!start)
		return false;
	for (close = ++start; close < end && *close != '"'; close++)
		if (*close == '\\' && close + 1 < end)
			close++;
	if (close >= end)
		return false;
	*at = close + 1;
	*ret = (struct fw_log_span){start, (size_t)(close - start)};
	return true;
}

static void split_request(struct fw_log_span request, struct fw_log_event *event)
{
	const char *space = memchr(request.text, ' ', request.length), *end = request.text + request.length;
	const char *last;

	if (!space)
		return; /* "-": what came was no request */
	event->fields[FW_LOG_METHOD] = (struct fw_log_span){request.text, (size_t)(space - request.text)};
	last = memrchr(space, ' ', (size_t)(end - space));
	if (last > space && end - last > 5 && !memcmp(last + 1, "HTTP/", 5))
		end = last;
	event->fields[FW_LOG_URI] = (struct fw_log_span){space + 1, (size_t)(end - space - 1)};
}

static bool word(char **at, const char *end, struct fw_log_span *ret)
{
	char *space = memchr(*at, ' ', (size_t)(end - *at));

	if (!space || space == *at)
		return false;
	*ret = (struct fw_log_span){*at, (size_t)(space - *at)};
	*at = space + 1;
	return true;
}

/* A user's name may hold blanks and brackets, but no quote: servers escape it. So the first quote opens the
 * request, whatever stands before it. */
int fw_log_read_combined(char *line, size_t length, bool vhost, struct fw_log_event *event)
{
	char *at = line, *end = line + length;
	struct fw_log_span request, ignored, forwarded;

	if (vhost && !word(&at, end, &event->fields[FW_LOG_HOST]))
		return -EPROTO;
	if (!word(&at, end, &event->fields[FW_LOG_CLIENT]) || !quoted(&at, end, &request))
		return -EPROTO;
	if (end - at < 4 || *at++ != ' ' || !word(&at, end, &event->fields[FW_LOG_STATUS]))
		return -EPROTO;
	if (quoted(&at, end, &ignored) && quoted(&at, end, &ignored) && quoted(&at, end, &forwarded))
		event->fields[FW_LOG_FORWARDED_FOR] = unescape((char *)forwarded.text, forwarded.length);
	split_request(unescape((char *)request.text, request.length), event);
	return 0;
}
