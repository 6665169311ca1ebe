/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of an HTTP/1 request: method, path in normal form, host. PURE: no maps, no helpers; compiles
 * for the host as well. user/lib/uri.h has the rules of the normal form.
 *
 * Nothing is written in normal form anywhere. The automaton steps over decoded bytes as they come; what "."
 * and ".." take back, it takes back by returning to where it was behind an earlier slash. Texts are walked in
 * pieces of a few bytes, so that the verifier looks at one piece and not at every length. */
#ifndef FW_BPF_REQUEST_H
#define FW_BPF_REQUEST_H

#include "fw_request.h"

#define FW_REQUEST_READ	       320u /* method, target and version */
#define FW_REQUEST_READ_HOST   768u
#define FW_REQUEST_HOST_BEGINS 512u
#define FW_REQUEST_LEAST       5u /* shorter payloads are not looked at */
#define FW_REQUEST_LEAD	       8u /* empty lines and spaces that servers ignore */
#define FW_REQUEST_PIECE       16
#define FW_REQUEST_PIECES      17 /* of a target: 272 bytes */
#define FW_REQUEST_HOST_PIECES 48 /* 768 bytes */

#define FW_REQUEST_LINE_OTHER 5u
#define FW_REQUEST_LINE_FOUND 6u

enum fw_request_segment { FW_SEGMENT_EMPTY, FW_SEGMENT_DOT, FW_SEGMENT_DOTS, FW_SEGMENT_OTHER };

/* Bytes: value of a hexadecimal digit, and what they may be. */
#define FW_BYTE_HEX	0x10
#define FW_BYTE_STOP	0x20 /* ends a path: space, ?, #, CR, LF */
#define FW_BYTE_PERCENT 0x40
#define FW_BYTE_DOT	0x80

static const __u8 request_byte[256] = {
	['0'] = 0x10,  ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
	['6'] = 0x16,  ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c,  ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
	['C'] = 0x1c,  ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f, [' '] = 0x20, ['\r'] = 0x20,
	['\n'] = 0x20, ['?'] = 0x20, ['#'] = 0x20, ['%'] = 0x40, ['.'] = 0x80,
};

/* Next segment by kind and whether the byte is a dot, two bits each. A word instead of a table: see
 * FW_EXTENSION_MASK. */
#define FW_SEGMENT_NEXT 0xffb7u

static __always_inline __u32 request_segment(__u32 segment, __u32 kind)
{
	__u32 index = (segment << 1 | (kind & FW_BYTE_DOT) >> 7) & 7;

	return FW_SEGMENT_NEXT >> index * 2 & 3;
}

static __always_inline __u32 request_step(const struct fw_automaton *dfa, __u32 row, __u32 class,
					  __u64 *matched)
{
	__u32 cell = dfa->cell[(row + class) & (FW_AUTOMATON_CELLS - 1)];

	*matched |= dfa->accept[cell >> 16 & (FW_AUTOMATON_ACCEPTS - 1)];
	return cell & 0xffff;
}

static __always_inline __u32 request_peek(const struct fw_payload *payload, __u32 at)
{
	return payload->bytes[at & (FW_PAYLOAD_ROOM - 1)];
}

static __always_inline void request_skip_lines(struct fw_payload *payload)
{
	for (__u32 i = 0; i < FW_REQUEST_LEAD; i++) {
		__u32 byte = request_peek(payload, payload->at);

		if (byte != '\r' && byte != '\n')
			return;
		payload->at++;
	}
}

static __always_inline void request_skip_spaces(struct fw_payload *payload)
{
	for (__u32 i = 0; i < FW_REQUEST_LEAD; i++) {
		if (request_peek(payload, payload->at) != ' ')
			return;
		payload->at++;
	}
}

/* The method, with ->at on the target's first byte; FW_METHOD_MAX_: no request. */
static __always_inline __u32 request_method(struct fw_payload *payload)
{
	__u32 method = FW_METHOD_MAX_, bytes = 0;
	__u64 word = 0;

	request_skip_lines(payload);
	for (__u32 i = 0; i < 8; i++)
		word = word << 8 | request_peek(payload, payload->at + i);
#define X(id, length, text)                                                                                  \
	if (word >> (64 - 8 * (length)) == (text) >> (64 - 8 * (length))) {                                  \
		method = FW_METHOD_##id;                                                                     \
		bytes = (length);                                                                            \
	}
	FW_METHODS(X)
#undef X
	payload->at += bytes;
	request_skip_spaces(payload);
	return method;
}

