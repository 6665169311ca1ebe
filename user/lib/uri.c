// SPDX-License-Identifier: Apache-2.0
/* Request targets in normal form. Pure; uri.h has the exact rules. */
#include "lib/uri.h"

#include <string.h>

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_scheme(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Bytes of "scheme://", 0 without. */
static size_t scheme_length(const char *target, size_t length)
{
	size_t i = 1;

	if (!length || !is_alpha(target[0]))
		return 0;
	while (i < length && is_scheme(target[i]))
		i++;
	return length - i >= 3 && !memcmp(target + i, "://", 3) ? i + 3 : 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The length of what is decoded; never longer than what was read. */
static size_t decode(const char *from, size_t length, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (from[i] == '%' && length - i > 2 && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
			to[used++] = (char)(hex(from[i + 1]) << 4 | hex(from[i + 2]));
			i += 2;
		} else {
			to[used++] = from[i];
		}
	}
	return used;
}

/* In place; path begins with '/'. What is written never overtakes what is read. */
static size_t resolve(char *path, size_t length)
{
	size_t used = 0, i = 0;
	bool open = true; /* the last segment was none: the path ends in a slash */

	while (i < length) {
		size_t first = ++i, bytes;

		while (i < length && path[i] != '/')
			i++;
		bytes = i - first;
		open = !bytes || (bytes == 1 && path[first] == '.') ||
		       (bytes == 2 && path[first] == '.' && path[first + 1] == '.');
		if (open && bytes == 2)
			while (used && path[--used] != '/')
				;
		if (open)
			continue;
		path[used++] = '/';
		memmove(path + used, path + first, bytes);
		used += bytes;
	}
	if (open)
		path[used++] = '/';
	return used;
}

void fw_uri_normalize(const char *target, size_t length, char *path, struct fw_uri_parts *ret)
{
	size_t scheme = scheme_length(target, length), end = 0, slash;

	*ret = (struct fw_uri_parts){0};
	if (scheme) {
		const char *at;

		target += scheme;
		length -= scheme;
		while (end < length && !strchr("/?#", target[end] ? target[end] : 'x'))
			end++;
		at = memrchr(target, '@', end);
		ret->host = at ? at + 1 : target;
		ret->host_length = (size_t)(target + end - ret->host);
		target += end;
		length -= end;
	}
	for (end = 0; end < length && target[end] != '?' && target[end] != '#'; end++)
		;
	if (!scheme && end == 1 && target[0] == '*') {
		path[0] = '*';
		ret->path_length = 1;
		return;
	}
	slash = end && target[0] == '/' ? 0 : 1;
	if (slash)
		path[0] = '/';
	ret->path_length = resolve(path, slash + decode(target, end, path + slash));
}

bool fw_uri_is_normal(const char *path, size_t length)
{
	size_t i = 0;

	if (!length || path[0] != '/')
		return false;
	while (i < length) {
		size_t first = ++i, bytes;

		while (i < length && path[i] != '/')
			i++;
		bytes = i - first;
		/* Only the last segment may be empty. */
		if ((!bytes && i < length) || (bytes == 1 && path[first] == '.') ||
		    (bytes == 2 && path[first] == '.' && path[first + 1] == '.'))
			return false;
	}
	return true;
}

size_t fw_uri_host(const char *authority, size_t length, char *host, size_t size)
{
	const char *colon = memrchr(authority, ':', length);

	/* The colons of a bracketed address are no port's. */
	if (colon && !memchr(colon, ']', (size_t)(authority + length - colon)))
		length = (size_t)(colon - authority);
	if (length && authority[length - 1] == '.')
		length--;
	if (length > size)
		return 0;
	memcpy(host, authority, length);
	fw_uri_lower(host, length);
	return length;
}

void fw_uri_lower(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] | 0x20);
}
