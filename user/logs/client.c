// SPDX-License-Identifier: Apache-2.0
/* X-Forwarded-For read from its end, where only trusted proxies wrote. Pure. */
#include "logs/client.h"

#include <errno.h>
#include <string.h>

bool fw_log_trusts(const struct fw_log_trust *trust, const struct fw_addr *addr)
{
	const struct fw_prefix wanted = {.addr = *addr, .bits = 128};
	size_t low = 0, high = trust->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (fw_prefix_compare(&trust->prefixes[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && fw_prefix_contains(&trust->prefixes[low - 1], addr);
}

static struct fw_log_span trimmed(struct fw_log_span span)
{
	while (span.length && (span.text[0] == ' ' || span.text[0] == '\t' || span.text[0] == '"'))
		span = (struct fw_log_span){span.text + 1, span.length - 1};
	while (span.length && (span.text[span.length - 1] == ' ' || span.text[span.length - 1] == '\t' ||
			       span.text[span.length - 1] == '"'))
		span.length--;
	return span;
}

int fw_log_address(struct fw_log_span span, struct fw_addr *ret)
{
	char text[FW_ADDR_TEXT_MAX];
	const char *colon;

	span = trimmed(span);
	if (span.length && span.text[0] == '[') {
		const char *close = memchr(span.text, ']', span.length);

		if (!close)
			return -EINVAL;
		span = (struct fw_log_span){span.text + 1, (size_t)(close - span.text - 1)};
	} else if (span.length && memchr(span.text, '.', span.length)) {
		/* One colon behind dots is a port's; ::ffff:192.0.2.1 has more. */
		colon = memchr(span.text, ':', span.length);
		if (colon && colon == memrchr(span.text, ':', span.length))
			span.length = (size_t)(colon - span.text);
	}
	if (!span.length || span.length >= sizeof(text) || memchr(span.text, '\0', span.length))
		return -EINVAL;
	memcpy(text, span.text, span.length);
	text[span.length] = '\0';
	return fw_addr_parse(text, ret, NULL);
}

int fw_log_find_client(const struct fw_log_trust *trust, struct fw_log_event *event)
{
	struct fw_log_span hops = event->fields[FW_LOG_FORWARDED_FOR];
	struct fw_addr addr;

	event->has_client = false;
	if (fw_log_address(event->fields[FW_LOG_CLIENT], &addr))
		return -EPROTO;
	while (fw_log_trusts(trust, &addr)) {
		const char *comma = hops.length ? memrchr(hops.text, ',', hops.length) : NULL;
		struct fw_log_span last =
			comma ? (struct fw_log_span){comma + 1, (size_t)(hops.text + hops.length - comma - 1)}
			      : hops;

		if (fw_log_address(last, &addr))
			return 0;
		hops.length = comma ? (size_t)(comma - hops.text) : 0;
	}
	event->client = addr;
	event->has_client = true;
	return 0;
}