static __always_inline void request_path_begin(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = 0;

	/* In front of a path that begins with one, an empty segment more changes nothing. */
	payload->row = request_step(dfa, dfa->start, dfa->class_of['/'], &matched);
	payload->matched = matched;
	payload->segment = FW_SEGMENT_EMPTY;
	payload->depth = 0;
	payload->slash[0].row = payload->row;
	payload->slash[0].matched = matched;
}

/* Behind a segment: the one that is left is where the next begins. */
static __always_inline __u32 request_step_back(__u32 segment, __u32 depth)
{
	if (segment == FW_SEGMENT_DOTS && depth)
		depth--;
	return depth & (FW_PAYLOAD_SLASHES - 1);
}

/* 1: go on; 0: ->at is where the path ended, or beyond ->end. */
static __always_inline int request_path_piece(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u32 row = payload->row, at = payload->at, segment = payload->segment, depth = payload->depth,
	      end = payload->end;
	__u64 matched = payload->matched;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++) {
		__u32 byte = request_peek(payload, at), kind = request_byte[byte], step = 1;

		if (at >= end || kind & FW_BYTE_STOP) {
			more = 0;
			break;
		}
		if (kind & FW_BYTE_PERCENT) {
			__u32 high = request_byte[request_peek(payload, at + 1)];
			__u32 low = request_byte[request_peek(payload, at + 2)];

			if (high & low & FW_BYTE_HEX) {
				byte = (high & 15) << 4 | (low & 15);
				kind = request_byte[byte];
				step = 3;
			}
		}
		at += step;
		if (byte != '/') {
			segment = request_segment(segment, kind);
			row = request_step(dfa, row, dfa->class_of[byte & 255], &matched);
			continue;
		}
		if (segment == FW_SEGMENT_OTHER) {
			depth = (depth + 1) & (FW_PAYLOAD_SLASHES - 1);
			row = request_step(dfa, row, dfa->class_of['/'], &matched);
			payload->slash[depth].row = row;
			payload->slash[depth].matched = matched;
		} else {
			depth = request_step_back(segment, depth);
			row = payload->slash[depth].row;
			matched = payload->slash[depth].matched;
		}
		segment = FW_SEGMENT_EMPTY;
	}
	payload->row = row;
	payload->at = at;
	payload->segment = segment;
	payload->depth = depth;
	payload->matched = matched;
	return more;
}

/* The terms whose patterns the whole path satisfies. */
static __always_inline __u64 request_path_end(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = payload->matched;
	__u32 row = payload->row;

	if (payload->segment != FW_SEGMENT_OTHER) {
		__u32 depth = request_step_back(payload->segment, payload->depth) & (FW_PAYLOAD_SLASHES - 1);

		row = payload->slash[depth].row;
		matched = payload->slash[depth].matched;
	}
	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* "*" alone, which is no path. */
static __always_inline int request_is_star(const struct fw_payload *payload)
{
	return request_peek(payload, payload->at) == '*' &&
	       request_byte[request_peek(payload, payload->at + 1)] & FW_BYTE_STOP;
}

static __always_inline __u64 request_star(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = 0;
	__u32 row = request_step(dfa, dfa->start, dfa->class_of['*'], &matched);

	payload->at++;
	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* Over the query, whatever it is. 1: go on; 0: ->at is on the space behind the target, on the line's end, or
 * at ->end. */
static __always_inline int request_query_piece(struct fw_payload *payload)
{
	__u32 at = payload->at;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || byte == ' ' || byte == '\r' || byte == '\n')
			break;
	}
	payload->at = at;
	return at < payload->end && request_peek(payload, at) != ' ' && request_peek(payload, at) != '\r' &&
	       request_peek(payload, at) != '\n';
}

