// SPDX-License-Identifier: Apache-2.0
/* What kind of document begins like this. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"

/* First byte that is no space, behind a byte order mark. */
static size_t begins_at(const char *head, size_t length)
{
	size_t at = length >= 3 && !memcmp(head, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (at < length && head[at] && strchr(FW_FEED_SPACES, head[at]))
		at++;
	return at;
}

/* The first words of something unexpected, fit for a message. */
static void quote(const char *head, size_t length, char *ret, size_t size)
{
	size_t used = 0;

	while (used < length && used + 1 < size && head[used] != '\n' && head[used] != '\r') {
		ret[used] = head[used] >= ' ' && head[used] < 127 ? head[used] : '?';
		used++;
	}
	ret[used] = '\0';
}

int fw_feed_refuse_head(const char *head, size_t length, struct fw_err *err)
{
	size_t at = begins_at(head, length);
	char words[41];

	if (at == length)
		return fw_err_set(err, -ENODATA, "the list is empty");
	quote(head + at, length - at, words, sizeof(words));
	if (head[at] == '<')
		return fw_err_set(err, -EPROTO,
				  "HTML or XML instead of a list: it begins with '%s'; the server probably "
				  "answered with an error or login page",
				  words);
	if (length >= 4 &&
	    (!memcmp(head, "PK\x03\x04", 4) || !memcmp(head, "\x1f\x8b", 2) || !memcmp(head, "BZh", 3) ||
	     !memcmp(head,
		     "\xfd"
		     "7zX",
		     4)))
		return fw_err_set(err, -EPROTO, "an archive instead of a list: it begins with '%s'", words);
	return 0;
}

static bool has(const char *head, size_t length, const char *words)
{
	return memmem(head, length, words, strlen(words)) != NULL;
}

/* Whether the first object is over within the first line and either the head or another object follows. */
static bool is_lines(const char *head, size_t length)
{
	const char *end = memchr(head, '\n', length);
	size_t next, line;

	if (!end)
		end = head + length;
	line = (size_t)(end - head);
	while (line && strchr(FW_FEED_SPACES, head[line - 1]))
		line--;
	if (!line || head[line - 1] != '}')
		return false;
	next = (size_t)(end - head);
	while (next < length && strchr(FW_FEED_SPACES, head[next]))
		next++;
	return next < length ? head[next] == '{' : has(head, line, "\"cidr\"") && !has(head, line, "[");
}

static enum fw_feed_format detect_json(const char *head, size_t length)
{
	size_t at = 1;

	if (has(head, length, "\"nftables\""))
		return FW_FEED_NFT_JSON;
	if (has(head, length, "\"syncToken\"") && has(head, length, "\"ip_prefix\""))
		return FW_FEED_AWS;
	if (*head == '{' && is_lines(head, length))
		return FW_FEED_JSONL;
	while (at < length && strchr(FW_FEED_SPACES, head[at]))
		at++;
	head += at;
	length -= at;
	if (length >= 5 && (!memcmp(head, "\"new\"", 5) || (length >= 9 && !memcmp(head, "\"deleted\"", 9))))
		return FW_FEED_CROWDSEC;
	return FW_FEED_JSON;
}

static bool begins(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

static enum fw_feed_format detect_line(char *line)
{
	struct fw_prefix prefix;

	if (begins(line, "create ") || begins(line, "add "))
		return FW_FEED_IPSET;
	if (begins(line, "table ") || begins(line, "set ") || begins(line, "elements"))
		return FW_FEED_NFT;
	line[strcspn(line, "#;")] = '\0';
	if (!strchr(line, ',') || !fw_prefix_parse_lax(fw_feed_trim(line), &prefix, NULL))
		return FW_FEED_NETSET;
	return FW_FEED_CSV;
}

int fw_feed_detect(const char *head, size_t length, enum fw_feed_format *ret, struct fw_err *err)
{
	size_t at = begins_at(head, length);
	char line[512];

	if (at < length && (head[at] == '{' || head[at] == '[')) {
		*ret = detect_json(head + at, length - at);
		return 0;
	}
	if (memchr(head, '\0', length))
		return fw_err_set(err, -EPROTO, "binary data instead of a list");
	*ret = FW_FEED_NETSET;
	while (at < length) {
		const char *end = memchr(head + at, '\n', length - at);
		size_t part = end ? (size_t)(end - head) - at : length - at;

		snprintf(line, sizeof(line), "%.*s", (int)(part < sizeof(line) ? part : sizeof(line) - 1),
			 head + at);
		at += part + 1;
		if (!*fw_feed_trim(line) || strchr("#;", *fw_feed_trim(line)))
			continue;
		*ret = detect_line(fw_feed_trim(line));
		break;
	}
	return 0;
}
