// SPDX-License-Identifier: Apache-2.0
/* A JSON scanner without memory: lenient about numbers, strict about structure and bounds. Pure. */
#include "logs/json_scan.h"

#include <errno.h>
#include <string.h>

struct scan {
	char *at, *end;
	char path[FW_JSON_PATH_MAX];
	size_t path_length;
	unsigned int depth;
	fw_json_found *found;
	void *context;
};

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

static bool take(struct scan *scan, char c)
{
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static int hex4(const char *text, const char *end)
{
	int value = 0;

	if (end - text < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = text[i], lower = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			value = value << 4 | (lower - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* Halves of a surrogate pair become three bytes each: nobody compares what lies beyond ASCII. */
static char *put_utf8(char *to, int code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

static int escape(struct scan *scan, char **to)
{
	static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	const char *which;
	int code;

	if (scan->at == scan->end)
		return -EPROTO;
	if (*scan->at == 'u') {
		code = hex4(scan->at + 1, scan->end);
		if (code < 0)
			return -EPROTO;
		scan->at += 5;
		*to = put_utf8(*to, code);
		return 0;
	}
	which = *scan->at ? strchr(from, *scan->at) : NULL;
	if (!which)
		return -EPROTO;
	*(*to)++ = plain[which - from];
	scan->at++;
	return 0;
}

/* Behind the opening quote. */
static int string(struct scan *scan, char **ret, size_t *ret_length)
{
	char *to = scan->at;

	*ret = scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at != '\\') {
			*to++ = *scan->at++;
			continue;
		}
		scan->at++;
		if (escape(scan, &to))
			return -EPROTO;
	}
	if (scan->at == scan->end)
		return -EPROTO;
	scan->at++;
	*ret_length = (size_t)(to - *ret);
	return 0;
}

static int value(struct scan *scan);

static int enter(struct scan *scan, const char *key, size_t length)
{
	size_t dot = scan->path_length ? 1 : 0;

	/* A NUL would let a long key pass for a short one. */
	if (scan->path_length + dot + length >= sizeof(scan->path) || memchr(key, '\0', length))
		return -EPROTO;
	if (dot)
		scan->path[scan->path_length++] = '.';
	memcpy(scan->path + scan->path_length, key, length);
	scan->path_length += length;
	scan->path[scan->path_length] = '\0';
	return 0;
}

static int object(struct scan *scan)
{
	size_t outer = scan->path_length;

	if (take(scan, '}'))
		return 0;
	do {
		size_t length;
		char *key;

		if (!take(scan, '"') || string(scan, &key, &length) || !take(scan, ':') ||
		    enter(scan, key, length) || value(scan))
			return -EPROTO;
		scan->path_length = outer;
		scan->path[outer] = '\0';
	} while (take(scan, ','));
	return take(scan, '}') ? 0 : -EPROTO;
}

static int array(struct scan *scan)
{
	if (take(scan, ']'))
		return 0;
	do {
		if (value(scan))
			return -EPROTO;
	} while (take(scan, ','));
	return take(scan, ']') ? 0 : -EPROTO;
}

static int literal(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && *scan->at &&
	       strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *scan->at))
		scan->at++;
	if (scan->at == start)
		return -EPROTO;
	scan->found(scan->context, scan->path, start, (size_t)(scan->at - start), false);
	return 0;
}

static int value(struct scan *scan)
{
	size_t length;
	char *text;
	int r;

	if (take(scan, '"')) {
		r = string(scan, &text, &length);
		if (!r)
			scan->found(scan->context, scan->path, text, length, true);
		return r;
	}
	if (scan->depth == FW_JSON_DEPTH_MAX)
		return -EPROTO;
	scan->depth++;
	r = take(scan, '{') ? object(scan) : take(scan, '[') ? array(scan) : literal(scan);
	scan->depth--;
	return r;
}

int fw_json_scan(char *text, size_t length, fw_json_found *found, void *context)
{
	struct scan scan = {.at = text, .end = text + length, .found = found, .context = context};

	skip_space(&scan);
	if (scan.at == scan.end || *scan.at != '{' || value(&scan))
		return -EPROTO;
	skip_space(&scan);
	return scan.at == scan.end ? 0 : -EPROTO;
}