static __always_inline int request_is_alpha(__u32 byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* Letters, digits, +, - and . */
static __always_inline int request_is_scheme(__u32 byte)
{
	return request_is_alpha(byte) || (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' ||
	       byte == '.';
}

/* 1: go on; 0: ->at is behind the scheme's letters. */
static __always_inline int request_scheme_piece(struct fw_payload *payload)
{
	__u32 at = payload->at;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		if (at >= payload->end || !request_is_scheme(request_peek(payload, at))) {
			more = 0;
			break;
		}
	}
	payload->at = at;
	return more;
}

static __always_inline int request_is_authority(const struct fw_payload *payload)
{
	return request_peek(payload, payload->at) == ':' && request_peek(payload, payload->at + 1) == '/' &&
	       request_peek(payload, payload->at + 2) == '/' && payload->at + 2 < payload->end;
}

static __always_inline void request_host_begin(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	payload->row = dfa->start;
	payload->matched = 0;
	payload->colon.is_set = 0;
}

/* 1: go on; 0: ->at is behind the host and its port, or at ->end. What is before an '@' is not the host. */
static __always_inline int request_host_piece(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	__u64 matched = payload->matched;
	__u32 row = payload->row, at = payload->at;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || byte == '/' || request_byte[byte] & FW_BYTE_STOP) {
			more = 0;
			break;
		}
		if (byte == '@') {
			row = dfa->start;
			matched = 0;
			payload->colon.is_set = 0;
			continue;
		}
		if (byte == ']')
			payload->colon.is_set = 0;
		if (byte == ':') {
			payload->colon.row = row;
			payload->colon.matched = matched;
			payload->colon.is_set = 1;
		}
		row = request_step(dfa, row, dfa->class_of[byte], &matched);
	}
	payload->row = row;
	payload->at = at;
	payload->matched = matched;
	return more;
}

static __always_inline __u64 request_host_end(const struct fw_payload *payload,
					      const struct fw_automaton *dfa)
{
	__u64 matched = payload->colon.is_set ? payload->colon.matched : payload->matched;
	__u32 row = payload->colon.is_set ? payload->colon.row : payload->row;

	request_step(dfa, row, dfa->end_class, &matched);
	return matched;
}

/* Spaces, then "HTTP/1.": 1 yes, 0 no, -1 when the payload ends before that can be said. */
static __always_inline int request_version(struct fw_payload *payload)
{
	__u64 word = 0;

	request_skip_spaces(payload);
	if (payload->at + 7 > payload->end)
		return -1;
	for (__u32 i = 0; i < 7; i++)
		word = word << 8 | request_peek(payload, payload->at + i);
	payload->at += 7;
	payload->line = FW_REQUEST_LINE_OTHER;
	return word == 0x485454502f312eULL;
}

/* 1: go on; 0: ->line says whether ->at is behind "Host:", or the headers ended. */
static __always_inline int request_header_piece(struct fw_payload *payload)
{
	__u32 at = payload->at, line = payload->line;
	int more = 1;

	for (int i = 0; i < FW_REQUEST_PIECE && more; i++, at++) {
		__u32 byte = request_peek(payload, at);

		if (at >= payload->end || at >= FW_REQUEST_HOST_BEGINS || (byte == '\n' && !line)) {
			more = 0;
			break;
		}
		if (byte == '\n') {
			line = 0;
		} else if (line < FW_REQUEST_LINE_OTHER) {
			if ((byte | 0x20) == (0x3a74736f68ULL >> line * 8 & 255) && (byte != 0x1a))
				line = line == 4 ? FW_REQUEST_LINE_FOUND : line + 1;
			else if (byte != '\r' || line)
				line = FW_REQUEST_LINE_OTHER;
		}
		if (line == FW_REQUEST_LINE_FOUND)
			more = 0;
	}
	payload->at = at;
	payload->line = line;
	return more;
}

/* Steps over a piece each, checked by the verifier once: see meter_rotate. */
#ifdef __bpf__
#define FW_REQUEST_GLOBAL __noinline
#else
#define FW_REQUEST_GLOBAL static inline
#endif

FW_REQUEST_GLOBAL int request_walk_path(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	return payload && dfa ? request_path_piece(payload, dfa) : 0;
}

FW_REQUEST_GLOBAL int request_walk_query(struct fw_payload *payload)
{
	return payload ? request_query_piece(payload) : 0;
}

FW_REQUEST_GLOBAL int request_walk_scheme(struct fw_payload *payload)
{
	return payload ? request_scheme_piece(payload) : 0;
}

FW_REQUEST_GLOBAL int request_walk_host(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	return payload && dfa ? request_host_piece(payload, dfa) : 0;
}

FW_REQUEST_GLOBAL int request_walk_headers(struct fw_payload *payload)
{
	return payload ? request_header_piece(payload) : 0;
}

