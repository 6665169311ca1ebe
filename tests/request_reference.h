/* SPDX-License-Identifier: Apache-2.0 */
/* What the packet path should say of a payload, said by other means: the target cut out as a string,
 * normalised by lib/uri.h, compared pattern by pattern. */
#ifndef FW_TESTS_REQUEST_REFERENCE_H
#define FW_TESTS_REQUEST_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "bpf/request.h"
#include "lib/uri.h"
#include "policy/automaton.h"

#define REFERENCE_READ 768

struct reference {
	const struct fw_pattern *paths, *hosts;
	size_t path_count, host_count;
	const struct fw_request_terms *terms;
};

static inline bool reference_pattern_holds(const struct fw_pattern *pattern, const char *text, size_t length)
{
	size_t wanted = strlen(pattern->text);

	if (length < wanted || (pattern->begins && pattern->ends && length != wanted))
		return false;
	for (size_t i = 0; i + wanted <= length; i++) {
		if ((pattern->begins && i) || (pattern->ends && i + wanted != length))
			continue;
		if (!strncasecmp(text + i, pattern->text, wanted) && !memchr(text + i, '\0', wanted))
			return true;
	}
	return false;
}

static inline uint64_t reference_patterns(const struct fw_pattern *patterns, size_t count, const char *text,
					  size_t length)
{
	uint64_t terms = 0;

	for (size_t i = 0; i < count; i++)
		if (reference_pattern_holds(&patterns[i], text, length))
			terms |= patterns[i].terms;
	return terms;
}

/* Term by term. */
static inline uint64_t reference_narrow(uint64_t wanted, uint64_t found, uint64_t any, uint64_t unwanted,
					uint64_t both)
{
	uint64_t holds = 0, ret = 0;

	for (int bit = 0; bit < 64; bit++)
		if (any >> bit & 1 || (found >> bit & 1 && !(unwanted >> bit & 1)) ||
		    (!(found >> bit & 1) && unwanted >> bit & 1))
			holds |= 1ULL << bit;
	for (int bit = 0; bit < 64; bit++) {
		bool all = true;

		for (int wish = 0; wish < FW_REQUEST_WISHES; wish++) {
			all &= bit + wish < 64 && holds >> (bit + wish) & 1;
			if (bit + wish > 63 || !(both >> (bit + wish) & 1))
				break;
		}
		if (all)
			ret |= wanted & 1ULL << bit;
	}
	return ret;
}

static inline uint64_t reference_host_terms(const struct reference *reference, const char *text,
					    size_t length)
{
	const char *at = memrchr(text, '@', length);
	char host[REFERENCE_READ];

	if (at) {
		length -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	length = fw_uri_host(text, length, host, sizeof(host));
	return reference_patterns(reference->hosts, reference->host_count, host, length);
}

/* Of the Host header that begins behind `at` and before byte 512; false: it cannot be seen. */
static inline bool reference_header(const struct reference *reference, const char *payload, size_t length,
				    size_t at, uint64_t *ret)
{
	const char *line = memchr(payload + at, '\n', length - at);

	for (; line; line = memchr(line, '\n', (size_t)(payload + length - line))) {
		size_t first = (size_t)(++line - payload), end;

		while (first < length && payload[first] == '\r')
			first++;
		if (first >= length || payload[first] == '\n' || first + 5 > 512)
			return false;
		if (first + 5 > length || strncasecmp(payload + first, "host:", 5) != 0)
			continue;
		first += 5;
		for (int i = 0; i < 8 && first < length && payload[first] == ' '; i++)
			first++;
		for (end = first; end < length && (!payload[end] || !strchr("/?# \r\n", payload[end])); end++)
			;
		if (end < length)
			*ret = reference_host_terms(reference, payload + first, end - first);
		return end < length;
	}
	return false;
}

static inline bool reference_is_version(const char *payload, size_t length, size_t at)
{
	for (int i = 0; i < 8 && at < length && payload[at] == ' '; i++)
		at++;
	return length >= at + 7 && !memcmp(payload + at, "HTTP/1.", 7);
}

static inline uint64_t reference_target(const struct reference *reference, const char *payload, size_t length,
					size_t first, uint64_t wanted)
{
	size_t window = length < first + 257 ? length : first + 257, end = first, path, stop;
	struct fw_uri_parts parts;
	const struct fw_request_terms *terms = reference->terms;
	uint64_t hosts = 0;
	char *normal;

	while (end < length && payload[end] != ' ' && payload[end] != '\r' && payload[end] != '\n')
		end++;
	normal = malloc(end - first + 2);
	fw_uri_normalize(payload + first, end - first, normal, &parts);
	path = parts.host ? (size_t)(parts.host + parts.host_length - payload) : first;
	for (stop = path; stop < end && payload[stop] != '?' && payload[stop] != '#'; stop++)
		;
	if (stop >= window && window < length) {
		free(normal);
		return wanted;
	}
	wanted = reference_narrow(
		wanted,
		reference_patterns(reference->paths, reference->path_count, normal, parts.path_length),
		terms->any_path, terms->not_path, terms->both_path);
	free(normal);
	if (end >= window ? window == length
			  : payload[end] != ' ' || !reference_is_version(payload, length, end))
		return 0;
	if (!(wanted & ~terms->any_host))
		return wanted;
	if (parts.host)
		hosts = reference_host_terms(reference, parts.host, parts.host_length);
	else if (!reference_header(reference, payload, length, end < window ? end : window, &hosts))
		return wanted & terms->any_host;
	return reference_narrow(wanted, hosts, terms->any_host, terms->not_host, terms->both_host);
}

static inline uint64_t reference_terms(const struct reference *reference, const char *payload, size_t length)
{
	static const char *const methods[] = {
#define X(id, bytes, word) #id " ",
		FW_METHODS(X)
#undef X
	};
	size_t at = 0;

	for (int i = 0; i < 8 && at < length && (payload[at] == '\r' || payload[at] == '\n'); i++)
		at++;
	for (int method = 0; method < FW_METHOD_MAX_; method++) {
		size_t bytes = strlen(methods[method]);
		uint64_t wanted = reference->terms->all & reference->terms->method[method];

		if (length - at < bytes || memcmp(payload + at, methods[method], bytes) != 0)
			continue;
		at += bytes;
		for (int i = 0; i < 8 && at < length && payload[at] == ' '; i++)
			at++;
		if (!wanted || (at < length && payload[at] == ' '))
			return wanted;
		return reference_target(reference, payload, length, at, wanted);
	}
	return 0;
}

/* The packet path's own answer. */
static inline uint64_t reference_walk(const struct fw_request_terms *terms, const struct fw_automaton *path,
				      const struct fw_automaton *host, const char *payload, size_t length)
{
	struct fw_payload *room = malloc(sizeof(*room));
	uint64_t found = 0;
	int unseen = 0;

	memset(room, ' ', sizeof(*room)); /* of another packet */
	if (length > REFERENCE_READ)
		length = REFERENCE_READ;
	memcpy(room->bytes, payload, length);
	room->end = (__u32)length;
	found = request_terms(room, terms, path, host, terms->all, &unseen);
	free(room);
	return found;
}

#endif