/* The terms that a host satisfies; *unseen when it goes beyond what can be read. */
static __always_inline __u64 request_host(struct fw_payload *payload, const struct fw_automaton *dfa,
					  int *unseen)
{
	request_host_begin(payload, dfa);
	for (int i = 0; i < FW_REQUEST_HOST_PIECES && request_walk_host(payload, dfa); i++)
		;
	if (payload->at < payload->end)
		return request_host_end(payload, dfa);
	*unseen = 1;
	return 0;
}

static __always_inline __u64 request_host_header(struct fw_payload *payload, const struct fw_automaton *dfa,
						 int *unseen)
{
	for (int i = 0; i < FW_REQUEST_HOST_PIECES && request_walk_headers(payload); i++)
		;
	if (payload->line != FW_REQUEST_LINE_FOUND) {
		*unseen = 1;
		return 0;
	}
	request_skip_spaces(payload);
	return request_host(payload, dfa, unseen);
}

/* "scheme://": 1, with ->at behind it; 0 and ->at where it was. */
static __always_inline int request_scheme(struct fw_payload *payload)
{
	__u32 at = payload->at;

	if (!request_is_alpha(request_peek(payload, at)))
		return 0;
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_scheme(payload); i++)
		;
	if (request_is_authority(payload)) {
		payload->at += 3;
		return 1;
	}
	payload->at = at;
	return 0;
}

static __always_inline __u64 request_path(struct fw_payload *payload, const struct fw_automaton *dfa)
{
	request_path_begin(payload, dfa);
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_path(payload, dfa); i++)
		;
	return request_path_end(payload, dfa);
}

/* To the space behind the target. 1: it is there; 0: the target is longer than can be looked at; -1: the
 * payload or the line ends before. */
static __always_inline int request_target_end(struct fw_payload *payload, __u32 payload_end)
{
	for (int i = 0; i < FW_REQUEST_PIECES && request_walk_query(payload); i++)
		;
	if (payload->at >= payload->end)
		return payload->end < payload_end ? 0 : -1;
	return request_peek(payload, payload->at) == ' ' ? 1 : -1;
}

/* Of `wanted`, the terms that have what they ask for and lack what they must: see fw_request_terms. */
static __always_inline __u64 request_narrow(__u64 wanted, __u64 found, __u64 any, __u64 unwanted, __u64 both)
{
	__u64 holds = any | (found ^ unwanted);

	for (int i = 1; i < FW_REQUEST_WISHES; i++)
		holds &= ~both | holds >> 1;
	return wanted & holds;
}

/* Which of the terms in `wanted` the request in ->bytes, up to ->end, satisfies. *unseen: there is a request,
 * but not all of what was asked could be read. */
static __always_inline __u64 request_terms(struct fw_payload *payload, const struct fw_request_terms *terms,
					   const struct fw_automaton *path, const struct fw_automaton *host,
					   __u64 wanted, int *unseen)
{
	__u32 method, payload_end = payload->end, start;
	__u64 path_terms, host_terms = 0;
	int has_authority, length;

	payload->at = 0;
	method = request_method(payload);
	if (method >= FW_METHOD_MAX_)
		return 0;
	wanted &= terms->method[method];
	start = payload->at;
	if (start >= payload_end) {
		*unseen = 1;
		return 0;
	}
	if (!wanted ||
	    request_peek(payload, start) == ' ') /* more spaces than a client sends: as a long target */
		return wanted;
	if (start + FW_TARGET_MAX + 1 < payload_end)
		payload->end = start + FW_TARGET_MAX + 1;
	has_authority = request_scheme(payload);
	if (has_authority)
		host_terms = request_host(payload, host, unseen);
	path_terms = !has_authority && request_is_star(payload) ? request_star(payload, path)
								: request_path(payload, path);
	if (payload->at >= payload->end && payload->end < payload_end) /* too long: padding must not help */
		return wanted;
	length = request_target_end(payload, payload_end);
	payload->end = payload_end;
	if (length < 0 || (length > 0 && request_version(payload) != 1)) {
		*unseen = 1;
		return 0;
	}
	wanted = request_narrow(wanted, path_terms, terms->any_path, terms->not_path, terms->both_path);
	if (!(wanted & ~terms->any_host)) {
		*unseen = 0;
		return wanted;
	}
	payload->line = FW_REQUEST_LINE_OTHER;
	if (!has_authority)
		host_terms = request_host_header(payload, host, unseen);
	if (*unseen) /* then nobody can say what it is not, either */
		host_terms = terms->not_host;
	return request_narrow(wanted, host_terms, terms->any_host, terms->not_host, terms->both_host);
}

#endif
